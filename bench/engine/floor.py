"""How far the real path of a case is from what its work costs at the least.

In one process: cases are carried by the platform, and the processor time of its threads
is read; then the same work is done bare. The very rows that were written are written
again by `executemany` of the standard library's driver, one transaction for as many
cases as a commit carried; their JSON is encoded again by orjson; each service is called
alone with the same evidence, in batches as large as the engine's. What is left between
the two is Python that moves things about, and threads that wait for one another.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa
from bench.engine.evidence import PARTS

from integritas.cli.measuring import BENCH_CONTEXT
from integritas.kernel.contracts import DecisionRequest
from integritas.kernel.ids import DEFAULT_TENANT, CaseId
from integritas.platform.columns import METADATA

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from integritas.bootstrap import Platform
    from integritas.cases.api import NewSubmission
    from integritas.kernel.contracts import Assessment, Dossier

__all__ = ["measured"]

SERVICES: Final = ("spam", "anticorruption", "compliance")
ROUNDS: Final = 5
BATCH: Final = 256
COMMITS: Final = 8
"""About as many as carry a thousand cases that are opened at once."""

_DURABLE: Final = ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL")


async def measured(
    platform: Platform, submissions: Sequence[NewSubmission]
) -> dict[str, Any]:
    """Return what cases cost on the platform and bare, in µs of processor time each."""
    await platform.start()
    await _carried(platform, submissions)  # what a process pays once
    before = _tables(platform)
    cases, threads = await _carried(platform, submissions)
    tables = _written(platform, before, len(cases))
    dossiers = await _dossiers(platform, cases)
    return {
        "threads_us": threads,
        "services_us": await _services(platform, dossiers),
        "tables": tables,
    }


# The platform's own path ----------------------------------------------------------


async def _carried(
    platform: Platform, submissions: Sequence[NewSubmission]
) -> tuple[list[CaseId], dict[str, float]]:
    """Carry cases to their end; return them and the time of each kind of thread."""
    ended = 0

    def count(more: int) -> None:
        nonlocal ended
        ended += more

    platform.effects.watch(count)
    before = _clocks()
    opened = await asyncio.gather(
        *(platform.cases.open(BENCH_CONTEXT, one) for one in submissions)
    )
    while ended < len(submissions):
        await platform.journal.wait(0.05)
    after = _clocks()
    taken = {
        name: round((after[name] - before.get(name, 0.0)) / len(opened) * 1e6, 1)
        for name in after
    }
    while await platform.lag():
        await platform.journal.wait(0.02)
    return [CaseId(one.case.id) for one in opened], taken


def _clocks() -> dict[str, float]:
    """Return the processor time of each kind of thread so far, in seconds."""
    found: dict[str, float] = defaultdict(float)
    for thread in threading.enumerate():
        if thread.ident is not None:
            clock = time.pthread_getcpuclockid(thread.ident)
            found[_kind(thread.name)] += time.clock_gettime(clock)
    return dict(found)


def _kind(name: str) -> str:
    if name == "MainThread":
        return "event loop"
    if name.startswith("db-writer"):
        return "writer"
    return "readers" if name.startswith("db-read") else "services"


# Services, alone ------------------------------------------------------------------


async def _dossiers(platform: Platform, cases: Sequence[CaseId]) -> list[Dossier]:
    found: list[Dossier] = []
    for start in range(0, len(cases), BATCH):
        some = cases[start : start + BATCH]
        by_id = await platform.cases.dossiers(DEFAULT_TENANT, some)
        found += [by_id[case_id] for case_id in some]
    return found


async def _services(
    platform: Platform, dossiers: Sequence[Dossier]
) -> dict[str, dict[str, float]]:
    """Return for each kind of evidence what each service takes for one, in batches."""
    found: dict[str, dict[str, float]] = {}
    for number, part in enumerate(PARTS):
        mine = list(dossiers[number :: len(PARTS)])
        row, answers = {}, []
        for name in SERVICES:
            assess = getattr(platform.services, name).assess
            row[name], told = await _least(assess, mine)
            answers.append(told)
        decide = platform.services.compliance.decide
        row["decide"], _ = await _least(decide, _requests(mine, answers))
        found[part] = row
    return found


async def _least(
    call: Callable[[Sequence[Any]], Awaitable[Sequence[Any]]], items: Sequence[Any]
) -> tuple[float, list[Any]]:
    """Return the least time of some rounds, in µs an item, and the answers."""
    least, answers = float("inf"), list[Any]()
    for _ in range(ROUNDS):
        answers = []
        began = time.process_time()
        for start in range(0, len(items), BATCH):
            answers += await call(items[start : start + BATCH])
        least = min(least, time.process_time() - began)
    return round(least / max(1, len(items)) * 1e6, 1), answers


def _requests(
    dossiers: Sequence[Dossier], answers: Sequence[Sequence[Assessment]]
) -> list[DecisionRequest]:
    return [
        DecisionRequest(
            dossier_id=dossier.id,
            tenant=dossier.tenant,
            channel=dossier.channel,
            kinds=frozenset(item.kind for item in dossier.evidence),
            assessments={each.service: each for each in told},
        )
        for dossier, *told in zip(dossiers, *answers, strict=True)
    ]


# Rows, bare -----------------------------------------------------------------------


def _tables(platform: Platform) -> dict[str, int]:
    """Return the highest rowid of each table so far."""
    with closing(sqlite3.connect(str(platform.database.url.database))) as source:
        return {
            name: source.execute(f'SELECT max(rowid) FROM "{name}"').fetchone()[0] or 0  # noqa: S608 - our own tables
            for name in METADATA.tables
            if _has_rowid(source, name)
        }


def _has_rowid(source: sqlite3.Connection, table: str) -> bool:
    try:
        source.execute(f'SELECT rowid FROM "{table}" LIMIT 1')  # noqa: S608 - as above
    except sqlite3.OperationalError:
        return False
    return True


def _written(
    platform: Platform, before: Mapping[str, int], cases: int
) -> list[dict[str, Any]]:
    """Write again what was inserted since `before`; return the cost by table.

    The rows are as their updates left them. Under the name `commit` stands what the
    commits took, and the whole with them as it was waited for.
    """
    path = Path(str(platform.database.url.database))
    rows: dict[str, list[tuple[Any, ...]]] = {}
    with (
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(path.with_name("floor.db"))) as bare,
    ):
        for pragma in _DURABLE:
            bare.execute(pragma)
        for (sql,) in source.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN "
            "('table', 'index') AND name NOT LIKE 'sqlite%' ORDER BY type DESC"
        ):
            bare.execute(sql)
        for name, highest in before.items():
            query = f'SELECT * FROM "{name}" WHERE rowid > ? ORDER BY rowid'  # noqa: S608 - as above
            if found := source.execute(query, (highest,)).fetchall():
                rows[name] = found
        bare.isolation_level = None
        taken, waited_s = _rewritten(bare, rows)
    found = [
        {
            "table": name,
            "rows": round(len(rows[name]) / cases, 2),
            "bytes": round(sum(map(_size, rows[name])) / cases),
            "indexes": len(METADATA.tables[name].indexes),
            "write_us": round(taken[name] / cases * 1e6, 1),
            "json_us": round(
                _encoding_s(METADATA.tables[name], rows[name]) / cases * 1e6, 1
            ),
        }
        for name in sorted(rows, key=lambda name: -taken[name])
    ]
    commit = {"table": "commit", "write_us": round(taken["commit"] / cases * 1e6, 1)}
    return [*found, {**commit, "waited_us": round(waited_s / cases * 1e6, 1)}]


def _rewritten(
    bare: sqlite3.Connection, rows: Mapping[str, Sequence[tuple[Any, ...]]]
) -> tuple[dict[str, float], float]:
    """Write rows in a few transactions; return processor time by table, and seconds."""
    taken: dict[str, float] = defaultdict(float)
    began = time.perf_counter()
    for number in range(COMMITS):
        bare.execute("BEGIN IMMEDIATE")
        for name, all_rows in rows.items():
            size = -(-len(all_rows) // COMMITS)
            some = all_rows[number * size : (number + 1) * size]
            if some:
                places = ", ".join("?" * len(some[0]))
                start = time.thread_time()
                bare.executemany(f'INSERT INTO "{name}" VALUES ({places})', some)  # noqa: S608 - as above
                taken[name] += time.thread_time() - start
        start = time.thread_time()
        bare.execute("COMMIT")
        taken["commit"] += time.thread_time() - start
    return taken, time.perf_counter() - began


def _size(row: tuple[Any, ...]) -> int:
    return sum(
        len(value) if isinstance(value, str | bytes) else 8
        for value in row
        if value is not None
    )


def _encoding_s(table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> float:
    """Return what encoding the JSON of rows takes orjson alone, in seconds."""
    holds = [
        number
        for number, column in enumerate(table.c)
        if isinstance(column.type, sa.JSON) or column.name == "result"
    ]
    values = [
        orjson.loads(row[number])
        for row in rows
        for number in holds
        if isinstance(row[number], str | bytes)
    ]
    start = time.thread_time()
    for value in values:
        orjson.dumps(value)
    return time.thread_time() - start
