"""Routes of what looks across packages, under the service they are asked of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeAlias

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from integritas.kernel.contracts import Context, Decider, Outcome
from integritas.kernel.ids import TenantId
from integritas.oversight.backtest import Backtest, Decisions, backtest
from integritas.oversight.retention_routes import add_retention_routes
from integritas.oversight.subject_routes import MakeMatcher, add_subject_routes
from integritas.platform.http import caller
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld  # noqa: TC001 - FastAPI reads it

if TYPE_CHECKING:
    from integritas.oversight.backtest import Change
    from integritas.oversight.retention import RetentionDesk
    from integritas.oversight.subjects import SubjectDesk

__all__ = ["Candidate", "router"]

Caller: TypeAlias = Annotated[Context, Depends(caller)]
Candidate: TypeAlias = Callable[[TenantId, str, int | None], Awaitable[Decider]]
"""Returns what decides by a version of a tenant's policy, the newest without one."""


class BacktestIn(BaseModel):
    """Which version to try (the newest without one), on how many past verdicts."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int | None, Field(ge=1, le=10**9)] = None
    limit: Annotated[int, Field(ge=1, le=10_000)] = 1_000


class MoveOut(BaseModel):
    """How many verdicts became what."""

    before: Outcome
    after: Outcome
    cases: int


class ChangeOut(BaseModel):
    """A case that would have come out otherwise, and why."""

    case: str
    before: Outcome
    after: Outcome
    risk_before: float
    risk_after: float
    reasons: list[str]

    @classmethod
    def of(cls, change: Change) -> ChangeOut:
        """Return the wire form."""
        return cls(
            case=change.case_id,
            before=change.before,
            after=change.after,
            risk_before=change.risk_before,
            risk_after=change.risk_after,
            reasons=list(change.reasons),
        )


class BacktestOut(BaseModel):
    """What would have changed; the newest 500 changed cases are named."""

    decided: int
    changed: int
    failed: int
    moves: list[MoveOut]
    changes: list[ChangeOut]

    @classmethod
    def of(cls, found: Backtest, withheld: frozenset[str]) -> BacktestOut:
        """Return the wire form; what is withheld counts, and is not named."""
        moves = [
            MoveOut(before=Outcome(before), after=Outcome(after), cases=cases)
            for (before, after), cases in sorted(found.moves.items())
        ]
        return cls(
            decided=found.decided,
            changed=sum(move.cases for move in moves if move.before != move.after),
            failed=found.failed,
            moves=moves,
            changes=[
                ChangeOut.of(change)
                for change in found.changes
                if change.case_id not in withheld
            ],
        )


def router(
    decisions: Decisions,
    candidate: Candidate,
    subjects: SubjectDesk,
    matcher: MakeMatcher,
    retention: RetentionDesk,
) -> APIRouter:
    """Return the routes, relative to `/api/v1`."""
    routes = APIRouter(prefix="/compliance", tags=["compliance"])

    add_subject_routes(routes, subjects, matcher)
    add_retention_routes(routes, retention)

    @routes.post(
        "/policies/{name}/backtest",
        operation_id="compliance_policy_backtest",
        summary="Try a policy on the verdicts of the past",
        responses=problem_responses(400, 401, 404, 422),
    )
    async def try_policy(
        context: Caller, withheld: Withheld, name: str, body: BacktestIn
    ) -> BacktestOut:
        """Answer with what would have changed; nothing is changed or recorded."""
        decider = await candidate(context.tenant, name, body.version)
        found = await backtest(context.tenant, decisions, decider, limit=body.limit)
        return BacktestOut.of(found, withheld)

    return routes
