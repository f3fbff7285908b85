"""Measure screening and pair matching beside the peers, in one process.

    INTEGRITAS_DATA=DIR python -m bench.compliance.run [--names 1000000]

Times are CPU times of this process, so other load on the machine counts little. Peers
that are not installed (dependency group `bench`) are left out, and said to be.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gc
import gzip
import json
import os
import platform
import resource
import sys
import time
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from bench.compliance import personal
from rapidfuzz import fuzz, utils

from integritas.kernel.contracts import (
    Assessment,
    DecisionRequest,
    Dossier,
    Evidence,
)
from integritas.kernel.evidence import Party, content_digest, message_from_line
from integritas.kernel.ids import DEFAULT_TENANT, EvidenceId
from integritas.platform.personal import find_personal
from integritas.services.compliance.api import (
    MATCH_THRESHOLD,
    Query,
    Screener,
    load_compliance_service,
    load_watchlists,
    match_names,
)
from integritas.services.compliance.index import NameIndex
from integritas.services.compliance.normalise import parse_name
from integritas.services.compliance.privacy import personal_findings
from integritas.services.compliance.rarity import weight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LETTER = (
    "Dear Ana, my number is +49 30 901820, IBAN DE89 3704 0044 0532 0130 00, born on "
    "12.03.1971. Please answer to ana.lopez@example.org before the meeting on 3 May. "
)
MESSAGES = 300  # of each source
PROSE = (
    "The committee met on Tuesday and asked for a report on item 4711 of the minutes "
    "by 3 May 2026; the tender of 12 companies is described in annex B. "
)


def main() -> None:
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("INTEGRITAS_DATA"))
    parser.add_argument("--names", type=int, default=0, help="also index so many names")
    arguments = parser.parse_args()
    if arguments.data is None:
        raise SystemExit("say where the data is: --data DIR, or set INTEGRITAS_DATA")
    data = Path(arguments.data)
    weight("warm")
    found: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
        "versions": {
            name: _version(name)
            for name in ("numpy", "rapidfuzz", "nomenklatura", "zen-engine")
        },
        "pairs": pairs(data / "names/pairs.csv"),
        "screening": screening(data),
        "personal_data": pii(),
        "personal_data_in_messages": messages(data / "messages"),
    }
    if arguments.names:
        found["growth"] = growth(arguments.names)
    json.dump(found, sys.stdout, indent=2)
    print()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# Pairs --------------------------------------------------------------------------


def pairs(path: Path) -> dict[str, object]:
    """Return F1 and microseconds a pair, of us and of every peer there is."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    truth = [row["is_match"] == "true" for row in rows]
    scorers: dict[str, tuple[Callable[[dict[str, str]], float], float]] = {
        "integritas": (_ours, MATCH_THRESHOLD),
        "rapidfuzz WRatio": (_wratio, 0.86),
    }
    logic = _logic_v2()
    if logic is not None:
        scorers["nomenklatura logic-v2"] = (logic, 0.7)
    found: dict[str, object] = {}
    for name, (score, threshold) in scorers.items():
        # Tables and models are loaded before the clock starts, and what the others hold
        # is no garbage that this one has to search through.
        score(rows[0])
        gc.collect()
        gc.freeze()
        started = time.process_time()
        says = [score(row) >= threshold for row in rows]
        micros = (time.process_time() - started) / len(rows) * 1e6
        agreed = sum(a and b for a, b in zip(says, truth, strict=True))
        f1 = 2 * agreed / (sum(says) + sum(truth))
        found[name] = {"f1": round(f1, 4), "us_per_pair_cold": round(micros, 1)}
    return found


def _ours(row: dict[str, str]) -> float:
    return match_names(row["left"], row["right"], row["schema"])[0]


def _wratio(row: dict[str, str]) -> float:
    left, right = row["left"], row["right"]
    return fuzz.WRatio(left, right, processor=utils.default_process) / 100


def _logic_v2() -> Callable[[dict[str, str]], float] | None:
    try:
        from followthemoney import model  # noqa: PLC0415 - a peer, if installed
        from nomenklatura.matching import get_algorithm  # noqa: PLC0415
        from nomenklatura.matching.types import ScoringConfig  # noqa: PLC0415
    except ImportError:
        return None
    algorithm = get_algorithm("logic-v2")
    if algorithm is None:
        return None
    config = ScoringConfig.defaults()
    numbers = iter(range(10**9))

    def entity(schema: str, name: str) -> object:
        document = {
            "id": f"n{next(numbers)}",
            "schema": schema,
            "properties": {"name": [name]},
        }
        return model.get_proxy(document)

    def score(row: dict[str, str]) -> float:
        left = entity(row["schema"], row["left"])
        right = entity(row["schema"], row["right"])
        return float(algorithm.compare(left, right, config).score)

    return score


# Screening ----------------------------------------------------------------------


def screening(data: Path) -> dict[str, object]:
    """Return what a query costs, and the whole of assessing and deciding."""
    before = _memory_mb()
    lists = load_watchlists(data / "watchlists")
    loaded = _memory_mb()
    started = time.process_time()
    screener = Screener(lists)
    built = time.process_time() - started
    memory = _memory_mb()
    text = (data / "names/screening.jsonl").read_text(encoding="utf-8")
    listed = [
        Query(document["query"], document["type"])
        for document in map(json.loads, text.splitlines())
    ]
    asked = list(dict.fromkeys(listed))
    singles = sorted(_seconds(partial(screener.screen, q)) for q in asked)
    fresh = Screener(lists)
    batch = _seconds(lambda: fresh.screen_all(asked)) / len(asked)
    again = _seconds(lambda: fresh.screen_all(asked)) / len(asked)
    service = load_compliance_service(lists)
    dossiers = [_dossier(number, q) for number, q in enumerate(asked)]
    started = time.process_time()
    assessments = asyncio.run(_assess(service, dossiers))
    assess = (time.process_time() - started) / len(dossiers)
    requests = [
        DecisionRequest(
            dossier_id=d.id,
            tenant=d.tenant,
            channel=d.channel,
            kinds=frozenset(),
            assessments={"compliance": a} if isinstance(a, Assessment) else {},
        )
        for d, a in zip(dossiers, assessments, strict=True)
    ]
    started = time.process_time()
    asyncio.run(_decide(service, requests))
    decide = (time.process_time() - started) / len(requests)
    return {
        "names": sum(len(entry.names) for entry in lists.entries),
        "index_s": round(built, 2),
        "lists_mb": round(loaded - before, 1),
        "index_mb": round(memory - loaded, 1),
        "single_ms_p50": round(singles[len(singles) // 2] * 1e3, 3),
        "single_ms_p95": round(singles[int(len(singles) * 0.95)] * 1e3, 3),
        "batch_ms_per_query": round(batch * 1e3, 3),
        "cached_us_per_query": round(again * 1e6, 1),
        "assess_us_per_party": round(assess * 1e6, 1),
        "decide_us_per_case": round(decide * 1e6, 1),
    }


def _dossier(number: int, query: Query) -> Dossier:
    content = Party(query.schema or "Person", {"name": (query.name,)})
    evidence = Evidence(EvidenceId(f"ev_{number}"), content, content_digest(content))
    return Dossier(
        f"d{number}",
        DEFAULT_TENANT,
        "api",
        datetime(2026, 1, 1, tzinfo=UTC),
        (evidence,),
    )


async def _assess(service: object, dossiers: Sequence[Dossier]) -> Sequence[object]:
    found: list[object] = []
    for place in range(0, len(dossiers), 200):
        found += await service.assess(dossiers[place : place + 200])  # type: ignore[attr-defined]
    return found


async def _decide(service: object, requests: Sequence[DecisionRequest]) -> None:
    await service.decide(requests)  # type: ignore[attr-defined]


SYLLABLES = [
    consonant + vowel
    for consonant in ("b", "d", "f", "g", "k", "l", "m", "n", "r", "s", "t", "v", "z")
    for vowel in ("a", "e", "i", "o", "u", "an", "ar", "el", "im", "or")
]


def growth(count: int) -> list[dict[str, object]]:
    """Return what the index costs as invented names are added, up to `count`."""
    found = []
    size = 10_000
    while size <= count:
        found.append(_grown(size))
        size *= 10
    return found


def _grown(size: int) -> dict[str, object]:
    random = Random(1)  # noqa: S311 - the same names every time
    names = [
        parse_name(" ".join("".join(random.choices(SYLLABLES, k=3)) for _ in range(3)))
        for _ in range(size)
    ]
    before = _memory_mb()
    started = time.process_time()
    index = NameIndex(names)
    built = time.process_time() - started
    sample = random.sample(names, 200)
    took = _seconds(lambda: [index.candidates(name, 6) for name in sample]) / 200
    return {
        "names": size,
        "index_s": round(built, 2),
        "index_mb": round(_memory_mb() - before, 1),
        "candidates_us": round(took * 1e6, 1),
    }


def pii() -> dict[str, object]:
    """Return milliseconds per KB with phone numbers on, and how well it finds."""
    letter = (LETTER + PROSE * 6) * 10
    dense = LETTER * 50
    return {
        "ms_per_kb_letters": _per_kb(letter),
        "ms_per_kb_nothing_else": _per_kb(dense),
        **personal.measure(),
    }


def messages(data: Path) -> dict[str, object]:
    """Return what it takes to look for personal data in real messages, in ms each."""
    took, size, found = [], 0, 0
    for path in sorted(data.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in islice(lines, MESSAGES):
                raw = json.loads(line)["raw"]
                content = message_from_line(raw, None)
                size += len(content.raw)
                item = Evidence(EvidenceId("ev_1"), content, content_digest(content))
                at = datetime(2026, 1, 31, tzinfo=UTC)
                dossier = Dossier("case_1", DEFAULT_TENANT, "api", at, (item,))
                seconds = _seconds(lambda d=dossier: list(personal_findings(d)))  # type: ignore[misc] # mypy sees no default
                took.append(seconds * 1e3)
                found += any(personal_findings(dossier))
    took.sort()
    return {
        "messages": len(took),
        "bytes": round(size / len(took)),
        "with_personal_data": found,
        "ms_mean": round(sum(took) / len(took), 2),
        "ms_p95": round(took[len(took) * 95 // 100], 2),
    }


def _per_kb(text: str) -> float:
    took = _seconds(lambda: find_personal(text, "DE"))
    return round(took * 1e3 / (len(text) / 1024), 3)


if __name__ == "__main__":
    main()
