"""Users: created, changed, disabled; every change is a fact of the journal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from integritas.identity import credentials as rules
from integritas.identity import session_store, store
from integritas.identity.model import NewUser, Principal, User, UserChanges
from integritas.identity.policy import Role
from integritas.kernel.contracts import Context, Fact
from integritas.kernel.errors import (
    Conflict,
    FieldError,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refused,
    VersionConflict,
)
from integritas.kernel.ids import TenantId, UserId

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pydantic import JsonValue

    from integritas.identity.parts import Parts
    from integritas.platform.db import Transaction

__all__ = ["Users", "check_new_user"]

PAGE: Final = 100


class Users:
    """The users of all tenants."""

    def __init__(self, parts: Parts) -> None:
        """Made by `Identity`."""
        self._parts = parts

    async def create(self, context: Context, new: NewUser) -> User:
        """Create a user of the context's tenant.

        Raises:
            InvalidInput: name, password, roles or address are not valid.
            NotFound: no such tenant.
            Conflict: the name is taken.
        """
        user, work = await self.checked_creation(context, new)
        await self._parts.database.transact(work)
        return user

    async def checked_creation(
        self, context: Context, new: NewUser
    ) -> tuple[User, Callable[[Transaction], None]]:
        """Check a user; return them and the unit of work that creates them.

        Raises:
            InvalidInput: as `create`; the unit of work raises the others.
        """
        check_new_user(new)
        return self.creation(context, new, await self._hash(new.password))

    def creation(
        self, context: Context, new: NewUser, password_hash: str | None
    ) -> tuple[User, Callable[[Transaction], None]]:
        """Return a user checked before, and the unit of work that creates them."""
        now = self._parts.clock.now()
        user = User(
            tenant=context.tenant,
            id=self._parts.ids.user(),
            username=new.username,
            display_name=new.display_name or new.username,
            email=new.email or None,
            roles=frozenset(map(Role, new.roles)),
            teams=frozenset(new.teams),
            disabled=False,
            created_at=now,
            updated_at=now,
            version=1,
        )

        def work(tx: Transaction) -> None:
            if not store.tenant_exists(tx, context.tenant, lock=True):
                raise NotFound(f"there is no tenant {context.tenant}")
            if store.find_user_by_name(tx, context.tenant, user.username):
                raise _taken(user.username)
            store.add_user(tx, store.StoredUser(user, password_hash))
            self._parts.record(tx, context, _created(user))

        return user, work

    async def get(self, tenant: TenantId, user: UserId) -> User:
        """Return a user.

        Raises:
            NotFound: no such user in this tenant.
        """
        return (
            await self._parts.database.read(lambda tx: _stored(tx, tenant, user))
        ).user

    async def has_team(self, tenant: TenantId, team: str) -> bool:
        """Say whether an active user of the tenant is in a team."""
        return await self._parts.database.read(
            lambda tx: store.has_team(tx, tenant, team)
        )

    async def list(
        self, tenant: TenantId, *, after: str = "", limit: int = PAGE
    ) -> Sequence[User]:
        """Return up to `limit` users whose id exceeds `after`, oldest first."""
        return await self._parts.database.read(
            lambda tx: store.list_users(tx, tenant, after=after, limit=limit)
        )

    async def update(
        self,
        context: Context,
        user: UserId,
        changes: UserChanges,
        *,
        expect: int | None = None,
    ) -> User:
        """Change a user; a new password or disabling ends all their sessions.

        Raises:
            InvalidInput: a change is not valid.
            NotFound: no such user in this tenant.
            VersionConflict: `expect` is given and not the user's version.
            Refused: the last administrator would be gone.
        """
        before = await self.get(context.tenant, user)
        rules.raise_if_any("the change", _wrong_with_change(before, changes))
        hashed = await self._hash(changes.password)

        def work(tx: Transaction) -> User:
            stored = _stored(tx, context.tenant, user)
            if expect is not None and stored.user.version != expect:
                raise _changed_meanwhile(stored.user)
            return self._change(tx, context, stored, changes, hashed)

        return await self._parts.database.transact(work)

    async def change_password(
        self, principal: Principal, current: str, new: str, correlation_id: str
    ) -> None:
        """Change one's own password; all of one's sessions end.

        Raises:
            NotPermitted: an API key asks.
            InvalidInput: the current password is wrong, or the new one not valid.
        """
        if principal.user is None or principal.session is None:
            raise NotPermitted("an API key cannot change a password: sign in")
        stored = await self._parts.database.read(
            lambda tx: _stored(tx, principal.tenant, UserId(str(principal.user)))
        )
        if not await self._parts.passwords.verify(stored.password_hash, current):
            raise InvalidInput(
                "the current password is wrong",
                errors=(FieldError("current", "is not your password", "try again"),),
            )
        await self.update(
            principal.context(correlation_id),
            stored.user.id,
            UserChanges(password=new),
            expect=stored.user.version,
        )

    async def _hash(self, password: str | None) -> str | None:
        if password is None:
            return None
        return await self._parts.passwords.hash(password)

    def _change(
        self,
        tx: Transaction,
        context: Context,
        stored: store.StoredUser,
        changes: UserChanges,
        hashed: str | None,
    ) -> User:
        before = stored.user
        after = _after(before, changes)
        if after == before and hashed is None:
            return before
        now = self._parts.clock.now()
        after = replace(after, updated_at=now, version=before.version + 1)
        if _administers(before) and not _administers(after):
            _keep_an_admin(tx, after)
        written = store.change_user(
            tx, store.StoredUser(after, hashed or stored.password_hash)
        )
        if not written:
            raise _changed_meanwhile(before)
        if after.disabled or hashed is not None:
            cause = "disabled" if after.disabled else "password_changed"
            session_store.revoke_sessions_of(tx, after.tenant, after.id, cause, now)
        self._parts.record(tx, context, _changed(before, after, hashed is not None))
        self._parts.forget_user(tx, after.tenant, after.id)
        return after


def check_new_user(new: NewUser) -> None:
    """Refuse a user that cannot be created, whatever is stored.

    Raises:
        InvalidInput: name, password, roles or address are not valid.
    """
    rules.raise_if_any("the user", _wrong_with(new))


def _wrong_with(new: NewUser) -> Iterable[FieldError]:
    yield from rules.check_username(new.username)
    yield from rules.check_display_name(new.display_name)
    yield from rules.check_roles(new.roles)
    yield from rules.check_teams(new.teams)
    if new.email:
        yield from rules.check_email(new.email)
    if new.password is not None:
        yield from rules.check_password(new.password, username=new.username)


def _wrong_with_change(user: User, changes: UserChanges) -> Iterable[FieldError]:
    if changes.display_name is not None:
        yield from rules.check_display_name(changes.display_name)
    if changes.roles is not None:
        yield from rules.check_roles(changes.roles)
    if changes.teams is not None:
        yield from rules.check_teams(changes.teams)
    if changes.email:
        yield from rules.check_email(changes.email)
    if changes.password is not None:
        yield from rules.check_password(changes.password, username=user.username)


def _after(user: User, changes: UserChanges) -> User:
    wanted: dict[str, Any] = {
        "display_name": changes.display_name,
        "roles": None if changes.roles is None else frozenset(map(Role, changes.roles)),
        "teams": None if changes.teams is None else frozenset(changes.teams),
        "disabled": changes.disabled,
    }
    if changes.email is not None:
        user = replace(user, email=changes.email or None)
    return replace(user, **{k: v for k, v in wanted.items() if v is not None})


def _administers(user: User) -> bool:
    return Role.ADMIN in user.roles and not user.disabled


def _keep_an_admin(tx: Transaction, leaving: User) -> None:
    store.tenant_exists(tx, leaving.tenant, lock=True)
    if not store.other_admins(tx, leaving.tenant, leaving.id):
        raise Refused("this is the last administrator: appoint another one first")


def _stored(tx: Transaction, tenant: TenantId, user: UserId) -> store.StoredUser:
    stored = store.find_user(tx, tenant, user)
    if stored is None:
        raise NotFound(f"there is no user {user}")
    return stored


def _taken(username: str) -> Conflict:
    return Conflict(
        f"the user name {username} is taken",
        errors=(FieldError("username", "is taken", "choose another one"),),
    )


def _changed_meanwhile(user: User) -> VersionConflict:
    return VersionConflict(
        f"user {user.id} changed meanwhile: read it again (now version {user.version})"
    )


def _created(user: User) -> Fact:
    return Fact(
        type="integritas.identity.user_created.v1",
        subject=user.id,
        data={
            "roles": [role.value for role in sorted(user.roles)],
            "teams": [*sorted(user.teams)],
        },
        personal={
            "username": user.username,
            "display_name": user.display_name,
            "email": user.email,
        },
    )


def _changed(before: User, after: User, password: bool) -> Fact:
    names = ("display_name", "email", "roles", "teams", "disabled")
    changed = [n for n in names if getattr(before, n) != getattr(after, n)]
    personal: dict[str, JsonValue] = {
        name: getattr(after, name)
        for name in changed
        if name in {"display_name", "email"}
    }
    return Fact(
        type="integritas.identity.user_changed.v1",
        subject=after.id,
        data={
            "changed": [*changed, *["password"] * password],
            "roles": [role.value for role in sorted(after.roles)],
            "teams": [*sorted(after.teams)],
            "disabled": after.disabled,
            "version": after.version,
        },
        personal=personal or None,
    )
