"""`integritas bench`: how fast the engine is on this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer

from integritas.bootstrap import Platform, bootstrap
from integritas.cases.api import NewEvidence, NewSubmission, Opened, Transition
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.evidence import content_digest, parse_evidence
from integritas.kernel.ids import DEFAULT_TENANT, CaseId
from integritas.kernel.states import ActorKind, CaseState
from integritas.platform.config import load_settings
from integritas.platform.logging import configure_logging
from integritas.platform.runtime import tune_runtime
from integritas.samples.api import generate, synthetic_watchlist
from integritas.workflows.api import (
    Call,
    Definition,
    Definitions,
    EmbeddedEngine,
    Intake,
    OperationSpec,
    Registry,
    RunEnded,
    RunStore,
    Step,
    StepDone,
    WorkflowDesk,
)

if TYPE_CHECKING:
    from integritas.platform.db import Transaction

__all__ = ["app"]

app = typer.Typer(help="Measure.", no_args_is_help=True)

_CONTEXT: Final = Context(
    DEFAULT_TENANT, Actor("platform:bench", ActorKind.PERSON), "bench"
)
_SERVICES: Final = ("spam", "anticorruption", "compliance")
_TRIVIAL: Final = Definition(
    name="bench",
    version=1,
    steps=(
        Step("intake", "bench.intake"),
        *(Step(name, f"bench.{name}", after=("intake",)) for name in _SERVICES),
        Step("decide", "bench.decide", after=_SERVICES),
    ),
)
_RESULT: Final = {"text": "x" * 180}


@app.callback()
def bench() -> None:
    """Measure the platform on this machine."""


@app.command()
def engine(
    *,
    runs: Annotated[int, typer.Option(min=1, help="Runs started at once.")] = 1_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure five-step workflows, trivial and with the services; transitions too.

    Each figure is from the first submission to the durable end, on a fresh SQLite file.
    """
    configure_logging(level="warning")
    figures = {
        "trivial": asyncio.run(_in_folder(_trivial, runs)),
        "services": asyncio.run(_in_folder(_services, runs)),
        "transitions_per_s": asyncio.run(_in_folder(_transitions, 20_000)),
    }
    if as_json:
        typer.echo(orjson.dumps(figures).decode())
        return
    for name in ("trivial", "services"):
        row = figures[name]
        assert isinstance(row, dict)  # noqa: S101 - narrows the type
        shown = ", ".join(f"{key} {value:,.1f}" for key, value in row.items())
        typer.echo(f"{name:<10} {shown}")
    typer.echo(f"{'lifecycle':<10} {figures['transitions_per_s']:,.0f} transitions/s")


async def _in_folder(measure: Any, size: int) -> Any:  # noqa: ANN401 - three shapes
    with TemporaryDirectory(prefix="integritas-bench-") as folder:
        path = Path(folder)
        settings = load_settings(
            state_dir=path, database_url=f"sqlite:///{folder}/bench.db"
        )
        platform = bootstrap(settings, lists=[synthetic_watchlist(path / "lists")])
        tune_runtime()
        try:
            return await measure(platform, size)
        finally:
            await platform.stop()


class _Ends:
    """Notes when runs end durably; satisfies `workflows.api.Effects`."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def apply(
        self, tx: Transaction, done: Sequence[StepDone], ended: Sequence[RunEnded], /
    ) -> None:
        del done
        if ended:
            tx.after_commit(lambda: self._note(len(ended)))

    def _note(self, count: int) -> None:
        self.at.extend([time.perf_counter()] * count)


async def _trivial(platform: Platform, runs: int) -> dict[str, float]:
    async def operation(calls: Sequence[Call], /) -> Sequence[Any]:
        return [_RESULT] * len(calls)

    registry = Registry()
    for name in ("intake", *_SERVICES, "decide"):
        registry.register(OperationSpec(name=f"bench.{name}", call=operation))
    kit, database = platform.kit, platform.database
    store = RunStore(platform.journal, kit.clock)
    definitions = Definitions(registry, store, shipped=[_TRIVIAL])
    parts: dict[str, Any] = {
        "database": database,
        "store": store,
        "definitions": definitions,
        "commands": platform.commands,
    }
    ends = _Ends()
    engine_ = EmbeddedEngine(
        **parts,
        intake=Intake(**parts, clock=kit.clock, ids=kit.ids),
        effects=ends,
        clock=kit.clock,
        randomness=kit.randomness,
    )
    desk = WorkflowDesk(**parts, journal=platform.journal, ids=kit.ids)
    await engine_.start()
    try:
        began = time.perf_counter()
        await asyncio.gather(
            *(desk.start(_CONTEXT, "bench", subject=f"b{n}") for n in range(runs))
        )
        while len(ends.at) < runs:
            await platform.journal.wait(0.05)
    finally:
        await engine_.stop()
    return _figures(began, ends.at)


async def _services(platform: Platform, runs: int) -> dict[str, float]:
    submissions = [_submission(sample.evidence) for sample in generate(1, runs)]
    ended: list[float] = []
    platform.effects.watch(lambda count: ended.extend([time.perf_counter()] * count))
    await platform.start()
    began = time.perf_counter()
    await asyncio.gather(*(platform.cases.open(_CONTEXT, s) for s in submissions))
    while len(ended) < runs:
        await platform.journal.wait(0.05)
    return _figures(began, ended)


async def _transitions(platform: Platform, count: int) -> float:
    submission = _submission(({"kind": "message", "raw": "hello"},))
    opened: list[Opened] = []
    for start in range(0, count // 2, 1_000):
        size = min(1_000, count // 2 - start)
        opened += await platform.cases.open_many(_CONTEXT, [submission] * size)
    cases = [CaseId(one.case.id) for one in opened]
    began = time.perf_counter()
    for to in (CaseState.INVESTIGATING, CaseState.VALIDATING):
        for start in range(0, len(cases), 1_000):
            await platform.cases.change_many(
                [(_CONTEXT, c, Transition(to=to)) for c in cases[start : start + 1_000]]
            )
    return round(2 * len(cases) / (time.perf_counter() - began), 1)


def _submission(evidence: Sequence[dict[str, Any]]) -> NewSubmission:
    contents = [parse_evidence(item) for item in evidence]
    items = tuple(NewEvidence(c, content_digest(c)) for c in contents)
    return NewSubmission(channel="api", evidence=items, title="bench")


def _figures(began: float, ends: Sequence[float]) -> dict[str, float]:
    taken = sorted((end - began) * 1_000 for end in ends)

    def at(share: float) -> float:
        return round(taken[min(len(taken) - 1, int(share * len(taken)))], 2)

    return {
        "p50_ms": at(0.50),
        "p95_ms": at(0.95),
        "p99_ms": at(0.99),
        "runs_per_s": round(len(taken) / taken[-1] * 1_000, 1),
    }
