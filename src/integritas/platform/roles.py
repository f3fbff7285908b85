"""What a process does, and whether its settings let it."""

from __future__ import annotations

import os
from enum import StrEnum
from ipaddress import ip_address
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from integritas.kernel.errors import FieldError, InvalidInput, StorageFailure

if TYPE_CHECKING:
    from integritas.platform.config import Settings

__all__ = [
    "Role",
    "check_lists_folder",
    "check_role",
    "check_start",
    "check_state_folder",
]


class Role(StrEnum):
    """What a process does; `all` is everything."""

    ALL = "all"
    GATEWAY = "gateway"
    ENGINE = "engine"
    SPAM = "spam"
    ANTICORRUPTION = "anticorruption"
    COMPLIANCE = "compliance"
    AUDIT = "audit"


def check_start(settings: Settings, role: Role) -> None:
    """Refuse a start that could not go well, before anything is made.

    Raises:
        InvalidInput: the settings contradict the role, or there are no such lists.
        StorageFailure: the state folder cannot be written.
    """
    check_role(settings, role)
    check_state_folder(settings)
    check_lists_folder(settings)


def check_state_folder(settings: Settings) -> None:
    """Refuse a state folder that cannot be written, before anything is made.

    Tried, not asked: what permissions say does not hold for root, for a file system
    that is read-only or full, or for one such as /proc. Nothing is left of it.

    Raises:
        StorageFailure: naming the folder in the way.
    """
    folder = settings.state_dir.absolute()
    there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    try:
        with TemporaryDirectory(prefix=".integritas-", dir=there):
            return
    except NotADirectoryError:
        why = "is not a folder"
    except OSError as error:
        why = f"cannot be written: {error.strerror}"
    raise StorageFailure(
        f"the state folder {settings.state_dir} cannot be used: {there} {why}",
        errors=(
            FieldError(
                "INTEGRITAS_STATE_DIR", f"{there} {why}", "name a folder you may write"
            ),
        ),
    )


def check_lists_folder(settings: Settings) -> None:
    """Refuse a folder of watchlists that was named and is not there.

    Raises:
        InvalidInput: naming the setting.
    """
    folder = settings.lists_dir
    if folder is None or folder.is_dir():
        return
    why = f"{folder} is not a folder"
    raise InvalidInput(
        f"the watchlists cannot be read: {why}",
        errors=(
            FieldError(
                "INTEGRITAS_LISTS_DIR", why, "name an existing folder, or leave it out"
            ),
        ),
    )


def check_role(settings: Settings, role: Role) -> None:
    """Refuse settings that contradict a role.

    Raises:
        InvalidInput: a role of its own on SQLite, or open to all without a token.
    """
    if role is not Role.ALL and settings.database_url.startswith("sqlite:"):
        raise InvalidInput(
            f"role {role} needs Postgres: SQLite is for one process",
            errors=(
                FieldError(
                    "INTEGRITAS_DATABASE_URL",
                    "names a SQLite file",
                    "use postgresql://…, or run the role all",
                ),
            ),
        )
    open_to_all = settings.service_token is None and not _is_loopback(settings.host)
    if role not in {Role.ALL, Role.GATEWAY} and open_to_all:
        raise InvalidInput(
            f"role {role} would answer anybody who reaches {settings.host}",
            errors=(
                FieldError(
                    "INTEGRITAS_SERVICE_TOKEN",
                    "is not set",
                    "give every process the same secret, or listen on 127.0.0.1",
                ),
            ),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
