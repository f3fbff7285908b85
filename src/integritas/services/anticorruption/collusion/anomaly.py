"""Tenders unlike the others of the same input, without any label.

Modified z-scores (Iglewicz and Hoaglin, How to detect and handle outliers, 1993) of
screens that cartels move: 0.6745 (x - median) / MAD, cut off at 3.5. Only
the direction that rigging leaves counts: little variance, skewed to the left, a winner
far from losers who are close together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from integritas.services.anticorruption.collusion.screens import screens_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.anticorruption.collusion.bids import TenderBids

__all__ = ["LEAST_TENDERS", "anomaly_scores"]

LEAST_TENDERS: Final = 10
_CUT: Final = 3.5
_NORMAL: Final = 0.6745


def anomaly_scores(tenders: Sequence[TenderBids]) -> list[float | None]:
    """Return a score in [0, 1] for each tender, 0.5 at the cut-off of 3.5.

    None for all if they are fewer than `LEAST_TENDERS`.
    """
    if len(tenders) < LEAST_TENDERS:
        return [None] * len(tenders)
    screens = [screens_of(tender.amounts) for tender in tenders]
    columns = np.array(
        [
            [-np.log(max(s.cv, 1e-4)), -s.skew, np.log1p(s.rd), np.log1p(s.rdnor)]
            for s in screens
        ]
    )
    median = np.median(columns, axis=0)
    deviation = np.median(np.abs(columns - median), axis=0)
    scaled = _NORMAL * (columns - median) / np.where(deviation > 0, deviation, np.inf)
    highest = np.maximum(scaled.max(axis=1), 0.0)
    return [round(float(z / (z + _CUT)), 4) for z in highest]
