"""What of a policy looks at one finding: which it fits, and who must review it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from integritas.kernel.contracts import FindingKind, Severity

if TYPE_CHECKING:
    from integritas.kernel.contracts import Finding

__all__ = ["FindingMatch", "Part", "Review", "Score", "SecondReviewer", "Title"]

Title = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Review: TypeAlias = Literal["confirmed", "dismissed"]
_Plain = str | bool | int | float


class Part(BaseModel):
    """A part of a policy: nothing in it is left unread."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FindingMatch(Part):
    """Says which findings are meant; what is left out fits all."""

    name: Title
    service: Title | None = None
    code: Title | None = None
    where: Mapping[str, _Plain | tuple[_Plain, ...]] = {}

    def fits(self, service: str, finding: Finding) -> bool:
        """Say whether this finding of this service is meant."""
        if self.service is not None and self.service != service:
            return False
        if self.code is not None and not fnmatchcase(finding.code, self.code):
            return False
        return all(
            _equals(finding.data.get(field), wanted)
            for field, wanted in self.where.items()
        )


class SecondReviewer(FindingMatch):
    """Where a second person must agree before a review of a finding counts.

    `scores` are the lowest and the highest score, both meant.
    """

    kinds: frozenset[FindingKind] = frozenset()
    severities: frozenset[Severity] = frozenset()
    scores: tuple[Score, Score] = (0.0, 1.0)
    reviews: Annotated[frozenset[Review], Field(min_length=1)] = frozenset(
        ("confirmed", "dismissed")
    )

    @model_validator(mode="after")
    def _sound(self) -> SecondReviewer:
        if self.scores[0] > self.scores[1]:
            raise PydanticCustomError(
                "scores", "scores must be [lowest, highest]", {"at": "scores"}
            )
        return self

    def asks(self, service: str, finding: Finding, review: str) -> bool:
        """Say whether this review of this finding needs a second person."""
        lowest, highest = self.scores
        return (
            review in self.reviews
            and (not self.kinds or finding.kind in self.kinds)
            and (not self.severities or finding.severity in self.severities)
            and lowest <= finding.score <= highest
            and self.fits(service, finding)
        )


def _equals(found: object, wanted: _Plain | tuple[_Plain, ...]) -> bool:
    choices = wanted if isinstance(wanted, tuple) else (wanted,)
    # `True == 1` in Python; in a policy they are different answers.
    return any(
        found == choice and isinstance(found, bool) == isinstance(choice, bool)
        for choice in choices
    )
