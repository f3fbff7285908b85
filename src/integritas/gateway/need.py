"""Need to know at the door: what is of a confidential case is not there for others.

Every route whose path names a case, or a thing of one, is checked here before it runs;
the name of the parameter says what it names, so that a route which comes later is
checked without a word. Lists, searches and streams ask with the reader themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from integritas.cases.api import Reader
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import RunId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

    from integritas.gateway.parts import GatewayParts
    from integritas.identity.api import Principal

__all__ = ["check_need", "reader_of"]

_NAMED: Final[Mapping[str, str]] = {
    "case_id": "case",
    "case": "case",
    "evidence_id": "evidence",
    "finding_id": "finding",
    "approval_id": "approval",
    "attachment_id": "attachment",
    "submission_id": "submission",
}
_NOT_HERE: Final = frozenset({"cases_get", "cases_break_glass"})
"""The one that is asked most, which asks in the query it makes anyway; and the one
that is for who does not see the case."""


def reader_of(principal: Principal) -> Reader:
    """Return who reads."""
    return Reader(principal.tenant, principal.actor.id, principal.teams)


async def check_need(
    request: Request, parts: GatewayParts, principal: Principal
) -> None:
    """Go on only if what the path names is there for the caller.

    Asked before the body is looked at, and of what is not there at all too: a body
    that is refused would tell of what is hidden.

    Raises:
        NotFound: it is hidden, or there is none.
    """
    named = request.path_params
    route = request.scope.get("route")
    if not named or getattr(route, "operation_id", None) in _NOT_HERE:
        return
    reader = reader_of(principal)
    for name, what in _NAMED.items():
        thing = named.get(name)
        if thing is not None and not await parts.access.sees(reader, what, thing):
            raise NotFound(f"there is no {what} {thing}")
    run = named.get("run_id")
    if run is not None:
        subject = await parts.workflows.subject_of(reader.tenant, RunId(run))
        if subject is not None and await parts.access.hides(reader, subject):
            raise NotFound(f"there is no run {run}")
