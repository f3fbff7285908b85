"""Many cases at once through the whole platform: none fails, none is lost.

Notes how long it took; says nothing of how fast it must be (`make bench` measures).
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from integritas.bootstrap import bootstrap
from integritas.cases.api import NewEvidence, NewSubmission
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.evidence import content_digest, parse_evidence
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.kernel.states import ActorKind, CaseState
from integritas.platform.config import load_settings
from integritas.samples.api import generate, synthetic_watchlist
from integritas.workflows.api import RunState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from integritas.samples.api import Item

CASES = 2_000
DEADLINE_S = 300.0


def submission(items: Sequence[Item]) -> NewSubmission:
    contents = [parse_evidence(item) for item in items]
    evidence = tuple(NewEvidence(each, content_digest(each)) for each in contents)
    return NewSubmission(channel="api", evidence=evidence)


@pytest.mark.load
@pytest.mark.timeout(DEADLINE_S)
async def test_two_thousand_cases_at_once_all_end(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    settings = load_settings(
        state_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/load.db"
    )
    platform = bootstrap(settings, lists=[synthetic_watchlist(tmp_path / "lists")])
    context = Context(DEFAULT_TENANT, Actor("load", ActorKind.PERSON), "load")
    await platform.start()
    try:
        began = time.perf_counter()
        samples = generate(7, CASES)
        await asyncio.gather(
            *(platform.cases.open(context, submission(s.evidence)) for s in samples)
        )
        while await platform.waiting_commands() or await platform.workflows.runs(
            DEFAULT_TENANT, state=RunState.RUNNING, limit=1
        ):
            await platform.journal.wait(0.25)
        while await platform.lag():
            await platform.journal.wait(0.25)
        record_property("seconds", round(time.perf_counter() - began, 1))
        cases = await platform.cases.list(DEFAULT_TENANT, limit=CASES + 1)
        assert len(cases) == CASES
        assert {case.state for case in cases} <= {
            CaseState.VALIDATING,
            CaseState.RESOLVED,
        }
        assert (await platform.audit.verify(DEFAULT_TENANT)).sound
    finally:
        await platform.stop()
