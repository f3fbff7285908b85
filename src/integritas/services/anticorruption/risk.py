"""One score of a contracting process, from flags, model and network, each part listed.

Every part has points in [0, 100]: a flag's are the points of its code times its
strength, the model's grow with its probability above a threshold, a network sign's are
the points of its code. They are combined as independent reasons, 100 (1 - product of
(1 - points / 100)): several weak ones add up, none takes risk away, and the order does
not matter. The points are policy data (`data/risk.json`), not code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from integritas.kernel.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    from integritas.services.anticorruption.indicators.contract import Flag, Spec
    from integritas.services.anticorruption.signs import Sign

__all__ = ["Part", "Risk", "RiskPolicy", "load_risk_policy", "parse_risk_policy"]

_KEYS: Final = frozenset({"version", "flags", "other_flags", "model", "signs"})


class Part(NamedTuple):
    """One contribution: where it comes from, its points, and why."""

    source: str
    points: float
    text: str


@dataclass(frozen=True, slots=True)
class Risk:
    """A score in [0, 100], its parts (most points first) and the policy's version."""

    score: float
    parts: tuple[Part, ...]
    policy: str

    def document(self) -> dict[str, Any]:
        """Return the score as JSON."""
        return {
            "score": self.score,
            "policy": self.policy,
            "parts": [
                {"source": source, "points": points, "text": text}
                for source, points, text in self.parts
            ],
        }


@dataclass(frozen=True, slots=True)
class RiskPolicy:
    """How many points each reason is worth; `other_flags` those of unlisted codes."""

    version: str
    flags: Mapping[str, float]
    other_flags: float
    model_points: float
    model_from: float
    signs: Mapping[str, float]

    def risk(
        self,
        flags: Sequence[tuple[Spec, Flag]],
        *,
        probability: float | None = None,
        signs: Sequence[Sign] = (),
    ) -> Risk:
        """Return the score of one process.

        Of several flags of one code the strongest counts. `probability` is the
        collusion model's for the process, None where it was not asked.
        """
        if not flags and probability is None and not signs:
            return Risk(0.0, (), self.version)
        strongest: dict[str, Part] = {}
        for spec, flag in flags:
            worth = self.flags.get(spec.code, self.other_flags) * flag.strength
            part = Part(spec.code, round(worth, 2), flag.text)
            known = strongest.get(spec.code)
            if known is None or part.points > known.points:
                strongest[spec.code] = part
        parts = list(strongest.values())
        if probability is not None and probability > self.model_from:
            share = (probability - self.model_from) / (1 - self.model_from)
            text = (
                f"The model gives the bids a collusion probability of {probability:.0%}"
            )
            parts.append(Part("model", round(self.model_points * share, 2), text))
        parts += [
            Part(sign.code, self.signs.get(sign.code, 0.0), sign.text) for sign in signs
        ]
        parts = [part for part in parts if part.points > 0]
        parts.sort(key=lambda part: (-part.points, part.source))
        clean = math.prod([1 - part.points / 100 for part in parts])
        return Risk(round(100 * (1 - clean), 1), tuple(parts), self.version)


@lru_cache(maxsize=1)
def load_risk_policy() -> RiskPolicy:
    """Return the shipped policy."""
    place = resources.files("integritas.services.anticorruption") / "data" / "risk.json"
    return parse_risk_policy(json.loads(place.read_bytes()))


def parse_risk_policy(document: Mapping[str, Any]) -> RiskPolicy:
    """Return the policy that a JSON document holds.

    Raises:
        InvalidInput: a key is missing or unknown, or points are not in [0, 100]; each
            with its path.
    """
    errors = [
        FieldError(key, "is no known key", f"use {', '.join(sorted(_KEYS))}")
        for key in sorted(document.keys() - _KEYS)
    ]
    errors += [FieldError(k, "is missing", f"add {k}") for k in _KEYS - document.keys()]
    if errors:
        raise InvalidInput("the risk policy is not valid", errors=tuple(errors))
    model = document["model"]
    points = {
        "other_flags": document["other_flags"],
        "model.points": model.get("points"),
        **{f"flags.{code}": worth for code, worth in document["flags"].items()},
        **{f"signs.{code}": worth for code, worth in document["signs"].items()},
    }
    errors = [
        FieldError(path, f"{worth!r} is not from 0 to 100", "write points")
        for path, worth in points.items()
        if isinstance(worth, bool)
        or not isinstance(worth, int | float)
        or not 0 <= worth <= 100
    ]
    begin = model.get("from")
    if not isinstance(begin, int | float) or not 0 <= begin < 1:
        errors.append(FieldError("model.from", "is not in [0, 1)", "write such as 0.5"))
    if errors:
        raise InvalidInput("the risk policy is not valid", errors=tuple(errors))
    return RiskPolicy(
        version=str(document["version"]),
        flags=dict(document["flags"]),
        other_flags=float(document["other_flags"]),
        model_points=float(model["points"]),
        model_from=float(begin or 0.0),
        signs=dict(document["signs"]),
    )
