"""The collusion model: bids in; probability, domain, anomaly and reasons out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from integritas.services.anticorruption.collusion.anomaly import anomaly_scores
from integritas.services.anticorruption.collusion.artifact import load_artifact
from integritas.services.anticorruption.collusion.forest import (
    leaves_of,
    shapley_values,
)
from integritas.services.anticorruption.collusion.scorefile import score_bids
from integritas.services.anticorruption.collusion.scores import BidScore
from integritas.services.anticorruption.collusion.screens import FEATURES, features_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from integritas.services.anticorruption.collusion.artifact import Artifact
    from integritas.services.anticorruption.collusion.bids import Reading, TenderBids
    from integritas.services.anticorruption.collusion.scorefile import CollusionRun

__all__ = ["CollusionModel", "load_collusion_model"]

_REASONS: Final = 4
# Interquartile ranges beyond which Tukey calls a value far out.
_FAR_OUT: Final = 3.0
_SURE: Final = 0.999
_ROUNDED: Final = 1e-5
_ESTIMATE_FREE: Final = frozenset(
    feature.name
    for feature in FEATURES
    if "premium" not in feature.name and "estimate" not in feature.text
)


class CollusionModel:
    """Scores the bids of whole tenders; it knows a tender only by its prices."""

    def __init__(self, artifact: Artifact) -> None:
        """Take a verified artifact."""
        self.artifact = artifact
        self._leaves = leaves_of(artifact.forest)
        self._trees = len(artifact.forest.roots)
        first, third = artifact.quantiles[1], artifact.quantiles[3]
        reach = _FAR_OUT * np.maximum(third - first, 1e-9)
        # Quantiles are rounded in the manifest: the training rows must stay inside.
        self._low = np.minimum(artifact.quantiles[0], first - reach) - _ROUNDED
        self._high = np.maximum(artifact.quantiles[4], third + reach) + _ROUNDED
        self._medians = artifact.quantiles[2]

    @property
    def version(self) -> str:
        """Return name, version and hash of the model."""
        return self.artifact.version

    def score(self, reading: Reading) -> list[BidScore]:
        """Return a score for each bid, in the order of the list."""
        scores = [BidScore(name, None, ()) for name in reading.names]
        for reject in reading.rejects:
            place = reject.line - 1
            text = f"not scored: {reject.path}: {reject.message}"
            scores[place] = BidScore(reading.names[place], None, (text,))
        anomalies = anomaly_scores(reading.tenders)
        for tender, anomaly in zip(reading.tenders, anomalies, strict=True):
            for place, score in zip(
                tender.places, self.score_tender(tender, anomaly), strict=True
            ):
                scores[place] = score
        return scores

    def score_file(self, content: bytes) -> CollusionRun:
        """Score a file of bids: a JSON list, JSON Lines, or CSV with a header.

        Raises:
            InvalidInput: it is none of these; the message says where it breaks.
        """
        return score_bids(self.score, content)

    def score_tender(
        self, tender: TenderBids, anomaly: float | None = None
    ) -> list[BidScore]:
        """Return a score for each bid of one tender, in the order of its amounts."""
        estimated = tender.estimate is not None
        estimate = tender.estimate if estimated else float(np.median(tender.amounts))
        rows, figures = features_of(tender.amounts, estimate or 1.0)
        if not estimated:
            rows = self._without_estimate(rows)
        probabilities = self._calibrate(self.artifact.forest.predict(rows))
        return [
            self._said(
                tender, row, told, float(probability), anomaly, estimated=estimated
            )
            for row, told, probability in zip(rows, figures, probabilities, strict=True)
        ]

    def _said(
        self,
        tender: TenderBids,
        row: NDArray[np.float64],
        figures: dict[str, float],
        probability: float,
        anomaly: float | None,
        *,
        estimated: bool,
    ) -> BidScore:
        values = shapley_values(self._leaves, row, self._trees)
        strange = tuple(
            feature.name
            for feature, value, low, high in zip(
                FEATURES, row, self._low, self._high, strict=True
            )
            if not low <= value <= high
        )
        reasons = [
            f"{feature.text.format(**figures)} ({value:+.3f})"
            for value, feature in sorted(
                zip(values.tolist(), FEATURES, strict=True), key=lambda v: -abs(v[0])
            )
            if estimated or feature.name in _ESTIMATE_FREE
        ][:_REASONS]
        if not estimated:
            reasons.append("no estimate was given: training medians stand for it")
        if strange:
            reasons.append(
                "unlike the training tenders in " + ", ".join(strange) + ":"
                " the probability says little"
            )
        return BidScore(
            tender=tender.name,
            probability=round(probability, 6),
            reasons=tuple(reasons),
            collusive=probability >= self.artifact.calibration.threshold,
            anomaly=anomaly,
            out_of_domain=strange if estimated else (*strange, "no estimate"),
            contributions={
                feature.name: round(float(value), 6)
                for feature, value in zip(FEATURES, values, strict=True)
            },
        )

    def _without_estimate(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        known = np.array([feature.name in _ESTIMATE_FREE for feature in FEATURES])
        return np.where(known, rows, self._medians)

    def _calibrate(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        kept = np.clip(probabilities, 1 - _SURE, _SURE)
        odds = np.log(kept / (1 - kept))
        slope, offset, _ = self.artifact.calibration
        return np.asarray(1 / (1 + np.exp(-(slope * odds + offset))))


def load_collusion_model(folder: Path | None = None) -> CollusionModel:
    """Return the model in a folder, or the shipped one.

    Raises:
        IntegrityViolation: it is missing, or not what its manifest says.
    """
    return CollusionModel(load_artifact(folder))
