"""The log as a static tree of files: `checkpoint`, `tile/<L>/<N>`, `tile/entries/<N>`.

What C2SP tlog-tiles clients read, from any web server or folder.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from integritas.kernel.errors import InvalidInput
from integritas.services.audit.tiles import (
    WIDTH,
    TileAddress,
    edge_addresses,
    tile_path,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from integritas.kernel.ids import TenantId
    from integritas.services.audit.service import AuditTrail

__all__ = ["write_mirror"]


async def write_mirror(trail: AuditTrail, tenant: TenantId, folder: Path) -> int:
    """Write the log of a tenant into `folder`; return how many files were written.

    Full tiles that are there already are kept; the checkpoint comes last, so a reader
    never sees one whose tiles are missing.

    Raises:
        InvalidInput: the folder cannot be written.
        NotFound: nothing was logged yet.
    """
    checkpoint = await trail.checkpoint(tenant)
    written = 0
    try:
        for address in _addresses(checkpoint.size):
            path = folder / "tile" / tile_path(address)
            if not path.exists():
                blob = await trail.tile(tenant, tile_path(address))
                await asyncio.to_thread(_write, path, blob)
                written += 1
        note = checkpoint.note.encode()
        await asyncio.to_thread(_write, folder / "checkpoint", note)
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written: {error}") from error
    return written + 1


def _addresses(size: int) -> Iterator[TileAddress]:
    """Yield every tile and bundle of a tree of `size`, partial ones as such."""
    for level, full, width in edge_addresses(size):
        kinds = (level, None) if level == 0 else (level,)
        for kind in kinds:
            for index in range(full):
                yield TileAddress(kind, index, WIDTH)
            if width:
                yield TileAddress(kind, full, width)


def _write(path: Path, blob: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f"{path.name}.new")
    scratch.write_bytes(blob)
    scratch.replace(path)
