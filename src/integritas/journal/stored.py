"""What SQLite lets anybody store in the journal that the journal itself never would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.types import NullType

from integritas.journal.tables import JOURNAL, JOURNAL_PERSONAL
from integritas.platform.columns import storage_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database, Transaction

__all__ = ["mistyped"]

_NAMED: Final = 100


async def mistyped(
    database: Database, tenant: TenantId, /
) -> Sequence[tuple[str, object, str]]:
    """Return table, `seq` and column of values of another type than is written.

    A text stored as a blob of the same bytes reads the same, so that no other check
    sees it. At most 100 rows of a table are named. On Postgres a column has one type.
    """

    def read(tx: Transaction) -> list[tuple[str, object, str]]:
        if tx.dialect != "sqlite":
            return []
        return [
            (table.name, row[0], column.name)
            for table in (JOURNAL, JOURNAL_PERSONAL)
            for row in tx.execute(_mistyped_rows(table, tenant))
            for number, column in enumerate(table.c, 1)
            if row[number]
        ]

    return await database.read(read)


def _mistyped_rows(table: sa.Table, tenant: TenantId) -> sa.Select[Any]:
    """Choose the `seq`, of whatever type, and for each column whether it is wrong."""
    wrong = [_is_wrong(column) for column in table.c]
    chosen: list[sa.ColumnElement[Any]] = [sa.type_coerce(table.c.seq, NullType())]
    query = sa.select(*chosen, *wrong)
    return query.where(table.c.tenant_id == tenant, sa.or_(*wrong)).limit(_NAMED)


def _is_wrong(column: sa.Column[Any]) -> sa.ColumnElement[bool]:
    right = [storage_class(column), *(["null"] if column.nullable else ())]
    return sa.func.typeof(column).not_in(right)
