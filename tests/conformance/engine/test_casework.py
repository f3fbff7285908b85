"""Cases under an engine: what services do wrong, what people do meanwhile.

The law: a case that lacks an assessment never closes by policy.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from integritas.cases.api import (
    AddEvidence,
    Case,
    CaseDesk,
    CaseStore,
    NewEvidence,
    NewSubmission,
    Transition,
)
from integritas.journal.api import Journal
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.contracts import (
    Actor,
    Assessment,
    Context,
    DecisionRequest,
    Dossier,
    Failure,
    FindingKind,
    Outcome,
    Verdict,
    dossier_digest,
)
from integritas.kernel.errors import Conflict
from integritas.kernel.evidence import content_digest, parse_evidence
from integritas.kernel.ids import DEFAULT_TENANT, CaseId, IdFactory
from integritas.kernel.states import ActorKind, CaseState
from integritas.platform.columns import METADATA
from integritas.platform.commands import CommandQueue
from integritas.platform.db import open_database
from integritas.workflows.api import (
    CASE_WORKFLOW,
    CaseEffects,
    Definitions,
    Dossiers,
    Intake,
    Registry,
    RunState,
    RunStore,
    RunView,
    WorkflowDesk,
    bind_cases,
    definition_document,
    make_engine,
    register_services,
    reopener,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from tests.conformance.engine.conftest import Backend

pytestmark = pytest.mark.integration

DEADLINE_S = 15.0
NAMES = ("anticorruption", "compliance", "spam")
PERSON = Context(DEFAULT_TENANT, Actor("user_1", ActorKind.PERSON), "c")


def evidence(text: str) -> NewEvidence:
    """Return a message as evidence."""
    content = parse_evidence({"kind": "message", "raw": text})
    return NewEvidence(content, content_digest(content))


@dataclass
class Assessing:
    """A service by script: whole and without findings unless told otherwise."""

    name: str
    answer: Callable[[Sequence[Dossier]], Awaitable[Any]] | None = None
    seen: int = 0

    async def assess(self, batch: Sequence[Dossier], /) -> Any:
        """Answer by script."""
        self.seen += len(batch)
        if self.answer is not None:
            return await self.answer(batch)
        return [Assessment(self.name, (), {"m": "1"}, dossier_digest(d)) for d in batch]


@dataclass
class Deciding:
    """A policy by script: no action unless told otherwise."""

    outcome: Outcome = Outcome.NO_ACTION
    risk: float = 5.0
    answer: Callable[[Sequence[DecisionRequest]], Awaitable[Any]] | None = None

    async def decide(self, batch: Sequence[DecisionRequest], /) -> Any:
        """Answer by script."""
        if self.answer is not None:
            return await self.answer(batch)
        return [Verdict(self.outcome, self.risk, "low", (), "p@1") for _ in batch]


class Office:
    """Cases, an engine and services by script, on one database."""

    def __init__(self, backend: Backend) -> None:
        """Wire the parts."""
        clock, randomness = SystemClock(), SystemRandomness()
        self.ids = ids = IdFactory(clock, randomness)
        self.database = database = open_database(backend.url)
        METADATA.create_all(database.engine)
        self.journal = Journal(database, clock, randomness, ids)
        store = CaseStore(self.journal, clock, randomness, ids)
        self.commands = commands = CommandQueue(clock, ids)
        self.cases = CaseDesk(
            database=database,
            store=store,
            commands=commands,
            recorder=self.journal,
            clock=clock,
            ids=ids,
        )
        self.services = {name: Assessing(name) for name in NAMES}
        self.policy = Deciding()
        registry, dossiers = Registry(), Dossiers(self.cases)
        runs = RunStore(self.journal, clock)
        register_services(registry, dossiers, self.services, self.policy)
        bind_cases(store, runs, commands)
        definitions = Definitions(registry, runs)
        self.engine = make_engine(
            backend.server,
            database=database,
            store=runs,
            definitions=definitions,
            commands=commands,
            intake=Intake(
                database=database,
                store=runs,
                definitions=definitions,
                commands=commands,
                clock=clock,
                ids=ids,
            ),
            effects=CaseEffects(store, dossiers, clock),
            clock=clock,
            randomness=randomness,
        )
        self.desk = WorkflowDesk(
            database=database,
            store=runs,
            definitions=definitions,
            commands=commands,
            journal=self.journal,
            ids=ids,
            reopen=reopener(store),
        )

    async def hurry(self) -> None:
        """Let assessments be tried twice, fast: the tenant's own definition."""
        retry = {"attempts": 2, "base_s": 0.001, "cap_s": 0.001}
        patient = {"retry": retry, "timeout_s": 0.2}
        steps: list[dict[str, Any]] = [{"name": "intake", "operation": "cases.intake"}]
        steps += [
            {
                "name": name,
                "operation": f"{name}.assess",
                "after": ["intake"],
                "on_failure": "continue",
                **patient,
            }
            for name in NAMES
        ]
        steps.append(
            {
                "name": "decide",
                "operation": "compliance.decide",
                "after": list(NAMES),
                **patient,
            }
        )
        document = {"name": CASE_WORKFLOW, "version": 2, "steps": steps}
        await self.desk.define(PERSON, document)

    async def open(self) -> CaseId:
        """Open a case on one message."""
        submission = NewSubmission("api", (evidence("hello"),), "t")
        return (await self.cases.open(PERSON, submission)).case.id

    async def runs(self, case_id: CaseId) -> Sequence[RunView]:
        """Return the runs on a case, newest first."""
        return await self.desk.runs(DEFAULT_TENANT, subject=case_id)

    async def rested(self, case_id: CaseId, runs: int = 1) -> Case:
        """Wait until so many runs on a case have ended."""

        async def ended() -> bool:
            states = [run.state for run in await self.runs(case_id)]
            return len(states) >= runs and RunState.RUNNING not in states

        await until(ended)
        return await self.cases.get(DEFAULT_TENANT, case_id)

    async def not_assessed(self, case_id: CaseId) -> list[tuple[str, str]]:
        """Return who could not assess a case, and why."""
        return [
            (found.service, found.finding.reasons[0].text)
            for found in await self.cases.findings(DEFAULT_TENANT, case_id)
            if found.finding.kind is FindingKind.NOT_ASSESSED
        ]


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Poll until something holds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DEADLINE_S
    while not await holds():
        assert loop.time() < deadline, "it did not come to be"
        await asyncio.sleep(0.005)


@pytest.fixture
async def office(backend: Backend) -> AsyncIterator[Office]:
    """Return an office whose engine is up."""
    made = Office(backend)
    await made.engine.start()
    await made.hurry()
    yield made
    await made.engine.stop()
    made.database.close()


# Services --------------------------------------------------------------------------


async def fails(batch: Sequence[Dossier]) -> Any:
    """Break."""
    raise RuntimeError(f"broken by {len(batch)}")


async def refuses(batch: Sequence[Dossier]) -> Any:
    """Answer with errors."""
    return [Failure("invalid_input", "cannot be read") for _ in batch]


async def hangs(batch: Sequence[Dossier]) -> Any:
    """Never answer."""
    await asyncio.Event().wait()
    return batch


async def answers_short(batch: Sequence[Dossier]) -> Any:
    """Answer one too few."""
    return batch[1:]


async def answers_nothing(batch: Sequence[Dossier]) -> Any:
    """Answer with nothing at all."""
    del batch


async def answers_another_type(batch: Sequence[Dossier]) -> Any:
    """Answer with dictionaries."""
    return [{} for _ in batch]


async def answers_for_another(batch: Sequence[Dossier]) -> Any:
    """Answer in another service's name."""
    return [Assessment("other", (), {}, dossier_digest(d)) for d in batch]


WRONGS = [
    (fails, "broken by 1"),
    (refuses, "cannot be read (invalid_input)"),
    (hangs, "did not answer within 0.2 s"),
    (answers_short, "answered 0 for 1"),
    (answers_nothing, "answered NoneType for 1"),
    (answers_another_type, "answered with another dict"),
    (answers_for_another, "answered with another Assessment"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("wrong", "cause"), WRONGS)
async def test_what_a_service_does_wrong_is_said_and_keeps_the_case_open(
    office: Office, name: str, wrong: Any, cause: str
) -> None:
    office.services[name].answer = wrong
    case = await office.rested(await office.open())
    assert case.state is CaseState.VALIDATING
    assert case.missing == (name,)
    [(service, why)] = await office.not_assessed(case.id)
    assert service == name
    assert cause in why
    [run] = await office.runs(case.id)
    assert run.state is RunState.SUCCEEDED


async def test_an_assessment_of_other_evidence_does_not_count(office: Office) -> None:
    async def stale(batch: Sequence[Dossier]) -> Any:
        return [Assessment("spam", (), {}, "0" * 64) for _ in batch]

    office.services["spam"].answer = stale
    case = await office.rested(await office.open())
    assert case.state is CaseState.VALIDATING
    assert case.missing == ("spam",)


async def test_a_clean_case_is_closed_by_policy(office: Office) -> None:
    case = await office.rested(await office.open())
    assert (case.state, case.outcome) == (CaseState.RESOLVED, Outcome.NO_ACTION)
    assert case.missing == ()
    [decision] = await office.cases.decisions(DEFAULT_TENANT, case.id)
    [run] = await office.runs(case.id)
    assert decision.run_id == run.id


async def test_expressions_of_its_run_see_the_submission(office: Office) -> None:
    case = await office.rested(await office.open())
    [run] = await office.runs(case.id)
    assert run.input == {
        "id": case.submission_id,
        "channel": case.channel,
        "kinds": list(case.kinds),
    }


@pytest.mark.parametrize(
    ("outcome", "risk"),
    [(Outcome.REVIEW, 40.0), (Outcome.ESCALATE, 90.0), (Outcome.NO_ACTION, 70.0)],
)
async def test_a_case_that_is_not_clean_waits_for_a_person(
    office: Office, outcome: Outcome, risk: float
) -> None:
    office.policy.outcome, office.policy.risk = outcome, risk
    case = await office.rested(await office.open())
    assert (case.state, case.outcome) == (CaseState.VALIDATING, outcome)


# A run that fails ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (fails, "broken by 1"),
        (hangs, "did not answer"),
        (answers_short, "answered 0 for 1"),
        (answers_nothing, "answered NoneType"),
        (answers_another_type, "answered with a dict"),
    ],
)
async def test_without_a_verdict_the_case_fails_and_can_be_driven_again(
    office: Office, wrong: Any, cause: str
) -> None:
    office.policy.answer = wrong
    case = await office.rested(await office.open())
    assert case.state is CaseState.FAILED
    history = await office.cases.history(DEFAULT_TENANT, case.id)
    assert cause in history[-1].reason
    assert await office.cases.decisions(DEFAULT_TENANT, case.id) == []

    office.policy.answer = None
    await office.cases.change(PERSON, case.id, Transition(to=CaseState.PENDING))
    case = await office.rested(case.id, runs=2)
    assert case.state is CaseState.RESOLVED
    states = [run.state for run in await office.runs(case.id)]
    assert states == [RunState.SUCCEEDED, RunState.FAILED]


# What people do meanwhile ----------------------------------------------------------


def held(service: Assessing) -> asyncio.Event:
    """Hold a service's answers until the event is set."""
    gate = asyncio.Event()

    async def wait(batch: Sequence[Dossier]) -> Any:
        await gate.wait()
        return [Assessment(service.name, (), {}, dossier_digest(d)) for d in batch]

    service.answer = wait
    return gate


async def asked(service: Assessing, count: int = 1) -> None:
    """Wait until a service was asked about so many dossiers."""

    async def enough() -> bool:
        return service.seen >= count

    await until(enough)


async def cancel(office: Office, case_id: CaseId) -> None:
    """Cancel a case."""
    move = Transition(to=CaseState.CANCELLED, reason="a test")
    await office.cases.change(PERSON, case_id, move)


async def patient(office: Office) -> None:
    """Let services take their time, as the shipped definition does."""
    shipped = await office.desk.definition(DEFAULT_TENANT, CASE_WORKFLOW, 1)
    document = {**definition_document(shipped), "version": 3}
    await office.desk.define(PERSON, document)


async def test_cancelling_a_case_ends_its_run_in_the_same_commit(
    office: Office,
) -> None:
    await patient(office)
    gate = held(office.services["spam"])
    case_id = await office.open()
    await asked(office.services["spam"])
    await cancel(office, case_id)
    # At once, without waiting for the engine: one commit, one snapshot.
    [run] = await office.runs(case_id)
    assert (run.state, run.cause) == (RunState.CANCELLED, "the case was cancelled")

    before = await office.cases.get(DEFAULT_TENANT, case_id)
    gate.set()
    other = await office.rested(await office.open())
    assert other.state is CaseState.RESOLVED
    assert await office.cases.get(DEFAULT_TENANT, case_id) == before
    assert await office.cases.decisions(DEFAULT_TENANT, case_id) == []
    told = await office.journal.read_subject(DEFAULT_TENANT, case_id)
    assert [e.type for e in told].count("integritas.run.ended.v1") == 1


async def test_a_case_cancelled_before_its_run_begins_has_none(
    office: Office,
) -> None:
    await office.engine.stop()
    case_id = await office.open()
    await cancel(office, case_id)
    await office.engine.start()
    await office.rested(await office.open())
    assert await office.runs(case_id) == []
    case = await office.cases.get(DEFAULT_TENANT, case_id)
    assert case.state is CaseState.CANCELLED


async def test_new_evidence_while_assessing_counts_only_with_its_own_run(
    office: Office,
) -> None:
    await patient(office)
    gate = held(office.services["spam"])
    case_id = await office.open()
    await asked(office.services["spam"])
    await office.cases.change(PERSON, case_id, AddEvidence((evidence("more"),)))

    async def superseded() -> bool:
        return len(await office.runs(case_id)) == 2

    await until(superseded)
    gate.set()
    case = await office.rested(case_id, runs=2)
    newest, first = await office.runs(case_id)
    assert first.state is RunState.CANCELLED
    assert newest.state is RunState.SUCCEEDED
    assert case.state is CaseState.RESOLVED
    [decision] = await office.cases.decisions(DEFAULT_TENANT, case_id)
    assert decision.run_id == newest.id


async def test_new_evidence_sends_a_waiting_case_back_and_runs_again(
    office: Office,
) -> None:
    office.policy.outcome, office.policy.risk = Outcome.REVIEW, 40.0
    case = await office.rested(await office.open())
    assert case.state is CaseState.VALIDATING
    with capture_logs() as logs:
        await office.cases.change(PERSON, case.id, AddEvidence((evidence("more"),)))
        case = await office.rested(case.id, runs=2)
    assert [log for log in logs if log["event"] == "case.change_refused"] == []
    assert case.state is CaseState.VALIDATING
    decisions = await office.cases.decisions(DEFAULT_TENANT, case.id)
    assert len({decision.run_id for decision in decisions}) == 2
    assert office.services["spam"].seen == 2


async def test_a_run_on_a_case_that_is_not_there_fails(office: Office) -> None:
    run_id = await office.desk.start(PERSON, CASE_WORKFLOW, subject="case_none")

    async def failed() -> bool:
        runs = await office.desk.runs(DEFAULT_TENANT, state=RunState.FAILED)
        return [run.id for run in runs] == [run_id]

    await until(failed)
    detail = await office.desk.run(DEFAULT_TENANT, run_id)
    assert "there is no case case_none" in detail.run.cause


async def test_many_cases_each_get_one_decision(office: Office) -> None:
    submissions = [NewSubmission("api", (evidence(f"m{i}"),), "t") for i in range(60)]
    opened = await office.cases.open_many(PERSON, submissions)
    for each in opened:
        case = await office.rested(each.case.id)
        assert case.state is CaseState.RESOLVED
        assert len(await office.cases.decisions(DEFAULT_TENANT, case.id)) == 1


async def test_a_shipped_version_cannot_be_taken(office: Office) -> None:
    shipped = await office.desk.definition(DEFAULT_TENANT, CASE_WORKFLOW, 1)
    with pytest.raises(Conflict, match="version 1 exists"):
        await office.desk.define(PERSON, definition_document(shipped))
