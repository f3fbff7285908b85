"""The route of retention: what is due, and erasing it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from integritas.kernel.contracts import Context
from integritas.kernel.evidence import EvidenceKind
from integritas.oversight.retention import Due
from integritas.platform.http import caller
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld  # noqa: TC001 - FastAPI reads it

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter

    from integritas.cases.api import ClosedEvidence
    from integritas.oversight.retention import RetentionDesk

__all__ = ["add_retention_routes"]

Caller: TypeAlias = Annotated[Context, Depends(caller)]
_MOST: Final = 1_000


class RetentionIn(BaseModel):
    """Whether to look only, which is what happens unless said otherwise."""

    model_config = ConfigDict(extra="forbid")

    dry_run: bool = True


class DueOut(BaseModel):
    """An item of evidence whose period is over."""

    case: str
    evidence: str
    kind: EvidenceKind
    closed_at: datetime

    @classmethod
    def of(cls, item: ClosedEvidence) -> DueOut:
        """Return the wire form."""
        return cls(
            case=item.case_id,
            evidence=item.evidence_id,
            kind=item.kind,
            closed_at=item.closed_at,
        )


class RetentionOut(BaseModel):
    """What is due, or was erased, by kind; and what a legal hold keeps."""

    dry_run: bool
    kinds: dict[str, int]
    evidence: list[DueOut] = Field(description=f"the first {_MOST}")
    held: list[DueOut] = Field(description=f"the first {_MOST}")


def add_retention_routes(routes: APIRouter, desk: RetentionDesk) -> None:
    """Add the route of retention."""

    @routes.post(
        "/retention",
        operation_id="compliance_retention",
        summary="Erase evidence whose period is over, or say which (audited)",
        responses=problem_responses(400, 401, 422),
    )
    async def retention(
        context: Caller, withheld: Withheld, body: RetentionIn
    ) -> RetentionOut:
        """Answer with what is due; with `dry_run` false it is erased.

        A period is over whoever asks: what is in cases the caller may not see is
        erased too, as it is every hour, and not told.
        """
        found = await (
            desk.due(context.tenant) if body.dry_run else desk.apply(context)
        )
        found = Due(_seen(found.evidence, withheld), _seen(found.held, withheld))
        return RetentionOut(
            dry_run=body.dry_run,
            kinds=found.kinds,
            evidence=list(map(DueOut.of, found.evidence[:_MOST])),
            held=list(map(DueOut.of, found.held[:_MOST])),
        )


def _seen(
    items: Sequence[ClosedEvidence], withheld: frozenset[str]
) -> list[ClosedEvidence]:
    return [item for item in items if item.case_id not in withheld]
