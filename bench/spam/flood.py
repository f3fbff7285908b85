"""What a flood costs: one message over and over, assessed and learned of each time.

`python -m bench.spam.flood [--messages N]` prints processor time a message, a thousand
messages a row: it must not grow with what came before.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from integritas.journal.api import Journal
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.contracts import Dossier, Evidence
from integritas.kernel.evidence import MAIL, Message, content_digest
from integritas.kernel.ids import DEFAULT_TENANT, EventId, EvidenceId, IdFactory
from integritas.platform.columns import METADATA
from integritas.platform.db import open_database
from integritas.services.spam.api import SpamService, load_spam_service, open_spam_desk

ROW: Final = 1_000
RAW: Final = (
    b"Received: from here by there\nFrom: Bob <bob@x.example>\nSubject: an offer\n\n"
    b"Dear friend, claim your prize of %d dollars now at our office in town today"
)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(prog="bench.spam.flood", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    asked = parser.parse_args()
    with TemporaryDirectory() as folder:
        asyncio.run(flood(Path(folder), asked.messages))


async def flood(folder: Path, messages: int) -> None:
    """Send so many messages, print a row a thousand."""
    database = open_database(f"sqlite:///{folder}/flood.db")
    clock, randomness = SystemClock(), SystemRandomness()
    ids = IdFactory(clock, randomness)
    journal = Journal(database, clock, randomness, ids)
    service = load_spam_service(desk=open_spam_desk(database, clock, ids, journal))
    METADATA.create_all(database.engine)  # when the desk has named its tables
    print("| messages | ms to assess one | ms to learn it |\n|---|---|---|")
    for start in range(0, messages, ROW):
        assessing, learning = 0.0, 0.0
        for number in range(start, start + ROW):
            item = _dossier(ids, number)
            begun = time.process_time()
            await service.assess([item])
            middle = time.process_time()
            await _learn(service, ids, item)
            assessing += middle - begun
            learning += time.process_time() - middle
        print(
            f"| {start + ROW} | {1e3 * assessing / ROW:.3f} |"
            f" {1e3 * learning / ROW:.3f} |",
            flush=True,
        )
    database.close()


async def _learn(service: SpamService, ids: IdFactory, item: Dossier) -> None:
    await service.observe(EventId(ids.new("evt")), [item])


def _dossier(ids: IdFactory, number: int) -> Dossier:
    content = Message(RAW % number, MAIL)
    evidence = Evidence(EvidenceId(ids.new("ev")), content, content_digest(content))
    return Dossier(
        id=ids.new("case"),
        tenant=DEFAULT_TENANT,
        channel="form",
        received_at=datetime.now(UTC),
        evidence=(evidence,),
    )


if __name__ == "__main__":
    main()
