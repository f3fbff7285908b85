"""What goes over the wire: entries, proofs, reports."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyAddress,
    JsonValue,
)

from integritas.kernel.validation import NO_NUL
from integritas.services.audit.external import ExternalEvent

__all__ = [
    "OUTCOMES",
    "AppendedOut",
    "ConsistencyOut",
    "DifferenceOut",
    "EntriesOut",
    "EntryOut",
    "ErasedOut",
    "EventsIn",
    "HoldOut",
    "HoldsOut",
    "InclusionOut",
    "KeysOut",
    "OnSubjectIn",
    "Outcome",
    "PlaceOut",
    "PruneIn",
    "PrunedOut",
    "ReportOut",
]

NO_BLANK: Final = r"^[^\x00]*[^\x00\s][^\x00]*$"
OUTCOMES: Final = ("success", "failure", "unknown")
Outcome: TypeAlias = Literal["success", "failure", "unknown"]
_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Digest = Annotated[
    str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, lower case hex")
]


class EntryOut(BaseModel):
    """A leaf. The bytes hashed are `entry` as canonical JSON (RFC 8785).

    Of one that is `pruned`, `entry` is what was kept, and only the hash proves it.
    """

    index: int
    event_id: str
    leaf_hash: Annotated[str, Field(description="base64")]
    entry: dict[str, JsonValue]
    pruned: bool


class EntriesOut(BaseModel):
    """A page of leaves, oldest first."""

    data: list[EntryOut]
    next_cursor: str | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActorIn(_Strict):
    """Who did it, in the outside system."""

    id: _Text
    kind: Literal["person", "service", "platform"] = "person"
    roles: Annotated[list[_Text], Field(max_length=50)] = []
    address: Annotated[
        IPvAnyAddress | None,
        Field(description="where they called from; kept beside the entry"),
    ] = None


class EventIn(_Strict):
    """An event of an outside system. Personal data goes into `personal` alone."""

    event_id: Annotated[_Text, Field(description="names the event for ever")]
    type: Annotated[_Text, Field(examples=["com.example.order.approved.v1"])]
    subject: Annotated[_Text, Field(description="what it happened to")]
    source: Annotated[_Text, Field(description="the system that tells it")]
    actor: ActorIn
    occurred: Annotated[
        AwareDatetime | None, Field(description="when, by the sender's clock")
    ] = None
    outcome: Outcome | None = None
    reason: Annotated[str, Field(max_length=4_000)] | None = None
    correlation_id: _Text | None = None
    before: _Digest | None = None
    after: _Digest | None = None
    commitment: _Digest | None = None
    personal: Annotated[
        dict[str, JsonValue] | None,
        Field(
            description="personal data; kept beside the entry, which commits to it, "
            "so that it can be erased"
        ),
    ] = None
    data: dict[str, JsonValue] = {}

    def event(self) -> ExternalEvent:
        """Return the event."""
        return ExternalEvent(
            actor_id=self.actor.id,
            actor_kind=self.actor.kind,
            actor_roles=tuple(self.actor.roles),
            actor_address=str(self.actor.address) if self.actor.address else None,
            **{name: getattr(self, name) for name in _PLAIN},
        )


_PLAIN: Final = tuple(name for name in EventIn.model_fields if name != "actor")


class EventsIn(_Strict):
    """Events to append: all of them or none."""

    entries: Annotated[list[EventIn], Field(min_length=1, max_length=1_000)]


class PlaceOut(BaseModel):
    """Where an event stands in the log."""

    index: int
    event_id: str


class AppendedOut(BaseModel):
    """Where the events stand, and the signed checkpoint that covers them."""

    data: list[PlaceOut]
    checkpoint: str


class InclusionOut(BaseModel):
    """An audit path (RFC 6962 section 2.1.1); hashes in base64."""

    index: int
    size: int
    leaf_hash: str
    hashes: list[str]


class ConsistencyOut(BaseModel):
    """A consistency proof (RFC 6962 section 2.1.2); hashes in base64."""

    old: int
    new: int
    hashes: list[str]


class DifferenceOut(BaseModel):
    """One thing a verification found."""

    place: str
    message: str


class ReportOut(BaseModel):
    """What a verification looked at and what it found."""

    sound: bool
    origin: str
    size: int
    root: str
    differences: list[DifferenceOut]
    notes: list[str]


class KeysOut(BaseModel):
    """Verifier keys, C2SP vkeys, newest first."""

    data: list[str]


_Reason = Annotated[
    str,
    Field(
        max_length=4_000,
        pattern=NO_BLANK,
        description="why; kept beside the log, for it may name people",
        examples=["court order 4 O 12/26"],
    ),
]


class OnSubjectIn(_Strict):
    """What an act on the log's payloads is about, and why."""

    subject: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            pattern=NO_NUL,
            description="the case or other thing; of a hold, * is everything",
        ),
    ]
    reason: _Reason


class PruneIn(_Strict):
    """How old what goes must be, and why it goes."""

    before: Annotated[
        AwareDatetime,
        Field(description="entries logged before this; it may not lie ahead"),
    ]
    reason: _Reason


class HoldOut(BaseModel):
    """A legal hold: nothing on the subject is pruned or erased."""

    subject: Annotated[str, Field(description="* is everything")]
    since: str
    actor: Annotated[str, Field(description="who placed it")]


class HoldsOut(BaseModel):
    """The legal holds that last, by subject."""

    data: list[HoldOut]


class ErasedOut(BaseModel):
    """How many entries had personal data beside them that is gone."""

    erased: int


class PrunedOut(BaseModel):
    """How many entries have lost their payload; all keep their hash."""

    pruned: int
