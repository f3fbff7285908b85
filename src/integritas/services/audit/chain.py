"""Says whether a stored tile of leaves leads to the last root that was signed.

Where the copies of a leaf disagree, a tile that does is right, whatever the rows say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.services.audit.merkle import root_of
from integritas.services.audit.rows import as_bytes, raw_rows
from integritas.services.audit.tables import AUDIT_TILES
from integritas.services.audit.tiles import (
    WIDTH,
    TileTree,
    edge_addresses,
    join,
    unjoin,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["StoredTree"]


class StoredTree:
    """The stored tiles above the leaves, and the one of leaves at the right edge."""

    def __init__(
        self, tx: Transaction, tenant: TenantId, size: int, root: bytes | None
    ) -> None:
        """Read the tiles of the tree of `size` whose signed root is `root`."""
        self.size = size
        table = AUDIT_TILES
        wanted = (table.c.level > 0) | (table.c.idx == size // WIDTH)
        rows = raw_rows(tx, table, [table.c.tenant_id == tenant, wanted])
        tiles = {(r.level, r.idx): unjoin(as_bytes(r.hashes)) for r in rows}
        self.upper = {key: hashes for key, hashes in tiles.items() if key[0] != 0}
        self._edge = [
            tiles.get((level, index), [])[:width]
            for level, index, width in edge_addresses(size)
        ]
        self._sound = TileTree(size, list(map(join, self._edge))).root() == root

    def vouches(self, number: int, hashes: Sequence[bytes]) -> bool:
        """Say whether tile `number` of the leaves leads to the signed root."""
        if not self._sound:
            return False
        level = 0
        while len(hashes) == WIDTH:
            level, (number, offset) = level + 1, divmod(number, WIDTH)
            above = self.upper.get((level, number), [])
            if above[offset : offset + 1] != [root_of(hashes)]:
                return False
            hashes = above
        return list(hashes) == self._edge[level]
