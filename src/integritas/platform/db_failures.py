"""Errors of database drivers as the platform's own: what failed, and if it may pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from integritas.kernel.errors import (
    FieldError,
    IntegritasError,
    InvalidInput,
    StorageBusy,
    StorageFailure,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

__all__ = ["is_deadlock", "storage_failure"]


def is_deadlock(error: SQLAlchemyError) -> bool:
    """Say whether the database gave up on it for the sake of others."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state in {"40001", "40P01"}  # serialisation failure, deadlock


_NUL: Final = "NUL (0x00)"
_NO_NUL: Final = FieldError("(whole)", "holds the character NUL", "leave it out")
_PASSING: Final = ("SQLITE_BUSY", "SQLITE_LOCKED")
# PostgreSQL, appendix A: connection lost, rolled back for others; and one by one: lock
# not available, too many connections, server stopping, crashed, starting.
_PASSING_CLASSES: Final = frozenset({"08", "40"})
_PASSING_STATES: Final = frozenset({"55P03", "53300", "57P01", "57P02", "57P03"})


def _may_pass(error: BaseException) -> bool:
    """Say whether the same may work later, as far as the driver tells."""
    cause = getattr(error, "orig", None)
    state = getattr(cause, "sqlstate", None) or ""
    return (
        str(getattr(cause, "sqlite_errorname", "")).startswith(_PASSING)
        or state[:2] in _PASSING_CLASSES
        or state in _PASSING_STATES
        or (isinstance(error, DBAPIError) and error.connection_invalidated)
    )


def storage_failure(error: BaseException, url: URL) -> IntegritasError:
    """Return what to raise for an error; the platform's own pass as they are."""
    if isinstance(error, IntegritasError):
        return error
    cause = getattr(error, "orig", None) or error
    text = cause.strerror if isinstance(cause, OSError) else None
    first = (text or str(cause)).strip().splitlines() or [type(cause).__name__]
    if _NUL in first[0]:  # PostgreSQL takes no such text, as a name or as a value
        return InvalidInput("a text holds the character NUL", errors=(_NO_NUL,))
    kind = StorageBusy if _may_pass(error) else StorageFailure
    return kind(
        f"the database {url.render_as_string(hide_password=True)} failed: {first[0]}",
        errors=(
            FieldError(
                "INTEGRITAS_DATABASE_URL",
                first[0],
                "check that the database is reachable, writable and has free space",
            ),
        ),
    )
