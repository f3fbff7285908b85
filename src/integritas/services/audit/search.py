"""Search over entries: fields and words, in an index that is derived from the log.

The index is a SQLite file (FTS5) in the state folder, whatever the database: it is no
evidence, holds no personal data because entries hold none, and is built anew from the
log when it is missing or was made from another log.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from integritas.kernel.errors import StorageFailure
from integritas.services.audit.bodies import outcome_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from integritas.kernel.contracts import LoggedEntry

__all__ = ["EntryFilter", "SearchIndex"]

VERSION: Final = 2
_SCHEMA: Final = f"""
DROP TABLE IF EXISTS entries;
DROP TABLE IF EXISTS words;
CREATE TABLE entries (
    idx INTEGER PRIMARY KEY, leaf_hash BLOB, time TEXT, type TEXT, subject TEXT,
    actor TEXT, outcome TEXT, correlation_id TEXT
);
CREATE INDEX entries_type ON entries (type, idx);
CREATE INDEX entries_subject ON entries (subject, idx);
CREATE INDEX entries_actor ON entries (actor, idx);
CREATE INDEX entries_correlation ON entries (correlation_id, idx);
CREATE VIRTUAL TABLE words USING fts5 (text, content = '');
PRAGMA user_version = {VERSION};
"""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries: all conditions hold together; None means any.

    `q` are words that all stand in the entry; a trailing asterisk matches the words
    that begin so. `since` and `until` bound `time` (RFC 3339, `until` exclusive).
    """

    q: str | None = None
    type: str | None = None
    subject: str | None = None
    actor: str | None = None
    outcome: str | None = None
    correlation_id: str | None = None
    since: str | None = None
    until: str | None = None

    @property
    def empty(self) -> bool:
        """Say whether every entry is meant."""
        return all(getattr(self, field.name) is None for field in fields(self))


class SearchIndex:
    """The index of one log."""

    def __init__(self, state_dir: Path, origin: str) -> None:
        """Keep the index in `state_dir`; nothing is made before it is needed."""
        self._path = state_dir / "search" / "audit" / f"{quote(origin, safe='')}.db"
        self._lock = threading.Lock()

    def last(self) -> tuple[int, bytes] | None:
        """Return index and leaf hash of the last entry that is indexed.

        Raises:
            StorageFailure: the folder cannot be used.
        """
        row = self._run(
            lambda db: db.execute(
                "SELECT idx, leaf_hash FROM entries ORDER BY idx DESC LIMIT 1"
            ).fetchone()
        )
        return None if row is None else (row[0], row[1])

    def clear(self) -> None:
        """Begin anew: it was made from another log."""
        with self._lock:
            for suffix in ("", "-wal", "-shm"):
                path = self._path.with_name(self._path.name + suffix)
                path.unlink(missing_ok=True)

    def add(self, entries: Sequence[LoggedEntry]) -> None:
        """Index entries; those that are there already are passed over."""
        rows, words = [], []
        for entry in entries:
            document: Any = _document(entry.body)
            actor = document.get("actor")
            rows.append(
                (
                    entry.index,
                    entry.leaf_hash,
                    document.get("time"),
                    document.get("type"),
                    document.get("subject"),
                    actor.get("id") if isinstance(actor, dict) else None,
                    outcome_of(document),
                    document.get("correlation_id"),
                )
            )
            words.append((entry.index, " ".join(_texts(document))))

        def write(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            last = db.execute("SELECT max(idx) FROM entries").fetchone()[0]
            fresh = -1 if last is None else int(last)
            sql = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            db.executemany(sql, [row for row in rows if row[0] > fresh])
            sql = "INSERT INTO words (rowid, text) VALUES (?, ?)"
            db.executemany(sql, [word for word in words if word[0] > fresh])
            db.execute("COMMIT")

        self._run(write)

    def find(self, chosen: EntryFilter, *, start: int, limit: int) -> list[int]:
        """Return the indexes of matching entries from `start` on, ascending."""
        conditions = ["idx >= ?"]
        values: list[str | int] = [start]
        for name in ("type", "subject", "actor", "outcome", "correlation_id"):
            wanted = getattr(chosen, name)
            if wanted is not None:
                conditions.append(f"{name} = ?")
                values.append(wanted)
        for wanted, compare in ((chosen.since, ">="), (chosen.until, "<")):
            if wanted is not None:
                conditions.append(f"time {compare} ?")
                values.append(wanted)
        query = _match(chosen.q)
        if query:
            conditions.append("idx IN (SELECT rowid FROM words WHERE words MATCH ?)")
            values.append(query)
        sql = (
            f"SELECT idx FROM entries WHERE {' AND '.join(conditions)} "  # noqa: S608 - names of ours
            "ORDER BY idx LIMIT ?"
        )
        found = self._run(lambda db: db.execute(sql, (*values, limit)).fetchall())
        return [row[0] for row in found]

    def _run(self, work: Any) -> Any:  # noqa: ANN401 - what the work returns
        with self._lock:
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with closing(sqlite3.connect(self._path, isolation_level=None)) as db:
                    db.execute("PRAGMA busy_timeout = 10000")
                    db.execute("PRAGMA synchronous = OFF")  # it can be built anew
                    if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                        db.executescript(_SCHEMA)
                    return work(db)
            except (sqlite3.Error, OSError) as error:
                raise StorageFailure(
                    f"the search index {self._path} cannot be used: {error}; remove it "
                    "and it is built anew"
                ) from error


def _match(text: str | None) -> str:
    """Return the FTS5 query of words; nothing in them is an operator."""
    words = []
    for word in (text or "").split():
        plain = word.rstrip("*").replace('"', '""')
        if plain:
            words.append(f'"{plain}"' + ("*" if word.endswith("*") else ""))
    return " ".join(words)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
