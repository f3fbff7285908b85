"""Measure ongoing monitoring: a list changes, and all cases are screened again.

    INTEGRITAS_DATA=DIR python -m bench.compliance.monitoring [--cases N] [--url URL]

Each case holds one party under a name of its own: one that OFAC lists anew, a query of
the labelled screening set, or the beginning of one and the end of another. The earlier
version of OFAC's list lacks some entries, and another list is new as a whole. The
database is SQLite in a temporary folder, or a migrated one at `--url` that is empty.
Times are CPU times of this process; a database server's own are not in them.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import shutil
import sys
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from integritas.bootstrap import Platform, bootstrap
from integritas.cases.api import NewEvidence, NewSubmission
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.evidence import Party, content_digest
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.platform.config import load_settings
from integritas.services.compliance.api import (
    ComplianceService,
    load_watchlists,
    refresh_lists,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTEXT = Context(DEFAULT_TENANT, SYSTEM, "bench")
AT_ONCE = 500
EVERY = 600
"""So many rows of OFAC's list are one that is new."""


def main() -> None:
    """Print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("INTEGRITAS_DATA"))
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--url", default="")
    arguments = parser.parse_args()
    if arguments.data is None:
        raise SystemExit("say where the data is: --data DIR, or set INTEGRITAS_DATA")
    with TemporaryDirectory() as folder:
        place = Path(folder)
        url = arguments.url or f"sqlite:///{place}/bench.db"
        found = asyncio.run(measure(Path(arguments.data), place, url, arguments.cases))
    json.dump(found, sys.stdout, indent=2)
    print()


async def measure(data: Path, place: Path, url: str, cases: int) -> dict[str, Any]:
    """Return seconds of each walk, and how many cases were told."""
    source, lists = place / "source", place / "lists"
    added = _earlier(data / "watchlists/ofac", source / "ofac")
    refresh_lists(source, lists)
    settings = load_settings(state_dir=place, database_url=url, lists_dir=lists)
    platform = bootstrap(settings)
    try:
        names = _names(data, added, cases)
        for start in range(0, cases, AT_ONCE):
            some = [_submission(name) for name in names[start:][:AT_ONCE]]
            await platform.cases.open_many(CONTEXT, some)
        first = await _walk(platform)
        shutil.copytree(data / "watchlists/ofac", source / "ofac", dirs_exist_ok=True)
        changed = await _taken_over(platform, source, lists)
        shutil.copytree(data / "watchlists/un", source / "un")
        whole = await _taken_over(platform, source, lists)
    finally:
        await platform.stop()
    return {
        "cases": cases,
        "nothing to do": first,
        f"{len(added)} new entries of OFAC": changed,
        "a list that is new as a whole (UN)": whole,
    }


async def _taken_over(platform: Platform, source: Path, lists: Path) -> dict[str, Any]:
    refresh_lists(source, lists)
    service = cast("ComplianceService", platform.services.compliance)
    service.use(load_watchlists(lists))
    return await _walk(platform)


async def _walk(platform: Platform) -> dict[str, Any]:
    assert platform.monitor is not None
    wall, cpu = time.perf_counter(), time.process_time()
    told = await platform.monitor.catch_up()
    return {
        "cpu_s": round(time.process_time() - cpu, 2),
        "wall_s": round(time.perf_counter() - wall, 2),
        "told": told,
    }


def _earlier(ofac: Path, into: Path) -> list[str]:
    """Write the list without some of its entries; return the names of those."""
    into.mkdir(parents=True)
    with (ofac / "sdn.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    gone = {row[0]: row[1] for row in rows[:-1:EVERY] if len(row) > 1}
    for path in ofac.glob("*.csv"):
        # Lines as they are: what the publisher writes is no plain CSV.
        lines = path.read_bytes().splitlines(keepends=True)
        kept = [x for x in lines if x.split(b",")[0].decode("latin-1") not in gone]
        (into / path.name).write_bytes(b"".join(kept))
    return list(gone.values())


def _names(data: Path, added: Sequence[str], cases: int) -> list[str]:
    asked = data / "names/screening.jsonl"
    queries = [
        str(json.loads(line)["query"])
        for line in asked.read_text("utf-8").splitlines()
        if line.strip()
    ]
    names = dict.fromkeys([*added, *queries])
    chance = Random(1)  # noqa: S311 - the same names each time
    while len(names) < cases:
        one, other = (chance.choice(queries).split() for _ in range(2))
        names[" ".join([*one[: len(one) // 2 + 1], *other[len(other) // 2 :]])] = None
    return list(names)[:cases]


def _submission(name: str) -> NewSubmission:
    party = Party(schema="LegalEntity", properties={"name": (name,)})
    item = NewEvidence(party, content_digest(party))
    return NewSubmission(channel="bench", evidence=(item,))


if __name__ == "__main__":
    main()
