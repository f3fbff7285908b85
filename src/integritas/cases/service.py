"""The case desk: everything the platform may ask of cases, awaitable and in bulk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from integritas.cases import views
from integritas.cases.disclosed import Disclosed, read_fact
from integritas.cases.four_eyes import FourEyes
from integritas.cases.listing import CaseFilter, CaseOrder, list_cases
from integritas.cases.model import (
    Approval,
    ApprovalState,
    Case,
    CaseCommand,
    Decision,
    EditCase,
    FindingRecord,
    HistoryEntry,
    NewSubmission,
    Opened,
    ReviewState,
    Submission,
    Transition,
    run_request,
)
from integritas.cases.need import Reader, hides, visible_in
from integritas.cases.past import PastDecision, find_findings, list_past_decisions
from integritas.cases.reviewing import Reviews
from integritas.kernel.contracts import Context, Dossier, Evidence, FindingKind
from integritas.kernel.errors import (
    ApprovalRequired,
    Conflict,
    IntegritasError,
    NotFound,
)
from integritas.platform.batching import Coalescer, isolating
from integritas.platform.commands import START_RUN
from integritas.platform.idempotency import IdempotencyScope, once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from integritas.cases.reviewing import ReviewPolicy
    from integritas.cases.store import CaseStore, Change
    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Recorder
    from integritas.kernel.ids import (
        ApprovalId,
        CaseId,
        EvidenceId,
        FindingId,
        IdFactory,
        SubmissionId,
        TenantId,
    )
    from integritas.platform.commands import CommandQueue
    from integritas.platform.db import Database, Transaction

__all__ = ["CaseDesk"]

T = TypeVar("T")
Item = TypeVar("Item")

EVIDENCE_READ: Final = "integritas.evidence.read.v1"
FINDING_READ: Final = "integritas.finding.read.v1"


class CaseDesk:
    """Opens, changes and shows cases. Changes are durable when a method returns."""

    def __init__(
        self,
        *,
        database: Database,
        store: CaseStore,
        commands: CommandQueue,
        recorder: Recorder,
        clock: Clock,
        ids: IdFactory,
        review_policy: ReviewPolicy | None = None,
    ) -> None:
        """Take the parts; bootstrap wires them."""
        self._database = database
        self.store = store
        self._commands = commands
        self._recorder = recorder
        self._clock = clock
        self._four_eyes = FourEyes(store, recorder, clock, ids)
        self._reviews = Reviews(database, recorder, clock, review_policy)
        self._opening = Coalescer(self._open_batch)
        self._changing = Coalescer(self._change_batch)

    # Opening ---------------------------------------------------------------------

    async def open(self, context: Context, submission: NewSubmission) -> Opened:
        """Open a case and queue its workflow, in one commit."""
        return await self._opening.call((context, submission))

    async def open_many(
        self, context: Context, submissions: Sequence[NewSubmission]
    ) -> Sequence[Opened]:
        """Open a case for each submission, all in one commit."""
        items = [(context, submission) for submission in submissions]
        return await self._database.transact(lambda tx: self.open_in(tx, items))

    async def open_edited(
        self, context: Context, submission: NewSubmission, edit: EditCase
    ) -> Case:
        """Open a case and change it as its opener wants it, in one commit."""

        def work(tx: Transaction) -> Case:
            [opened] = self.open_in(tx, [(context, submission)])
            [case] = self.store.change_cases(tx, [(context, opened.case.id, edit)])
            if isinstance(case, IntegritasError):
                raise case
            return case

        return await self._database.transact(work)

    async def ask_approval(
        self, context: Context, case_id: CaseId, command: Transition
    ) -> Approval:
        """Ask for the second person a move needs.

        Raises:
            Conflict: the move needs nobody else.
            TransitionRefused, VersionConflict, NotFound: as for any move.
        """
        return await self._database.transact(
            lambda tx: self._four_eyes.ask(tx, context, case_id, command)
        )

    async def open_once(
        self,
        context: Context,
        submission: NewSubmission,
        scope: IdempotencyScope,
        answer: Callable[[Opened], Mapping[str, Any]],
    ) -> tuple[Mapping[str, Any], bool]:
        """Do as `open` under an idempotency key; return the answer and if replayed."""

        def work(tx: Transaction) -> tuple[Mapping[str, Any], bool]:
            return once(
                tx,
                scope,
                self._clock.now(),
                lambda: answer(self.open_in(tx, [(context, submission)])[0]),
            )

        return await self._database.transact(work)

    def open_in(
        self, tx: Transaction, items: Sequence[tuple[Context, NewSubmission]]
    ) -> Sequence[Opened]:
        """Open a case for each submission in a unit of work of the caller's."""
        opened = self.store.open_cases(tx, items)
        starts: dict[TenantId, list[tuple[str, Mapping[str, Any]]]] = {}
        for (context, _), one in zip(items, opened, strict=True):
            start = (one.case.id, run_request(one.case, context.correlation_id))
            starts.setdefault(context.tenant, []).append(start)
        for tenant, commands in starts.items():
            self._commands.put(tx, tenant, START_RUN, commands)
        return opened

    async def _open_batch(
        self, items: Sequence[tuple[Context, NewSubmission]]
    ) -> Sequence[Opened | BaseException]:
        return await isolating(items, self._open_some)

    async def _open_some(
        self, items: Sequence[tuple[Context, NewSubmission]]
    ) -> Sequence[Opened]:
        return await self._database.transact(lambda tx: self.open_in(tx, items))

    # Changing --------------------------------------------------------------------

    async def change(
        self, context: Context, case_id: CaseId, command: CaseCommand
    ) -> Case:
        """Apply one command; calls made at the same time share a commit.

        Raises:
            TransitionRefused, ApprovalRequired, VersionConflict, NotFound.
        """
        return await self._changing.call((context, case_id, command))

    async def change_many(
        self, changes: Sequence[Change]
    ) -> Sequence[Case | IntegritasError]:
        """Apply commands in order in one commit; each answers for itself."""
        return await self._database.transact(
            lambda tx: self.store.change_cases(tx, changes)
        )

    async def _change_batch(
        self, changes: Sequence[Change]
    ) -> Sequence[Case | BaseException]:
        return await isolating(changes, self.change_many)

    # Four eyes -------------------------------------------------------------------

    async def transition(
        self, context: Context, case_id: CaseId, command: Transition
    ) -> Case | Approval:
        """Make a transition, or ask for the second person it needs."""
        try:
            return await self.change(context, case_id, command)
        except ApprovalRequired:
            return await self.ask_approval(context, case_id, command)

    async def decide_approval(
        self, context: Context, approval_id: ApprovalId, *, approve: bool, reason: str
    ) -> Approval:
        """Approve (and make the transition) or reject, by somebody else.

        Raises:
            NotPermitted: the same person asked for it.
            Conflict: it is decided already, or the case is not the one it was asked
                on, which voids it.
        """

        decided = await self._database.transact(
            lambda tx: self._four_eyes.decide(
                tx, context, approval_id, approve=approve, reason=reason
            )
        )
        if isinstance(decided, Conflict):
            raise decided
        return decided

    # Findings and evidence -------------------------------------------------------

    async def review_finding(
        self,
        context: Context,
        finding_id: FindingId,
        review: ReviewState,
        reason: str,
    ) -> FindingRecord:
        """Confirm or dismiss a finding, with a reason; a proposal where policy says so.

        Raises:
            InvalidInput, NotFound, NotPermitted, Conflict: see `Reviews.review`.
        """
        return await self._reviews.review(context, finding_id, review, reason)

    async def read_raw(
        self, context: Context, evidence_id: EvidenceId, why: Disclosed | None = None
    ) -> Evidence:
        """Return raw evidence; that it was read is recorded before it is shown."""

        def work(tx: Transaction) -> Evidence:
            case_id, evidence = views.get_evidence(tx, context.tenant, evidence_id)
            fact = read_fact(EVIDENCE_READ, case_id, {"evidence": evidence_id}, why)
            self._recorder.record(tx, context, [fact])
            return evidence

        return await self._database.transact(work)

    async def read_finding(
        self, context: Context, finding_id: FindingId, why: Disclosed
    ) -> FindingRecord:
        """Return a finding for who sees it in clear; recorded before it is shown."""

        def work(tx: Transaction) -> FindingRecord:
            found = views.get_finding(tx, context.tenant, finding_id)
            data = {"finding": finding_id}
            fact = read_fact(FINDING_READ, found.case_id, data, why)
            self._recorder.record(tx, context, [fact])
            return found

        return await self._database.transact(work)

    # Reading ---------------------------------------------------------------------

    async def get(
        self, tenant: TenantId, case_id: CaseId, *, reader: Reader | None = None
    ) -> Case:
        """Return a case, or raise NotFound; so too if it is hidden from a reader."""
        now = self._clock.now()

        def read(tx: Transaction) -> Case:
            case = views.get_case(tx, tenant, case_id)
            if reader is not None and hides(tx, reader, case_id, now):
                raise NotFound(f"there is no case {case_id}")
            return case

        return await self._database.peek(read)

    async def list(
        self,
        tenant: TenantId,
        chosen: CaseFilter | None = None,
        *,
        order: CaseOrder | None = None,
        before: str | None = None,
        limit: int = 50,
        reader: Reader | None = None,
    ) -> Sequence[Case]:
        """Return cases older than the id `before`, newest first or in an order.

        With a `reader`, what is hidden from them is not there; so of the others.
        """
        now = self._clock.now()
        wanted, sorting = chosen or CaseFilter(), order or CaseOrder()
        if before is not None:
            wanted = replace(wanted, before=before)
        return await self._read(
            lambda tx: list_cases(
                tx,
                tenant,
                wanted,
                sorting,
                limit=limit,
                visible=visible_in(tx, reader, now),
            )
        )

    async def submission(
        self, tenant: TenantId, submission_id: SubmissionId
    ) -> Submission:
        """Return a submission, or raise NotFound."""
        return await self._read(
            lambda tx: views.get_submission(tx, tenant, submission_id)
        )

    async def submissions(
        self,
        tenant: TenantId,
        *,
        before: str | None = None,
        limit: int = 50,
        reader: Reader | None = None,
    ) -> Sequence[Submission]:
        """Return submissions, newest first, older than the id `before`."""
        now = self._clock.now()
        return await self._read(
            lambda tx: views.list_submissions(
                tx,
                tenant,
                before=before,
                limit=limit,
                visible=visible_in(tx, reader, now),
            )
        )

    async def history(
        self, tenant: TenantId, case_id: CaseId
    ) -> Sequence[HistoryEntry]:
        """Return the transitions of a case, oldest first, or raise NotFound."""
        return await self._of_case(tenant, case_id, views.list_history)

    async def decisions(self, tenant: TenantId, case_id: CaseId) -> Sequence[Decision]:
        """Return the verdicts on a case, oldest first, or raise NotFound."""
        return await self._of_case(tenant, case_id, views.list_decisions)

    async def evidence(self, tenant: TenantId, case_id: CaseId) -> Sequence[Evidence]:
        """Return the evidence of a case, or raise NotFound."""
        return await self._of_case(tenant, case_id, views.list_evidence)

    async def findings(
        self, tenant: TenantId, case_id: CaseId
    ) -> Sequence[FindingRecord]:
        """Return the findings on a case, or raise NotFound."""
        return await self._of_case(tenant, case_id, views.list_findings)

    def findings_in(
        self, tx: Transaction, tenant: TenantId, case_id: CaseId
    ) -> Sequence[FindingRecord]:
        """Return the findings on a case in a unit of work of the caller's."""
        return views.list_findings(tx, tenant, case_id)

    async def one_evidence(
        self, tenant: TenantId, evidence_id: EvidenceId
    ) -> tuple[CaseId, Evidence]:
        """Return an item of evidence and its case, or raise NotFound."""
        return await self._read(lambda tx: views.get_evidence(tx, tenant, evidence_id))

    async def finding(self, tenant: TenantId, finding_id: FindingId) -> FindingRecord:
        """Return a finding, or raise NotFound."""
        return await self._read(lambda tx: views.get_finding(tx, tenant, finding_id))

    async def hits(
        self,
        tenant: TenantId,
        *,
        review: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[FindingRecord]:
        """Return the watchlist hits of all cases, newest first."""
        return await self._read(
            lambda tx: find_findings(
                tx, tenant, FindingKind.HIT, review=review, before=before, limit=limit
            )
        )

    async def past_decisions(
        self, tenant: TenantId, *, before: str | None = None, limit: int = 500
    ) -> Sequence[PastDecision]:
        """Return verdicts with what they were on, newest first."""
        return await self._read(
            lambda tx: list_past_decisions(tx, tenant, before=before, limit=limit)
        )

    async def approvals(
        self,
        tenant: TenantId,
        *,
        case_id: CaseId | None = None,
        state: ApprovalState | None = None,
        before: str | None = None,
        limit: int = 50,
        reader: Reader | None = None,
    ) -> Sequence[Approval]:
        """Return approvals, newest first."""
        now = self._clock.now()
        return await self._read(
            lambda tx: views.find_approvals(
                tx,
                tenant,
                case_id=case_id,
                state=state,
                before=before,
                limit=limit,
                visible=visible_in(tx, reader, now),
            )
        )

    async def dossiers(
        self, tenant: TenantId, case_ids: Sequence[CaseId]
    ) -> Mapping[CaseId, Dossier]:
        """Return the dossiers of cases."""
        return await self._read(lambda tx: views.load_dossiers(tx, tenant, case_ids))

    async def _of_case(
        self,
        tenant: TenantId,
        case_id: CaseId,
        query: Callable[[Transaction, TenantId, CaseId], Sequence[T]],
    ) -> Sequence[T]:
        def read(tx: Transaction) -> Sequence[T]:
            views.get_case(tx, tenant, case_id)
            return query(tx, tenant, case_id)

        return await self._read(read)

    async def _read(self, query: Callable[[Transaction], T]) -> T:
        return await self._database.read(query)
