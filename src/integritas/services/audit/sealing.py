"""Appending: journal entries become leaves under a signed checkpoint.

Before it signs, the sealer makes sure that the stored log is the one it signed last: it
would otherwise sign a fork, which tlog-checkpoint forbids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from integritas.kernel.contracts import LoggedEntry
from integritas.kernel.errors import IntegrityViolation, InvalidInput
from integritas.services.audit import store
from integritas.services.audit.anchors import Anchor, Anchors
from integritas.services.audit.bodies import entry_body
from integritas.services.audit.merkle import leaf_hash
from integritas.services.audit.notes import (
    SigningKey,
    checkpoint_text,
    parse_checkpoint,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from integritas.journal.api import Entry
    from integritas.kernel.clock import Randomness
    from integritas.kernel.ids import EventId, TenantId
    from integritas.platform.db import Transaction

__all__ = ["Sealer"]

_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


class Sealer:
    """Appends to the logs of all tenants; one in an installation."""

    def __init__(
        self,
        anchors: Anchors,
        origin: Callable[[TenantId], str],
        randomness: Randomness,
    ) -> None:
        """Sign with the keys in `anchors`; `origin` names a tenant's log."""
        self._anchors = anchors
        self._origin = origin
        self._randomness = randomness
        self._signers: dict[TenantId, SigningKey] = {}
        self._sealed: dict[TenantId, Anchor] = {}

    def append(
        self, tx: Transaction, tenant: TenantId, entries: Sequence[Entry]
    ) -> None:
        """Append journal entries and sign one checkpoint, in the caller's transaction.

        Entries that the log holds already are passed over.

        Raises:
            IntegrityViolation: an event id that is logged with another body; a log that
                is not what was signed last, or was rolled back; a key that is not its.
            StorageFailure: the key or the remembered checkpoint cannot be read.
        """
        head = store.find_head(tx, tenant)
        signer = self._signer(tenant, head)
        fresh = _fresh(tx, tenant, entries)
        if not fresh:
            return
        tree = store.load_tree(tx, tenant, head)
        before = tree.size
        leaves = [
            LoggedEntry(before + number, event_id, body, leaf_hash(body))
            for number, (event_id, body) in enumerate(fresh.items())
        ]
        changed = tree.extend([leaf.leaf_hash for leaf in leaves])
        store.insert_entries(tx, tenant, leaves)
        store.save_tiles(tx, tenant, before, changed)
        times = [entry.time for entry in entries if entry.event_id in fresh]
        root = tree.root()
        text = checkpoint_text(signer.name, tree.size, root)
        sealed = store.Head(
            number=head.number + 1 if head else 1,
            size=tree.size,
            root=root,
            note=f"{text}\n{signer.sign(text).line()}",
            created=max([head.created, *times] if head else times),
        )
        store.insert_checkpoint(tx, tenant, sealed)
        tx.after_commit(lambda: self._remember(tenant, sealed))

    def _signer(self, tenant: TenantId, head: store.Head | None) -> SigningKey:
        """Return the key, having made sure that signing on would be no fork."""
        origin = self._origin(tenant)
        anchor = self._sealed.get(tenant) or self._anchors.find_anchor(origin)
        signer = self._signers.get(tenant) or self._anchors.find_key(origin)
        if head is None and anchor is None:
            signer = signer or self._anchors.make_key(origin, self._randomness)
        elif signer is None:
            raise IntegrityViolation(
                f"the key of {origin} is missing from the state folder: refusing to "
                "go on with another; restore the key"
            )
        self._refuse_fork(tenant, head, anchor, signer)
        self._signers[tenant] = signer
        return signer

    def _refuse_fork(
        self,
        tenant: TenantId,
        head: store.Head | None,
        anchor: Anchor | None,
        signer: SigningKey,
    ) -> None:
        origin, number = self._origin(tenant), head.number if head else 0
        if anchor is not None and anchor.number > number:
            raise IntegrityViolation(
                f"{origin} was rolled back: checkpoint {anchor.number} (size "
                f"{anchor.checkpoint.size}) was signed, but the database ends at "
                f"checkpoint {number}; restore the newer database"
            )
        if head is None:
            return
        if anchor is not None and anchor.number == number and anchor.note != head.note:
            raise IntegrityViolation(
                f"audit_checkpoints[{number}].note of {origin} is not the checkpoint "
                "that was signed: refusing to sign a fork; run integritas audit verify"
            )
        if self._sealed.get(tenant) != Anchor(number, head.note):
            _check_fit(origin, head, signer)

    def _remember(self, tenant: TenantId, sealed: store.Head) -> None:
        anchor = Anchor(sealed.number, sealed.note)
        self._sealed[tenant] = anchor
        try:
            self._anchors.remember(self._origin(tenant), anchor)
        except OSError as error:
            # The log itself is committed; the next batch remembers a later one.
            _LOG.error("audit.anchor_not_written", tenant=tenant, error=str(error))


def _fresh(
    tx: Transaction, tenant: TenantId, entries: Sequence[Entry]
) -> dict[EventId, bytes]:
    """Return the bodies of the entries that the log does not hold, in order."""
    known = {
        entry.event_id: entry.body
        for entry in store.find_entries(tx, tenant, [e.event_id for e in entries])
    }
    fresh: dict[EventId, bytes] = {}
    for entry in entries:
        body = entry_body(entry)
        logged = known.get(entry.event_id, fresh.get(entry.event_id))
        if logged is None:
            fresh[entry.event_id] = body
        elif logged != body:
            raise IntegrityViolation(
                f"journal[{entry.seq}]: event {entry.event_id} is in the log already, "
                "with another body: refusing to log it twice"
            )
    return fresh


def _check_fit(origin: str, head: store.Head, signer: SigningKey) -> None:
    try:
        checkpoint = parse_checkpoint(head.note)
        fits = checkpoint.signed_by((signer.verifier,))
    except InvalidInput:
        fits = False
    else:
        fits = fits and (checkpoint.origin, checkpoint.size, checkpoint.root) == (
            origin,
            head.size,
            head.root,
        )
    if not fits:
        raise IntegrityViolation(
            f"audit_checkpoints[{head.number}].note of {origin} was not signed by the "
            "key in the state folder: refusing to sign a fork; restore the key that "
            "belongs to this log, or run integritas audit verify"
        )
