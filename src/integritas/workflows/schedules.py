"""Cron schedules: runs that begin by the clock, each planned time once.

A schedule's next time lies on disk. Firing it, asking for the run and moving the next
time on are one commit, so a crash leaves all of it or none: no planned time is missed,
none is done twice. What was planned while no engine was up is caught up by policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from cronsim import CronSim, CronSimError

from integritas.kernel.contracts import SYSTEM, Context, Fact
from integritas.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from integritas.kernel.ids import IdFactory, RunId, TenantId
from integritas.platform.commands import (
    CANCEL_RUN,
    COMMANDS,
    START_RUN,
    CommandQueue,
)
from integritas.workflows.model import RunOptions, RunState
from integritas.workflows.options import options_payload
from integritas.workflows.tables import RUNS, SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.journal.api import Journal
    from integritas.kernel.clock import Clock
    from integritas.platform.db import Transaction

__all__ = ["CatchUp", "Overlap", "Schedule", "Schedules", "next_time"]

MAX_CATCH_UP: Final = 100
ON_TIME: Final = timedelta(minutes=1)
"""How late a time may be done under `skip`: an engine that is up is never so late."""
FIRED: Final = "integritas.schedule.fired.v1"
CHANGED: Final = "integritas.schedule.changed.v1"


class CatchUp(StrEnum):
    """What becomes of planned times that passed while no engine was up."""

    ONE = "one"
    """One run for all of them."""
    ALL = "all"
    """A run each, the latest 100 at most."""
    SKIP = "skip"
    """None: the next one is in the future."""


class Overlap(StrEnum):
    """What becomes of a planned time while the run before is under way."""

    ALLOW = "allow"
    SKIP = "skip"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When which workflow runs. `cron` has five fields, in `time_zone` (IANA).

    Each run's subject is `subject`, else one of its own.
    """

    tenant: TenantId
    name: str
    workflow: str
    cron: str
    time_zone: str = "UTC"
    version: int | None = None
    subject: str | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    catch_up: CatchUp = CatchUp.ONE
    overlap: Overlap = Overlap.SKIP
    paused: bool = False
    created_at: datetime | None = None
    next_at: datetime | None = None
    last_at: datetime | None = None
    last_run_id: RunId | None = None


def next_time(cron: str, time_zone: str, after: datetime) -> datetime:
    """Return the first planned time after a time, UTC; summer time as Debian's cron.

    Raises:
        InvalidInput: not a cron expression, no such time zone, or never.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ValueError, OSError, LookupError) as error:
        raise _wrong("time_zone", f"{time_zone!r} is none", "Europe/Berlin") from error
    try:
        return next(CronSim(cron, after.astimezone(zone))).astimezone(UTC)
    except (CronSimError, StopIteration) as error:
        what = str(error) or "no such time within 50 years"
        raise _wrong("cron", f"{cron!r}: {what}", "0 6 * * MON-FRI") from error


def _wrong(path: str, what: str, example: str) -> InvalidInput:
    return InvalidInput(
        "the schedule is not valid",
        errors=(FieldError(path, what, f"write one such as {example}"),),
    )


class Schedules:
    """Keeps schedules and fires them; every method takes the unit of work."""

    def __init__(
        self, commands: CommandQueue, journal: Journal, clock: Clock, ids: IdFactory
    ) -> None:
        """Ask for runs through `commands`."""
        self._commands = commands
        self._journal = journal
        self._clock = clock
        self._ids = ids

    # Keeping ---------------------------------------------------------------------

    def create(self, tx: Transaction, context: Context, made: Schedule) -> Schedule:
        """Keep a new schedule; its first time is the next one from now.

        Raises:
            InvalidInput: its times cannot be understood.
            Conflict: the name is taken.
        """
        now = self._clock.now()
        kept = replace(
            made, created_at=now, next_at=next_time(made.cron, made.time_zone, now)
        )
        if self.find(tx, context.tenant, made.name) is not None:
            raise Conflict(
                f"schedule {made.name} exists",
                errors=(FieldError("name", f"{made.name!r} is taken", "use another"),),
            )
        tx.insert(SCHEDULES, [_row(kept)])
        self._tell(tx, context, made.name, "created")
        return kept

    def pause(
        self, tx: Transaction, context: Context, name: str, *, paused: bool
    ) -> Schedule:
        """Pause or resume a schedule; times that pass while it is paused are gone."""
        found = self.get(tx, context.tenant, name)
        next_at = next_time(found.cron, found.time_zone, self._clock.now())
        self._update(tx, found, paused=paused, next_at=next_at)
        self._tell(tx, context, name, "paused" if paused else "resumed")
        return self.get(tx, context.tenant, name)

    def delete(self, tx: Transaction, context: Context, name: str) -> None:
        """Forget a schedule; its runs go on."""
        found = self.get(tx, context.tenant, name)
        tx.execute(sa.delete(SCHEDULES).where(*_mine(found)))
        self._tell(tx, context, name, "deleted")

    def find(self, tx: Transaction, tenant: TenantId, name: str) -> Schedule | None:
        """Return a schedule, None if there is none of that name."""
        query = sa.select(SCHEDULES).where(
            SCHEDULES.c.tenant_id == tenant, SCHEDULES.c.name == name
        )
        row = tx.execute(query).one_or_none()
        return None if row is None else _schedule(row)

    def get(self, tx: Transaction, tenant: TenantId, name: str) -> Schedule:
        """Return a schedule, or raise NotFound."""
        found = self.find(tx, tenant, name)
        if found is None:
            raise NotFound(f"there is no schedule {name}")
        return found

    def all(self, tx: Transaction, tenant: TenantId) -> Sequence[Schedule]:
        """Return the schedules of a tenant by name."""
        query = sa.select(SCHEDULES).where(SCHEDULES.c.tenant_id == tenant)
        return [_schedule(row) for row in tx.execute(query.order_by(SCHEDULES.c.name))]

    # Firing ----------------------------------------------------------------------

    def next_at(self, tx: Transaction) -> datetime | None:
        """Return when a schedule of any tenant is due next, None if there is none."""
        query = sa.select(
            sa.func.min(SCHEDULES.c.next_at, type_=SCHEDULES.c.next_at.type)
        )
        found = tx.execute(query.where(SCHEDULES.c.paused.is_(False))).scalar()
        return found if isinstance(found, datetime) else None

    def fire(self, tx: Transaction) -> int:
        """Ask for the runs that are due, of all tenants; return how many."""
        now = self._clock.now()
        query = sa.select(SCHEDULES).where(
            SCHEDULES.c.paused.is_(False), SCHEDULES.c.next_at <= now
        )
        return sum(
            self._fire(tx, _schedule(row), now) for row in tx.execute(query).all()
        )

    def _fire(self, tx: Transaction, schedule: Schedule, now: datetime) -> int:
        due, next_at = _due(schedule, now)
        last = schedule.last_run_id
        for planned in due:
            last = self._ask(tx, schedule, planned, last) or last
        self._update(
            tx,
            schedule,
            next_at=next_at,
            last_at=due[-1] if due else schedule.last_at,
            last_run_id=last,
        )
        return len(due)

    def _ask(
        self, tx: Transaction, schedule: Schedule, planned: datetime, last: RunId | None
    ) -> RunId | None:
        tenant, when = schedule.tenant, planned.isoformat()
        context = Context(tenant, SYSTEM, f"schedule:{schedule.name}:{when}")
        if last is not None and schedule.overlap is not Overlap.ALLOW:
            running = _under_way(tx, tenant, last)
            if running and schedule.overlap is Overlap.SKIP:
                return None
            if running:
                actor: dict[str, Any] = {
                    "id": SYSTEM.id,
                    "kind": SYSTEM.kind.value,
                    "roles": [],
                }
                asked = {
                    "cause": "the schedule's next time came",
                    "actor": actor,
                    "correlation_id": context.correlation_id,
                }
                self._commands.put(tx, tenant, CANCEL_RUN, [(last, asked)])
        run_id = self._ids.run()
        attributes = {"schedule": schedule.name, "planned_at": when}
        payload = {
            "correlation_id": context.correlation_id,
            "workflow": schedule.workflow,
            "version": schedule.version,
            "input": {**schedule.input, "planned_at": when},
            "run": run_id,
            "options": options_payload(RunOptions(attributes=attributes)),
        }
        subject = schedule.subject or f"schedule:{schedule.name}:{when}"
        self._commands.put(tx, tenant, START_RUN, [(subject, payload)])
        data = {"run": run_id, "planned_at": when}
        fact = Fact(type=FIRED, subject=schedule.name, data=data)
        self._journal.record(tx, context, [fact])
        return run_id

    def _update(self, tx: Transaction, schedule: Schedule, **values: Any) -> None:  # noqa: ANN401 - columns
        tx.execute(sa.update(SCHEDULES).where(*_mine(schedule)).values(**values))

    def _tell(self, tx: Transaction, context: Context, name: str, what: str) -> None:
        fact = Fact(type=CHANGED, subject=name, data={"change": what})
        self._journal.record(tx, context, [fact])


def _due(schedule: Schedule, now: datetime) -> tuple[Sequence[datetime], datetime]:
    """Return the planned times to do now, oldest first, and the next in the future."""
    next_at = next_time(schedule.cron, schedule.time_zone, now)
    first = schedule.next_at or now
    wanted = MAX_CATCH_UP if schedule.catch_up is CatchUp.ALL else 1
    # Backwards from now: however long it was, only those wanted are looked at.
    start = (now + timedelta(minutes=1)).astimezone(ZoneInfo(schedule.time_zone))
    due: list[datetime] = []
    for local in CronSim(schedule.cron, start, reverse=True):
        planned = local.astimezone(UTC)
        if planned < first or len(due) == wanted:
            break
        if planned <= now:
            due.append(planned)
    if schedule.catch_up is CatchUp.SKIP:
        due = [planned for planned in due if now - planned < ON_TIME]
    return due[::-1], next_at


def _under_way(tx: Transaction, tenant: TenantId, run_id: RunId) -> bool:
    """Say whether a run has not ended, or has not even begun."""
    query = sa.select(RUNS.c.state).where(
        RUNS.c.tenant_id == tenant, RUNS.c.id == run_id
    )
    state = tx.execute(query).scalar()
    if state is not None:
        return bool(state == RunState.RUNNING.value)
    waiting = sa.select(COMMANDS.c.payload).where(
        COMMANDS.c.tenant_id == tenant, COMMANDS.c.kind == START_RUN
    )
    return any(row.payload.get("run") == run_id for row in tx.execute(waiting))


def _mine(schedule: Schedule) -> Sequence[sa.ColumnElement[bool]]:
    return (
        SCHEDULES.c.tenant_id == schedule.tenant,
        SCHEDULES.c.name == schedule.name,
    )


def _row(schedule: Schedule) -> dict[str, Any]:
    return {
        "tenant_id": schedule.tenant,
        "name": schedule.name,
        "workflow": schedule.workflow,
        "version": schedule.version,
        "cron": schedule.cron,
        "time_zone": schedule.time_zone,
        "subject": schedule.subject,
        "input": dict(schedule.input),
        "catch_up": schedule.catch_up.value,
        "overlap": schedule.overlap.value,
        "paused": schedule.paused,
        "created_at": schedule.created_at,
        "next_at": schedule.next_at,
        "last_at": schedule.last_at,
        "last_run_id": schedule.last_run_id,
    }


def _schedule(row: Any) -> Schedule:  # noqa: ANN401 - a row of SCHEDULES
    return Schedule(
        tenant=TenantId(row.tenant_id),
        name=row.name,
        workflow=row.workflow,
        cron=row.cron,
        time_zone=row.time_zone,
        version=row.version,
        subject=row.subject,
        input=row.input,
        catch_up=CatchUp(row.catch_up),
        overlap=Overlap(row.overlap),
        paused=bool(row.paused),
        created_at=row.created_at,
        next_at=row.next_at,
        last_at=row.last_at,
        last_run_id=None if row.last_run_id is None else RunId(row.last_run_id),
    )
