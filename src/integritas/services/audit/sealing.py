"""Appending: drafts become leaves under a signed checkpoint.

Before it signs, the sealer makes sure that the stored log is the one it signed last: it
would otherwise sign a fork, which tlog-checkpoint forbids. What it signed last it keeps
in memory with the tree's right edge, so a batch costs one look at the stored head.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import structlog

from integritas.kernel.clock import parse_time
from integritas.kernel.contracts import LoggedEntry
from integritas.kernel.errors import (
    Conflict,
    FieldError,
    IntegrityViolation,
    InvalidInput,
    NotFound,
)
from integritas.kernel.ids import EventId
from integritas.services.audit import store
from integritas.services.audit.anchors import Anchor, Anchors
from integritas.services.audit.drafts import Draft
from integritas.services.audit.handover import handover_draft, key_chain
from integritas.services.audit.merkle import leaf_hash
from integritas.services.audit.notes import (
    SigningKey,
    VerifierKey,
    checkpoint_text,
    parse_checkpoint,
)
from integritas.services.audit.tiles import TileTree
from integritas.services.audit.writing import AlreadyThere, LogWriter, log_writer

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from integritas.kernel.clock import Randomness
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["Sealed", "Sealer"]

Same: TypeAlias = Callable[[LoggedEntry, Draft], bool]
"""Says whether an entry that is logged, or about to be, tells of a draft's event."""

_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Where the drafts stand in the log, in their order, and the head above them."""

    indexes: Sequence[int]
    head: store.Head


@dataclass(frozen=True, slots=True)
class _Log:
    """A log as it was signed last; `tree` is never changed in place."""

    signer: SigningKey
    head: store.Head | None
    tree: TileTree


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
        self.origin: Final = origin
        self._randomness = randomness
        self._logs: dict[TenantId, _Log] = {}

    def forget(self, tenant: TenantId) -> None:
        """Forget what was signed last: only for a log that is wiped on purpose."""
        self._logs.pop(tenant, None)

    def append(
        self,
        tx: Transaction,
        tenant: TenantId,
        drafts: Sequence[Draft],
        *,
        same: Same | None = None,
    ) -> Sealed | None:
        """Append drafts and sign one checkpoint, in the caller's transaction.

        Events that the log holds already, with a body that is the `same` (to the byte,
        if nothing else is said), are passed over. None: there is no log yet and nothing
        to begin it with.

        Raises:
            Conflict: an event id that is logged with another body.
            IntegrityViolation: a log that is not what was signed last, or was rolled
                back; a key that is not its.
            StorageFailure: the key or the remembered checkpoint cannot be read.
        """
        writer = log_writer(tx, tenant)
        log = self._open(tx, tenant, writer)
        size = log.tree.size
        if not drafts:
            return Sealed((), log.head) if log.head else None
        indexes: Sequence[int] = range(size, size + len(drafts))
        fresh = drafts
        try:
            leaves = writer.insert(size, drafts)
        except AlreadyThere:
            fresh, indexes = _fresh(tx, tenant, size, drafts, same or _to_the_byte)
            leaves = writer.insert(size, fresh) if fresh else []
        if not leaves:
            assert log.head is not None  # noqa: S101 - all of it is in the log
            return Sealed(indexes, log.head)
        store.save_personal(tx, tenant, fresh)
        tree = log.tree.copy()
        writer.save_tiles(tree.extend(leaves))
        head = _sign(log, tree, max(draft.time for draft in fresh))
        writer.insert_checkpoint(head)
        sealed = _Log(log.signer, head, tree)
        tx.after_commit(lambda: self._remember(tenant, sealed))
        return Sealed(indexes, head)

    def rotate(
        self, tx: Transaction, tenant: TenantId, *, time: str, actor: str
    ) -> SigningKey:
        """Hand the log over to a new key, which signs from the next batch on.

        Raises:
            NotFound: there is no log yet.
        """
        writer = log_writer(tx, tenant)
        log = self._open(tx, tenant, writer)
        if log.head is None:
            raise NotFound("the audit log has no entry yet, so no key to rotate")
        origin = self.origin(tenant)
        new = self._anchors.make_next_key(origin, self._randomness)
        size = log.tree.size + 1
        draft = handover_draft(origin, size, log.signer, new, time=time, actor=actor)
        self.append(tx, tenant, [draft])
        tx.after_commit(lambda: self._use_next(tenant, new))
        return new

    def _use_next(self, tenant: TenantId, new: SigningKey) -> None:
        origin = self.origin(tenant)
        self._anchors.settle_next_key(origin, {new.verifier.vkey()})
        log = self._logs[tenant]
        self._logs[tenant] = _Log(new, log.head, log.tree)

    def _open(self, tx: Transaction, tenant: TenantId, writer: LogWriter) -> _Log:
        """Return the log, having made sure that signing on would be no fork."""
        kept = self._logs.get(tenant)
        if kept is not None and kept.head is not None:
            head = kept.head
            if writer.end() == (head.number, head.note, head.size - 1):
                return kept
        stored = store.find_head(tx, tenant)
        signer = self._signer(tx, tenant, stored, kept)
        return _Log(signer, stored, store.load_tree(tx, tenant, stored))

    def _signer(
        self,
        tx: Transaction,
        tenant: TenantId,
        head: store.Head | None,
        kept: _Log | None,
    ) -> SigningKey:
        origin = self.origin(tenant)
        if kept is not None and kept.head is not None:
            anchor: Anchor | None = Anchor(kept.head.number, kept.head.note)
        else:
            anchor = self._anchors.find_anchor(origin)
        handovers = store.find_handovers(tx, tenant, origin)
        self._anchors.settle_next_key(origin, {h.new.vkey() for h in handovers})
        signer = self._anchors.find_key(origin)
        if head is None and anchor is None:
            signer = signer or self._anchors.make_key(origin, self._randomness)
        elif signer is None:
            raise IntegrityViolation(
                f"the key of {origin} is missing from the state folder: refusing to "
                "go on with another; restore the key"
            )
        _refuse_fork(origin, head, anchor)
        if head is not None:
            chain = key_chain([signer.verifier], handovers)
            _check_fit(origin, head, chain.keys_for(head.size))
        return signer

    def _remember(self, tenant: TenantId, log: _Log) -> None:
        assert log.head is not None  # noqa: S101 - just signed
        self._logs[tenant] = log
        try:
            self._anchors.remember(
                self.origin(tenant), Anchor(log.head.number, log.head.note)
            )
        except OSError as error:
            # The log itself is committed; the next batch remembers a later one.
            _LOG.error("audit.anchor_not_written", tenant=tenant, error=str(error))


def _sign(log: _Log, tree: TileTree, latest: str) -> store.Head:
    root = tree.root()
    text = checkpoint_text(log.signer.name, tree.size, root)
    created = parse_time(latest)
    return store.Head(
        number=log.head.number + 1 if log.head else 1,
        size=tree.size,
        root=root,
        note=f"{text}\n{log.signer.sign(text).line()}",
        created=max(log.head.created, created) if log.head else created,
    )


def _fresh(
    tx: Transaction,
    tenant: TenantId,
    size: int,
    drafts: Sequence[Draft],
    same: Same,
) -> tuple[Sequence[Draft], Sequence[int]]:
    """Return the drafts that the log does not hold, and where all of them stand."""
    known = {
        str(entry.event_id): entry
        for entry in store.find_entries(tx, tenant, [d.event_id for d in drafts])
    }
    fresh: list[Draft] = []
    indexes: list[int] = []
    for draft in drafts:
        found = known.get(draft.event_id)
        if found is None:
            found = LoggedEntry(
                size + len(fresh),
                EventId(draft.event_id),
                draft.body,
                leaf_hash(draft.body),
            )
            known[draft.event_id] = found
            fresh.append(draft)
        elif not same(found, draft):
            raise Conflict(
                f"{draft.place}: event {draft.event_id} is in the log already, with "
                "another body: refusing to log it twice",
                errors=(
                    FieldError(
                        "event_id",
                        f"{draft.event_id} is entry {found.index} of the log",
                        "give another event another id",
                    ),
                ),
            )
        indexes.append(found.index)
    return fresh, indexes


def _to_the_byte(found: LoggedEntry, draft: Draft) -> bool:
    return found.leaf_hash == leaf_hash(draft.body)  # the body may have been pruned


def _refuse_fork(origin: str, head: store.Head | None, anchor: Anchor | None) -> None:
    number = head.number if head else 0
    if anchor is None:
        return
    if anchor.number > number:
        raise IntegrityViolation(
            f"{origin} was rolled back: checkpoint {anchor.number} (size "
            f"{anchor.checkpoint.size}) was signed, but the database ends at "
            f"checkpoint {number}; restore the newer database"
        )
    if head is not None and anchor.number == number and anchor.note != head.note:
        raise IntegrityViolation(
            f"audit_checkpoints[{number}].note of {origin} is not the checkpoint "
            "that was signed: refusing to sign a fork; run integritas audit verify"
        )


def _check_fit(origin: str, head: store.Head, keys: tuple[VerifierKey, ...]) -> None:
    try:
        checkpoint = parse_checkpoint(head.note)
        fits = checkpoint.signed_by(keys)
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
