"""A mark beside the database: where the journal ended at an orderly stop.

```
STATE_DIR/anchors/audit/<origin>.settled  {"time": …, "ends": {tenant: [seq, event id]}}
```

It is written when a platform has stopped and everything is logged, and taken away, for
good, before anything is journaled again. So while it is there nothing of ours writes,
and what the journal holds beyond it somebody else put there. A crash leaves no mark.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import orjson
import sqlalchemy as sa

from integritas.journal.reading import locked_head, read_heads
from integritas.journal.tables import JOURNAL, JOURNAL_CURSORS
from integritas.kernel.errors import FieldError, StorageFailure
from integritas.kernel.ids import TenantId
from integritas.platform.security import sync_folder, write_private_file

if TYPE_CHECKING:
    from pathlib import Path

    from integritas.platform.db import Transaction

__all__ = ["Settled", "SettledMark", "Since", "settled_at", "since_settled"]


# Clients have a user, workers of the server have none. What a client calls itself is
# hidden from others than its user and superusers: it counts as another then.
_OTHERS: Final = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND usename IS NOT NULL AND pid <> pg_backend_pid() "
    "AND application_name IS DISTINCT FROM current_setting('application_name')"
)


@dataclass(frozen=True, slots=True)
class Settled:
    """When the platform stopped; number and event id of each tenant's last entry."""

    time: str
    ends: Mapping[str, tuple[int, str]]

    def end(self, tenant: str) -> int:
        """Return the number of a tenant's last entry, 0 if it had none."""
        return self.ends[tenant][0] if tenant in self.ends else 0


class SettledMark:
    """The mark of an installation, in its state folder."""

    def __init__(self, state_dir: Path, origin: str) -> None:
        """Name the file; nothing is made before it is needed."""
        name = f"{quote(origin, safe='')}.settled"
        self._path = state_dir / "anchors" / "audit" / name
        self._name = str(self._path)

    def there(self) -> bool:
        """Say whether there is a mark; asked before every write, so it is quick."""
        return os.access(self._name, os.F_OK)

    def read(self) -> Settled | None:
        """Return what the mark says; None if there is none.

        Raises:
            StorageFailure: it cannot be read, or is not what was written.
        """
        try:
            document = orjson.loads(self._path.read_bytes())
            ends = {
                str(tenant): (int(seq), str(event))
                for tenant, (seq, event) in document["ends"].items()
            }
            return Settled(str(document["time"]), ends)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(str(error.strerror)) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._unusable("it is no mark of a stop", "remove it") from error

    def write(self, settled: Settled) -> None:
        """Put a mark; all of it is on disk when this returns.

        Raises:
            StorageFailure: the folder cannot be written.
        """
        document = {"time": settled.time, "ends": dict(settled.ends)}
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private_file(self._path, orjson.dumps(document))
            sync_folder(self._path.parent)
        except OSError as error:
            raise self._unusable(str(error.strerror)) from error

    def clear(self) -> None:
        """Take the mark away; it does not come back after a crash of the machine.

        Raises:
            StorageFailure: the folder cannot be written.
        """
        try:
            self._path.unlink(missing_ok=True)
            if self._path.parent.is_dir():
                sync_folder(self._path.parent)
        except OSError as error:
            raise self._unusable(str(error.strerror)) from error

    def _unusable(
        self, why: str, remedy: str = "run as the account of the platform"
    ) -> StorageFailure:
        return StorageFailure(
            f"{self._path} cannot be used: {why}",
            errors=(FieldError("INTEGRITAS_STATE_DIR", why, remedy),),
        )


@dataclass(frozen=True, slots=True)
class Since:
    """What came since a stop: a tenant's last number then, and now.

    `ours` is false where the mark is of another journal; nothing is known then.
    """

    time: str
    ours: bool
    grown: Mapping[TenantId, tuple[int, int]]


def since_settled(tx: Transaction, mark: SettledMark) -> Since | None:
    """Return what came since the stop that left the mark; None if there is no mark.

    Raises:
        StorageFailure: as `SettledMark.read`.
    """
    heads = read_heads(tx)
    # Read after the heads: what was there before it went is not the platform's.
    settled = mark.read()
    if settled is None:
        return None
    if not _is_of(tx, settled):
        return Since(settled.time, ours=False, grown={})
    grown = {
        tenant: (settled.end(tenant), head)
        for tenant, head in heads.items()
        # SQLite keeps any type in any column; `verify` names what is not of its own.
        if isinstance(tenant, str)
        and isinstance(head, int)
        and head > settled.end(tenant)
    }
    return Since(settled.time, ours=True, grown=dict(sorted(grown.items())))


def _is_of(tx: Transaction, settled: Settled) -> bool:
    """Say whether a mark is of this journal: one of its last entries is there."""
    query = sa.select(JOURNAL.c.event_id)
    return any(
        tx.execute(
            query.where(JOURNAL.c.tenant_id == tenant, JOURNAL.c.seq == seq)
        ).scalar()
        == event
        for tenant, (seq, event) in settled.ends.items()
    )


def settled_at(tx: Transaction, time: str, follower: str) -> Settled | None:
    """Return the mark of a stop now; None if a follower has not seen every entry.

    Entries of other processes wait until the transaction ends. Where others are
    connected to a Postgres nobody knows that all is quiet: there is no mark.
    """
    if tx.dialect == "postgresql" and tx.execute(_OTHERS).scalar():
        return None
    heads = {tenant: locked_head(tx, tenant) for tenant in sorted(read_heads(tx))}
    last = JOURNAL_CURSORS.c
    query = (
        sa.select(last.tenant_id, last.seq, JOURNAL.c.event_id)
        .join(
            JOURNAL,
            sa.and_(JOURNAL.c.tenant_id == last.tenant_id, JOURNAL.c.seq == last.seq),
        )
        .where(last.follower == follower)
    )
    ends = {row.tenant_id: (row.seq, row.event_id) for row in tx.execute(query)}
    seen = {tenant: seq for tenant, (seq, _) in ends.items()}
    return Settled(time, ends) if seen == heads else None
