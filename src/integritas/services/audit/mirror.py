"""The log as static files or objects: `checkpoint`, `tile/<L>/<N>`, `tile/entries/<N>`.

What C2SP tlog-tiles clients read, from any web server, folder or bucket.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from integritas.kernel.errors import InvalidInput, NotFound, StorageFailure
from integritas.services.audit.tiles import (
    WIDTH,
    TileAddress,
    edge_addresses,
    tile_path,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integritas.kernel.ids import TenantId
    from integritas.services.audit.service import AuditTrail

__all__ = ["Mirrored", "write_mirror"]


class _Target(Protocol):
    """Where a mirror is written."""

    async def paths(self) -> set[str]:
        """Return the paths that are there already."""
        ...

    async def put(self, path: str, blob: bytes) -> None:
        """Write a file, all of it or nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How many files were written, and how many bundles have pruned entries."""

    written: int
    pruned: int


async def write_mirror(
    trail: AuditTrail, tenant: TenantId, where: str | Path
) -> Mirrored:
    """Write the log of a tenant.

    `where` is a folder, or the address of a bucket (`s3://bucket/prefix`; the settings
    of its client are read from the environment). What is there already is kept; the
    checkpoint comes last, so a reader never sees one whose tiles are missing. Bundles
    with entries that were pruned are left out: the tiles prove the tree without them.

    Raises:
        InvalidInput: it cannot be written.
        NotFound: nothing was logged yet.
        StorageFailure: the extra for buckets is not installed.
    """
    checkpoint = await trail.checkpoint(tenant)
    target = _open(where)
    written = pruned = 0
    try:
        there = await target.paths()
        for address in _addresses(checkpoint.size):
            path = f"tile/{tile_path(address)}"
            if path in there:
                continue
            try:
                blob = await trail.tile(tenant, tile_path(address))
            except NotFound:
                if address.level is not None:
                    raise
                pruned += 1
                continue
            await target.put(path, blob)
            written += 1
        await target.put("checkpoint", checkpoint.note.encode())
    except OSError as error:
        raise InvalidInput(f"{where} cannot be written: {error}") from error
    return Mirrored(written + 1, pruned)


def _open(where: str | Path) -> _Target:
    if isinstance(where, str) and "://" in where:
        return _Bucket(where)
    return _Folder(Path(where))


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def paths(self) -> set[str]:
        return await asyncio.to_thread(self._paths)

    def _paths(self) -> set[str]:
        found = (path for path in self._folder.rglob("*") if path.is_file())
        return {path.relative_to(self._folder).as_posix() for path in found}

    async def put(self, path: str, blob: bytes) -> None:
        await asyncio.to_thread(self._put, self._folder / path, blob)

    @staticmethod
    def _put(path: Path, blob: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f"{path.name}.new")
        scratch.write_bytes(blob)
        scratch.replace(path)


class _Bucket:
    """Objects behind any address that obstore knows; a put is atomic there."""

    def __init__(self, url: str) -> None:
        try:
            import obstore  # noqa: PLC0415 - an optional extra
            from obstore.exceptions import BaseError  # noqa: PLC0415 - as above
            from obstore.store import from_url  # noqa: PLC0415 - as above
        except ModuleNotFoundError as error:
            raise StorageFailure(
                f"{url} needs the extra: pip install integritas[objects]"
            ) from error
        self._obstore: Any = obstore
        self._failure = BaseError
        try:
            self._store = from_url(url)
        except (BaseError, ValueError) as error:
            raise InvalidInput(f"{url} cannot be used: {_first(error)}") from error

    async def paths(self) -> set[str]:
        found: set[str] = set()
        try:
            async for page in self._obstore.list(self._store):
                found |= {item["path"] for item in page}
        except self._failure as error:
            raise OSError(_first(error)) from error
        return found

    async def put(self, path: str, blob: bytes) -> None:
        kind = "text/plain" if path == "checkpoint" else "application/octet-stream"
        lasting = "no-cache" if path == "checkpoint" else _IMMUTABLE
        attributes = {"Content-Type": kind, "Cache-Control": lasting}
        try:
            await self._obstore.put_async(
                self._store, path, blob, attributes=attributes
            )
        except self._failure as error:
            raise OSError(_first(error)) from error


_IMMUTABLE = "public, max-age=31536000, immutable"


def _first(error: Exception) -> str:
    """Return what an error says, without its backtrace."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _addresses(size: int) -> Iterator[TileAddress]:
    """Yield every tile and bundle of a tree of `size`, partial ones as such."""
    for level, full, width in edge_addresses(size):
        kinds = (level, None) if level == 0 else (level,)
        for kind in kinds:
            for index in range(full):
                yield TileAddress(kind, index, WIDTH)
            if width:
                yield TileAddress(kind, full, width)
