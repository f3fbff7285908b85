"""Who may see a confidential case: said, granted, taken back, broken open."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from integritas.cases.api import Access, Grant, GranteeKind, NewGrant
from integritas.gateway.parts import Parts
from integritas.gateway.schemas import Name
from integritas.gateway.security import allow
from integritas.gateway.strict import Moment, StrictRoute
from integritas.kernel.contracts import Context
from integritas.kernel.errors import FieldError, InvalidInput, NotFound
from integritas.kernel.ids import CaseId, UserId
from integritas.kernel.validation import NO_NUL
from integritas.platform.problems import problem_responses

__all__ = ["router"]

router = APIRouter(tags=["cases"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("cases:read"))]
Managing = Annotated[Context, Depends(allow("access:manage"))]
Breaking = Annotated[Context, Depends(allow("access:break"))]
Why = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=NO_NUL)]


class AccessIn(BaseModel):
    """Whether the case is confidential from now on, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"confidential": True, "reason": "names a member of the board"}
        },
    )

    confidential: bool
    reason: Why


class GrantIn(BaseModel):
    """Who else may see the case: a user by id or a team by name; and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "kind": "team",
                "grantee": "board-cases",
                "reason": "they take over",
            }
        },
    )

    kind: GranteeKind = GranteeKind.USER
    grantee: Name
    reason: Why
    expires_at: Moment | None = None


class BreakIn(BaseModel):
    """Why the case must be opened without a grant."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"reason": "its assignee left the firm"}},
    )

    reason: Why


class GrantOut(BaseModel):
    """Who may see a confidential case; `broken`: they opened it themselves."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    case_id: str
    kind: GranteeKind
    grantee: str
    reason: str
    granted_by: str
    granted_at: datetime
    expires_at: datetime | None
    broken: bool

    @classmethod
    def of(cls, grant: Grant) -> GrantOut:
        """Show a grant."""
        return cls.model_validate(grant)


class AccessOut(BaseModel):
    """Who may see a case: all whom a role lets, or its assignee and the grants."""

    case_id: str
    confidential: bool
    reason: str
    restricted_by: str | None
    restricted_at: datetime | None
    grants: list[GrantOut]

    @classmethod
    def of(cls, access: Access) -> AccessOut:
        """Show it."""
        return cls(
            case_id=access.case_id,
            confidential=access.confidential,
            reason=access.reason,
            restricted_by=access.restricted_by,
            restricted_at=access.restricted_at,
            grants=list(map(GrantOut.of, access.grants)),
        )


@router.get(
    "/cases/{case_id}/access",
    operation_id="cases_access",
    summary="Who may see a case",
    responses=problem_responses(401, 403, 404),
)
async def get_access(parts: Parts, context: Reading, case_id: str) -> AccessOut:
    """Return whether a case is confidential, and to whom it is granted."""
    return AccessOut.of(await parts.access.of(context.tenant, CaseId(case_id)))


@router.put(
    "/cases/{case_id}/access",
    operation_id="cases_restrict",
    summary="Make a case confidential, or no more",
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def restrict(
    parts: Parts, context: Managing, case_id: str, body: AccessIn
) -> AccessOut:
    """Hide a case from all but its assignee, the caller and whom it is granted to.

    Whoever may not see it is told that there is no such case. `confidential: false`
    ends that and all grants.
    """
    change = parts.access.restrict if body.confidential else parts.access.unrestrict
    return AccessOut.of(await change(context, CaseId(case_id), body.reason))


@router.post(
    "/cases/{case_id}/grants",
    operation_id="cases_grant",
    summary="Let somebody see a confidential case",
    status_code=201,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def grant(
    parts: Parts, context: Managing, case_id: str, body: GrantIn
) -> GrantOut:
    """Grant a confidential case to a user or a team, for good or until a time."""
    await _check_grantee(parts, context, body)
    new = NewGrant(body.kind, body.grantee, body.reason, body.expires_at)
    return GrantOut.of(await parts.access.grant(context, CaseId(case_id), new))


@router.delete(
    "/cases/{case_id}/grants/{grant_id}",
    operation_id="cases_revoke_grant",
    summary="Take a grant back",
    status_code=204,
    responses=problem_responses(401, 403, 404),
)
async def revoke(parts: Parts, context: Managing, case_id: str, grant_id: str) -> None:
    """Take a grant back; it counts at once."""
    await parts.access.revoke(context, CaseId(case_id), grant_id)


@router.post(
    "/cases/{case_id}/break-glass",
    operation_id="cases_break_glass",
    summary="Open a confidential case without a grant (recorded)",
    status_code=201,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def break_glass(
    parts: Parts, response: Response, context: Breaking, case_id: str, body: BreakIn
) -> GrantOut:
    """See a confidential case for 8 hours; who, when and why stands in the audit log.

    The one operation that is told of a case it may not see: by its id, which one must
    know.
    """
    broken = await parts.access.break_glass(context, CaseId(case_id), body.reason)
    response.headers["Location"] = f"/api/v1/cases/{case_id}"
    return GrantOut.of(broken)


async def _check_grantee(parts: Parts, context: Context, body: GrantIn) -> None:
    users = parts.identity.users
    if body.kind is GranteeKind.TEAM:
        if await users.has_team(context.tenant, body.grantee):
            return
        wrong, remedy = "is a team of no active user", "name a team that users have"
    else:
        wrong, remedy = "is no active user", "use the id of an active user"
        try:
            if not (await users.get(context.tenant, UserId(body.grantee))).disabled:
                return
        except NotFound:
            pass
    raise InvalidInput(
        "the case cannot be granted so",
        errors=(FieldError("grantee", wrong, remedy),),
    )
