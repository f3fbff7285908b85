"""How far a tenant's messages have moved from what a model was first asked about.

The population stability index (PSI): the sum over bins of (p - q) ln(p / q). Below 0.1
is steady, above 0.25 strong, by the usual rule of thumb.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from integritas.services.spam.store import read_scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database
    from integritas.registry.api import Deployment
    from integritas.services.spam.store import ScoreRow

__all__ = ["SpamDrift", "side_by_side", "stability"]

LOGITS: Final = (-6.0, -4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 6.0)
SHARES: Final = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
SET_SIZE: Final = 500
LEAST: Final = 100
"""Sets smaller than this tell noise."""
_COMPARED: Final = 5_000
_STEADY, _STRONG = 0.1, 0.25


class SpamDrift:
    """Tells of drift from what the service keeps of messages."""

    def __init__(self, database: Database) -> None:
        """Read from a database."""
        self._database = database

    async def drift(
        self, tenant: TenantId, deployment: Deployment, /
    ) -> Mapping[str, JsonValue]:
        """Return PSI of scores and vocabulary, and the challenger beside the champion.

        The first messages that the champion scored are compared with the newest.
        """
        model = deployment.champion
        first = await self._scores(tenant, model, newest=False)
        last = await self._scores(tenant, model, newest=True)
        told: dict[str, Any] = {
            "model": model,
            "first_messages": len(first),
            "newest_messages": len(last),
            "scores": _told([r.logit for r in first], [r.logit for r in last], LOGITS),
            "vocabulary": _told(
                [r.unknown for r in first], [r.unknown for r in last], SHARES
            ),
            "challenger": None,
        }
        if deployment.challenger is not None:
            told["challenger"] = await self._beside(tenant, deployment.challenger)
        return told

    async def _scores(
        self, tenant: TenantId, model: str, *, newest: bool
    ) -> Sequence[ScoreRow]:
        return await self._database.read(
            lambda tx: read_scores(tx, tenant, model, newest=newest, most=SET_SIZE)
        )

    async def _beside(self, tenant: TenantId, challenger: str) -> Mapping[str, Any]:
        rows = await self._database.read(
            lambda tx: read_scores(
                tx, tenant, challenger, newest=True, most=_COMPARED, shadow=True
            )
        )
        return side_by_side(rows, challenger)


def stability(
    first: Sequence[float], last: Sequence[float], edges: Sequence[float]
) -> float:
    """Return the PSI between two samples; half a message is added to each bin."""
    bins = len(edges) + 1
    before, after = (
        Counter(bisect_right(edges, value) for value in sample)
        for sample in (first, last)
    )
    total = 0.0
    for number in range(bins):
        p = (before[number] + 0.5) / (len(first) + bins / 2)
        q = (after[number] + 0.5) / (len(last) + bins / 2)
        total += (p - q) * math.log(p / q)
    return total


def _told(
    first: Sequence[float], last: Sequence[float], edges: Sequence[float]
) -> dict[str, Any]:
    if min(len(first), len(last)) < LEAST:
        return {"psi": None, "verdict": "too few messages"}
    psi = stability(first, last, edges)
    verdict = "steady" if psi < _STEADY else "strong" if psi > _STRONG else "moderate"
    return {"psi": round(psi, 4), "verdict": verdict}


def side_by_side(rows: Sequence[ScoreRow], challenger: str) -> dict[str, Any]:
    """Return how a challenger's verdicts differ from the champion's, row by row.

    Where analysts gave feedback, how often each was right: junk not delivered, wanted
    messages delivered.
    """
    moved = Counter(
        f"{row.verdict} to {row.challenger_verdict}"
        for row in rows
        if row.verdict != row.challenger_verdict
    )
    labelled = [row for row in rows if row.label is not None]
    return {
        "version": challenger,
        "messages": len(rows),
        "verdicts_moved": dict(sorted(moved.items())),
        "labelled": len(labelled),
        "champion_right": sum(_right(row.label, row.verdict) for row in labelled),
        "challenger_right": sum(
            _right(row.label, row.challenger_verdict) for row in labelled
        ),
    }


def _right(label: str | None, verdict: str) -> bool:
    return (label == "wanted") == (verdict == "deliver")
