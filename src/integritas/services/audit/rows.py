"""Reads the rows of the audit tables as they are stored, whatever was done to them.

SQLite keeps any type in any column and any bytes in a text, so nothing here may go
through a decoder that trusts them: everything but integers comes as bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import NullType

from integritas.kernel.clock import format_time
from integritas.platform.columns import Blob, storage_class
from integritas.services.audit.tables import (
    AUDIT_CHECKPOINTS,
    AUDIT_ENTRIES,
    AUDIT_PERSONAL,
    AUDIT_TILES,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from integritas.platform.db import Transaction

__all__ = [
    "TABLES",
    "as_bytes",
    "damage",
    "mistyped",
    "place",
    "present",
    "raw_rows",
    "stored_tenants",
]

TABLES = (AUDIT_ENTRIES, AUDIT_TILES, AUDIT_CHECKPOINTS, AUDIT_PERSONAL)
_SQLITE = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = :name"


def present(tx: Transaction, table: sa.Table) -> bool:
    """Say whether a table is there: an older database lacks what came later."""
    query = _SQLITE if tx.dialect == "sqlite" else "SELECT to_regclass(:name)"
    return tx.execute(sa.text(query), {"name": table.name}).scalar() is not None


def raw_rows(
    tx: Transaction, table: sa.Table, where: Sequence[sa.ColumnElement[bool]]
) -> Iterable[Any]:
    """Return the rows in the order of their key, without the tenant's column."""
    columns = [
        sa.type_coerce(_stored(tx, column), NullType()).label(column.name)
        for column in table.c
        if column.name != "tenant_id"
    ]
    keys = [column for column in table.primary_key if column.name != "tenant_id"]
    return tx.execute(sa.select(*columns).where(*where).order_by(*keys))


def as_bytes(value: object) -> bytes:
    """Return a stored value that is not a number as bytes."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, datetime):
        return format_time(value).encode()
    return str(value).encode()


def place(table: sa.Table, row: Any) -> str:  # noqa: ANN401 - a row of raw_rows
    """Return the name of a row: `audit_tiles[0/3]`."""
    keys = [c.name for c in table.primary_key if c.name != "tenant_id"]
    return f"{table.name}[{'/'.join(str(getattr(row, key)) for key in keys)}]"


def mistyped(
    tx: Transaction, table: sa.Table, tenant: str
) -> Iterable[tuple[Any, str]]:
    """Return rows whose columns hold another type than was stored, with the column.

    Postgres allows none.
    """
    if tx.dialect != "sqlite":
        return
    any_wrong = [sa.func.typeof(c) != storage_class(c) for c in table.c]
    query = sa.select(sa.literal(1)).select_from(table)
    ours = table.c.tenant_id == tenant
    if tx.execute(query.where(ours, sa.or_(*any_wrong)).limit(1)).first() is None:
        return  # one look at all columns, for as a rule nothing is wrong
    for column in table.c:
        wrong = sa.func.typeof(column) != storage_class(column)
        for row in raw_rows(tx, table, [table.c.tenant_id == tenant, wrong]):
            yield row, column.name


def damage(tx: Transaction, table: sa.Table) -> Sequence[str]:
    """Return what SQLite itself finds wrong with the pages and indexes of a table."""
    if tx.dialect != "sqlite":
        return []
    check = sa.text(f"PRAGMA integrity_check('{table.name}')")
    try:
        found = [str(row[0]) for row in tx.execute(check)]
    except SQLAlchemyError as error:
        return [str(getattr(error, "orig", error))]
    return [line for line in found if line != "ok"]


def stored_tenants(tx: Transaction, table: sa.Table) -> set[bytes]:
    """Return the tenants that have rows."""
    column = sa.type_coerce(_stored(tx, table.c.tenant_id), NullType())
    return {as_bytes(row[0]) for row in tx.execute(sa.select(column).distinct())}


def _stored(tx: Transaction, column: sa.Column[Any]) -> sa.ColumnElement[Any]:
    if tx.dialect == "sqlite" and storage_class(column) != "integer":
        return sa.cast(column, Blob)
    return column
