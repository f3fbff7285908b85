"""Reviews of findings: one person's word, or two people's where the policy says so.

The first person's word is kept as a proposal beside what holds until then. Somebody
else's same word makes it hold, another word takes its place, and `open` refuses it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

import sqlalchemy as sa

from integritas.cases import views
from integritas.cases.approvals import void
from integritas.cases.model import ApprovalState, FindingRecord, ReviewState
from integritas.cases.tables import FINDINGS
from integritas.kernel.contracts import Context, Fact, Finding
from integritas.kernel.errors import Conflict, FieldError, InvalidInput, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Recorder
    from integritas.kernel.ids import CaseId, FindingId, TenantId
    from integritas.platform.db import Database, Transaction

__all__ = ["ReviewPolicy", "Reviews"]

REVIEWED: Final = "integritas.finding.reviewed.v1"
PROPOSED: Final = "integritas.finding.review_proposed.v1"
REFUSED: Final = "integritas.finding.review_refused.v1"


class ReviewPolicy(Protocol):
    """Who says when one person's word is not enough; bootstrap supplies it."""

    async def second_reviewer(
        self,
        tenant: TenantId,
        channel: str,
        service: str,
        finding: Finding,
        review: str,
    ) -> str | None:
        """Return what asks for a second person, None if nothing does."""
        ...


class Reviews:
    """Takes what people say of findings."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        clock: Clock,
        policy: ReviewPolicy | None,
    ) -> None:
        """Without a policy every word counts at once."""
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._policy = policy

    async def review(
        self,
        context: Context,
        finding_id: FindingId,
        review: ReviewState,
        reason: str,
    ) -> FindingRecord:
        """Confirm or dismiss a finding, or propose it; `open` refuses a proposal.

        Raises:
            InvalidInput: no reason was given.
            NotFound: no such finding in this tenant.
            NotPermitted: who proposed it cannot agree.
            Conflict: no proposal waits that could be refused.
        """
        if not reason.strip():
            raise InvalidInput(
                "a review needs a reason",
                errors=(FieldError("reason", "is empty", "say why"),),
            )
        rule = await self._asking(context.tenant, finding_id, review)

        def work(tx: Transaction) -> FindingRecord:
            found = views.get_finding(tx, context.tenant, finding_id)
            # Reviews of the findings of a case wait for each other.
            views.get_case(tx, context.tenant, found.case_id, lock=True)
            found = views.get_finding(tx, context.tenant, finding_id)
            if review is ReviewState.OPEN:
                return self._refuse(tx, context, found, reason)
            first = _first(found, review, context.actor.id)
            if rule is not None and first is None:
                return self._propose(tx, context, found, review, (reason, rule))
            return self._settle(tx, context, found, review, (reason, first))

        return await self._database.transact(work)

    async def _asking(
        self, tenant: TenantId, finding_id: FindingId, review: ReviewState
    ) -> str | None:
        if self._policy is None or review is ReviewState.OPEN:
            return None

        def read(tx: Transaction) -> tuple[FindingRecord, str]:
            found = views.get_finding(tx, tenant, finding_id)
            return found, views.get_case(tx, tenant, found.case_id).channel

        found, channel = await self._database.read(read)
        return await self._policy.second_reviewer(
            tenant, channel, found.service, found.finding, review.value
        )

    def _propose(
        self,
        tx: Transaction,
        context: Context,
        found: FindingRecord,
        review: ReviewState,
        why: tuple[str, str],
    ) -> FindingRecord:
        reason, rule = why
        if found.proposed is review:
            raise NotPermitted(
                "who proposed a review cannot agree to it",
                errors=(
                    FieldError(
                        "review",
                        f"{review} was proposed by you",
                        "let another person with findings:review say the same",
                    ),
                ),
            )
        proposed = replace(
            found,
            proposed=review,
            proposed_by=context.actor.id,
            proposed_at=self._clock.now(),
            proposed_reason=reason,
        )
        data = {"finding": found.id, "review": review.value, "rule": rule}
        fact = Fact(PROPOSED, found.case_id, data, personal={"reason": reason})
        _write(tx, proposed)
        self._recorder.record(tx, context, [fact])
        return proposed

    def _refuse(
        self, tx: Transaction, context: Context, found: FindingRecord, reason: str
    ) -> FindingRecord:
        if found.proposed is None:
            raise Conflict(
                f"no review of {found.id} waits for a second person",
                errors=(
                    FieldError(
                        "review",
                        "open refuses a proposal, and there is none",
                        "confirm or dismiss the finding",
                    ),
                ),
            )
        refused = _unproposed(found)
        data = {
            "finding": found.id,
            "review": found.proposed.value,
            "proposed_by": found.proposed_by,
        }
        fact = Fact(REFUSED, found.case_id, data, personal={"reason": reason})
        _write(tx, refused)
        self._recorder.record(tx, context, [fact])
        return refused

    def _settle(
        self,
        tx: Transaction,
        context: Context,
        found: FindingRecord,
        review: ReviewState,
        why: tuple[str, str | None],
    ) -> FindingRecord:
        reason, first = why
        settled = replace(
            replace(found, proposed=None) if first else _unproposed(found),
            review=review,
            reviewed_by=context.actor.id,
            reviewed_at=self._clock.now(),
            review_reason=reason,
        )
        data = {"finding": found.id, "review": review.value}
        if first:
            data["proposed_by"] = first
        fact = Fact(REVIEWED, found.case_id, data, personal={"reason": reason})
        _write(tx, settled)
        voided = self._voided(tx, context.tenant, found.case_id)
        self._recorder.record(tx, context, [fact, *voided])
        return settled

    def _voided(
        self, tx: Transaction, tenant: TenantId, case_id: CaseId
    ) -> Iterator[Fact]:
        """Void approvals: another judgement of a finding is another question."""
        case = views.get_case(tx, tenant, case_id)
        now = self._clock.now()
        for approval in views.find_approvals(
            tx, tenant, case_id=case_id, state=ApprovalState.OPEN
        ):
            yield void(tx, approval, case, now, "a finding was reviewed since")


def _first(found: FindingRecord, review: ReviewState, second: str) -> str | None:
    """Return who proposed just this, if it was somebody else."""
    if found.proposed is not review or found.proposed_by == second:
        return None
    return found.proposed_by


def _unproposed(found: FindingRecord) -> FindingRecord:
    return replace(
        found, proposed=None, proposed_by=None, proposed_at=None, proposed_reason=None
    )


def _write(tx: Transaction, record: FindingRecord) -> None:
    tx.execute(
        sa.update(FINDINGS)
        .where(FINDINGS.c.tenant_id == record.tenant, FINDINGS.c.id == record.id)
        .values(
            review=record.review.value,
            reviewed_by=record.reviewed_by,
            reviewed_at=record.reviewed_at,
            review_reason=record.review_reason,
            proposed=record.proposed.value if record.proposed else None,
            proposed_by=record.proposed_by,
            proposed_at=record.proposed_at,
            proposed_reason=record.proposed_reason,
        )
    )
