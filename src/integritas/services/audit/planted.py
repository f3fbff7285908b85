"""Finds what was planted about the tables: triggers, rules, views, columns.

A trigger can keep an entry from being written at all, and leaves nothing in the rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.services.audit.rows import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integritas.platform.db import Transaction
    from integritas.services.audit.findings import LogCheck

__all__ = ["check_planted"]

_JOURNAL: Final = ("journal", "journal_personal")
_NAMES: Final = tuple(table.name for table in TABLES) + _JOURNAL
_SQLITE: Final = """
    SELECT type, name, tbl_name AS place FROM sqlite_master
    WHERE type = 'view' AND name IN :names OR type = 'trigger' AND
    (tbl_name IN :names OR sql LIKE '%audit!_%' ESCAPE '!' OR sql LIKE '%journal%')
"""
_POSTGRES: Final = """
    SELECT 'trigger' AS type, tgname AS name, relname AS place
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
    AND relname IN :names
    UNION ALL SELECT 'rule', rulename, tablename FROM pg_rules
    WHERE schemaname = current_schema() AND tablename IN :names
    UNION ALL SELECT 'view', viewname, viewname FROM pg_views
    WHERE schemaname = current_schema() AND viewname IN :names
"""


def check_planted(tx: Transaction, check: LogCheck) -> None:
    """Name what does not belong to the tables of the log and of the journal."""
    for kind, name, place in _found(tx):
        if kind == "view":
            check.differ(place, "is a view where a table belongs")
        else:
            check.differ(place, f"has a {kind} that does not belong there: {name}")
    for table in TABLES:
        known = {column.name for column in table.c}
        for column in _columns(tx, table):
            if column not in known:
                check.differ(f"{table.name}.{column}", "is no column of this table")


def _found(tx: Transaction) -> Iterator[tuple[str, str, str]]:
    text = sa.text(_SQLITE if tx.dialect == "sqlite" else _POSTGRES)
    query = text.bindparams(sa.bindparam("names", _NAMES, expanding=True))
    for row in tx.execute(query):
        yield row.type, row.name, row.place


def _columns(tx: Transaction, table: sa.Table) -> list[Any]:
    """Return the names of the stored columns."""
    if tx.dialect == "sqlite":
        query = "SELECT name FROM pragma_table_info(:name)"
    else:
        query = (
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = :name"
        )
    return list(tx.execute(sa.text(query), {"name": table.name}).scalars())
