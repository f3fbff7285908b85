"""The service's own operations between processes: what bytes mean on both sides.

Assessing and deciding travel as the platform does it for every service; screening and
the lists' versions are this service's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError

from integritas.kernel.contracts import (
    Assessment,
    Assessor,
    Decider,
    DecisionRequest,
    Dossier,
    Failure,
    Verdict,
)
from integritas.kernel.errors import ContractViolation, InvalidInput
from integritas.kernel.validation import field_errors
from integritas.platform import codec
from integritas.platform.remote import RemoteAssessor, RemoteDecider
from integritas.services.compliance.screening import MOST_SHOWN, Hit, Query
from integritas.services.compliance.watchlists import ListVersion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.platform.http import Operation
    from integritas.platform.remote import RemoteService

__all__ = [
    "ComplianceDesk",
    "RemoteCompliance",
    "listing",
    "rescreening",
    "screening",
]


_T = TypeVar("_T")


class ComplianceDesk(Assessor, Decider, Protocol):
    """What the routes need: the local service, or a client of a remote one."""

    async def screen(
        self, queries: Sequence[Query], limit: int = MOST_SHOWN
    ) -> Sequence[tuple[Hit, ...]]:
        """Return each query's hits, best first."""
        ...

    async def list_versions(self) -> Sequence[ListVersion]:
        """Return the lists that are screened against."""
        ...

    async def rescreen(
        self, since: Mapping[str, str], batch: Sequence[Dossier]
    ) -> Sequence[Assessment | Failure]:
        """Screen against what is new or changed since versions of lists alone."""
        ...


@dataclass(frozen=True, slots=True)
class _Asked:
    queries: tuple[Query, ...]
    limit: int


_asked: Final = TypeAdapter(_Asked)
_hits: Final = TypeAdapter(tuple[tuple[Hit, ...], ...])
_versions: Final = TypeAdapter(tuple[ListVersion, ...])


def screening(desk: ComplianceDesk) -> Operation:
    """Return the operation that screens queries: `{queries, limit}` in, hits out."""

    async def operate(body: bytes) -> bytes:
        try:
            asked = _asked.validate_json(body)
        except ValidationError as error:
            raise InvalidInput(
                "the queries are not valid", errors=field_errors(error)
            ) from error
        return _hits.dump_json(tuple(await desk.screen(asked.queries, asked.limit)))

    return operate


def listing(desk: ComplianceDesk) -> Operation:
    """Return the operation that tells the lists' versions."""

    async def operate(_: bytes) -> bytes:
        return _versions.dump_json(tuple(await desk.list_versions()))

    return operate


def rescreening(desk: ComplianceDesk) -> Operation:
    """Return the operation that rescreens: `{since, batch}` in, assessments out."""

    async def operate(body: bytes) -> bytes:
        try:
            asked = orjson.loads(body)
            since, batch = dict(asked["since"]), orjson.dumps(asked["batch"])
        except (ValueError, TypeError, KeyError) as error:
            raise InvalidInput("expected {since, batch}") from error
        answers = await desk.rescreen(since, codec.decode_dossiers(batch))
        return codec.encode_array(map(codec.encode_answer, answers))

    return operate


class RemoteCompliance:
    """The compliance service in another process, a `ComplianceDesk`."""

    def __init__(self, service: RemoteService) -> None:
        """Call the operations of `service`."""
        self._service = service
        self._assessor = RemoteAssessor(service)
        self._decider = RemoteDecider(service)

    async def assess(
        self, batch: Sequence[Dossier], /
    ) -> Sequence[Assessment | Failure]:
        """Screen every party and payment of each dossier, in order."""
        return await self._assessor.assess(batch)

    async def decide(
        self, batch: Sequence[DecisionRequest], /
    ) -> Sequence[Verdict | Failure]:
        """Return the policy's verdict on each request, in order."""
        return await self._decider.decide(batch)

    async def screen(
        self, queries: Sequence[Query], limit: int = MOST_SHOWN
    ) -> Sequence[tuple[Hit, ...]]:
        """Return each query's hits, best first.

        Raises:
            ContractViolation: the answer is not hits.
        """
        body = _asked.dump_json(_Asked(tuple(queries), limit))
        return _read(_hits, await self._service.call("screen", body))

    async def list_versions(self) -> Sequence[ListVersion]:
        """Return the lists that are screened against.

        Raises:
            ContractViolation: the answer is not list versions.
        """
        return _read(_versions, await self._service.call("lists", b"[]"))

    async def rescreen(
        self, since: Mapping[str, str], batch: Sequence[Dossier]
    ) -> Sequence[Assessment | Failure]:
        """Screen against what is new or changed since versions of lists alone.

        Raises:
            ContractViolation: the answer is not assessments.
        """
        dossiers = [orjson.Fragment(codec.encode_dossier(item)) for item in batch]
        body = orjson.dumps({"since": dict(since), "batch": dossiers})
        return codec.decode_answers(await self._service.call("rescreen", body))

    async def ping(self) -> str | None:
        """Return None if the service is ready or degraded, else why not."""
        return await self._service.ping()


def _read(form: TypeAdapter[tuple[_T, ...]], answer: bytes) -> tuple[_T, ...]:
    try:
        return form.validate_json(answer)
    except ValidationError as error:
        raise ContractViolation(
            "compliance answered with something else", errors=field_errors(error)
        ) from error
