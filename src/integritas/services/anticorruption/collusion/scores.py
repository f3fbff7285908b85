"""What the model says of a bid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["BidScore"]


@dataclass(frozen=True, slots=True)
class BidScore:
    """What is said of one bid.

    `probability` in [0, 1] that it is a bid of a cartel, and `collusive`, the decision
    at the model's threshold, are None if it cannot be scored; `anomaly` in [0, 1]
    compares the tender with the others of the input, None if they are too few;
    `out_of_domain` are the features unlike any of the training tenders.
    """

    tender: Any
    probability: float | None
    reasons: tuple[str, ...]
    collusive: bool | None = None
    anomaly: float | None = None
    out_of_domain: tuple[str, ...] = ()
    contributions: Mapping[str, float] = field(default_factory=dict)

    def line(self) -> dict[str, Any]:
        """Return the JSON object of an output line."""
        return {
            "tender": self.tender,
            "probability": self.probability,
            "reasons": list(self.reasons),
            "collusive": self.collusive,
            "anomaly": self.anomaly,
            "out_of_domain": list(self.out_of_domain),
            "contributions": dict(self.contributions),
        }
