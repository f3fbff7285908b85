"""The wire forms of screening, shared by the HTTP routes and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
)
from pydantic_core import PydanticCustomError

from integritas.kernel.contracts import Assessment, Reason
from integritas.kernel.errors import FieldError
from integritas.kernel.evidence import EvidenceKind
from integritas.platform.personal import (
    MOST_CHARACTERS,
    PHONE_REGIONS,
    PersonalData,
    PersonalKind,
    redact,
)
from integritas.services.compliance.countries import country_code
from integritas.services.compliance.normalise import (
    MAX_CHARACTERS,
    MAX_TOKENS,
    parse_name,
)
from integritas.services.compliance.queries import SCHEMAS, gender_of, parse_birth_date
from integritas.services.compliance.screening import (
    MATCH_THRESHOLD,
    MOST_SHOWN,
    Hit,
    Query,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.compliance.watchlists import ListVersion

__all__ = [
    "DecideIn",
    "HitOut",
    "ListOut",
    "ListsOut",
    "MatchIn",
    "MatchOut",
    "PersonalIn",
    "PersonalOut",
    "ScreenBatchIn",
    "ScreenBatchOut",
    "ScreenIn",
    "ScreenItemOut",
    "ScreenOut",
]

MOST_QUERIES = 1_000


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


def _known(schema: str) -> str:
    if schema and schema not in SCHEMAS:
        raise PydanticCustomError("schema_unknown", "there is no such schema")
    return schema


def _region(code: str) -> str:
    if code not in PHONE_REGIONS:
        raise PydanticCustomError("region", "no country with phone numbers")
    return code


_Schema = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Z][A-Za-z]{1,40})?$"),
    AfterValidator(_known),
    Field(description="A FollowTheMoney schema such as Person; empty if unknown."),
]


def _not_empty(name: str) -> str:
    if not parse_name(name).tokens:
        raise PydanticCustomError(
            "name_empty", "the name has no letter or digit to compare"
        )
    return name


class ScreenIn(BaseModel):
    """Who to look for. Fields beside these are the caller's own and are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    query: str = Field(description="The name, in any script and order.")
    type: _Schema = ""
    birth_date: str | None = Field(
        default=None, description="ISO 8601: a date, a month or a year."
    )
    country: str | None = Field(
        default=None, description="ISO 3166-1 alpha-2, or an English name."
    )
    identifiers: tuple[str, ...] = Field(
        default=(), description="Passport, tax or registration numbers."
    )
    gender: Literal["male", "female", "other"] | None = Field(
        default=None, description="As in FollowTheMoney; only male and female count."
    )

    @field_validator("query")
    @classmethod
    def _comparable(cls, value: str) -> str:
        if parse_name(value).cut:
            raise PydanticCustomError(
                "name_long",
                "the name is longer than {characters} characters or {words} words",
                {"characters": MAX_CHARACTERS, "words": MAX_TOKENS},
            )
        return _not_empty(value)

    @field_validator("birth_date")
    @classmethod
    def _dated(cls, value: str | None) -> str | None:
        if value and parse_birth_date(value) is None:
            raise PydanticCustomError(
                "date", "not a date: write 1971-03-12, 1971-03 or 1971"
            )
        return value

    @field_validator("country")
    @classmethod
    def _placed(cls, value: str | None) -> str | None:
        if value and country_code(value) is None:
            raise PydanticCustomError(
                "country", "not a known country: write its ISO 3166-1 alpha-2 code"
            )
        return value

    def asked(self) -> Query:
        """Return the query."""
        born = parse_birth_date(self.birth_date or "")
        country = country_code(self.country)
        return Query(
            name=self.query,
            schema=self.type,
            birth_dates=(born,) if born else (),
            countries=(country,) if country else (),
            identifiers=self.identifiers,
            gender=gender_of([self.gender]),
        )


class HitOut(_Out):
    """A listed entry that resembles the query; `match` is the product's decision."""

    list: str
    uid: str = Field(description="The list's own id: OFAC ent_num, UN DATAID.")
    name: str = Field(description="The listed name that is nearest.")
    primary_name: str
    type: str
    score: float
    match: bool
    birth_dates: tuple[str, ...]
    countries: tuple[str, ...]
    gender: str = Field(description="male or female, empty if the list does not say.")
    programmes: tuple[str, ...]
    reasons: tuple[Reason, ...]

    @classmethod
    def of(cls, hit: Hit) -> HitOut:
        """Return the wire form of a hit."""
        return cls(
            list=hit.entry.list,
            uid=hit.entry.uid,
            name=hit.name.text,
            primary_name=hit.entry.name,
            type=hit.entry.schema,
            score=hit.score,
            match=hit.match,
            birth_dates=hit.entry.birth_dates,
            countries=hit.entry.countries,
            gender=hit.entry.gender,
            programmes=hit.entry.programmes,
            reasons=hit.reasons,
        )


class ListOut(_Out):
    """The state of one list that is screened against."""

    name: str
    version: str
    digest: str = Field(description="SHA-256 (hex) over the list's files.")
    date: str | None = Field(description="The date the list gives itself, if any.")
    entries: int

    @classmethod
    def of(cls, version: ListVersion) -> ListOut:
        """Return the wire form of a list's version."""
        return cls(
            name=version.name,
            version=version.version,
            digest=version.digest,
            date=version.date,
            entries=version.entries,
        )


class ListsOut(_Out):
    """All lists that are screened against; none means nobody can be screened."""

    data: tuple[ListOut, ...]


class ScreenOut(_Out):
    """Hits, best first, none if nobody resembles the query, and what was asked."""

    hits: tuple[HitOut, ...]
    lists: tuple[str, ...] = Field(description="Each list as name@version.")
    threshold: float = Field(default=MATCH_THRESHOLD, description="`match` from here.")


class ScreenBatchIn(_In):
    """Up to 1,000 queries; each is answered or refused by itself."""

    queries: Annotated[
        tuple[JsonValue, ...], Field(min_length=1, max_length=MOST_QUERIES)
    ]
    limit: Annotated[int, Field(ge=1, le=100)] = MOST_SHOWN


class ScreenItemOut(_Out):
    """The answer to one query of a batch: hits, or the errors that refused it."""

    index: int
    hits: tuple[HitOut, ...] = ()
    errors: tuple[FieldError, ...] = ()


class ScreenBatchOut(_Out):
    """One item per query, in order."""

    results: tuple[ScreenItemOut, ...]
    lists: tuple[str, ...]
    threshold: float = MATCH_THRESHOLD


class PersonalIn(_In):
    """A text that may hold personal data."""

    text: Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]
    region: (
        Annotated[
            str,
            StringConstraints(pattern=r"^[A-Za-z]{2}$", to_upper=True),
            AfterValidator(_region),
        ]
        | None
    ) = Field(
        default=None,
        description="ISO 3166-1 alpha-2: where phone numbers without a country code "
        "are from.",
    )


class PersonalItemOut(_Out):
    """A piece of personal data: its kind and its characters in the text."""

    kind: PersonalKind
    start: int
    end: int
    detail: str = Field(description="Scheme of a national id, country of a number.")


class PersonalOut(_Out):
    """What was found, in order, and the text without it."""

    found: tuple[PersonalItemOut, ...]
    redacted: str

    @classmethod
    def of(cls, text: str, found: Sequence[PersonalData]) -> PersonalOut:
        """Return the wire form of what a text holds."""
        items = (
            PersonalItemOut(kind=f.kind, start=f.start, end=f.end, detail=f.detail)
            for f in found
        )
        return cls(found=tuple(items), redacted=redact(text, found))


class MatchIn(_In):
    """Two names, and of what kind of party if that is known."""

    schema_: Annotated[_Schema, Field(alias="schema")] = ""
    left: Annotated[str, StringConstraints(max_length=10_000)]
    right: Annotated[str, StringConstraints(max_length=10_000)]

    @field_validator("left", "right")
    @classmethod
    def _comparable(cls, value: str) -> str:
        return _not_empty(value)


class MatchOut(_Out):
    """How alike they are, in [0, 1]; the same whichever stands left."""

    score: float
    match: bool
    reasons: tuple[Reason, ...]


class DecideIn(_In):
    """What a policy decides on; the tenant is the caller's."""

    dossier_id: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    channel: str = "api"
    kinds: frozenset[EvidenceKind] = frozenset()
    assessments: dict[str, Assessment]
