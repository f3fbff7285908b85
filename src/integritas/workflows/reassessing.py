"""Assessing anew what a service could not, once the service is back.

A service that was down leaves a finding `not_assessed`, and here a note, in the commit
of the step that failed. Notes are gone through while the service answers: its case's
run is gone on with from what failed, so the other services' answers are kept. A note
goes once the case lacks nothing any more or is closed; a try that fails again puts it
off for longer. The case itself stays where it is, with a person: what a policy did not
see in time, no policy closes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
import structlog

from integritas.cases.api import Case, CaseStore, Transition, run_request
from integritas.kernel.contracts import SYSTEM, Context, Failure
from integritas.kernel.errors import (
    CircuitOpen,
    Conflict,
    InvalidInput,
    NotFound,
    ServiceTimeout,
    Unavailable,
)
from integritas.kernel.ids import CaseId, RunId, TenantId
from integritas.kernel.states import FINAL_STATES, CaseState
from integritas.platform.commands import START_RUN, CommandQueue
from integritas.platform.health import DEGRADED, Ping
from integritas.workflows.options import busy_subjects
from integritas.workflows.tables import LACKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structlog.typing import FilteringBoundLogger

    from integritas.kernel.clock import Clock
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database, Transaction
    from integritas.workflows.control import RunControl
    from integritas.workflows.engine import StepDone

__all__ = ["Reassessor", "note_lacking"]

LOOK_S: Final = 1.0
AT_ONCE: Final = 200
"""Cases of a service a look: those that come in now are not to wait for the rest."""
FIRST_S: Final = 5.0
LONGEST_S: Final = 3_600.0
_DOWN: Final = frozenset({Unavailable.code, CircuitOpen.code, ServiceTimeout.code})
_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


def note_lacking(tx: Transaction, now: datetime, steps: Sequence[StepDone]) -> None:
    """Note the steps of `steps` that failed as their service was down."""
    lacking = {
        (step.context.tenant, step.subject, step.operation.partition(".")[0]): step
        for step in steps
        if isinstance(step.result, Failure) and step.result.code in _DOWN
    }
    if not lacking:
        return
    tries = _forget(tx, list(lacking))
    tx.insert(
        LACKING,
        [
            {
                "tenant_id": tenant,
                "case_id": case_id,
                "service": service,
                "run_id": step.run_id,
                "tries": tries.get((tenant, case_id, service), 0),
                "due_at": now + _pause(tries.get((tenant, case_id, service), 0)),
            }
            for (tenant, case_id, service), step in lacking.items()
        ],
    )


_Key = tuple[TenantId, str, str]


def _forget(tx: Transaction, keys: Sequence[_Key]) -> Mapping[_Key, int]:
    """Delete notes; return how often each was tried."""
    tries: dict[_Key, int] = {}
    for tenant, case_id, service in keys:
        found = tx.execute(
            sa.delete(LACKING)
            .where(
                LACKING.c.tenant_id == tenant,
                LACKING.c.case_id == case_id,
                LACKING.c.service == service,
            )
            .returning(LACKING.c.tries)
        ).scalar()
        if found is not None:
            tries[tenant, case_id, service] = int(found)
    return tries


def _pause(tries: int) -> timedelta:
    return timedelta(seconds=min(LONGEST_S, FIRST_S * 2.0 ** min(tries, 32)))


@dataclass(frozen=True, slots=True)
class _Note:
    tenant: TenantId
    case_id: CaseId
    service: str
    run_id: RunId
    tries: int


class Reassessor:
    """Has cases assessed anew by services that are back."""

    def __init__(
        self,
        *,
        database: Database,
        cases: CaseStore,
        commands: CommandQueue,
        control: RunControl,
        clock: Clock,
        ids: IdFactory,
        pings: Mapping[str, Ping],
    ) -> None:
        """Take the parts; `pings` say of each service whether it answers."""
        self._database = database
        self._cases = cases
        self._commands = commands
        self._control = control
        self._clock = clock
        self._ids = ids
        self._pings = pings

    async def run(self) -> None:
        """Look until cancelled; what fails is tried again."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - told, and tried again
                _LOG.error("reassessing.failed", error=str(error))
            await asyncio.sleep(LOOK_S)

    async def look(self) -> int:
        """Ask for what is due of services that are back; return for how many cases."""
        asked = 0
        for service in await self._database.read(self._due):
            why = await self._pings[service]()
            if why is not None and not why.startswith(DEGRADED):
                continue
            begun = await self._database.transact(
                lambda tx, name=service: self._ask(tx, name),  # type: ignore[misc] # mypy sees no default
                patient=True,
            )
            if begun:
                _LOG.info("case.reassessing", service=service, cases=begun)
            asked += begun
        return asked

    def _due(self, tx: Transaction) -> Sequence[str]:
        """Return the services that notes of some tenant are due of."""
        now = self._clock.now()
        return [
            service
            for service in self._pings
            if tx.execute(
                sa.select(
                    sa.exists().where(
                        LACKING.c.service == service, LACKING.c.due_at <= now
                    )
                )
            ).scalar()
        ]

    def _ask(self, tx: Transaction, service: str) -> int:
        notes = self._notes(tx, service)
        found = self._cases.current(tx, [(n.tenant, n.case_id) for n in notes])
        busy = {
            tenant: busy_subjects(
                tx, tenant, [n.case_id for n in notes if n.tenant == tenant]
            )
            for tenant in {note.tenant for note in notes}
        }
        asked = 0
        for note in notes:
            case = found.get((note.tenant, note.case_id))
            if case is None or not _lacks(case, service):
                _forget(tx, [(note.tenant, note.case_id, service)])
                continue
            begin = note.case_id not in busy[note.tenant]
            self._put_off(tx, note, note.tries + begin)
            if begin:
                self._begin(tx, note, case)
                asked += 1
        return asked

    def _notes(self, tx: Transaction, service: str) -> Sequence[_Note]:
        """Return notes that are due, of all tenants, oldest first."""
        query = (
            sa.select(LACKING)
            .where(LACKING.c.service == service, LACKING.c.due_at <= self._clock.now())
            .order_by(LACKING.c.due_at)
            .limit(AT_ONCE)
        )
        if tx.dialect == "postgresql":  # another worker goes through others
            query = query.with_for_update(skip_locked=True)
        return [
            _Note(
                TenantId(row.tenant_id),
                CaseId(row.case_id),
                row.service,
                RunId(row.run_id),
                row.tries,
            )
            for row in tx.execute(query)
        ]

    def _put_off(self, tx: Transaction, note: _Note, tries: int) -> None:
        tx.execute(
            sa.update(LACKING)
            .where(
                LACKING.c.tenant_id == note.tenant,
                LACKING.c.case_id == note.case_id,
                LACKING.c.service == note.service,
            )
            .values(tries=tries, due_at=self._clock.now() + _pause(tries))
        )

    def _begin(self, tx: Transaction, note: _Note, case: Case) -> None:
        context = Context(note.tenant, SYSTEM, self._ids.new("req"))
        try:
            self._control.go_on(tx, context, note.run_id, None)
        except (NotFound, Conflict, InvalidInput):
            # That run is forgotten, or failed for something else: from the beginning.
            if case.state is CaseState.FAILED:  # its way back starts a run
                again = Transition(to=CaseState.PENDING, reason="assessed anew")
                self._cases.change_cases(tx, [(context, case.id, again)])
                return
            start = (case.id, run_request(case, context.correlation_id))
            self._commands.put(tx, case.tenant, START_RUN, [start])


def _lacks(case: Case, service: str) -> bool:
    if case.state in FINAL_STATES or case.merged_into is not None:
        return False
    # A failed case may lack a verdict alone.
    return service in case.missing or case.state is CaseState.FAILED
