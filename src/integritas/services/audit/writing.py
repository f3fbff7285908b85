"""Writes a batch of leaves, its tiles and its checkpoint, in a transaction.

On SQLite the statements go to the driver itself: a batch is five statements, and of a
batch of one entry the work around them would be the greater part.
"""

from __future__ import annotations

import sqlite3
from functools import lru_cache
from hashlib import sha256
from itertools import chain, count, repeat
from typing import TYPE_CHECKING, Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from integritas.kernel.clock import format_time
from integritas.platform.bulk import chunks
from integritas.services.audit.tables import AUDIT_CHECKPOINTS, AUDIT_ENTRIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction
    from integritas.services.audit.drafts import Draft
    from integritas.services.audit.store import Head
    from integritas.services.audit.tiles import Tile

__all__ = ["AlreadyThere", "LogWriter", "log_writer"]


class AlreadyThere(Exception):
    """A leaf could not be inserted, for its event or its index is there already."""


class LogWriter(Protocol):
    """What a batch writes, of one tenant's log."""

    def end(self) -> tuple[Any, ...] | None:
        """Return the last checkpoint's number and note, and the last entry's index."""
        ...

    def insert(self, start: int, drafts: Sequence[Draft]) -> list[bytes]:
        """Insert leaves from index `start` on, all or none; return their hashes.

        Raises:
            AlreadyThere: an event or an index is there already.
        """
        ...

    def save_tiles(self, tiles: Sequence[Tile]) -> None:
        """Write tiles; those at the right edge of the tree grow."""
        ...

    def insert_checkpoint(self, head: Head) -> None:
        """Insert a checkpoint."""
        ...


def log_writer(tx: Transaction, tenant: TenantId) -> LogWriter:
    """Return the writer for the database of a transaction."""
    if tx.dialect == "sqlite":
        return _SqliteWriter(tx, tenant)
    return _SqlWriter(tx, tenant)


def _leaves(drafts: Sequence[Draft]) -> list[bytes]:
    return [sha256(b"\x00" + draft[1]).digest() for draft in drafts]


_END: Final = """
    SELECT number, note,
        (SELECT max(idx) FROM audit_entries WHERE tenant_id = :tenant)
    FROM audit_checkpoints WHERE tenant_id = :tenant ORDER BY number DESC LIMIT 1
"""
_SAVE_TILE: Final = """
    INSERT INTO audit_tiles (tenant_id, level, idx, hashes)
    VALUES (:tenant, :level, :idx, :hashes)
    ON CONFLICT (tenant_id, level, idx) DO UPDATE SET hashes = excluded.hashes
"""


class _SqlWriter:
    """Any database, through SQLAlchemy."""

    def __init__(self, tx: Transaction, tenant: TenantId) -> None:
        self._tx = tx
        self._tenant = tenant
        if tx.dialect == "postgresql":
            # Held to the commit: two processes never sign on the same head.
            digest = sha256(f"audit {tenant}".encode()).digest()
            key = int.from_bytes(digest[:8], signed=True)
            tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    def end(self) -> tuple[Any, ...] | None:
        row = self._tx.execute(sa.text(_END), {"tenant": self._tenant}).one_or_none()
        return None if row is None else tuple(row)

    def insert(self, start: int, drafts: Sequence[Draft]) -> list[bytes]:
        leaves = _leaves(drafts)
        rows = [
            {
                "tenant_id": self._tenant,
                "idx": index,
                "event_id": draft.event_id,
                "body": draft.body,
                "leaf_hash": leaf,
            }
            for index, (draft, leaf) in enumerate(
                zip(drafts, leaves, strict=True), start
            )
        ]
        try:
            self._tx.attempt(lambda tx: tx.insert(AUDIT_ENTRIES, rows))
        except IntegrityError as error:
            raise AlreadyThere from error
        return leaves

    def save_tiles(self, tiles: Sequence[Tile]) -> None:
        rows = [
            {
                "tenant": self._tenant,
                "level": tile.level,
                "idx": tile.index,
                "hashes": tile.hashes,
            }
            for tile in tiles
        ]
        self._tx.execute(sa.text(_SAVE_TILE), rows)

    def insert_checkpoint(self, head: Head) -> None:
        row: dict[str, Any] = {
            "tenant_id": self._tenant,
            "number": head.number,
            "size": head.size,
            "root": head.root,
            "note": head.note,
            "created": head.created,
        }
        self._tx.insert(AUDIT_CHECKPOINTS, [row])


class _SqliteWriter:
    """SQLite, through the driver of the transaction's own connection."""

    def __init__(self, tx: Transaction, tenant: TenantId) -> None:
        pooled = tx.execute(_NOTHING).connection.connection
        self._driver: Any = pooled.driver_connection
        self._tenant = tenant

    def end(self) -> tuple[Any, ...] | None:
        found = self._run(_END, {"tenant": self._tenant}).fetchone()
        return None if found is None else tuple(found)

    def insert(self, start: int, drafts: Sequence[Draft]) -> list[bytes]:
        leaves = _leaves(drafts)
        columns = (
            repeat(self._tenant),
            count(start),
            [draft[0] for draft in drafts],
            [draft[1] for draft in drafts],
            leaves,
        )
        values = list(chain.from_iterable(zip(*columns, strict=False)))
        self._run("SAVEPOINT audit_leaves")
        try:
            for first, rows in chunks(len(drafts), _COLUMNS):
                part = values[first * _COLUMNS : (first + rows) * _COLUMNS]
                self._driver.execute(_insert(rows), part)
        except sqlite3.IntegrityError as error:
            self._run("ROLLBACK TO audit_leaves")
            self._run("RELEASE audit_leaves")
            raise AlreadyThere from error
        except sqlite3.Error as error:  # a full disk ends the transaction itself
            raise OperationalError(_insert(1), None, error) from error
        self._run("RELEASE audit_leaves")
        return leaves

    def save_tiles(self, tiles: Sequence[Tile]) -> None:
        for tile in tiles:
            values = {
                "tenant": self._tenant,
                "level": tile.level,
                "idx": tile.index,
                "hashes": tile.hashes,
            }
            self._run(_SAVE_TILE, values)

    def insert_checkpoint(self, head: Head) -> None:
        created = format_time(head.created)
        values = (self._tenant, head.number, head.size, head.root, head.note, created)
        self._run(_INSERT_CHECKPOINT, values)

    def _run(self, statement: str, values: object = ()) -> Any:  # noqa: ANN401 - a cursor
        try:
            return self._driver.execute(statement, values)
        except sqlite3.Error as error:  # as SQLAlchemy would have told it
            raise OperationalError(statement, None, error) from error


_NOTHING: Final = sa.text("SELECT 1")
_COLUMNS: Final = 5
_INSERT_CHECKPOINT: Final = (
    "INSERT INTO audit_checkpoints (tenant_id, number, size, root, note, created) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)


@lru_cache(maxsize=16)
def _insert(rows: int) -> str:
    """Return the statement that inserts so many leaves.

    The driver gives up the interpreter lock once a statement: a statement a leaf would
    wait for a busy event loop as often.
    """
    return (
        "INSERT INTO audit_entries "  # noqa: S608 - nothing of a caller's
        "(tenant_id, idx, event_id, body, leaf_hash) VALUES "
        + ", ".join(["(?, ?, ?, ?, ?)"] * rows)
    )
