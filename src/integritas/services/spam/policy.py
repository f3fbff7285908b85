"""From a probability to a verdict. Thresholds and words are data, not code.

`deliver`: hand it to a person. `quarantine`: keep it apart, a person decides.
`discard`: junk; kept and searchable all the same. A message with tip-like content, or
of which only a part was looked at, is never `discard` on the model's word alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from integritas.kernel.contracts import Severity
from integritas.kernel.errors import InvalidDefinition
from integritas.kernel.validation import field_errors
from integritas.services.spam.features import View
from integritas.services.spam.lexicon import Lexicon

__all__ = ["Judgement", "Policy", "SpamVerdict", "Thresholds", "TipMark", "load_policy"]


class SpamVerdict(StrEnum):
    """What should happen with a message."""

    DELIVER = "deliver"
    QUARANTINE = "quarantine"
    DISCARD = "discard"


Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Words = Annotated[tuple[str, ...], Field(min_length=1, max_length=2_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Thresholds(_Strict):
    """From `quarantine` on a message is kept apart, from `discard` on it is junk."""

    quarantine: Probability
    discard: Probability

    @model_validator(mode="after")
    def _ascending(self) -> Thresholds:
        if self.quarantine > self.discard:
            raise PydanticCustomError(
                "ascending", "quarantine must not be above discard"
            )
        return self


class Unfamiliar(_Strict):
    """Where a model knows little, it must be surer of junk.

    From `share` of words and signals without a weight on, `quarantine` is the least
    probability that keeps a message apart: other languages and other times rest on
    little evidence, and a tip must not wait for it.
    """

    share: Probability
    quarantine: Probability


class Severities(_Strict):
    """How much a finding of each code matters."""

    unlikely: Severity = Severity.INFO
    possible: Severity = Severity.LOW
    likely: Severity = Severity.LOW
    protected: Severity = Severity.MEDIUM


class PolicyData(_Strict):
    """The policy file."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    version: Annotated[str, Field(min_length=1, max_length=20)]
    thresholds: dict[View, Thresholds]
    unfamiliar: dict[View, Unfamiliar] = Field(default_factory=dict)
    severities: Severities = Severities()
    tip_words: dict[str, dict[str, Words]]
    """Kind of mark (allegation, body), language, beginnings of words."""
    currencies: Words
    """Signs, codes and names of currencies; a number beside one is an amount."""

    @model_validator(mode="after")
    def _all_views(self) -> PolicyData:
        missing = sorted(set(View) - set(self.thresholds))
        if missing:
            raise PydanticCustomError(
                "views", "thresholds lack {missing}", {"missing": ", ".join(missing)}
            )
        return self


@dataclass(frozen=True, slots=True)
class TipMark:
    """A sign that a message may be a tip: its kind, and the words found."""

    kind: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict; `protected` if something kept it from being discarded.

    That was tip-like content, or that the message was looked at `partly`. It is
    delivered if `unfamiliar`: the model knows too little of its words.
    """

    verdict: SpamVerdict
    severity: Severity
    protected: bool
    unfamiliar: bool = False
    partly: bool = False


_MOST_MARKS: Final = 3


class Policy:
    """Applies a policy file."""

    def __init__(self, data: PolicyData, version: str) -> None:
        """Compile the words; `version` goes into every assessment."""
        self.version = version
        self._data = data
        self._lexicon = Lexicon(
            {
                kind: [word for words in languages.values() for word in words]
                for kind, languages in data.tip_words.items()
            },
            data.currencies,
        )

    def tip_marks(self, text: bytes) -> tuple[TipMark, ...]:
        """Return what in a text (UTF-8) looks like a tip."""
        found = self._lexicon.find(text, most=_MOST_MARKS)
        return tuple(TipMark(kind, words) for kind, words in found.items())

    def judge(
        self,
        view: View,
        probability: float,
        *,
        tip: bool,
        unknown: float = 0.0,
        partly: bool = False,
    ) -> Judgement:
        """Return the verdict on a message.

        `unknown` is the share of unknown words; `partly`: not all was looked at.
        """
        limits = self._data.thresholds[view]
        severities = self._data.severities
        if probability < limits.quarantine:
            return Judgement(SpamVerdict.DELIVER, severities.unlikely, protected=False)
        strange = self._data.unfamiliar.get(view)
        if strange and unknown >= strange.share and probability < strange.quarantine:
            return Judgement(
                SpamVerdict.DELIVER,
                severities.unlikely,
                protected=False,
                unfamiliar=True,
            )
        if probability < limits.discard:
            severity = severities.protected if tip else severities.possible
            return Judgement(SpamVerdict.QUARANTINE, severity, protected=False)
        if tip or partly:
            return Judgement(
                SpamVerdict.QUARANTINE,
                severities.protected,
                protected=True,
                partly=partly,
            )
        return Judgement(SpamVerdict.DISCARD, severities.likely, protected=False)


def load_policy(document: bytes, *, source: str = "policy.json") -> Policy:
    """Return the policy of a JSON document.

    Raises:
        InvalidDefinition: not valid; each field is named.
    """
    try:
        data = PolicyData.model_validate_json(document)
    except ValidationError as error:
        raise InvalidDefinition(
            f"{source} is no spam policy", errors=field_errors(error)
        ) from error
    digest = hashlib.sha256(document).hexdigest()
    return Policy(data, f"{data.name}-{data.version}@{digest[:12]}")
