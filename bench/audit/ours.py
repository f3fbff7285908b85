"""The audit log: append, prove, verify; every figure durable and signed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import uvloop

from integritas.journal.api import Journal
from integritas.kernel.clock import SystemClock, SystemRandomness, format_time
from integritas.kernel.ids import IdFactory, TenantId
from integritas.platform.columns import METADATA
from integritas.platform.db import open_database
from integritas.services.audit.api import AuditTrail
from integritas.services.audit.bodies import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integritas.platform.db import Database

__all__ = ["measure"]

MAIN: Final = TenantId("main")
BYTES: Final = 500


class Entries:
    """Makes entries of 500 bytes with ids in the order of time, as the platform's."""

    def __init__(self, clock: SystemClock, ids: IdFactory) -> None:
        """Take the clock and the ids."""
        self._clock = clock
        self._ids = ids

    def make(self, count: int) -> list[bytes]:
        """Return bodies, canonical JSON."""
        now = format_time(self._clock.now())
        found = []
        for _ in range(count):
            document = {
                "actor": {
                    "id": "user_01KEXAMPLE",
                    "kind": "person",
                    "roles": ["clerk"],
                },
                "correlation_id": "5e2f9b1c-7f5c-4a37-9d6e-0b8b9a1f2c3d",
                "data": {"from": "PENDING", "to": "INVESTIGATING", "note": ""},
                "event_id": self._ids.event(),
                "outcome": "success",
                "subject": "case_01KEXAMPLE",
                "time": now,
                "type": "com.example.case.moved.v1",
                "v": 1,
            }
            spare = BYTES - len(canonical(document))
            document["data"] = {
                "from": "PENDING",
                "to": "INVESTIGATING",
                "note": "x" * spare,
            }
            body = canonical(document)
            assert len(body) == BYTES
            found.append(body)
        return found


async def batches(trail: AuditTrail, entries: Entries, count: int) -> dict[str, float]:
    """One caller, groups of 1,000."""
    made = [entries.make(1_000) for _ in range(count // 1_000)]
    start, cpu = time.perf_counter(), time.process_time()
    for batch in made:
        await trail.append(MAIN, batch)
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    return {"per_s": count / wall, "cpu_us_each": used / count * 1e6}


async def singles(
    trail: AuditTrail, entries: Entries, callers: int, count: int
) -> dict[str, float]:
    """Callers that each append one entry after the other."""
    made = [entries.make(count // callers) for _ in range(callers)]
    waits: list[float] = []

    async def call(bodies: list[bytes]) -> None:
        for body in bodies:
            begun = time.perf_counter()
            await trail.append(MAIN, [body])
            waits.append(time.perf_counter() - begun)

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*map(call, made))
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    waits.sort()
    return {
        "per_s": len(waits) / wall,
        "cpu_us_each": used / len(waits) * 1e6,
        "p50_ms": waits[len(waits) // 2] * 1e3,
        "p99_ms": waits[len(waits) * 99 // 100] * 1e3,
    }


async def proofs(trail: AuditTrail, size: int) -> dict[str, float]:
    """Inclusion proofs of entries all over the log, one after the other."""
    picked = [number * 7_919 % size for number in range(1_000)]
    await trail.inclusion(MAIN, index=0)
    start, cpu = time.perf_counter(), time.process_time()
    for index in picked:
        await trail.inclusion(MAIN, index=index, size=size)
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    return {"ms": wall / len(picked) * 1e3, "cpu_ms": used / len(picked) * 1e3}


async def verification(trail: AuditTrail, size: int) -> dict[str, float]:
    """Everything of the log computed anew."""
    start, cpu = time.perf_counter(), time.process_time()
    report = await trail.verify(MAIN)
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    assert report.sound, report.differences[:3]
    assert report.size == size
    return {"leaves_per_s": size / wall, "cpu_us_each": used / size * 1e6}


def open_trail(folder: Path) -> tuple[Database, AuditTrail, Entries]:
    """Return an empty log in a SQLite file."""
    database = open_database(f"sqlite:///{folder}/audit.db")
    METADATA.create_all(database.engine)
    clock, randomness = SystemClock(), SystemRandomness()
    ids = IdFactory(clock, randomness)
    journal = Journal(database, clock, randomness, ids)
    return (
        database,
        AuditTrail(database, journal, folder / "state", clock),
        Entries(clock, ids),
    )


async def _measure(folder: Path, leaves: int) -> Mapping[str, Mapping[str, float]]:
    database, trail, entries = open_trail(folder)
    found: dict[str, Mapping[str, float]] = {}
    found["batches_of_1000"] = await batches(trail, entries, min(leaves, 100_000))
    found["100_callers"] = await singles(trail, entries, 100, min(leaves, 50_000))
    found["1_caller"] = await singles(trail, entries, 1, min(leaves, 1_000))
    size = (await trail.checkpoint(MAIN)).size
    for _ in range((leaves - size) // 1_000):
        await trail.append(MAIN, entries.make(1_000))
    size = (await trail.checkpoint(MAIN)).size
    found["inclusion_proof"] = await proofs(trail, size)
    found["verification"] = await verification(trail, size)
    database.close()
    return found


def measure(leaves: int) -> Mapping[str, Mapping[str, float]]:
    """Measure a log that ends with about `leaves` entries, at least 151,000."""
    with (
        TemporaryDirectory(prefix="bench-audit-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        return runner.run(_measure(Path(folder), leaves))
