"""`integritas demo`: the whole platform on one file, on real-looking input."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from integritas.bootstrap import Platform, bootstrap
from integritas.cases.api import NewEvidence, NewSubmission
from integritas.cli.listening import address, listen
from integritas.cli.server import announce_admin, run_server
from integritas.cli.summary import Result, print_summary
from integritas.cli.waiting import Watch, unfinished
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.errors import (
    Conflict,
    FieldError,
    IntegrityViolation,
    StorageFailure,
    Unavailable,
)
from integritas.kernel.evidence import content_digest, parse_evidence
from integritas.kernel.ids import DEFAULT_TENANT, CaseId
from integritas.kernel.states import ActorKind, CaseState
from integritas.migrations.api import current, migrate, wipe
from integritas.platform.config import load_settings
from integritas.platform.db import open_database
from integritas.platform.logging import configure_logging
from integritas.platform.roles import check_state_folder
from integritas.platform.runtime import tune_runtime
from integritas.samples.api import Sample, mix, synthetic_watchlist

if TYPE_CHECKING:
    import socket

    from integritas.kernel.contracts import VerificationReport
    from integritas.platform.config import Settings

__all__ = ["demo"]

DEMO_ACTOR: Final = Actor(id="platform:demo", kind=ActorKind.PLATFORM)
SEED: Final = 1
BATCH: Final = 100
_PAGE: Final = 1_000
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
    plain = load_settings()
    settings, named = plain.of_demo(), plain.database_chosen
    configure_logging(level="warning", form=settings.log_format)
    with ExitStack() as stack:
        # Before anything is made: a port in use must leave nothing half-done.
        listener = None if once else stack.enter_context(listen(settings))
        samples, notes = mix(settings.data, seed=seed, count=count)
        check_state_folder(settings)
        _prepare(settings)
        if reset:
            asyncio.run(_reset(settings, named=named))
        platform = bootstrap(settings, lists=_lists(settings))
        tune_runtime()
        report = asyncio.run(
            _run(platform, samples, notes, listener=listener, named=named)
        )
    if not report.sound:
        first = report.differences[0]
        raise IntegrityViolation(
            f"the audit log is not sound: {first.place}: {first.message}"
        )


def _prepare(settings: Settings) -> None:
    """Fill an empty database, on Postgres too: there is nothing to lose in it."""
    database = open_database(settings.database_url)
    try:
        if current(database) is None:
            migrate(database)
    finally:
        database.close()


async def _reset(settings: Settings, *, named: bool) -> None:
    """Empty a database that holds nothing but demo data; forget its log."""
    platform = bootstrap(settings, lists=_lists(settings))
    try:
        await _known(platform, named=named)
        # Only who may run the engine may wipe: another process may be at work.
        engine = platform.engine
        assert engine is not None  # noqa: S101 - the role is all
        await engine.start()
        await engine.stop()
        # In this order: a log without a memory is only older, one with it was cut.
        platform.audit.forget(DEFAULT_TENANT)
        wipe(platform.database)
    finally:
        await platform.stop()
    _prepare(settings)


async def _run(
    platform: Platform,
    samples: Sequence[Sample],
    notes: Sequence[str],
    *,
    listener: socket.socket | None,
    named: bool,
) -> VerificationReport:
    # Off a terminal rich would fold the tables at 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 110)
    try:
        known = await _known(platform, named=named)
        announce_admin(await platform.start())
        cases = await _submit(platform, samples, known, console)
        report = await _finish(platform, cases, console)
        results = [
            Result(sample, await platform.cases.get(DEFAULT_TENANT, case_id))
            for sample, case_id in cases
        ]
        await print_summary(console, platform, results, notes, report)
        await _refuse_failed(platform, results)
        if listener is None:
            console.print("`integritas demo` serves it, with its API docs at /api/docs")
        else:
            where = address(listener, platform.settings)
            await run_server(
                platform.app(managed=False),
                listener,
                platform.settings,
                on_ready=lambda: _tell_where(console, where),
            )
    finally:
        await platform.stop()
    return report


def _tell_where(console: Console, where: str) -> None:
    console.print(f"\nServing on {where}")
    console.print(f"  Swagger UI  {where}/api/docs")
    console.print(f"  ReDoc       {where}/api/redoc")
    console.print("  Stop with Ctrl+C; a second start goes on from here.")


async def _refuse_failed(platform: Platform, results: Sequence[Result]) -> None:
    """End the demo if a case failed: none of the samples gives cause to."""
    failed = [r.case for r in results if r.case.state is CaseState.FAILED]
    if failed:
        history = await platform.cases.history(DEFAULT_TENANT, failed[0].id)
        raise Unavailable(
            f"{len(failed)} cases failed ({history[-1].reason}): --reset begins anew"
        )


def _lists(settings: Settings) -> Sequence[Path]:
    """Return the folders of watchlists: real ones if there are, and the invented."""
    try:
        synthetic = synthetic_watchlist(settings.state_dir / "demo-lists")
    except OSError as error:
        raise StorageFailure(
            f"{error.filename} cannot be written: {error.strerror}",
            errors=(
                FieldError(
                    "INTEGRITAS_STATE_DIR",
                    str(error.strerror),
                    "name a folder you may write",
                ),
            ),
        ) from error
    real = settings.data / "watchlists" if settings.data else None
    there = real is not None and any(real.glob("*/*"))
    chosen = settings.lists_dir or (real if there else None)
    return [synthetic] if chosen is None else [chosen, synthetic]


async def _known(platform: Platform, *, named: bool) -> dict[str, CaseId]:
    """Return what an earlier start took in: reference -> case.

    Raises:
        Conflict: a database that somebody named holds other than demo data. In the
            demo's own, what visitors added while it served is no matter.
    """
    if named:
        await _refuse_others(platform)
    known: dict[str, CaseId] = {}
    before: str | None = None
    while True:
        page = await platform.cases.submissions(
            DEFAULT_TENANT, before=before, limit=_PAGE
        )
        for each in page:
            if each.actor_id == DEMO_ACTOR.id:
                known[each.reference] = each.case_id
            elif named:
                raise _foreign("submissions that the demo did not make")
        if len(page) < _PAGE:
            return known
        before = page[-1].id


async def _refuse_others(platform: Platform) -> None:
    if set(await platform.journal.tenants()) - {DEFAULT_TENANT}:
        raise _foreign("other tenants")
    if len(await platform.identity.users.list(DEFAULT_TENANT, limit=2)) > 1:
        raise _foreign("users that the demo did not make")


def _foreign(what: str) -> Conflict:
    return Conflict(
        "the database holds other than demo data",
        errors=(
            FieldError(
                "INTEGRITAS_DATABASE_URL",
                f"holds {what}",
                "use another database for the demo",
            ),
        ),
    )


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
    with _progress(console) as progress:
        task = progress.add_task("assessing", total=len(cases))
        watch = Watch(platform, "assessing")
        ours = {case_id for _, case_id in cases}
        while left := await unfinished(platform, DEFAULT_TENANT, ours):
            await watch.check(left)
            progress.update(task, completed=len(cases) - min(left, len(cases)))
            await platform.journal.wait(0.25)
        progress.update(task, completed=len(cases))
        sealing = progress.add_task("sealing the audit log", total=None)
        watch = Watch(platform, "sealing the audit log")
        while lag := await platform.lag():
            await watch.check(lag)
            await platform.journal.wait(0.1)
        progress.update(sealing, total=1, completed=1)
    return await platform.audit.verify(DEFAULT_TENANT)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=console,
    )
