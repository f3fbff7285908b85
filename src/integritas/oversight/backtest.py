"""What a policy would have said of the cases that were decided: nothing is changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from integritas.kernel.contracts import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.cases.api import PastDecision
    from integritas.kernel.contracts import Decider
    from integritas.kernel.ids import TenantId

__all__ = ["Backtest", "Change", "Decisions", "backtest"]

_PAGE: Final = 500
_MOST_SHOWN: Final = 500


class Decisions(Protocol):
    """What a backtest reads of cases."""

    async def past_decisions(
        self, tenant: TenantId, *, before: str | None = None, limit: int = 500
    ) -> Sequence[PastDecision]:
        """Return verdicts with what they were on, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """A case that would have come out otherwise."""

    case_id: str
    before: Outcome
    after: Outcome
    risk_before: float
    risk_after: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """How many verdicts were tried, what became what, and the cases that changed.

    `moves` counts (outcome then, outcome now); `changes` are the newest, at most 500;
    `failed` could not be decided by the policy that is tried.
    """

    decided: int
    moves: dict[tuple[str, str], int]
    changes: tuple[Change, ...]
    failed: int


async def backtest(
    tenant: TenantId, decisions: Decisions, candidate: Decider, *, limit: int
) -> Backtest:
    """Decide the newest `limit` verdicts again by another policy."""
    moves: Counter[tuple[str, str]] = Counter()
    changes: list[Change] = []
    decided = failed = 0
    before = None
    while decided < limit:
        size = min(_PAGE, limit - decided)
        page = await decisions.past_decisions(tenant, before=before, limit=size)
        if not page:
            break
        answers = await candidate.decide([past.request for past in page])
        for past, answer in zip(page, answers, strict=True):
            if isinstance(answer, Failure):
                failed += 1
                continue
            moves[past.verdict.outcome, answer.outcome] += 1
            if answer.outcome != past.verdict.outcome and len(changes) < _MOST_SHOWN:
                changes.append(
                    Change(
                        case_id=past.request.dossier_id,
                        before=past.verdict.outcome,
                        after=answer.outcome,
                        risk_before=past.verdict.risk,
                        risk_after=answer.risk,
                        reasons=tuple(reason.text for reason in answer.reasons),
                    )
                )
        decided += len(page)
        before = page[-1].cursor
    return Backtest(decided, dict(moves), tuple(changes), failed)
