"""Decision policies: data that compliance officers write, validated before use.

A policy is a table of risk bands and of rules that give findings points, and may have a
decision table and guards besides. It is refused at load, with the field named, where
bands gap or overlap, an outcome gets milder as risk grows, or it would close what the
law says no policy may close.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping  # noqa: TC003 - of models
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final

import yaml
from pydantic import (
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from integritas.kernel.contracts import Finding, Outcome, Severity
from integritas.kernel.errors import FieldError, InvalidDefinition
from integritas.kernel.evidence import EvidenceKind  # noqa: TC001 - of models
from integritas.kernel.states import FOUR_EYES_RISK
from integritas.kernel.validation import field_errors
from integritas.services.compliance.policies.guards import CompiledGuard, compile_guard
from integritas.services.compliance.policies.matching import (
    FindingMatch,
    Part,
    Review,
    Score,
    SecondReviewer,
    Title,
)
from integritas.services.compliance.policies.table import DecisionTable, compile_table

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "ALWAYS_REQUIRED",
    "OUTCOMES",
    "Band",
    "Conditions",
    "Example",
    "Guard",
    "Policy",
    "Rule",
    "load_policy",
    "parse_policy",
    "validate_policy",
]

# What no policy may do without.
ALWAYS_REQUIRED: Final = frozenset({"spam", "anticorruption", "compliance"})
# Mildest first.
OUTCOMES: Final = (Outcome.NO_ACTION, Outcome.REVIEW, Outcome.ESCALATE)

_Risk = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]


class Band(Part):
    """Risk from `start` up to, not including, `end`; the last band includes its end."""

    name: Title
    start: Annotated[_Risk, Field(alias="from")]
    end: Annotated[_Risk, Field(alias="to")]
    outcome: Outcome
    required_steps: tuple[Title, ...] = ()


class Rule(FindingMatch):
    """Gives points to the findings it fits; see `data/policy.yaml` for the words."""

    points: _Risk | tuple[_Risk, _Risk]
    scores: tuple[Score, Score] = (0.0, 1.0)

    @model_validator(mode="after")
    def _sound(self) -> Rule:
        if self.service is None and self.code is None:
            raise PydanticCustomError("rule_open", "a rule needs service or code")
        if self.scores[0] >= self.scores[1]:
            raise PydanticCustomError(
                "scores", "scores must be [lowest, highest]", {"at": "scores"}
            )
        return self

    def value(self, score: float) -> float:
        """Return the points of a finding with this score."""
        if not isinstance(self.points, tuple):
            return self.points
        low, high = self.points
        least, most = self.scores
        share = min(1.0, max(0.0, (score - least) / (most - least)))
        return low + share * (high - low)


class Guard(Part):
    """Makes the outcome at least this strict where its condition (CEL) holds."""

    name: Title
    when: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    outcome: Outcome
    required_steps: tuple[Title, ...] = ()

    @model_validator(mode="after")
    def _strict(self) -> Guard:
        if self.outcome is Outcome.NO_ACTION:
            raise PydanticCustomError(
                "guard_mild", "a guard asks for more, never less", {"at": "outcome"}
            )
        return self


class ExampleFinding(Part):
    """A finding of an example."""

    service: Title
    code: Title
    severity: Severity = Severity.MEDIUM
    score: Score = 0.5
    kind: Annotated[str, StringConstraints(pattern="^(signal|hit|not_assessed)$")] = (
        "signal"
    )
    data: Mapping[str, JsonValue] = {}


class Expected(Part):
    """What an example must come to."""

    outcome: Outcome
    band: Title | None = None
    required_steps: tuple[Title, ...] | None = None
    second_reviewer: frozenset[Review] | None = None


class Example(Part):
    """A case and what the policy must say of it; services not `missing` found this."""

    name: Title
    channel: Title = "api"
    kinds: frozenset[EvidenceKind] = frozenset()
    findings: tuple[ExampleFinding, ...] = ()
    missing: frozenset[str] = frozenset()
    expect: Expected


@dataclass(frozen=True, slots=True)
class Conditions:
    """The compiled table, if there is one, and the compiled guards."""

    table: DecisionTable | None
    guards: tuple[tuple[Guard, CompiledGuard], ...]


class Policy(Part):
    """A policy as loaded; `digest` is the SHA-256 (hex) of its text."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,40}$")]
    required_assessments: frozenset[str]
    bands: Annotated[tuple[Band, ...], Field(min_length=2)]
    severity_points: Mapping[Severity, _Risk]
    rules: tuple[Rule, ...] = ()
    description: Annotated[str, StringConstraints(max_length=2_000)] = ""
    channels: frozenset[Title] = frozenset()
    table: Mapping[str, JsonValue] | None = None
    guards: Annotated[tuple[Guard, ...], Field(max_length=100)] = ()
    second_reviewer: Annotated[tuple[SecondReviewer, ...], Field(max_length=100)] = ()
    retention_days: Mapping[EvidenceKind, Annotated[int, Field(ge=1)]] = {}
    examples: Annotated[tuple[Example, ...], Field(max_length=200)] = ()
    digest: str = ""

    @property
    def reference(self) -> str:
        """Return `name@version+hash`: the text that decided, not only its label."""
        return f"{self.name}@{self.version}+{self.digest[:8]}"

    @model_validator(mode="after")
    def _lawful(self) -> Policy:
        missing = sorted(ALWAYS_REQUIRED - self.required_assessments)
        if missing:
            raise PydanticCustomError(
                "required",
                "required_assessments lacks {missing}",
                {"missing": ", ".join(missing), "at": "required_assessments"},
            )
        unrated = [s for s in Severity if s not in self.severity_points]
        if unrated:
            raise PydanticCustomError(
                "severities",
                "severity_points lacks {missing}",
                {"missing": ", ".join(unrated), "at": "severity_points"},
            )
        return self

    @model_validator(mode="after")
    def _banded(self) -> Policy:
        if self.bands[0].start != 0 or self.bands[-1].end != 100:
            raise _band_error("the bands must begin at 0 and end at 100")
        if len({band.name for band in self.bands}) < len(self.bands):
            raise _band_error("two bands have the same name")
        for band in self.bands:
            if band.start >= band.end:
                raise _band_error(f"band {band.name} is empty: from is not below to")
            if band.outcome is Outcome.NO_ACTION and band.end > FOUR_EYES_RISK:
                raise _band_error(
                    f"band {band.name} takes no action above {FOUR_EYES_RISK:g}: a "
                    "policy may not close such a case"
                )
        for lower, upper in pairwise(self.bands):
            if lower.end != upper.start:
                what = "overlap" if lower.end > upper.start else "leave a gap"
                raise _band_error(f"bands {lower.name} and {upper.name} {what}")
            if OUTCOMES.index(lower.outcome) > OUTCOMES.index(upper.outcome):
                raise _band_error(f"band {upper.name} is milder than {lower.name}")
        return self

    @cached_property
    def conditions(self) -> Conditions | None:
        """Return the table and the guards, compiled once; None if there is neither.

        Raises:
            InvalidDefinition: with each thing that is wrong in them.
        """
        if self.table is None and not self.guards:
            return None
        errors: list[FieldError] = []
        table, guards = None, []
        if self.table is not None:
            try:
                table = compile_table(self.table)
            except InvalidDefinition as error:
                errors += error.errors
        for place, guard in enumerate(self.guards):
            try:
                compiled = compile_guard(guard.when, f"guards[{place}].when")
            except InvalidDefinition as error:
                errors += error.errors
            else:
                guards.append((guard, compiled))
        if errors:
            raise InvalidDefinition("conditions do not compile", errors=tuple(errors))
        return Conditions(table, tuple(guards))

    def band(self, risk: float) -> Band:
        """Return the band a risk in [0, 100] falls into."""
        for band in self.bands[:-1]:
            if risk < band.end:
                return band
        return self.bands[-1]

    def first_band(self, least: Outcome) -> Band:
        """Return the lowest band at least this strict, the last if none is."""
        strict = OUTCOMES.index(least)
        found = (b for b in self.bands if OUTCOMES.index(b.outcome) >= strict)
        return next(found, self.bands[-1])

    def points(self, service: str, finding: Finding) -> tuple[float, str]:
        """Return a finding's points and the name of what gave them."""
        for rule in self.rules:
            if rule.fits(service, finding):
                return rule.value(finding.score), rule.name
        points = self.severity_points[finding.severity]
        return points, f"{finding.severity} severity"

    def asks_second(self, service: str, finding: Finding, review: str) -> str | None:
        """Return what has a second person agree to a review, None if nothing does."""
        asking = (r for r in self.second_reviewer if r.asks(service, finding, review))
        found = next(asking, None)
        return None if found is None else found.name


def _band_error(message: str) -> PydanticCustomError:
    said = {"message": message, "at": "bands"}
    return PydanticCustomError("bands", "{message}", said)


def load_policy(path: Path | None = None) -> Policy:
    """Return the policy of a YAML or JSON file, the shipped one without a path.

    Raises:
        InvalidDefinition: naming the file and each field that is wrong.
    """
    if path is None:
        package = "integritas.services.compliance"
        source = resources.files(package).joinpath("data/policy.yaml")
        return parse_policy(source.read_bytes(), origin="the shipped policy")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidDefinition(
            f"policy {path} cannot be read: {error.strerror}"
        ) from error
    return parse_policy(data, origin=str(path))


def parse_policy(data: bytes, *, origin: str) -> Policy:
    """Return the policy of YAML (or JSON, which is YAML) text.

    Raises:
        InvalidDefinition: naming `origin` and each field that is wrong.
    """
    try:
        document: Any = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = " ".join(str(error).split())
        raise InvalidDefinition(f"policy {origin} is not YAML: {where}") from error
    if not isinstance(document, dict):
        raise InvalidDefinition(
            f"policy {origin} is not valid",
            errors=(FieldError("(whole)", "expected a mapping with name and bands"),),
        )
    return validate_policy(document, data, origin=origin)


def validate_policy(document: Mapping[str, Any], data: bytes, *, origin: str) -> Policy:
    """Return the policy of a parsed document; `data` is the text it is known by.

    Raises:
        InvalidDefinition: naming `origin` and each field that is wrong.
    """
    document = {**document, "digest": hashlib.sha256(data).hexdigest()}
    try:
        policy = Policy.model_validate(document)
    except ValidationError as error:
        raise InvalidDefinition(
            f"policy {origin} is not valid", errors=field_errors(error)
        ) from error
    try:
        _ = policy.conditions
    except InvalidDefinition as error:
        raise InvalidDefinition(
            f"policy {origin} is not valid", errors=error.errors
        ) from error
    return policy
