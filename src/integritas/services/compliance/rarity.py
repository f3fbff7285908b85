"""How much a token tells: the rarer among listed names, the more."""

from __future__ import annotations

import json
import math
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from integritas.services.compliance.vocabulary import (
    COMMON_NAMES,
    LEGAL_FORMS,
    PARTICLES,
    TITLES,
)

__all__ = ["weight"]

_LEGAL_WEIGHT: Final = 0.12
_TITLE_WEIGHT: Final = 0.1
_PARTICLE_WEIGHT: Final = 0.12
_LEAST_WEIGHT: Final = 0.25
_INITIAL_WEIGHT: Final = 0.4
_COMMON_WEIGHT: Final = 0.45


@cache
def _rarity() -> tuple[int, int, dict[str, int]]:
    source = resources.files(__package__).joinpath("data/rarity.json")
    table = json.loads(source.read_text(encoding="utf-8"))
    return int(table["names"]), int(table["least"]), dict(table["counts"])


@lru_cache(maxsize=262_144)
def weight(token: str) -> float:
    """Return how much a token tells, from 0.1 (a title) to 1 (rare, or a number).

    The counts ship with the product, so a score never depends on which list is loaded.
    """
    if token in LEGAL_FORMS:
        return _LEGAL_WEIGHT
    if token in PARTICLES:
        return _PARTICLE_WEIGHT
    if token in TITLES:
        return _TITLE_WEIGHT
    if len(token) == 1 and token.isalpha():
        return _INITIAL_WEIGHT
    names, least, counts = _rarity()
    seen = max(counts.get(token, least), least)
    rarity = 1.0 - math.log(seen / least) / math.log(names / least)
    if token in COMMON_NAMES:
        rarity = min(rarity, _COMMON_WEIGHT)
    return max(_LEAST_WEIGHT, rarity)
