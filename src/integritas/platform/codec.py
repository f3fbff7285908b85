"""Kernel contracts as JSON: what goes over the wire and what the engine journals.

The round trip gives back equal objects. Content of evidence travels in its stored form
(`kernel.evidence.serialise_content`), so there is one JSON of it everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Generic, TypeAlias, TypeVar

import orjson
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from integritas.kernel.contracts import (
    Assessment,
    DecisionRequest,
    Dossier,
    Evidence,
    Failure,
    Verdict,
)
from integritas.kernel.errors import ContractViolation, InvalidInput
from integritas.kernel.evidence import EvidenceIn, serialise_content
from integritas.kernel.ids import EventId, EvidenceId, TenantId
from integritas.kernel.validation import field_errors

__all__ = [
    "Observation",
    "decode_answers",
    "decode_assessment",
    "decode_decision_request",
    "decode_decision_requests",
    "decode_decisions",
    "decode_dossier",
    "decode_dossiers",
    "decode_failure",
    "decode_observation",
    "decode_verdict",
    "encode_answer",
    "encode_array",
    "encode_assessment",
    "encode_decision",
    "encode_decision_request",
    "encode_dossier",
    "encode_failure",
    "encode_observation",
    "encode_verdict",
]

T = TypeVar("T")
Answer: TypeAlias = Assessment | Failure
Decision: TypeAlias = Verdict | Failure


class _Codec(Generic[T]):
    """Writes and reads one type; the pydantic schema is built once."""

    def __init__(self, adapter: TypeAdapter[T], name: str) -> None:
        self._adapter = adapter
        self._name = name

    def encode(self, value: T) -> bytes:
        """Return compact JSON in UTF-8.

        Raises:
            InvalidInput: a text in it is no Unicode (a lone surrogate).
        """
        try:
            return self._adapter.dump_json(value)
        except PydanticSerializationError as error:
            raise _unwritable(self._name, error) from error

    def decode(self, document: bytes) -> T:
        """Return the value of JSON that `encode` wrote.

        Raises:
            ContractViolation: it is something else; `errors` names the fields.
        """
        try:
            return self._adapter.validate_json(document)
        except ValidationError as error:
            raise ContractViolation(
                f"not the JSON of {self._name}",
                errors=field_errors(error, path=self._name),
            ) from error


def _unwritable(name: str, error: Exception) -> InvalidInput:
    return InvalidInput(f"{name} cannot be written as JSON: {error}")


def encode_array(items: Iterable[bytes]) -> bytes:
    """Return the JSON array of items that are JSON already."""
    return b"[" + b",".join(items) + b"]"


# Assessments, verdicts, failures, requests ---------------------------------------

_LEFT: Final = Field(union_mode="left_to_right")  # the fields due differ: no guessing

_assessment: Final = _Codec(TypeAdapter(Assessment), "assessment")
_verdict: Final = _Codec(TypeAdapter(Verdict), "verdict")
_failure: Final = _Codec(TypeAdapter(Failure), "failure")
_request: Final = _Codec(TypeAdapter(DecisionRequest), "decision_request")
_requests: Final = _Codec(TypeAdapter(list[DecisionRequest]), "decision_requests")
_answers: Final[_Codec[list[Answer]]] = _Codec(
    TypeAdapter(list[Annotated[Answer, _LEFT]]), "answers"
)
_decisions: Final[_Codec[list[Decision]]] = _Codec(
    TypeAdapter(list[Annotated[Decision, _LEFT]]), "decisions"
)

encode_assessment: Final = _assessment.encode
decode_assessment: Final = _assessment.decode
encode_verdict: Final = _verdict.encode
decode_verdict: Final = _verdict.decode
encode_failure: Final = _failure.encode
decode_failure: Final = _failure.decode
encode_decision_request: Final = _request.encode
decode_decision_request: Final = _request.decode
decode_decision_requests: Final = _requests.decode
decode_answers: Final = _answers.decode
decode_decisions: Final = _decisions.decode


def encode_answer(answer: Answer) -> bytes:
    """Return the JSON of one answer of an assessor."""
    if isinstance(answer, Failure):
        return encode_failure(answer)
    return encode_assessment(answer)


def encode_decision(decision: Decision) -> bytes:
    """Return the JSON of one answer of a decider."""
    if isinstance(decision, Failure):
        return encode_failure(decision)
    return encode_verdict(decision)


# Dossiers -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _EvidenceForm:
    id: EvidenceId
    sha256: str
    content: EvidenceIn


@dataclass(frozen=True, slots=True)
class _DossierForm:
    id: str
    tenant: TenantId
    channel: str
    received_at: datetime
    evidence: tuple[_EvidenceForm, ...]

    def dossier(self) -> Dossier:
        return Dossier(
            id=self.id,
            tenant=self.tenant,
            channel=self.channel,
            received_at=self.received_at,
            evidence=tuple(
                Evidence(id=item.id, content=item.content.content(), sha256=item.sha256)
                for item in self.evidence
            ),
        )


@dataclass(frozen=True, slots=True)
class _ObservationForm:
    event_id: EventId
    batch: tuple[_DossierForm, ...]


@dataclass(frozen=True, slots=True)
class Observation:
    """What an `Observer` is told: the event that brought the dossiers, and them."""

    event_id: EventId
    batch: Sequence[Dossier]


_dossier: Final = _Codec(TypeAdapter(_DossierForm), "dossier")
_dossiers: Final = _Codec(TypeAdapter(list[_DossierForm]), "dossiers")
_observation: Final = _Codec(TypeAdapter(_ObservationForm), "observation")


def encode_dossier(dossier: Dossier) -> bytes:
    """Return the JSON of a dossier; bytes of messages as base64.

    Raises:
        InvalidInput: a text in it is no Unicode (a lone surrogate).
    """
    try:
        return orjson.dumps(
            {
                "id": dossier.id,
                "tenant": dossier.tenant,
                "channel": dossier.channel,
                "received_at": dossier.received_at,
                "evidence": [
                    {
                        "id": item.id,
                        "sha256": item.sha256,
                        "content": orjson.Fragment(serialise_content(item.content)),
                    }
                    for item in dossier.evidence
                ],
            },
            option=orjson.OPT_UTC_Z,
        )
    except (PydanticSerializationError, orjson.JSONEncodeError) as error:
        raise _unwritable("dossier", error) from error


def decode_dossier(document: bytes) -> Dossier:
    """Return the dossier of JSON that `encode_dossier` wrote.

    Raises:
        ContractViolation: it is something else; `errors` names the fields.
    """
    return _dossier.decode(document).dossier()


def decode_dossiers(document: bytes) -> list[Dossier]:
    """Return the dossiers of a JSON array; else as `decode_dossier`."""
    return [form.dossier() for form in _dossiers.decode(document)]


def encode_observation(event_id: EventId, batch: Sequence[Dossier]) -> bytes:
    """Return the JSON of what an observer is told."""
    return orjson.dumps(
        {
            "event_id": event_id,
            "batch": [orjson.Fragment(encode_dossier(item)) for item in batch],
        }
    )


def decode_observation(document: bytes) -> Observation:
    """Return what `encode_observation` wrote.

    Raises:
        ContractViolation: it is something else; `errors` names the fields.
    """
    form = _observation.decode(document)
    return Observation(form.event_id, tuple(item.dossier() for item in form.batch))
