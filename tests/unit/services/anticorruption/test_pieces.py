"""Releases of one process on different lines of a file are merged."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from integritas.services.anticorruption.api import (
    DEFAULT_SETTINGS,
    Reject,
    Run,
    run_indicators,
)
from integritas.services.anticorruption.pieces import Pieces, is_piece

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")

PRICE = {"amount": 5, "currency": "EUR"}


def pieces(number: int, tenderers: int = 1) -> list[dict[str, Any]]:
    """Return a call, and later how many bid: only together are they a flag."""
    call = {"procurementMethod": "open", "numberOfTenderers": 9}
    bid = {"id": "1", "status": "valid", "tenderers": [{"id": "A"}], "value": PRICE}
    return [
        {
            "ocid": f"o{number}",
            "tag": ["tender"],
            "date": "2024-01-01T00:00:00Z",
            "tender": {"id": "t", **call},
        },
        {
            "ocid": f"o{number}",
            "tag": ["award"],
            "date": "2024-02-01T00:00:00Z",
            "tender": {"id": "t", "numberOfTenderers": tenderers},
            "bids": {"details": [bid]},
        },
    ]


def lines(*releases: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(release).encode() + b"\n" for release in releases)


def run(data: bytes) -> tuple[Run, list[Reject]]:
    rejects: list[Reject] = []
    done = run_indicators(
        io.BytesIO(data), DEFAULT_SETTINGS, with_maps=False, on_reject=rejects.append
    )
    return done, rejects


def flagged(done: Run, code: str) -> set[str]:
    found = done.ledger.document().get("OCID", {})
    assert isinstance(found, dict)
    return {ocid for ocid, codes in found.items() if code in codes}


@pytest.mark.parametrize(
    ("tag", "piece"),
    [
        (None, False),
        ([], False),
        ("tender", False),
        (["compiled"], False),
        (["compiled", "award"], False),
        (["tender"], True),
        (["award", "contract"], True),
    ],
)
def test_what_is_tagged_and_not_compiled_is_a_piece(tag: object, piece: bool) -> None:
    assert is_piece(tag) is piece


def test_pieces_are_merged_by_ocid_whatever_their_order() -> None:
    call, award = pieces(1)
    other = pieces(2, tenderers=3)
    for order in ([call, *other, award], [award, call, *other]):
        done, rejects = run(lines(*order))
        assert flagged(done, "R018") == {"o1"}
        assert (done.read, done.ledger.processes, rejects) == (4, 2, [])


def test_a_piece_that_stays_alone_is_judged_by_what_it_tells() -> None:
    call, award = pieces(1)
    whole = {**pieces(2)[0], "tag": ["compiled"]}
    whole["tender"]["numberOfTenderers"] = 1
    done, _ = run(
        lines(whole, {**award, "tender": {**call["tender"], **award["tender"]}})
    )
    assert flagged(done, "R018") == {"o1", "o2"}


def test_a_piece_with_something_wrong_is_told_and_merged() -> None:
    call, award = pieces(1)
    call["language"] = 5
    done, rejects = run(lines(call, award))
    assert flagged(done, "R018") == {"o1"}
    assert [(reject.line, reject.path) for reject in rejects] == [(1, "language")]


@pytest.mark.parametrize("processes", [2, 3])
def test_pieces_in_ranges_of_a_file_are_merged(tmp_path: Path, processes: int) -> None:
    priced = {**pieces(0)[1], "tag": ["compiled"]}
    calls = [pieces(number)[0] for number in range(1, 60)]
    awards = [pieces(number, 1 + number % 2)[1] for number in range(1, 60)]
    path = tmp_path / "set.jsonl"
    path.write_bytes(lines(priced, *calls, *awards))
    with path.open("rb") as stream:
        done = run_indicators(
            stream,
            DEFAULT_SETTINGS,
            with_maps=False,
            on_reject=lambda _: None,
            processes=processes,
        )
    assert flagged(done, "R018") == {f"o{n}" for n in range(1, 60) if n % 2 == 0}
    assert done.ledger.processes == 60


def test_nothing_put_aside_gives_nothing() -> None:
    made = Pieces()
    assert list(made.merged()) == []
    made.close()
