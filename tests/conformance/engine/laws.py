"""The laws that faults must not break, and a workflow of every kind of step."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from tests.conformance.engine.conftest import CONTEXT, Backend, World

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import Conflict, IntegritasError
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.workflows.api import (
    Call,
    RunEnded,
    RunState,
    StepDone,
    StepState,
    WorkflowDesk,
)
from integritas.workflows.tables import RUN_STEPS, RUNS

if TYPE_CHECKING:
    from integritas.platform.db import Transaction

__all__ = ["Chancy", "accept", "check", "drive", "finish"]

SEEN = sa.Table(
    "effects_seen",
    sa.MetaData(),
    sa.Column("run_id", sa.Text),
    sa.Column("result", sa.Text),
)
LASTING = Failure("invalid_input", "cannot", retryable=False)
PASSING = Failure("unavailable", "not now", retryable=True)


class Seen:
    """Effects that write a row each, with nothing to keep them from doubling."""

    def apply(
        self, tx: Transaction, done: Sequence[StepDone], ended: Sequence[RunEnded], /
    ) -> None:
        """Write a row for each step."""
        del ended
        rows = [
            {"run_id": d.run_id, "result": str(d.result)}
            for d in done
            if not isinstance(d.result, Failure)
        ]
        tx.insert(SEEN, rows)


class Chancy(World):
    """A world whose calls fail by chance, and whose effects show what is doubled."""

    def __init__(self, backend: Backend, chance: random.Random) -> None:
        """Answer by chance: at times a call fails and is tried again."""
        super().__init__(backend)
        self.notes = Seen()  # type: ignore[assignment] # in its stead
        self.chance = chance
        self.service("x.do", self.answer)
        self.service("y.undo")

    def answer(self, call: Call) -> Any:
        """Fail for some, for good where the subject says so."""
        if call.step == "b" and call.subject.startswith("bad"):
            return LASTING
        if self.chance.random() < 0.1 and call.attempt < 3:
            return PASSING
        return f"{call.step}/{call.item}"


async def accept(desk: WorkflowDesk, world: World) -> Sequence[RunId]:
    """Ask for a few runs, some of which are to fail."""
    assert world.database is not None
    SEEN.create(world.database.engine)
    await define(desk, world)
    return [
        await desk.start(CONTEXT, "w", subject=f"{kind}{i}")
        for i, kind in enumerate(["good", "good", "bad", "good", "bad", "good"])
    ]


async def define(desk: WorkflowDesk, world: World) -> None:
    """Keep a workflow with every kind of step, and its child."""
    undo = {"compensate": "y.undo"}
    child = [
        world.step("c", **undo),
        {"name": "rest", "sleep_s": 0.01, "after": ["c"]},
        world.step("d", after=["rest"]),
    ]
    steps = [
        world.step("a", **undo),
        world.step("each", after=["a"], for_each="[1, 2, 3]", parallel=2, **undo),
        {"name": "sub", "workflow": "child", "after": ["a"]},
        {"name": "s", "signal": "go", "after": ["each"]},
        world.step("b", after=["s", "sub"], on_failure="compensate"),
    ]
    await desk.define(CONTEXT, {"name": "child", "steps": child})
    await desk.define(CONTEXT, {"name": "w", "steps": steps})


async def drive(desk: WorkflowDesk, runs: Sequence[RunId], world: Chancy) -> None:
    """Signal every run, cancel a few."""
    for run_id in runs:
        try:
            if world.chance.random() < 0.2:
                await desk.cancel(CONTEXT, run_id, "by chance")
            await desk.signal(CONTEXT, run_id, "go", None)
        except Conflict:
            continue  # it has ended
        except IntegritasError as error:
            assert error.code == "not_found"  # noqa: PT017 - not taken yet


async def finish(desk: WorkflowDesk, runs: Sequence[RunId], world: Chancy) -> None:
    """Signal until every run has ended."""

    async def ended() -> bool:
        await drive(desk, runs, world)
        found = await desk.runs(DEFAULT_TENANT, state=RunState.RUNNING)
        return not found and len(await desk.runs(DEFAULT_TENANT)) >= len(runs)

    await world.poll(ended)


async def check(world: Chancy, runs: Sequence[RunId]) -> None:
    """Check the laws on what is on disk."""
    assert world.database is not None
    read = world.database.read
    states = {
        RunId(row.id): row
        for row in await read(lambda tx: tx.execute(sa.select(RUNS)).all())
    }
    assert set(runs) <= set(states)
    assert RunState.RUNNING not in {row.state for row in states.values()}

    entries = await world.entries()
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    for what in ("started", "ended"):
        told = [e.data["run"] for e in entries if e.type.endswith(f"run.{what}.v1")]
        assert sorted(map(str, told)) == sorted(states)

    rows = await read(lambda tx: tx.execute(sa.select(RUN_STEPS)).all())
    good = {StepState.SUCCEEDED, StepState.COMPENSATED}
    done = Counter((row.run_id, row.step) for row in rows if row.state in good)
    assert set(done.values()) <= {1}
    undoable = {"a", "c", "each[0]", "each[1]", "each[2]"}
    for run_id, row in states.items():
        mine = {step for run, step in done if run == run_id}
        undone = {s.removeprefix("compensate:") for s in mine if ":" in s}
        if row.state == RunState.SUCCEEDED:
            assert undone == set()
        else:
            assert undone == mine & undoable
        if row.subject.startswith("bad") and run_id in runs:
            assert row.state != RunState.SUCCEEDED

    seen = await read(lambda tx: tx.execute(sa.select(SEEN)).all())
    effects = Counter((row.run_id, row.result) for row in seen)
    assert set(effects.values()) <= {1}
    expected = {(row.run_id, row.step) for row in rows if row.state == "succeeded"}
    called = {(run, step) for run, step in expected if step not in _NOT_CALLED}
    assert len(effects) == len(called)


_NOT_CALLED = frozenset({"each", "sub", "s", "rest"})
