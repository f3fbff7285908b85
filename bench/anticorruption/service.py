"""Assessing releases in batches, whole: read, judged, findings made.

    INTEGRITAS_DATA=DIR python bench/anticorruption/service.py

Prints CPU time a release, the best of five rounds over the differential sets in batches
of 200, for Cardinal's eleven indicators and for all, and for learning and judging
against a set of 20,000.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from integritas.kernel.contracts import Dossier, Evidence
from integritas.kernel.evidence import Procurement
from integritas.kernel.ids import DEFAULT_TENANT, EvidenceId
from integritas.services.anticorruption.dataset import Dataset, encode_body
from integritas.services.anticorruption.features import read_process
from integritas.services.anticorruption.indicators import OPTIONS
from integritas.services.anticorruption.scoring import DEFAULT_SETTINGS, Judge
from integritas.services.anticorruption.service import AntiCorruptionService
from integritas.services.anticorruption.settings import Settings, default_settings

BATCH = 200
ROUNDS = 5


def main() -> None:
    """Measure and print."""
    folder = Path(os.environ["INTEGRITAS_DATA"]) / "procurement/differential"
    lines = [
        line
        for path in sorted(folder.glob("fuzz-*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    dossiers = [dossier(number, line) for number, line in enumerate(lines)]
    cardinal = {code: o for code, o in OPTIONS.items() if code.startswith("R")}
    for name, settings in (
        ("11 indicators", default_settings(cardinal)),
        (f"{len(OPTIONS)} indicators", DEFAULT_SETTINGS),
    ):
        spent = min(asyncio.run(measure(dossiers, settings)) for _ in range(ROUNDS))
        print(f"{name:16}{spent * 1000:.4f} ms a release")
    stream(lines)


def dossier(number: int, line: bytes) -> Dossier:
    """Return a dossier of one release."""
    item = Evidence(
        EvidenceId(f"ev{number}"), Procurement(orjson.loads(line)), "0" * 64
    )
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Dossier(f"d{number}", DEFAULT_TENANT, "api", now, (item,))


async def measure(dossiers: list[Dossier], settings: Settings) -> float:
    """Return seconds of CPU a release."""
    service = AntiCorruptionService(settings=settings)
    started = time.process_time()
    for begin in range(0, len(dossiers), BATCH):
        await service.assess(dossiers[begin : begin + BATCH])
    return (time.process_time() - started) / len(dossiers)


def stream(lines: list[bytes]) -> None:
    """Measure learning and judging one release after 20,000."""
    dataset = Dataset("bench")
    processes = []
    for number in range(20_200):
        document = orjson.loads(lines[number % len(lines)])
        process = read_process({**document, "ocid": f"o{number}"})
        assert process is not None
        processes.append(process)
    dataset.learn(encode_body(process.release) for process in processes[:20_000])
    dataset.reference(fresh=True)
    judge = Judge()
    each = []
    for process in processes[20_000:]:
        started = time.process_time()
        judge.judge(process, dataset.reference())
        dataset.learn([encode_body(process.release)])
        each.append(time.process_time() - started)
    each.sort()
    median, most = each[len(each) // 2] * 1000, each[-1] * 1000
    print(f"{'streaming':16}{median:.4f} ms, at most {most:.1f} ms")


if __name__ == "__main__":
    main()
