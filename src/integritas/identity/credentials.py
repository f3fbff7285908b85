"""Rules for names, passwords, roles and scopes, and for repeated failures. Pure.

Passwords follow NIST SP 800-63B: a length and a list of what everybody tries, no rules
of composition.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from integritas.identity.policy import PERMISSIONS, Role
from integritas.kernel.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = [
    "MAX_PASSWORD",
    "MIN_PASSWORD",
    "check_display_name",
    "check_email",
    "check_password",
    "check_roles",
    "check_scopes",
    "check_username",
    "name_key",
    "pause_after",
    "raise_if_any",
    "storable",
]

MIN_PASSWORD: Final = 8
MAX_PASSWORD: Final = 256
FREE_FAILURES: Final = 5
LONGEST_PAUSE: Final = timedelta(minutes=15)

_USERNAME: Final = re.compile(r"[^\W_][\w.@+-]{0,62}[\w]|[^\W_]")
_EMAIL: Final = re.compile(r"[^\s@\x00-\x1f]{1,64}@[^\s@\x00-\x1f]{1,190}")
_TEAM: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_TRIED: Final = """
00000000 11111111 12341234 12345678 123456789 1234567890 1q2w3e4r 1qaz2wsx
abcd1234 abcdefgh admin123 adminadmin administrator asdfghjkl baseball changeme
changeme123 computer default123 football iloveyou integritas integrity letmein1
letmein123 passw0rd password password1 password12 password123 password1234
princess p@ssw0rd qwerty12 qwerty123 qwertyui qwertyuiop secret123 sunshine
superman test1234 trustno1 welcome1 welcome123
"""
_TRIED_FIRST: Final = frozenset(_TRIED.split())


def name_key(username: str) -> str:
    """Return what two spellings of a name have in common."""
    return unicodedata.normalize("NFKC", username).casefold()


def storable(text: str, *, limit: int = 200) -> str:
    """Return text from outside as any database and JSON takes it."""
    clean = text[:limit].encode("utf-8", "replace").decode()
    return clean.replace("\0", "\ufffd")


def check_username(username: str) -> Iterable[FieldError]:
    """Yield what is wrong with a user name."""
    if _USERNAME.fullmatch(username) is None:
        yield FieldError(
            "username",
            "is not a user name",
            "use 1 to 64 letters, digits and . _ @ + -, beginning with a letter or "
            "digit",
        )


def check_password(
    password: str, *, username: str, path: str = "password"
) -> Iterable[FieldError]:
    """Yield what is wrong with a password."""
    folded = name_key(password)
    if len(password) < MIN_PASSWORD:
        yield FieldError(
            path,
            "has 1 character"
            if len(password) == 1
            else f"has {len(password)} characters",
            f"use at least {MIN_PASSWORD}; a few words together do well",
        )
    elif len(password) > MAX_PASSWORD:
        yield FieldError(
            path, f"has {len(password)} characters", f"use at most {MAX_PASSWORD}"
        )
    elif folded in _TRIED_FIRST or len(set(folded)) == 1:
        yield FieldError(
            path, "is among the first that anybody tries", "choose a less common one"
        )
    elif _is_name(folded, name_key(username)):
        yield FieldError(path, "is the user name", "choose something unrelated")


def _is_name(password: str, name: str) -> bool:
    """Say whether a password is the name, but for what people put around one."""
    plain = name.strip(_AROUND)
    return password == name or (len(plain) > 2 and password.strip(_AROUND) == plain)


_AROUND: Final = "0123456789!."


def check_email(email: str) -> Iterable[FieldError]:
    """Yield what is wrong with an address."""
    if _EMAIL.fullmatch(email) is None:
        yield FieldError("email", "is not an address", "write it as name@example.org")


def check_display_name(name: str) -> Iterable[FieldError]:
    """Yield what is wrong with a name to show."""
    if storable(name) != name:
        yield FieldError(
            "display_name",
            "is too long or holds characters that cannot be stored",
            "use at most 200 ordinary characters",
        )


def check_roles(roles: Collection[str]) -> Iterable[FieldError]:
    """Yield what is wrong with the roles of a user."""
    people = sorted(role.value for role in Role if role is not Role.SERVICE)
    choice = f"choose from {', '.join(people)}"
    if not roles:
        yield FieldError("roles", "is empty", choice)
    for role in sorted(roles):
        if role == Role.SERVICE:
            yield FieldError(
                "roles", "service is for machines", "create a machine API key instead"
            )
        elif role not in people:
            yield FieldError("roles", f"{role} is not a role", choice)


def check_teams(teams: Collection[str]) -> Iterable[FieldError]:
    """Yield what is wrong with the teams of a user."""
    for team in sorted(teams):
        if _TEAM.fullmatch(team) is None:
            yield FieldError(
                "teams",
                "is not the name of a team",
                "use 1 to 64 lower-case letters, digits and hyphens, a letter first",
            )


def check_scopes(
    scopes: Collection[str], allowed: frozenset[str]
) -> Iterable[FieldError]:
    """Yield what is wrong with scopes, of which only `allowed` may be given."""
    for scope in sorted(scopes):
        if scope not in PERMISSIONS:
            yield FieldError(
                "scopes", f"{scope} is not a permission", "see GET /roles for them"
            )
        elif scope not in allowed:
            yield FieldError(
                "scopes",
                f"{scope} is more than the key's bearer may",
                "leave it out",
            )


def raise_if_any(what: str, errors: Iterable[FieldError]) -> None:
    """Refuse the input if there is an error.

    Raises:
        InvalidInput: with all of them.
    """
    if found := tuple(errors):
        raise InvalidInput(f"{what} is not valid", errors=found)


def pause_after(failures: int) -> timedelta:
    """Return how long to refuse a name after so many failures in a row.

    Nothing for the first five, then 2, 4, 8 … seconds, at most 15 minutes.
    """
    if failures < FREE_FAILURES:
        return timedelta()
    doubled = timedelta(seconds=2 ** min(failures - FREE_FAILURES + 1, 30))
    return min(doubled, LONGEST_PAUSE)
