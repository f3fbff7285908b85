"""`integritas demo`: the whole platform on one file, on real-looking input."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from integritas.bootstrap import Platform, bootstrap
from integritas.cases.api import NewEvidence, NewSubmission
from integritas.cli.server import address, announce_admin, listen, run_server
from integritas.cli.summary import Result, print_summary
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.errors import Conflict, FieldError, StorageFailure
from integritas.kernel.evidence import content_digest, parse_evidence
from integritas.kernel.ids import DEFAULT_TENANT, CaseId
from integritas.kernel.states import ActorKind
from integritas.migrations.api import wipe
from integritas.platform.config import load_settings
from integritas.platform.logging import configure_logging
from integritas.samples.api import Sample, mix, synthetic_watchlist
from integritas.workflows.api import RunState

if TYPE_CHECKING:
    import socket

    from integritas.kernel.contracts import VerificationReport
    from integritas.platform.config import Settings

__all__ = ["demo"]

DEMO_ACTOR: Final = Actor(id="platform:demo", kind=ActorKind.PLATFORM)
SEED: Final = 1
BATCH: Final = 100
DEADLINE_S: Final = 900.0
_CONTEXT: Final = Context(DEFAULT_TENANT, DEMO_ACTOR, "demo")


def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End after the summary; do not serve.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Begin anew: empty the demo's database.")
    ] = False,
    count: Annotated[
        int | None, typer.Option("--count", help="How many submissions in all.", min=1)
    ] = None,
    seed: Annotated[int, typer.Option(help="Which samples are drawn.")] = SEED,
) -> None:
    """Take in submissions of all kinds, run their workflows, show, verify, serve."""
    settings = load_settings().of_demo()
    configure_logging(level="warning", form=settings.log_format)
    # Before anything is opened: a port in use must leave nothing half-done.
    listener = None if once else listen(settings)
    if reset:
        asyncio.run(_reset(settings))
    samples, notes = mix(settings.data, seed=seed, count=count)
    sound = asyncio.run(_run(settings, samples, notes, listener))
    if not sound:
        sys.exit(1)


async def _reset(settings: Settings) -> None:
    """Empty a database that holds nothing but demo data; forget its log."""
    platform = bootstrap(settings)
    try:
        await _check_demo_only(platform)
        wipe(platform.database)
        platform.audit.forget(DEFAULT_TENANT)
    finally:
        platform.database.close()


async def _run(
    settings: Settings,
    samples: Sequence[Sample],
    notes: Sequence[str],
    listener: socket.socket | None,
) -> bool:
    # Off a terminal rich would fold the tables at 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 110)
    platform = bootstrap(settings, lists=_lists(settings))
    try:
        await _check_demo_only(platform)
        announce_admin(await platform.start())
        known = await _known(platform)
        cases = await _submit(platform, samples, known, console)
        report = await _finish(platform, cases, console)
        results = [
            Result(sample, await platform.cases.get(DEFAULT_TENANT, case_id))
            for sample, case_id in cases
        ]
        await print_summary(console, platform, results, notes, report)
        if listener is not None:
            where = address(listener, settings)
            console.print(f"\nServing on {where}")
            console.print(f"  Swagger UI  {where}/api/docs")
            console.print(f"  ReDoc       {where}/api/redoc")
            console.print("  Stop with Ctrl+C; a second start goes on from here.")
            await run_server(platform.app(managed=False), listener)
    finally:
        await platform.stop()
    return report.sound


def _lists(settings: Settings) -> Sequence[Path]:
    """Return the folders of watchlists: real ones if there are, and the invented."""
    synthetic = synthetic_watchlist(settings.state_dir / "demo-lists")
    real = settings.data / "watchlists" if settings.data else None
    chosen = settings.lists_dir or (real if real and real.is_dir() else None)
    return [synthetic] if chosen is None else [chosen, synthetic]


async def _check_demo_only(platform: Platform) -> None:
    """Refuse a database that holds other than the demo's submissions."""
    newest = await platform.cases.submissions(DEFAULT_TENANT, limit=1_000_000)
    if any(each.actor_id != DEMO_ACTOR.id for each in newest):
        raise Conflict(
            "the database holds other than demo data",
            errors=(
                FieldError(
                    "INTEGRITAS_DATABASE_URL",
                    "holds submissions that the demo did not make",
                    "use another database for the demo",
                ),
            ),
        )


async def _known(platform: Platform) -> dict[str, CaseId]:
    """Return what an earlier start took in: reference -> case."""
    found = await platform.cases.submissions(DEFAULT_TENANT, limit=1_000_000)
    return {each.reference: each.case_id for each in found}


async def _submit(
    platform: Platform,
    samples: Sequence[Sample],
    known: dict[str, CaseId],
    console: Console,
) -> list[tuple[Sample, CaseId]]:
    fresh = [sample for sample in samples if sample.reference not in known]
    cases = dict(known)
    with _progress(console) as progress:
        task = progress.add_task("taking in", total=len(samples))
        progress.advance(task, len(samples) - len(fresh))
        for start in range(0, len(fresh), BATCH):
            batch = fresh[start : start + BATCH]
            opened = await platform.cases.open_many(
                _CONTEXT, [_submission(sample) for sample in batch]
            )
            for sample, one in zip(batch, opened, strict=True):
                cases[sample.reference] = one.case.id
            progress.advance(task, len(batch))
    return [(sample, cases[sample.reference]) for sample in samples]


def _submission(sample: Sample) -> NewSubmission:
    contents = [parse_evidence(item) for item in sample.evidence]
    return NewSubmission(
        channel=sample.channel,
        title=sample.title,
        reference=sample.reference,
        evidence=tuple(NewEvidence(c, content_digest(c)) for c in contents),
    )


async def _finish(
    platform: Platform, cases: Sequence[tuple[Sample, CaseId]], console: Console
) -> VerificationReport:
    """Wait until every run has ended and the audit log has everything; verify it."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE_S
    with _progress(console) as progress:
        task = progress.add_task("assessing", total=len(cases))
        while left := await _unfinished(platform):
            if loop.time() > deadline:
                raise StorageFailure(f"{left} cases are not assessed after 15 minutes")
            progress.update(task, completed=len(cases) - min(left, len(cases)))
            await platform.journal.wait(0.25)
        progress.update(task, completed=len(cases))
        sealing = progress.add_task("sealing the audit log", total=None)
        while await platform.lag():
            await platform.journal.wait(0.1)
        progress.update(sealing, total=1, completed=1)
    return await platform.audit.verify(DEFAULT_TENANT)


async def _unfinished(platform: Platform) -> int:
    """Return how many cases still wait for a run or have one under way."""
    running = await platform.workflows.runs(
        DEFAULT_TENANT, state=RunState.RUNNING, limit=100_000
    )
    return len(running) + await platform.waiting_commands()


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
    )
