"""Users and API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from integritas.gateway.conventions import (
    CursorAsked,
    Limit,
    NeverKept,
    Page,
    RequiredIfMatch,
    etag,
    page_of,
)
from integritas.gateway.parts import Parts
from integritas.gateway.security import Signed, allow
from integritas.gateway.strict import Moment, StrictRoute
from integritas.identity.api import (
    ApiKey,
    IssuedKey,
    NewApiKey,
    NewUser,
    Role,
    User,
    UserChanges,
)
from integritas.kernel.contracts import Context
from integritas.kernel.ids import KeyId, UserId
from integritas.platform.problems import problem_responses, request_id_of

__all__ = ["router"]

router = APIRouter(tags=["users"], route_class=StrictRoute)

Text = Annotated[str, StringConstraints(max_length=200)]
Reading = Annotated[Context, Depends(allow("users:read"))]
Managing = Annotated[Context, Depends(allow("users:manage"))]
KeepingKeys = Depends(allow("keys:own"))


class UserIn(BaseModel):
    """A user to create."""

    model_config = ConfigDict(extra="forbid")

    username: Text
    password: Annotated[str, StringConstraints(max_length=4_096)] | None = None
    roles: Annotated[list[Role], Field(min_length=1)]
    display_name: Text = ""
    email: Text | None = None
    teams: Annotated[list[Text], Field(default_factory=list, max_length=50)]


class UserPatch(BaseModel):
    """What to change of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    display_name: Text | None = None
    email: Text | None = None
    roles: Annotated[list[Role], Field(min_length=1)] | None = None
    teams: Annotated[list[Text], Field(max_length=50)] | None = None
    disabled: bool | None = None
    password: Annotated[str, StringConstraints(max_length=4_096)] | None = None


class UserOut(BaseModel):
    """A user."""

    id: str
    username: str
    display_name: str
    email: str | None
    roles: list[Role]
    teams: list[str]
    disabled: bool
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, user: User) -> UserOut:
        """Show a user."""
        return cls(
            id=user.id,
            username=user.username,
            display_name=user.display_name,
            email=user.email,
            roles=sorted(user.roles),
            teams=sorted(user.teams),
            disabled=user.disabled,
            created_at=user.created_at,
            updated_at=user.updated_at,
            version=user.version,
        )


class KeyIn(BaseModel):
    """An API key to create. Without scopes it may all that its bearer may."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    scopes: list[Text] = []
    machine: bool = Field(False, description="for a machine, with the role `service`")
    expires_at: Moment | None = None


class KeyOut(BaseModel):
    """An API key without its secret."""

    id: str
    name: str
    prefix: str
    owner: str | None
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> KeyOut:
        """Show a key."""
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            owner=key.owner,
            scopes=sorted(key.scopes),
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )


class IssuedKeyOut(KeyOut):
    """A fresh API key with its secret, which is shown this once."""

    secret: str

    @classmethod
    def issued(cls, issued: IssuedKey) -> IssuedKeyOut:
        """Show a fresh key."""
        return cls(**KeyOut.of(issued.key).model_dump(), secret=issued.secret)


@router.get(
    "/users",
    operation_id="users_list",
    summary="List users",
    responses=problem_responses(401, 403, 422),
)
async def list_users(
    parts: Parts, context: Reading, cursor: CursorAsked, limit: Limit = 50
) -> Page[UserOut]:
    """List the users of the tenant in the order they were created."""
    users = parts.identity.users
    found = await users.list(context.tenant, after=cursor or "", limit=limit + 1)
    return page_of(found, limit, lambda user: user.id, UserOut.of)


@router.post(
    "/users",
    operation_id="users_create",
    summary="Create a user",
    status_code=201,
    responses=problem_responses(401, 403, 409, 422),
)
async def create_user(
    parts: Parts, response: Response, context: Managing, body: UserIn
) -> UserOut:
    """Create a user; without a password they cannot sign in with one."""
    new = NewUser(
        username=body.username,
        roles=frozenset(body.roles),
        password=body.password,
        display_name=body.display_name,
        email=body.email,
        teams=frozenset(body.teams),
    )
    user = await parts.identity.users.create(context, new)
    response.headers["ETag"] = etag(user.version)
    response.headers["Location"] = f"/api/v1/users/{user.id}"
    return UserOut.of(user)


@router.get(
    "/users/{user_id}",
    operation_id="users_get",
    summary="Get a user",
    responses=problem_responses(401, 403, 404),
)
async def get_user(
    parts: Parts, response: Response, context: Reading, user_id: str
) -> UserOut:
    """Return a user."""
    users = parts.identity.users
    user = await users.get(context.tenant, UserId(user_id))
    response.headers["ETag"] = etag(user.version)
    return UserOut.of(user)


@router.patch(
    "/users/{user_id}",
    operation_id="users_update",
    summary="Change or disable a user",
    responses=problem_responses(401, 403, 404, 409, 412, 422, 428),
)
async def update_user(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    response: Response,
    context: Managing,
    user_id: str,
    body: UserPatch,
    expect: RequiredIfMatch,
) -> UserOut:
    """Change what is given; roles and disabling count at once."""
    changes = UserChanges(
        display_name=body.display_name,
        email=body.email,
        roles=None if body.roles is None else frozenset(body.roles),
        teams=None if body.teams is None else frozenset(body.teams),
        disabled=body.disabled,
        password=body.password,
    )
    users = parts.identity.users
    user = await users.update(context, UserId(user_id), changes, expect=expect)
    response.headers["ETag"] = etag(user.version)
    return UserOut.of(user)


@router.delete(
    "/users/{user_id}",
    operation_id="users_delete",
    summary="Deactivate a user",
    status_code=204,
    responses=problem_responses(401, 403, 404, 409),
)
async def delete_user(parts: Parts, context: Managing, user_id: str) -> None:
    """Deactivate a user: their sessions and keys end at once.

    What they did names them, so nothing of it goes; to erase a person's data is
    another matter (`/compliance/subjects`). The last administrator stays.
    """
    users = parts.identity.users
    await users.update(context, UserId(user_id), UserChanges(disabled=True))


@router.post(
    "/api-keys",
    operation_id="keys_create",
    dependencies=[KeepingKeys, NeverKept],
    summary="Create an API key",
    status_code=201,
    responses=problem_responses(401, 403, 422),
)
async def create_key(
    request: Request, parts: Parts, principal: Signed, body: KeyIn
) -> IssuedKeyOut:
    """Create a key of one's own, or, with keys:manage, one for a machine."""
    new = NewApiKey(
        name=body.name,
        scopes=frozenset(body.scopes),
        machine=body.machine,
        expires_at=body.expires_at,
    )
    correlation_id = request_id_of(request.scope)
    issued = await parts.identity.keys.create(principal, new, correlation_id)
    return IssuedKeyOut.issued(issued)


@router.get(
    "/api-keys",
    operation_id="keys_list",
    dependencies=[KeepingKeys],
    summary="List API keys",
    responses=problem_responses(401, 403, 422),
)
async def list_keys(
    parts: Parts, principal: Signed, cursor: CursorAsked, limit: Limit = 50
) -> Page[KeyOut]:
    """List one's own keys, or, with keys:manage, all."""
    found = await parts.identity.keys.list(
        principal, after=cursor or "", limit=limit + 1
    )
    return page_of(found, limit, lambda key: key.id, KeyOut.of)


@router.delete(
    "/api-keys/{key_id}",
    operation_id="keys_revoke",
    dependencies=[KeepingKeys],
    summary="Revoke an API key",
    status_code=204,
    responses=problem_responses(401, 403, 404),
)
async def revoke_key(
    request: Request, parts: Parts, principal: Signed, key_id: str
) -> None:
    """End a key at once."""
    correlation_id = request_id_of(request.scope)
    await parts.identity.keys.revoke(principal, KeyId(key_id), correlation_id)
