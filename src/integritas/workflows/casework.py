"""Cases and the engine: the services as operations, their answers as changes of cases.

The engine knows operations; here the `Assessor`s become some. What they answer is
written to the case in the unit of work that keeps the step, by one call for all runs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog
from pydantic import TypeAdapter

from integritas.cases.api import (
    EVIDENCE_ADDED,
    EVIDENCE_ERASED,
    LOOK_AGAIN,
    TRANSITIONED,
    Case,
    CaseDesk,
    CaseStore,
    Change,
    RecordAssessment,
    RecordVerdict,
    Transition,
    run_request,
)
from integritas.kernel.contracts import (
    Assessment,
    Assessor,
    Context,
    Decider,
    DecisionRequest,
    Dossier,
    Fact,
    Failure,
    Verdict,
    not_assessed,
)
from integritas.kernel.errors import IntegritasError
from integritas.kernel.ids import CaseId, RunId, TenantId
from integritas.kernel.states import FINAL_STATES, CaseState
from integritas.platform.commands import DROP_RUNS, START_RUN, CommandQueue
from integritas.platform.json_text import json_bytes
from integritas.workflows.model import RunState
from integritas.workflows.options import running_on, stop_runs
from integritas.workflows.reassessing import note_lacking
from integritas.workflows.registry import Call, OperationSpec, Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from integritas.kernel.clock import Clock
    from integritas.platform.db import Transaction
    from integritas.workflows.engine import RunEnded, StepDone
    from integritas.workflows.store import RunStore

__all__ = [
    "CaseEffects",
    "Dossiers",
    "bind_cases",
    "register_services",
    "reopener",
]

DECIDE: Final = "compliance.decide"
INTAKE: Final = "cases.intake"
CACHED_DOSSIERS: Final = 4_096
_LOG = structlog.get_logger(__name__)
_ASSESSMENT: Final = TypeAdapter(Assessment)
_VERDICT: Final = TypeAdapter(Verdict)


class Dossiers:
    """Loads the dossiers of runs, each once: three services ask for the same."""

    def __init__(self, desk: CaseDesk) -> None:
        """Load from the desk; what it opens is at hand without loading."""
        self._desk = desk
        self._kept: OrderedDict[RunId, Dossier] = OrderedDict()
        self._opened: OrderedDict[tuple[TenantId, str], Dossier] = OrderedDict()
        desk.store.on_opened(self._remember)
        desk.store.on(EVIDENCE_ADDED, self._outdate)
        desk.store.on(EVIDENCE_ERASED, self._outdate)

    async def of(self, calls: Sequence[Call]) -> Sequence[Dossier | None]:
        """Return the dossier of each call's run, None where there is no such case."""
        found = {
            call.run_id: dossier
            for call in calls
            if (dossier := self._kept.get(call.run_id)) is not None
        }
        wanted: dict[TenantId, list[Call]] = {}
        for call in calls:
            if call.run_id in found:
                continue
            opened = self._opened.get((call.tenant, call.subject))
            if opened is not None:
                found[call.run_id] = opened
            else:
                wanted.setdefault(call.tenant, []).append(call)
        for tenant, group in wanted.items():
            ids = [CaseId(call.subject) for call in group]
            loaded = await self._desk.dossiers(tenant, ids)
            for call in group:
                dossier = loaded.get(CaseId(call.subject))
                if dossier is not None:
                    found[call.run_id] = self._kept[call.run_id] = dossier
        while len(self._kept) > CACHED_DOSSIERS:
            self._kept.popitem(last=False)
        return [found.get(call.run_id) for call in calls]

    def forget(self, tenant: TenantId, subject: str, run_id: RunId) -> None:
        """Forget the dossier of a run that ended."""
        self._kept.pop(run_id, None)
        self._drop_opened((tenant, subject))

    def _remember(self, tx: Transaction, dossiers: Sequence[Dossier]) -> None:
        if tx.dialect == "sqlite":  # elsewhere another process may add evidence
            tx.after_commit(lambda: self._keep_opened(dossiers))

    def _keep_opened(self, dossiers: Sequence[Dossier]) -> None:
        for dossier in dossiers:
            self._opened[dossier.tenant, dossier.id] = dossier
        while len(self._opened) > CACHED_DOSSIERS:
            self._opened.popitem(last=False)

    def _drop_opened(self, key: tuple[TenantId, str]) -> None:
        self._opened.pop(key, None)

    def _outdate(
        self, tx: Transaction, context: Context, case: Case, fact: Fact
    ) -> None:
        del context, fact
        key = case.tenant, case.id
        self._drop_opened(key)
        tx.after_commit(lambda: self._drop_opened(key))  # opened in this very commit


class _AssessmentCodec:
    def encode(self, result: Assessment, /) -> bytes:
        return json_bytes(result)

    def decode(self, document: bytes, /) -> Assessment:
        return _ASSESSMENT.validate_json(document)

    def view(self, result: Assessment, /) -> Any:  # noqa: ANN401 - JSON
        return {
            "complete": result.complete,
            "codes": [finding.code for finding in result.findings],
            "score": max((finding.score for finding in result.findings), default=0.0),
        }


class _VerdictCodec:
    def encode(self, result: Verdict, /) -> bytes:
        return json_bytes(result)

    def decode(self, document: bytes, /) -> Verdict:
        return _VERDICT.validate_json(document)

    def view(self, result: Verdict, /) -> Any:  # noqa: ANN401 - JSON
        return orjson.loads(json_bytes(result))


def register_services(
    registry: Registry,
    dossiers: Dossiers,
    assessors: Mapping[str, Assessor],
    decider: Decider,
) -> None:
    """Register `cases.intake`, `<service>.assess` and `compliance.decide`."""
    registry.register(OperationSpec(name=INTAKE, call=_Intake(dossiers)))
    for name, assessor in assessors.items():
        registry.register(
            OperationSpec(
                name=f"{name}.assess",
                call=_Assess(name, dossiers, assessor),
                codec=_AssessmentCodec(),
            )
        )
    registry.register(
        OperationSpec(
            name=DECIDE, call=_Decide(dossiers, decider), codec=_VerdictCodec()
        )
    )


class _Intake:
    def __init__(self, dossiers: Dossiers) -> None:
        self._dossiers = dossiers

    async def __call__(self, calls: Sequence[Call], /) -> Sequence[Any | Failure]:
        return [
            _no_case(call)
            if dossier is None
            else {
                "kinds": sorted({item.kind.value for item in dossier.evidence}),
                "channel": dossier.channel,
                "evidence": len(dossier.evidence),
            }
            for call, dossier in zip(calls, await self._dossiers.of(calls), strict=True)
        ]


class _Assess:
    def __init__(self, service: str, dossiers: Dossiers, assessor: Assessor) -> None:
        self._service = service
        self._dossiers = dossiers
        self._assessor = assessor

    async def __call__(self, calls: Sequence[Call], /) -> Sequence[Any | Failure]:
        dossiers = await self._dossiers.of(calls)
        there = [dossier for dossier in dossiers if dossier is not None]
        answers = await self._assessor.assess(there) if there else ()
        broken = _breach(self._service, answers, len(there))
        if broken is not None:
            return [broken] * len(calls)
        following = iter(answers)
        return [
            _no_case(call) if dossier is None else self._checked(next(following))
            for call, dossier in zip(calls, dossiers, strict=True)
        ]

    def _checked(self, answer: object) -> Assessment | Failure:
        if isinstance(answer, Failure):
            return answer
        if isinstance(answer, Assessment) and answer.service == self._service:
            return answer
        return Failure(
            code="contract_violation",
            detail=f"{self._service} answered with another {type(answer).__name__}",
        )


class _Decide:
    def __init__(self, dossiers: Dossiers, decider: Decider) -> None:
        self._dossiers = dossiers
        self._decider = decider

    async def __call__(self, calls: Sequence[Call], /) -> Sequence[Any | Failure]:
        dossiers = await self._dossiers.of(calls)
        requests = [
            DecisionRequest(
                dossier_id=dossier.id,
                tenant=dossier.tenant,
                channel=dossier.channel,
                kinds=frozenset(item.kind for item in dossier.evidence),
                assessments=_assessments(call.results),
            )
            for call, dossier in zip(calls, dossiers, strict=True)
            if dossier is not None
        ]
        answers = await self._decider.decide(requests) if requests else ()
        broken = _breach(DECIDE, answers, len(requests))
        if broken is not None:
            return [broken] * len(calls)
        following = iter(answers)
        return [
            _no_case(call) if dossier is None else self._checked(next(following))
            for call, dossier in zip(calls, dossiers, strict=True)
        ]

    def _checked(self, answer: object) -> Verdict | Failure:
        if isinstance(answer, Verdict | Failure):
            return answer
        return Failure(
            code="contract_violation",
            detail=f"{DECIDE} answered with a {type(answer).__name__}",
        )


def _breach(who: str, answers: object, wanted: int) -> Failure | None:
    if isinstance(answers, Sequence) and len(answers) == wanted:
        return None
    got = len(answers) if isinstance(answers, Sequence) else type(answers).__name__
    return Failure(
        code="contract_violation", detail=f"{who} answered {got} for {wanted}"
    )


def _assessments(results: Mapping[str, Any]) -> Mapping[str, Assessment]:
    return {
        result.service: result
        for result in results.values()
        if isinstance(result, Assessment)
    }


def _no_case(call: Call) -> Failure:
    return Failure(code="not_found", detail=f"there is no case {call.subject}")


class CaseEffects:
    """Satisfies `workflows.engine.Effects` over the case store."""

    def __init__(self, store: CaseStore, dossiers: Dossiers, clock: Clock) -> None:
        """Change cases through `store`."""
        self._store = store
        self._clock = clock
        self._dossiers = dossiers
        self._watchers: list[Callable[[int], None]] = []

    def watch(self, watcher: Callable[[int], None]) -> None:
        """Tell `watcher`, on the writer's thread, how many runs a commit ended."""
        self._watchers.append(watcher)

    def apply(
        self, tx: Transaction, done: Sequence[StepDone], ended: Sequence[RunEnded], /
    ) -> None:
        """Write what the steps of many runs mean for their cases."""
        changes = [change for step in done for change in _changes(step)]
        changes += [change for run in ended for change in _failing(run)]
        if changes:
            for change, answer in zip(
                changes, self._store.change_cases(tx, changes), strict=True
            ):
                _note_refusal(change, answer)
        note_lacking(tx, self._clock.now(), done)
        for run in ended:
            self._dossiers.forget(run.context.tenant, run.subject, run.run_id)
        if ended:
            tx.after_commit(lambda: self._tell(len(ended)))

    def _tell(self, count: int) -> None:
        for watcher in self._watchers:
            watcher(count)


def _changes(step: StepDone) -> Sequence[Change]:
    case_id = CaseId(step.subject)
    service, _, operation = step.operation.partition(".")
    result = step.result
    if step.operation == INTAKE and not isinstance(result, Failure):
        # Looked at anew, for new evidence, a case is past this already.
        begin = Transition(to=CaseState.INVESTIGATING, only_from=CaseState.PENDING)
        return [(step.context, case_id, begin)]
    if isinstance(result, Assessment):
        return [(step.context, case_id, RecordAssessment(step.run_id, result))]
    if isinstance(result, Verdict):
        return [(step.context, case_id, RecordVerdict(step.run_id, result))]
    if operation == "assess" and isinstance(result, Failure):
        lacking = not_assessed(service, f"{result.detail} ({result.code})")
        return [(step.context, case_id, RecordAssessment(step.run_id, lacking))]
    return []


def _failing(run: RunEnded) -> Sequence[Change]:
    if run.state is not RunState.FAILED:
        return []
    command = Transition(to=CaseState.FAILED, reason=run.cause)
    return [(run.context, CaseId(run.subject), command)]


def _note_refusal(change: Change, answer: Case | IntegritasError) -> None:
    # The case moved on without its run (closed, cancelled): what came late is dropped.
    if isinstance(answer, IntegritasError):
        _LOG.warning(
            "case.change_refused",
            case=change[1],
            command=type(change[2]).__name__,
            why=str(answer),
        )


def bind_cases(store: CaseStore, runs: RunStore, commands: CommandQueue) -> None:
    """Tie cases to runs, each in the commit of the change that calls for it.

    A cancelled case ends its run; a re-driven one, new evidence and what a service
    learned since start another.
    """

    def on_transition(
        tx: Transaction, context: Context, case: Case, fact: Fact
    ) -> None:
        if case.state is CaseState.PENDING:
            _start(tx, context, case)
        if fact.data["to"] != CaseState.CANCELLED:
            return
        running = running_on(tx, case.tenant, case.id)
        stop_runs(tx, runs, context, running, "the case was cancelled")
        # Also if none runs: one may be asked for and not begun.
        commands.put(tx, case.tenant, DROP_RUNS, [(case.id, {})])

    def on_evidence(tx: Transaction, context: Context, case: Case, fact: Fact) -> None:
        del fact
        if case.state not in FINAL_STATES:
            _start(tx, context, case)

    def _start(tx: Transaction, context: Context, case: Case) -> None:
        start = (case.id, run_request(case, context.correlation_id))
        commands.put(tx, case.tenant, START_RUN, [start])

    store.on(TRANSITIONED, on_transition)
    store.on(EVIDENCE_ADDED, on_evidence)
    store.on(LOOK_AGAIN, on_evidence)


def reopener(store: CaseStore) -> Callable[[Transaction, Context, str], None]:
    """Return what makes a failed case ready for another run: it is re-driven."""

    def reopen(tx: Transaction, context: Context, subject: str) -> None:
        # Refused unless the case failed: then there is nothing to make ready.
        command = Transition(to=CaseState.PENDING, reason="its run is re-driven")
        store.change_cases(tx, [(context, CaseId(subject), command)])

    return reopen
