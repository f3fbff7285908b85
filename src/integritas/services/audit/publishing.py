"""What the log shows: checkpoint, entries, tiles, proofs, bundles, keys."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import (
    Checkpoint,
    ConsistencyProof,
    InclusionProof,
    LoggedEntry,
)
from integritas.kernel.errors import FieldError, InvalidInput, NotFound, StorageFailure
from integritas.services.audit import store
from integritas.services.audit.anchors import Anchors
from integritas.services.audit.bundles import build_bundle
from integritas.services.audit.handover import KeyChain, key_chain
from integritas.services.audit.merkle import (
    HASH_BYTES,
    consistency_ranges,
    inclusion_ranges,
)
from integritas.services.audit.proving import Prover
from integritas.services.audit.reading import Searcher
from integritas.services.audit.records import is_pruned, names_any
from integritas.services.audit.siem import written
from integritas.services.audit.tiles import WIDTH, parse_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from pydantic import JsonValue

    from integritas.journal.api import Journal
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database, Transaction
    from integritas.services.audit.notes import VerifierKey
    from integritas.services.audit.search import EntryFilter

__all__ = ["Publisher"]

_PAGE: Final = 1_000


class Publisher:
    """Reads the logs of all tenants; nothing here writes to the database."""

    def __init__(
        self, database: Database, journal: Journal, state_dir: Path, origin: str
    ) -> None:
        """Read the logs in `database`; tenant `t` has the origin `ORIGIN/t`."""
        self.database: Final = database
        self.journal: Final = journal
        self._origin = origin
        self._anchors = Anchors(state_dir)
        self._prover = Prover(database)
        self._searcher = Searcher(database, state_dir, self.origin)
        self._seen: dict[TenantId, int] = {}

    def origin(self, tenant: TenantId) -> str:
        """Return the checkpoint origin of a tenant's log."""
        return f"{self._origin}/{tenant}"

    # Reading ---------------------------------------------------------------------

    async def checkpoint(self, tenant: TenantId, /) -> Checkpoint:
        """Return the newest signed checkpoint, with its cosignatures if it has any.

        Raises:
            NotFound: nothing was logged yet.
        """
        head = await self.database.read(lambda tx: _head(tx, tenant))
        origin = self.origin(tenant)
        try:
            cosigned = await asyncio.to_thread(self._anchors.find_witnessed, origin)
        except StorageFailure:  # `verify` says so; the log's own signature is enough
            cosigned = None
        if cosigned is not None and cosigned.note.startswith(head.note):
            return replace(head.checkpoint(origin), note=cosigned.note)
        return head.checkpoint(origin)

    async def entries(
        self, tenant: TenantId, /, *, start: int, limit: int
    ) -> Sequence[LoggedEntry]:
        """Return up to `limit` entries from index `start` on."""
        _within("start", start, 0, 2**62)
        _within("limit", limit, 1, 10_000)
        return await self.database.read(
            lambda tx: store.entries_from(tx, tenant, start=start, limit=limit)
        )

    async def search(
        self, tenant: TenantId, chosen: EntryFilter, /, *, start: int, limit: int
    ) -> Sequence[LoggedEntry]:
        """Return up to `limit` matching entries from index `start` on.

        Raises:
            StorageFailure: the search index cannot be used.
        """
        _within("start", start, 0, 2**62)
        _within("limit", limit, 1, 10_000)
        return await self._searcher.find(tenant, chosen, start=start, limit=limit)

    async def export(
        self,
        tenant: TenantId,
        chosen: EntryFilter,
        form: str,
        /,
        *,
        withheld: frozenset[str] = frozenset(),
    ) -> AsyncIterator[str]:
        """Yield matching entries as lines of `jsonl`, `csv`, `ocsf` or `cef`.

        Those that name something `withheld` are left out.
        """
        origin, header = self.origin(tenant), True
        start = 0
        while True:
            page = await self._searcher.find(tenant, chosen, start=start, limit=_PAGE)
            shown = [entry for entry in page if not names_any(entry, withheld)]
            lines = written(shown, form, origin)
            for number, line in enumerate(lines):
                if header or number or form != "csv":
                    yield line
            if not page:
                return
            start, header = page[-1].index + 1, False

    async def inclusion(
        self, tenant: TenantId, /, *, index: int, size: int | None = None
    ) -> InclusionProof:
        """Prove that entry `index` stands in the tree of `size` (the newest).

        Raises:
            InvalidInput: beyond the tree.
            NotFound: nothing was logged yet.
        """

        chosen = await self._tree("size", tenant, size)
        _within("index", index, 0, chosen - 1)
        leaf, *hashes = await self._prover.hashes(
            tenant, [(index, index + 1), *inclusion_ranges(index, chosen)]
        )
        return InclusionProof(index, chosen, leaf, tuple(hashes))

    async def consistency(
        self, tenant: TenantId, /, *, old: int, new: int | None = None
    ) -> ConsistencyProof:
        """Prove that the tree of `old` leaves is a prefix of that of `new`.

        Raises:
            InvalidInput: beyond the tree, or `old` is 0 or above `new`.
            NotFound: nothing was logged yet.
        """

        chosen = await self._tree("new", tenant, new)
        _within("old", old, 1, chosen)
        ranges = consistency_ranges(old, chosen)
        return ConsistencyProof(old, chosen, await self._prover.hashes(tenant, ranges))

    async def _tree(self, name: str, tenant: TenantId, size: int | None) -> int:
        """Return the size of the tree that is meant; trees only grow."""
        if size is None or not 0 < size <= self._seen.get(tenant, 0):
            newest = (await self.database.read(lambda tx: _head(tx, tenant))).size
            self._seen[tenant] = newest
            if size is not None:
                _within(name, size, 1, newest)
            size = size or newest
        return size

    async def tile(self, tenant: TenantId, path: str, /) -> bytes:
        """Return a resource of tlog-tiles: `<L>/<N>[.p/<W>]`, `entries/<N>[.p/<W>]`.

        Raises:
            InvalidInput: not such a path.
            NotFound: beyond the tree, or a bundle with entries that were pruned.
        """
        address = parse_path(path)

        def read(tx: Transaction) -> bytes:
            if address.level is not None:
                hashes = store.find_tile(tx, tenant, address.level, address.index)
                found, blob = (
                    len(hashes) // HASH_BYTES,
                    hashes[: address.width * HASH_BYTES],
                )
            else:
                bundle = store.entries_from(
                    tx, tenant, start=address.index * WIDTH, limit=address.width
                )
                if any(map(is_pruned, bundle)):
                    raise NotFound(f"entries of tile/{path} were pruned")
                found, blob = len(bundle), b"".join(map(_prefixed, bundle))
            if found < address.width:
                raise NotFound(f"tile/{path} lies beyond the log")
            return blob

        return await self.database.read(read)

    async def bundle(
        self, tenant: TenantId, /, *, subject: str
    ) -> Mapping[str, JsonValue]:
        """Return a self-contained evidence bundle of all entries on a subject.

        What was pruned has no body left to prove, so it is not in it.

        Raises:
            NotFound: the log holds no entry on it, or pruned ones alone.
        """
        event_ids: list[str] = []
        after = 0
        while page := await self.journal.read_subject(
            tenant, subject, after=after, limit=_PAGE
        ):
            event_ids += [entry.event_id for entry in page]
            after = page[-1].seq
        keys = await self.verifier_keys(tenant)

        def read(tx: Transaction) -> tuple[Sequence[LoggedEntry], Checkpoint]:
            wanted = event_ids + store.outside_on(tx, tenant, subject)
            found = store.find_entries(tx, tenant, wanted)
            if not found:
                raise NotFound(f"the audit log holds no entry on {subject!r}")
            found = [entry for entry in found if not is_pruned(entry)]
            if not found:
                raise NotFound(f"all entries on {subject!r} were pruned")
            return found, _head(tx, tenant).checkpoint(self.origin(tenant))

        found, checkpoint = await self.database.read(read)
        proofs = [
            await self._prover.hashes(
                tenant, inclusion_ranges(entry.index, checkpoint.size)
            )
            for entry in found
        ]
        return build_bundle(
            subject, checkpoint, keys, list(zip(found, proofs, strict=True))
        )

    async def verifier_keys(self, tenant: TenantId, /) -> Sequence[str]:
        """Return the verifier keys as C2SP vkeys, newest first; none before the first
        entry.
        """
        chain = await self._chain(tenant)
        return [key.vkey() for key in chain.newest_first()]

    async def has_log(self, tenant: TenantId, /) -> bool:
        """Say whether there is anything of a tenant: entries, or a remembered log."""
        if tenant in await self.journal.tenants():
            return True
        remembered = await asyncio.to_thread(self._anchors.origins)
        return self.origin(tenant) in remembered

    async def _chain(
        self, tenant: TenantId, keys: Sequence[VerifierKey] = ()
    ) -> KeyChain:
        """Return the keys of a log, from those trusted or the state folder's own."""
        origin = self.origin(tenant)
        if not keys:
            key = await asyncio.to_thread(self._anchors.find_key, origin)
            keys = (key.verifier,) if key is not None else ()
        try:
            handovers = await self.database.read(
                lambda tx: store.find_handovers(tx, tenant, origin)
            )
        except StorageFailure:  # whoever reads next says what is wrong
            handovers = []
        return key_chain(keys, handovers)


def _head(tx: Transaction, tenant: TenantId) -> store.Head:
    head = store.find_head(tx, tenant)
    if head is None:
        raise NotFound("the audit log has no entry yet")
    return head


def _prefixed(entry: LoggedEntry) -> bytes:
    return len(entry.body).to_bytes(2) + entry.body


def _within(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidInput(
            f"{name} lies outside the log",
            errors=(FieldError(name, f"{value} is given", f"choose {low} to {high}"),),
        )
