"""Many rows in one statement: insert, update, delete, on both databases.

One statement a batch, not one a row: the driver gives up the interpreter lock once a
statement, so a statement a row lets a busy event loop starve the writer. SQLite gets
`VALUES` lists in chunks of powers of two, so that a few prepared statements serve all
sizes; Postgres gets one array a column (`unnest`), so that one serves all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from integritas.kernel.clock import format_time
from integritas.platform.columns import Money, UtcTime
from integritas.platform.json_text import json_texts

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

__all__ = [
    "CHUNK",
    "Columns",
    "chunks",
    "delete_rows",
    "fetch_texts",
    "insert_columns",
    "insert_rows",
    "one_of",
    "update_rows",
]

Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""Values by column name, one a row; all of the same length."""

_POSTGRES: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
CHUNK: Final = 256
"""Rows of the longest statement on SQLite; shorter ones have half of it, and so on."""
_PARAMETERS: Final = 32_000
"""SQLite takes 32,766 parameters a statement (SQLITE_MAX_VARIABLE_NUMBER)."""


def insert_rows(
    connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows, which all have the columns of the first."""
    if not rows:
        return
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    insert_columns(connection, table, columns)


def insert_columns(connection: Connection, table: sa.Table, columns: Columns) -> None:
    """Insert rows, given as their columns: what is made by the thousand saves dicts."""
    shape = (tuple(columns),)
    for sql, parameters in _statements(connection, _insert, table, shape, columns):
        connection.exec_driver_sql(sql, parameters)


def update_rows(
    connection: Connection,
    table: sa.Table,
    where: Columns,
    values: Columns,
    *,
    only: tuple[tuple[str, str], ...] = (),
    returning: str | None = None,
) -> Sequence[Any]:
    """Set `values[c][i]` in the row whose columns equal `where[k][i]`, for each i.

    `only` are further conditions on every row, column and value. Answers with the
    column `returning` of each row that was updated, in any order; without it with one
    None a row, so that the length counts them.
    """
    shape = (tuple(where), tuple(values), only, returning)
    columns = {f"w_{name}": part for name, part in where.items()}
    columns |= {f"v_{name}": part for name, part in values.items()}
    updated: list[Any] = []
    for sql, parameters in _statements(connection, _update, table, shape, columns):
        result = connection.exec_driver_sql(sql, parameters)
        if returning is None:
            updated.extend([None] * result.rowcount)
        else:
            updated.extend(result.scalars())
    return updated


def delete_rows(connection: Connection, table: sa.Table, where: Columns) -> None:
    """Delete the rows whose columns equal `where[k][i]` for some i."""
    shape = (tuple(where),)
    columns = {f"w_{name}": part for name, part in where.items()}
    for sql, parameters in _statements(connection, _delete, table, shape, columns):
        connection.exec_driver_sql(sql, parameters)


def fetch_texts(
    connection: Connection, query: sa.Select[Any]
) -> Sequence[Sequence[str | None]]:
    """Return the rows of a query whose columns are all text, in its order.

    SQLite's driver gives up the interpreter lock at every row; there they come as one
    JSON document.
    """
    if connection.dialect.name != "sqlite":
        return [tuple(row) for row in connection.execute(query)]
    rows = query.subquery()
    document = sa.func.json_group_array(sa.func.json_array(*rows.c))
    text = connection.execute(sa.select(sa.type_coerce(document, sa.Text))).scalar_one()
    found: Sequence[Sequence[str | None]] = orjson.loads(text)
    return found


def one_of(
    dialect: str, column: sa.ColumnElement[str], values: Sequence[str]
) -> sa.ColumnElement[bool]:
    """Return the condition that a column of text is one of any number of values.

    One parameter holds them all: the statement is the same for each number of them.
    """
    if dialect == "postgresql":
        array = sa.literal(list(values), postgresql.ARRAY(sa.Text))
        return column == sa.any_(array)
    document = sa.literal(orjson.dumps(list(values)).decode(), sa.Text)
    return column.in_(sa.select(sa.func.json_each(document).table_valued("value")))


# Statements -----------------------------------------------------------------------


_Shape: TypeAlias = tuple[Any, ...]
_Writer: TypeAlias = Callable[..., str]


def _statements(
    connection: Connection,
    write: _Writer,
    table: sa.Table,
    shape: _Shape,
    columns: Columns,
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    dialect = connection.dialect.name
    encoded = [
        _encoded(
            table.c[name.partition("_")[2] if write is not _insert else name],
            dialect,
            values,
        )
        for name, values in columns.items()
    ]
    if not encoded or not encoded[0]:
        return
    if dialect == "postgresql":
        yield _sql(write, dialect, table, shape, 0), tuple(encoded)
        return
    for start, size in chunks(len(encoded[0]), len(encoded)):
        rows = zip(*(values[start : start + size] for values in encoded), strict=True)
        sql = _sql(write, dialect, table, shape, size)
        yield sql, tuple(chain.from_iterable(rows))


def chunks(rows: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield where each statement's rows begin, and how many, on SQLite."""
    size = CHUNK
    while size * width > _PARAMETERS:
        size //= 2
    start = 0
    while start < rows:
        while size > rows - start:
            size //= 2
        yield start, size
        start += size


@lru_cache(maxsize=2_048)
def _sql(
    write: _Writer, dialect: str, table: sa.Table, shape: _Shape, size: int
) -> str:
    source = _postgres_source if dialect == "postgresql" else _sqlite_source
    return write(table, source, size, *shape)


_Source: TypeAlias = Callable[[sa.Table, Sequence[str], int], tuple[str, list[str]]]


def _insert(table: sa.Table, source: _Source, size: int, names: tuple[str, ...]) -> str:
    rows, exprs = source(table, names, size)
    columns = ", ".join(f'"{name}"' for name in names)
    select = f"SELECT {', '.join(exprs)} FROM {rows}"  # noqa: S608 - names of columns
    return f'INSERT INTO "{table.name}" ({columns}) {select}'


def _update(  # noqa: PLR0917 - a shape, spread
    table: sa.Table,
    source: _Source,
    size: int,
    where: tuple[str, ...],
    values: tuple[str, ...],
    only: tuple[tuple[str, str], ...],
    returning: str | None,
) -> str:
    rows, exprs = source(table, where + values, size)
    keys, news = exprs[: len(where)], exprs[len(where) :]
    sets = ", ".join(f'"{n}" = {e}' for n, e in zip(values, news, strict=True))
    conditions = [
        f'"{table.name}"."{name}" = {key}'
        for name, key in zip(where, keys, strict=True)
    ]
    conditions += [f'"{table.name}"."{name}" = \'{value}\'' for name, value in only]
    back = "" if returning is None else f' RETURNING "{table.name}"."{returning}"'
    return (
        f'UPDATE "{table.name}" SET {sets} FROM {rows} '  # noqa: S608 - as above
        f"WHERE {' AND '.join(conditions)}{back}"
    )


def _delete(table: sa.Table, source: _Source, size: int, where: tuple[str, ...]) -> str:
    rows, exprs = source(table, where, size)
    columns = ", ".join(f'"{name}"' for name in where)
    select = f"SELECT {', '.join(exprs)} FROM {rows}"  # noqa: S608 - as above
    return f'DELETE FROM "{table.name}" WHERE ({columns}) IN ({select})'  # noqa: S608


def _sqlite_source(
    table: sa.Table, names: Sequence[str], size: int
) -> tuple[str, list[str]]:
    del table
    row = f"({', '.join('?' * len(names))})"
    rows = f"(VALUES {', '.join([row] * size)}) AS given"
    return rows, [f"given.column{n}" for n in range(1, len(names) + 1)]


def _postgres_source(
    table: sa.Table, names: Sequence[str], size: int
) -> tuple[str, list[str]]:
    del size
    types = [_postgres_type(table.c[name]) for name in names]
    arrays = ", ".join(f"%s::{'text' if t == 'JSON' else t}[]" for t in types)
    columns = [f"c{n}" for n in range(len(names))]
    exprs = [
        f"given.{c}::json" if t == "JSON" else f"given.{c}"
        for c, t in zip(columns, types, strict=True)
    ]
    return f"unnest({arrays}) AS given({', '.join(columns)})", exprs


def _postgres_type(column: sa.Column[Any]) -> str:
    return column.type.compile(_POSTGRES)


# Values ---------------------------------------------------------------------------


def _encoded(
    column: sa.Column[Any], dialect: str, values: Sequence[Any]
) -> Sequence[Any]:
    """Return the values as the driver takes them."""
    kind = column.type
    if isinstance(kind, sa.JSON):
        return json_texts(values, bare_none=kind.none_as_null)
    if dialect == "sqlite" and isinstance(kind, UtcTime):
        return _each(format_time, values)
    if dialect == "sqlite" and isinstance(kind, Money):
        return _each(str, values)
    return values if isinstance(values, list) else list(values)


def _each(encode: Callable[[Any], str], values: Sequence[Any]) -> list[Any]:
    # Rows of a batch share their moments.
    known: dict[Any, str | None] = {None: None}
    for value in values:
        if value not in known:
            known[value] = encode(value)
    return [known[value] for value in values]
