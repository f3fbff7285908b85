"""Proofs from tiles: what was read of a tile is kept, for tiles only grow."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.kernel.errors import StorageFailure
from integritas.services.audit.tables import AUDIT_TILES
from integritas.services.audit.tiles import BITS, WIDTH, TileNodes, range_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database, Transaction
    from integritas.services.audit.merkle import Range

__all__ = ["Prover"]

KEPT: Final = 1_024
_SELECT: Final = (
    "SELECT hashes FROM audit_tiles WHERE tenant_id = ? AND level = ? AND idx = ?"
)


class Prover:
    """Hashes the subtrees of a proof's plan, over the stored tiles of all tenants."""

    def __init__(self, database: Database) -> None:
        """Read tiles from `database`."""
        self._database = database
        self._kept: OrderedDict[tuple[TenantId, int, int], TileNodes] = OrderedDict()
        self._lock = threading.Lock()
        self._driver: sqlite3.Connection | None = None

    def forget(self, tenant: TenantId) -> None:
        """Forget the tiles of a log that is wiped on purpose."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == tenant]:
                del self._kept[key]

    async def hashes(
        self, tenant: TenantId, ranges: Iterable[Range]
    ) -> tuple[bytes, ...]:
        """Return the hash of each range of leaves, all within the tree.

        Raises:
            IntegrityViolation: a tile that the tree needs is missing or too short.
        """
        spans = list(ranges)
        if self._database.dialect != "sqlite":
            return await self._database.read(
                lambda tx: self._hash_all(tenant, spans, tx)
            )
        # A tile is a row of 8 KiB: a thread would cost more than it is worth.
        return self._hash_all(tenant, spans, None)

    def _hash_all(
        self, tenant: TenantId, spans: list[Range], tx: Transaction | None
    ) -> tuple[bytes, ...]:
        end = max((end for _, end in spans), default=0)
        seen: dict[tuple[int, int], TileNodes] = {}

        def source(level: int, index: int) -> TileNodes:
            found = seen.get((level, index))
            if found is None:
                width = min(WIDTH, (end >> (BITS * level)) - index * WIDTH)
                found = self._tile((tenant, level, index), width, tx)
                seen[level, index] = found
            return found

        return tuple(range_hash(start, end, source) for start, end in spans)

    def _tile(
        self, key: tuple[TenantId, int, int], width: int, tx: Transaction | None
    ) -> TileNodes:
        """Return a tile of `width` hashes or more; tiles only grow."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None and found.width >= width:
                self._kept.move_to_end(key)
                return found
        nodes = TileNodes(self._read(*key, tx))
        with self._lock:
            self._kept[key] = nodes
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return nodes

    def _read(
        self, tenant: TenantId, level: int, index: int, tx: Transaction | None
    ) -> bytes:
        if tx is None:
            found = self._run((tenant, level, index))
        else:
            table = AUDIT_TILES
            query = sa.select(table.c.hashes).where(
                table.c.tenant_id == tenant,
                table.c.level == level,
                table.c.idx == index,
            )
            found = tx.execute(query).scalar()
        return found if isinstance(found, bytes) else b""

    def _run(self, values: tuple[Any, ...]) -> Any:  # noqa: ANN401 - whatever is stored
        """Read on a connection of our own: SQLAlchemy's costs as much as the proof."""
        with self._lock:
            try:
                if self._driver is None:
                    self._driver = _open(str(self._database.url.database))
                    weakref.finalize(self, self._driver.close)
                row = self._driver.execute(_SELECT, values).fetchone()
            except sqlite3.Error as error:
                raise StorageFailure(
                    f"the audit log cannot be read: {error}"
                ) from error
        return None if row is None else row[0]


def _open(path: str) -> sqlite3.Connection:
    driver = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    driver.execute("PRAGMA query_only=ON")
    driver.execute("PRAGMA busy_timeout=10000")
    return driver
