"""The real lists and labelled queries, where INTEGRITAS_DATA names the data folder."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from integritas.services.compliance.api import (
    MATCH_THRESHOLD,
    Hit,
    Query,
    Screener,
    Watchlists,
    load_watchlists,
    match_names,
)

DATA = Path(os.environ.get("INTEGRITAS_DATA") or "unset")

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(
        not (DATA / "watchlists").is_dir(),
        reason="INTEGRITAS_DATA names no folder with watchlists/",
    ),
]


@pytest.fixture(scope="module")
def real() -> Watchlists:
    return load_watchlists(DATA / "watchlists")


@pytest.fixture(scope="module")
def screener(real: Watchlists) -> Screener:
    return Screener(real)


@pytest.fixture(scope="module")
def ofac_only(real: Watchlists) -> Screener:
    entries = [entry for entry in real.entries if entry.list == "ofac"]
    return Screener(Watchlists.of([(real.versions["ofac"], entries)]))


def bare(uid: str) -> str:
    return uid.rpartition("-")[2]


def share(answers: list[bool]) -> float:
    return sum(answers) / len(answers)


def right(hits: tuple[Hit, ...], expected: str) -> bool:
    wanted = {bare(uid) for uid in expected.split(";")}
    return bool(hits) and hits[0].entry.uid in wanted


def test_every_entry_is_read(real: Watchlists) -> None:
    counts = {name: version.entries for name, version in real.versions.items()}
    assert counts["ofac"] > 9_000
    assert counts["un"] == 1_003


def test_birth_dates_are_read_and_plausible(real: Watchlists) -> None:
    people = [entry for entry in real.entries if entry.schema == "Person"]
    dated = [entry for entry in people if entry.birth_dates]
    assert share([bool(entry.birth_dates) for entry in people]) > 0.5
    assert all(1800 < int(d[:4]) < 2030 for e in dated for d in e.birth_dates)


def test_labelled_queries_reach_the_promised_recall(ofac_only: Screener) -> None:
    text = (DATA / "names" / "screening.jsonl").read_text(encoding="utf-8")
    queries = [json.loads(line) for line in text.splitlines()]
    found = [ofac_only.screen(Query(q["query"], q["type"])) for q in queries]
    listed = [right(h, q["expect"]) for q, h in zip(queries, found, strict=True)
              if q["expect"]]  # fmt: skip
    alerts = [any(hit.match for hit in h) for q, h in zip(queries, found, strict=True)
              if not q["expect"]]  # fmt: skip
    assert share(listed) >= 0.98
    assert share(alerts) <= 0.03


def test_hard_queries_are_found(screener: Screener) -> None:
    with (DATA / "names" / "screening_hard.csv").open(encoding="utf-8") as file:
        queries = [row for row in csv.DictReader(file) if row["expected_ids"]]
    found = [
        right(screener.screen(Query(q["query"], q["schema"])), q["expected_ids"])
        for q in queries
    ]
    assert share(found) >= 0.97


def test_labelled_pairs_are_told_apart() -> None:
    with (DATA / "names" / "pairs.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    says = [
        match_names(r["left"], r["right"], r["schema"])[0] >= MATCH_THRESHOLD
        for r in rows
    ]
    truth = [r["is_match"] == "true" for r in rows]
    agreed = sum(a and b for a, b in zip(says, truth, strict=True))
    assert 2 * agreed / (sum(says) + sum(truth)) >= 0.91
