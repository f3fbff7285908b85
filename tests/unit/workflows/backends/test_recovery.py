"""Unfinished runs come back as they were, or failed with what is in their way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from integritas.kernel.contracts import Failure
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.platform.db import Database
from integritas.workflows.api import (
    Definition,
    Definitions,
    RunState,
    RunStore,
    RunView,
    Step,
    StepState,
)
from integritas.workflows.backends.active import ActiveRun
from integritas.workflows.backends.recovery import recover
from integritas.workflows.plan import make_plan
from integritas.workflows.registry import OperationSpec, Registry
from integritas.workflows.store import Attempt

THEN = datetime(2026, 1, 1, tzinfo=UTC)
VIEW = RunView(
    tenant=DEFAULT_TENANT,
    id=RunId("run_1"),
    workflow="w",
    version=1,
    subject="thing",
    state=RunState.RUNNING,
    input={},
    correlation_id="c",
    created_at=THEN,
)
ATTEMPT = Attempt(
    DEFAULT_TENANT, VIEW.id, "a", 1, StepState.SUCCEEDED, b"1", None, THEN, THEN
)


class Nothing:
    """A transaction that finds no options and no waits."""

    def execute(self, *_: object) -> Sequence[Any]:
        """Find nothing."""
        return []


@dataclass
class Disk:
    """What is on disk: one unfinished run; satisfies what recovery asks of storage."""

    attempts: Sequence[Attempt]
    operations: Sequence[str] = ("x.do",)

    async def read(self, work: Any) -> Any:
        """Read."""
        return work(Nothing())

    def unfinished(self, tx: object) -> Sequence[RunView]:
        """Return the one run."""
        del tx
        return [VIEW]

    def attempts_of(self, *_: object) -> Mapping[RunId, Sequence[Attempt]]:
        """Return its attempts."""
        return {VIEW.id: self.attempts}

    def signals_of(self, *_: object) -> Mapping[str, Any]:
        """Return the one signal it got."""
        return {"go": 7}

    def plan(self, *_: object) -> Any:
        """Return a plan of three steps."""
        registry = Registry()
        for name in self.operations:
            registry.register(OperationSpec(name, cast("Any", None)))
        steps = (
            Step("a", "x.do"),
            Step("s", signal="go", after=("a",)),
            Step("b", "x.do", after=("s",)),
        )
        return make_plan(Definition("w", 1, steps), registry)


async def recovered(disk: Disk) -> ActiveRun:
    """Return the run as it comes back."""
    [run] = await recover(
        cast("Database", disk), cast("RunStore", disk), cast("Definitions", disk)
    )
    return run


async def test_a_run_goes_on_behind_what_was_kept() -> None:
    run = await recovered(Disk([ATTEMPT]))
    assert [task.name for task in run.take_tasks()] == ["b"]
    assert run.results == {"a": 1, "s": 7}


async def test_a_run_of_which_nothing_was_kept_begins() -> None:
    run = await recovered(Disk([]))
    assert [task.name for task in run.take_tasks()] == ["a"]


async def test_a_failure_on_disk_ends_the_run_with_its_cause() -> None:
    error = Failure("invalid_input", "broken")
    failed = replace(ATTEMPT, state=StepState.FAILED, result=None, error=error)
    run = await recovered(Disk([failed]))
    assert (run.state, run.cause) == (RunState.FAILED, "step a failed: broken")


async def test_an_operation_that_is_gone_fails_the_run() -> None:
    run = await recovered(Disk([ATTEMPT], operations=()))
    assert run.state is RunState.FAILED
    assert "cannot be carried out: there is no operation x.do" in run.cause


async def test_a_step_that_is_gone_fails_the_run() -> None:
    run = await recovered(Disk([replace(ATTEMPT, step="gone")]))
    assert run.state is RunState.FAILED
    assert "there is no step gone" in run.cause


async def test_a_result_that_cannot_be_read_fails_the_run() -> None:
    run = await recovered(Disk([replace(ATTEMPT, result=b"{")]))
    assert run.state is RunState.FAILED
    assert "what was kept does not fit" in run.cause
