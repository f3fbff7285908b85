"""A file read by several processes gives what one reading gives."""

from __future__ import annotations

import io
import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from integritas.kernel.errors import StorageFailure
from integritas.services.anticorruption.api import (
    DEFAULT_SETTINGS,
    Reject,
    run_indicators,
)
from integritas.services.anticorruption.indicators import OPTIONS
from integritas.services.anticorruption.parallel import collect, plan_ranges, start
from integritas.services.anticorruption.settings import default_settings

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def releases(count: int) -> list[bytes]:
    """Return releases with prices in two currencies, some lines broken or blank."""
    draw = random.Random(7)  # noqa: S311 - repeatable test data
    lines = []
    for number in range(count):
        bids = [
            {
                "status": draw.choice(["valid", "valid", "disqualified"]),
                "tenderers": [{"id": f"T{draw.randrange(9)}"}],
                "value": {
                    "amount": draw.randrange(90, 110),
                    "currency": draw.choice(["USD", "USD", "EUR"]),
                },
            }
            for _ in range(draw.randrange(5))
        ]
        winner = bids[0]["tenderers"] if bids else []
        release: dict[str, Any] = {
            "ocid": f"o{number}",
            "buyer": {"id": f"B{draw.randrange(4)}"},
            "tender": {"procurementMethod": "open", "numberOfTenderers": len(bids)},
            "bids": {"details": bids},
            "awards": [{"status": "active", "suppliers": winner}],
        }
        if number % 17 == 0:
            release["date"] = "yesterday"
        lines.append(json.dumps(release).encode())
        if number % 13 == 0:
            lines.append(draw.choice([b"", b"{", b'{"ocid": 5}']))
    return lines


def answers(path: Path, processes: int) -> tuple[object, ...]:
    rejects: list[Reject] = []
    with path.open("rb") as stream:
        run = run_indicators(
            stream,
            DEFAULT_SETTINGS,
            with_maps=True,
            on_reject=rejects.append,
            max_line_bytes=2_000,
            processes=processes,
        )
    counts = (run.lines, run.read, run.rejected, run.ignored_fields)
    return json.dumps(run.ledger.document(), sort_keys=True), counts, rejects


@pytest.mark.parametrize("processes", [2, 3, 7])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_ranges_give_the_answer_of_one_reading(
    tmp_path: Path, processes: int, ending: bytes
) -> None:
    lines = releases(300)
    lines[40] = b"x" * 5_000  # longer than a line may be
    path = tmp_path / "set.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + ending.join(lines))
    assert answers(path, processes) == answers(path, 1)


def test_blocks_and_single_lines_of_several_processes_give_one_answer(
    tmp_path: Path,
) -> None:
    settings = default_settings({c: o for c, o in OPTIONS.items() if c[0] == "R"})
    # Broken lines at the start and in the middle: other blocks are plainly valid.
    lines = [*releases(100), *plain(2_000), *releases(50), *plain(2_000)]
    path = tmp_path / "set.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")

    def told(*, processes: int, with_maps: bool) -> tuple[object, ...]:
        rejects: list[Reject] = []
        with path.open("rb") as stream:
            run = run_indicators(
                stream,
                settings,
                with_maps=with_maps,  # with maps each line is taken by itself
                on_reject=rejects.append,
                processes=processes,
            )
        document = run.ledger.document()
        document.pop("Maps", None)
        counts = (run.lines, run.read, run.rejected, run.ignored_fields)
        return json.dumps(document, sort_keys=True), counts, rejects

    one_by_one = told(processes=1, with_maps=True)
    for processes in (1, 2, 3):
        assert told(processes=processes, with_maps=False) == one_by_one


def plain(count: int) -> list[bytes]:
    """Return those of the releases that are valid, each with an ocid of its own."""
    valid = [
        line
        for line in releases(400)
        if line.startswith(b'{"ocid": "') and b"yesterday" not in line
    ]
    return [
        re.sub(rb'"o\d+"', b'"p%d"' % number, valid[number % len(valid)], count=1)
        for number in range(count)
    ]


def test_a_set_without_prices_is_read_by_one_process(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(b'{"ocid":"a"}\n' * 50)
    assert answers(path, 3) == answers(path, 1)


def test_what_is_no_large_plain_file_is_not_split(tmp_path: Path) -> None:
    assert plan_ranges(io.BytesIO(b"x" * 10), processes=2) is None
    path = tmp_path / "small"
    path.write_bytes(b"x" * 10)
    with path.open("rb") as stream:
        assert plan_ranges(stream) is None
        stream.read(1)
        assert plan_ranges(stream, processes=2) is None


def test_ranges_cover_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 101)
    with path.open("rb") as stream:
        ranges = plan_ranges(stream, processes=3)
    assert ranges is not None
    assert ranges.bounds == ((0, 33), (33, 67), (67, 101))


def test_a_process_that_ends_early_is_told() -> None:
    def work() -> object:
        raise SystemExit(3)

    with pytest.raises(StorageFailure, match="its process ended"):
        collect([start(work)])


def test_lines_read_to_find_a_currency_are_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "releases.jsonl"
    before = [
        json.dumps({"ocid": f"p{n}", "tender": {"numberOfTenderers": 1}}).encode()
        for n in range(400)
    ]
    path.write_bytes(b"\n".join(before + releases(40)))
    assert answers(path, processes=3) == answers(path, processes=1)


def test_standard_input_is_not_opened_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 101)
    raw = io.FileIO(path)
    raw.name = "<stdin>"
    with io.BufferedReader(raw) as stream:
        assert plan_ranges(stream, processes=3) is None
