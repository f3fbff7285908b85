"""A service that was down is asked again once it is back, on every backend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from tests.conformance.engine.test_casework import PERSON, Office, refuses

from integritas.cases.api import Transition
from integritas.kernel.clock import SystemClock
from integritas.kernel.contracts import Outcome
from integritas.kernel.errors import CircuitOpen, ServiceTimeout, Unavailable
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.kernel.states import CaseState
from integritas.workflows.api import Reassessor, RunState
from integritas.workflows.tables import LACKING

if TYPE_CHECKING:
    from tests.conformance.engine.conftest import Backend

pytestmark = pytest.mark.integration


class Ahead(SystemClock):
    """A clock that runs ahead."""

    by = timedelta()

    def now(self) -> datetime:
        """Return the time, so much later."""
        return super().now() + self.by


class Clinic:
    """An office with a reassessor, and services that are up or down."""

    def __init__(self, office: Office) -> None:
        """Begin with every service up."""
        self.office = office
        self.clock = Ahead()
        self.down: dict[str, str] = {}
        self.reassessor = Reassessor(
            database=office.database,
            cases=office.cases.store,
            commands=office.commands,
            control=office.desk.control,
            clock=self.clock,
            ids=office.ids,
            pings={name: self._ping(name) for name in office.services},
        )

    def _ping(self, name: str) -> Any:
        async def ping() -> str | None:
            return self.down.get(name)

        return ping

    def break_off(self, name: str, error: type[Unavailable] = Unavailable) -> None:
        """Have a service fail."""

        async def fail(batch: Sequence[Any]) -> Any:
            raise error(f"{name} cannot take {len(batch)}")

        self.down[name] = "it cannot be reached"
        self.office.services[name].answer = fail

    def mend(self, name: str) -> None:
        """Have it answer."""
        del self.down[name]
        self.office.services[name].answer = None

    async def later(self) -> int:
        """Look once all is due."""
        self.clock.by += timedelta(hours=2)
        return await self.reassessor.look()

    async def notes(self) -> list[tuple[str, str, int]]:
        """Return case, service and tries of each note."""
        query = sa.select(LACKING.c.case_id, LACKING.c.service, LACKING.c.tries)
        rows = await self.office.database.read(lambda tx: list(tx.execute(query)))
        return [tuple(row) for row in rows]


@pytest.fixture
async def clinic(backend: Backend) -> AsyncIterator[Clinic]:
    office = Office(backend)
    await office.engine.start()
    await office.hurry()
    yield Clinic(office)
    await office.engine.stop()
    office.database.close()


async def test_a_service_that_is_back_assesses_what_it_could_not(
    clinic: Clinic,
) -> None:
    office = clinic.office
    clinic.break_off("spam")
    case = await office.rested(await office.open())
    assert (case.state, case.missing) == (CaseState.VALIDATING, ("spam",))
    assert await clinic.notes() == [(case.id, "spam", 0)]
    assert await clinic.reassessor.look() == 0, "it is not due yet"
    assert await clinic.later() == 0, "the service does not answer yet"
    clinic.mend("spam")
    assert await clinic.later() == 1
    case = await office.rested(case.id, runs=2)
    assert case.missing == ()
    assert case.state is CaseState.VALIDATING, "a person closes it, no policy"
    assert office.services["compliance"].seen == 1, "others' answers are kept"
    assert len(await office.cases.decisions(DEFAULT_TENANT, case.id)) == 2
    assert await clinic.later() == 0
    assert await clinic.notes() == []


async def test_a_service_that_fails_again_is_tried_again(clinic: Clinic) -> None:
    office = clinic.office
    clinic.break_off("spam")
    case = await office.rested(await office.open())
    clinic.down.clear()  # it answers pings, and nothing else
    assert await clinic.later() == 1
    await office.rested(case.id, runs=2)
    assert await clinic.notes() == [(case.id, "spam", 1)]
    office.services["spam"].answer = None
    assert await clinic.later() == 1
    assert (await office.rested(case.id, runs=3)).missing == ()


async def test_two_services_that_were_down_are_each_asked_again(
    clinic: Clinic,
) -> None:
    office = clinic.office
    clinic.break_off("spam", CircuitOpen)
    clinic.break_off("anticorruption", ServiceTimeout)
    case = await office.rested(await office.open())
    assert case.missing == ("anticorruption", "spam")
    clinic.mend("anticorruption")
    assert await clinic.later() == 1
    case = await office.rested(case.id, runs=2)
    assert case.missing == ("spam",)
    clinic.mend("spam")
    assert await clinic.later() == 1
    case = await office.rested(case.id, runs=3)
    assert (case.missing, case.state) == ((), CaseState.VALIDATING)


async def test_a_case_that_failed_for_want_of_a_verdict_goes_on(
    clinic: Clinic,
) -> None:
    office = clinic.office

    async def fail(batch: Sequence[Any]) -> Any:
        raise Unavailable(f"no verdict on {len(batch)}")

    office.policy.answer = fail
    case = await office.rested(await office.open())
    assert case.state is CaseState.FAILED
    office.policy.answer = None
    assert await clinic.later() == 1
    case = await office.rested(case.id, runs=2)
    assert (case.state, case.outcome) == (CaseState.RESOLVED, Outcome.NO_ACTION)
    assert (await office.runs(case.id))[0].state is RunState.SUCCEEDED


async def test_a_closed_case_is_left_alone(clinic: Clinic) -> None:
    office = clinic.office
    clinic.break_off("spam")
    case = await office.rested(await office.open())
    cancel = Transition(to=CaseState.CANCELLED, reason="a test of ours")
    await office.cases.change(PERSON, case.id, cancel)
    clinic.mend("spam")
    assert await clinic.later() == 0
    assert await clinic.notes() == []
    assert len(await office.runs(case.id)) == 1


async def test_what_a_service_refuses_is_not_asked_again(clinic: Clinic) -> None:
    office = clinic.office
    office.services["spam"].answer = refuses
    case = await office.rested(await office.open())
    assert case.missing == ("spam",)
    assert await clinic.notes() == []
