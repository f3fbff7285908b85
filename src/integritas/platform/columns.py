"""Column types and the one `MetaData`: what differs by dialect sits here.

| type | SQLite | Postgres |
|---|---|---|
| `UtcTime` | RFC 3339 text, microseconds, `Z` | `timestamptz` |
| `Money` | decimal text | `numeric` |
| `JsonText` | text | `json` (not `jsonb`: it refuses U+0000, which evidence may hold) |
| `Blob` | blob | `bytea` |
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

from integritas.kernel.clock import format_time, parse_time

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

__all__ = [
    "METADATA",
    "Blob",
    "Identifier",
    "JsonText",
    "Money",
    "UtcTime",
    "storage_class",
    "tenant_column",
]

METADATA: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

JsonText = sa.JSON
Blob = sa.LargeBinary
Identifier = sa.Text


class UtcTime(TypeDecorator[datetime]):
    """A moment, UTC, microseconds."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> str | datetime | None:
        """Write a moment."""
        if value is None or dialect.name == "postgresql":
            return value
        return format_time(value)

    def process_result_value(
        self, value: str | datetime | None, dialect: Dialect
    ) -> datetime | None:
        """Read a moment."""
        del dialect
        if isinstance(value, str):
            return parse_time(value)
        return value.astimezone(UTC) if value is not None else None


class Money(TypeDecorator[Decimal]):
    """An exact amount."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.Numeric())
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(
        self, value: Decimal | None, dialect: Dialect
    ) -> str | Decimal | None:
        """Write an amount."""
        if value is None or dialect.name == "postgresql":
            return value
        return str(value)

    def process_result_value(
        self, value: str | Decimal | None, dialect: Dialect
    ) -> Decimal | None:
        """Read an amount."""
        del dialect
        return None if value is None else Decimal(value)


def tenant_column() -> sa.Column[str]:
    """Return the first key column of every table."""
    return sa.Column("tenant_id", Identifier, primary_key=True)


def storage_class(column: sa.Column[Any]) -> str:
    """Return how SQLite stores a column's values: `integer`, `blob` or `text`."""
    if isinstance(column.type, sa.Integer):
        return "integer"
    return "blob" if isinstance(column.type, sa.LargeBinary) else "text"
