"""How likely a listed name names the party looked for: the screening model's figures.

To the figures of two names it adds what only screening knows: which side lacks a word,
how much the rarest common word tells, whether kinds and legal forms go together. An
equal but ordinary name (Ali Khan) tells less than a misspelt rare one.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from integritas.services.compliance.alignment import align
from integritas.services.compliance.features import DOWN, FEATURES, UP, Feature, figures
from integritas.services.compliance.forest import Forest, load_forest
from integritas.services.compliance.rarity import weight
from integritas.services.compliance.scoring import (
    MATCH_THRESHOLD,
    Comparison,
    agreed_numbers,
    comparison,
    match_score,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.compliance.alignment import Alignment
    from integritas.services.compliance.normalise import Name

__all__ = ["SCREENING_FEATURES", "rank_all", "rank_model", "screening_figures"]

SCREENING_FEATURES: Final = (
    *FEATURES,
    Feature("asked_only", DOWN, "weight of the words that only the query has"),
    Feature("listed_only", DOWN, "weight of the words that only the list has"),
    Feature("rarest", UP, "weight of the rarest word that agrees"),
    Feature("agreeing_words", UP, "number of words that agree"),
    Feature("equal", UP, "every word is equal"),
)

_PERSON: Final = "Person"
# So much the rarest word of a name must tell for its legal form to be left out.
_TELLING: Final = 0.7


@cache
def rank_model() -> Forest:
    """Return the shipped screening model."""
    return load_forest("screening.json", [f.name for f in SCREENING_FEATURES])


def screening_figures(
    asked: Name, listed: Name, alignment: Alignment, schema: str
) -> tuple[float, ...]:
    """Return the figures of a query and a listed name, of SCREENING_FEATURES."""
    telling = [
        min(weight(p.left), weight(p.right)) * p.agreement.likeness
        for p in alignment.pairs
    ]
    return (
        *figures(asked, listed, alignment, schema),
        sum(map(weight, alignment.left_only)),
        sum(map(weight, alignment.right_only)),
        max(telling, default=0.0),
        float(len(telling)),
        float(asked.tokens == listed.tokens),
    )


def rank_all(
    questions: Sequence[tuple[Name, str, Sequence[Name]]],
) -> list[list[Comparison]]:
    """Return how each listed name compares with its query (name, schema, listed).

    The scores of all questions are computed in one pass.
    """
    aligned = [
        [align(asked, name) for name in listed] for asked, _, listed in questions
    ]
    rows = [
        screening_figures(asked, name, alignment, schema)
        for (asked, schema, listed), alignments in zip(questions, aligned, strict=True)
        for name, alignment in zip(listed, alignments, strict=True)
    ]
    logits = iter(rank_model().logits(np.asarray(rows)).tolist() if rows else ())
    return [
        [
            comparison(
                _score(next(logits), asked, name, schema), alignment, asked, name
            )
            for name, alignment in zip(listed, alignments, strict=True)
        ]
        for (asked, schema, listed), alignments in zip(questions, aligned, strict=True)
    ]


def _score(logit: float, asked: Name, listed: Name, schema: str) -> float:
    score = agreed_numbers(match_score(logit), asked, listed)
    # An equal name is a match, however ordinary.
    equal = asked.tokens == listed.tokens
    if equal or (schema != _PERSON and _equal_but_form(asked, listed)):
        return max(score, MATCH_THRESHOLD)
    return score


def _equal_but_form(asked: Name, listed: Name) -> bool:
    """Say whether a telling name is written once with its legal form, once without.

    The model sees one short word of such a name agree and asks for more, but Sberbank
    and PJSC Sberbank are one bank to whoever writes either.
    """
    if bool(asked.legal) == bool(listed.legal):
        return False
    if asked.content != listed.content or asked.numbers != listed.numbers:
        return False
    return max(map(weight, asked.content), default=0.0) >= _TELLING
