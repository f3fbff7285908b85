"""The second factor of the caller; what an administrator can reset or end."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from integritas.gateway.conventions import NeverKept
from integritas.gateway.parts import Parts
from integritas.gateway.security import InSession, allow
from integritas.gateway.strict import StrictRoute
from integritas.kernel.contracts import Context
from integritas.kernel.ids import UserId
from integritas.platform.problems import problem_responses, request_id_of

__all__ = ["router"]

router = APIRouter(tags=["auth"], route_class=StrictRoute)

Managing = Annotated[Context, Depends(allow("users:manage"))]


class CodeIn(BaseModel):
    """A code of the second factor."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(min_length=6, max_length=40)] = Field(
        description="six digits, or a recovery code", examples=["123456"]
    )


class EnrolmentOut(BaseModel):
    """What an authenticator scans; shown this once."""

    secret: str = Field(description="base32, to be typed where nothing can be scanned")
    uri: str = Field(description="`otpauth://…`, to be shown as a QR code")


class RecoveryOut(BaseModel):
    """Codes that each sign in once in place of the authenticator; shown this once."""

    recovery_codes: list[str]


@router.post(
    "/auth/totp",
    operation_id="totp_begin",
    dependencies=[NeverKept],
    summary="Begin a second factor",
    status_code=201,
    responses=problem_responses(401, 403, 409),
)
async def begin(request: Request, parts: Parts, principal: InSession) -> EnrolmentOut:
    """Return a secret to scan. It is asked for only once it is confirmed."""
    factors = parts.identity.factors
    enrolment = await factors.begin(principal, request_id_of(request.scope))
    return EnrolmentOut(secret=enrolment.secret, uri=enrolment.uri)


@router.post(
    "/auth/totp/confirm",
    operation_id="totp_confirm",
    dependencies=[NeverKept],
    summary="Confirm the second factor",
    responses=problem_responses(401, 403, 409, 422, 429),
)
async def confirm(
    request: Request, parts: Parts, principal: InSession, body: CodeIn
) -> RecoveryOut:
    """Have the code asked for at each sign-in from now on; return recovery codes."""
    factors, correlation_id = parts.identity.factors, request_id_of(request.scope)
    codes = await factors.confirm(principal, body.code, correlation_id)
    return RecoveryOut(recovery_codes=list(codes))


@router.post(
    "/auth/totp/remove",
    operation_id="totp_remove",
    summary="Remove the second factor",
    status_code=204,
    responses=problem_responses(401, 403, 422, 429),
)
async def remove(
    request: Request, parts: Parts, principal: InSession, body: CodeIn
) -> None:
    """Remove one's own second factor, with one of its codes."""
    factors, correlation_id = parts.identity.factors, request_id_of(request.scope)
    await factors.remove(principal, body.code, correlation_id)


@router.delete(
    "/users/{user_id}/totp",
    operation_id="users_reset_totp",
    summary="Reset a user's second factor",
    status_code=204,
    responses=problem_responses(401, 403, 404),
)
async def reset(parts: Parts, context: Managing, user_id: str) -> None:
    """Remove the second factor of somebody who lost it; their sessions end."""
    await parts.identity.factors.reset(context, UserId(user_id))


@router.delete(
    "/users/{user_id}/sessions",
    operation_id="users_end_sessions",
    summary="End a user's sessions",
    status_code=204,
    responses=problem_responses(401, 403, 404),
)
async def end_sessions(parts: Parts, context: Managing, user_id: str) -> None:
    """End all sessions of a user at once; they may sign in again."""
    await parts.identity.sessions.end_all(context, UserId(user_id))
