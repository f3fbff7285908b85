"""The audit trail as a service: follows the journal, seals, keeps, verifies."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from integritas.journal.api import Entry, Follower, Journal
from integritas.kernel.clock import (
    Clock,
    Randomness,
    SystemRandomness,
    format_time,
)
from integritas.kernel.contracts import Fact
from integritas.kernel.errors import Conflict, IntegrityViolation
from integritas.kernel.ids import TenantId
from integritas.services.audit.agreement import (
    check_forms,
    check_journal,
    check_personal,
    check_types,
)
from integritas.services.audit.appending import Appended, Appender
from integritas.services.audit.bodies import entry_body
from integritas.services.audit.cosigning import cosign
from integritas.services.audit.drafts import TEXT_CHARACTERS, Draft
from integritas.services.audit.external import ExternalEvent, external_bodies
from integritas.services.audit.findings import Expectation
from integritas.services.audit.keeping import Keeper
from integritas.services.audit.notes import VerifierKey, parse_checkpoint
from integritas.services.audit.publishing import Publisher
from integritas.services.audit.sealing import Sealer
from integritas.services.audit.settling import check_settled, settle
from integritas.services.audit.verification import check_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    import httpx

    from integritas.kernel.contracts import Context, VerificationReport
    from integritas.platform.db import Database, Transaction
    from integritas.services.audit.records import Hold
    from integritas.services.audit.search import EntryFilter

__all__ = ["DEFAULT_ORIGIN", "FOLLOWER", "AuditTrail"]

DEFAULT_ORIGIN: Final = "integritas"
FOLLOWER: Final = "audit"
EXPORTED: Final = "integritas.audit.exported.v1"


class AuditTrail(Publisher):
    """The Merkle log of every tenant; satisfies `kernel.contracts.AuditLog`.

    Only one process of an installation may append (`handle`, `follower`); any may read.
    """

    def __init__(
        self,
        database: Database,
        journal: Journal,
        state_dir: Path,
        clock: Clock,
        origin: str = DEFAULT_ORIGIN,
        *,
        randomness: Randomness | None = None,
    ) -> None:
        """Keep the log beside `journal` in `database`, its keys in `state_dir`.

        Tenant `t` has the checkpoint origin `ORIGIN/t`. `clock` times verifications.
        """
        super().__init__(database, journal, state_dir, origin)
        self._clock = clock
        self._randomness = randomness or SystemRandomness()
        self._sealer = Sealer(self._anchors, self.origin, self._randomness)
        self._appender = Appender(database, self._sealer, self.origin)
        self._keeper = Keeper(database, journal, self._sealer, clock, self._randomness)

    def forget(self, tenant: TenantId) -> None:
        """Forget the last checkpoint seen: only for a log that is wiped on purpose."""
        self._sealer.forget(tenant)
        self._prover.forget(tenant)
        self._seen.pop(tenant, None)
        self._anchors.forget(self.origin(tenant))
        if self.journal.mark is not None:
            self.journal.mark.clear()

    async def settle(self) -> None:
        """Log what waits, and mark that all is logged: the last act of a platform."""
        await settle(self.journal, self.follower(), self._clock)

    # Appending -------------------------------------------------------------------

    def follower(self) -> Follower:
        """Return the follower that feeds this log; its cursor is named `audit`."""
        return Follower(FOLLOWER, self.journal, self.database, self.handle)

    def handle(
        self, tx: Transaction, tenant: TenantId, entries: Sequence[Entry]
    ) -> None:
        """Append journal entries and sign one checkpoint, in the caller's transaction.

        Entries that the log holds already are passed over.

        Raises:
            IntegrityViolation: an event id that is logged with another body; a log that
                is not what was signed last, or was rolled back; a key that is not its.
            StorageFailure: the key or the remembered checkpoint cannot be read.
        """
        drafts = [
            Draft(
                entry.event_id,
                entry_body(entry),
                format_time(entry.time),
                f"journal[{entry.seq}]",
            )
            for entry in entries
        ]
        try:
            self._sealer.append(tx, tenant, drafts)
        except Conflict as error:
            raise IntegrityViolation(error.detail) from error

    async def append(self, tenant: TenantId, bodies: Sequence[bytes], /) -> Appended:
        """Append entries of an outside system, canonical JSON each; all or none.

        When this returns they are in the tree, under a signed checkpoint, durable.

        Raises:
            Conflict: an event id that is logged with other content.
            ContentTooLarge: an entry over 65,535 bytes.
            InvalidInput: an entry that is not canonical JSON, or none at all.
            IntegrityViolation: as in `handle`.
        """
        return await self._appender.append(tenant, bodies)

    async def append_events(
        self, context: Context, events: Sequence[ExternalEvent], /
    ) -> Appended:
        """Append events of an outside system on behalf of a caller; else as `append`.

        Raises:
            ContentTooLarge: more personal data than an entry may have.
            InvalidInput: data that has no canonical form.
        """
        bodies, personal = external_bodies(
            context, events, self._clock.now(), self._randomness
        )
        return await self._appender.append(context.tenant, bodies, personal)

    async def cosign(
        self, tenant: TenantId, client: httpx.AsyncClient, witness: VerifierKey, /
    ) -> str:
        """Have a witness cosign the newest checkpoint; keep and return the note.

        `verify` holds the log against it from then on. Errors as in `cosigning`.
        """
        note = await cosign(self, tenant, client, witness)
        await asyncio.to_thread(
            self._anchors.remember_witnessed, parse_checkpoint(note)
        )
        return note

    async def rotate_key(self, context: Context, /) -> str:
        """Hand the log over to a new key, by an entry both sign; return its vkey.

        Raises:
            NotFound: nothing was logged yet.
        """
        time, actor = format_time(self._clock.now()), context.actor.id
        new = await self.database.transact(
            lambda tx: self._sealer.rotate(tx, context.tenant, time=time, actor=actor)
        )
        return new.verifier.vkey()

    async def record_export(
        self,
        context: Context,
        /,
        *,
        form: str,
        subject: str | None = None,
        chosen: EntryFilter | None = None,
    ) -> None:
        """Journal that entries are handed out, before they are.

        What was searched for may name people, so it stands beside the entry.
        """
        wanted = asdict(chosen) if chosen is not None else {}
        told = {name: value for name, value in wanted.items() if value is not None}
        about = subject or self.origin(context.tenant)[:TEXT_CHARACTERS]
        fact = Fact(
            EXPORTED, about, {"format": form}, {"filter": told} if told else None
        )
        await self.database.transact(
            lambda tx: self.journal.record(tx, context, [fact])
        )

    # Keeping ---------------------------------------------------------------------

    async def holds(self, tenant: TenantId, /) -> Sequence[Hold]:
        """Return the legal holds that last, by subject."""
        return await self._keeper.holds(tenant)

    async def hold(self, context: Context, /, *, subject: str, reason: str) -> None:
        """Put a subject (`*`: everything) under legal hold: nothing on it goes."""
        await self._keeper.hold(context, subject, reason)

    async def release(self, context: Context, /, *, subject: str, reason: str) -> None:
        """End a legal hold.

        Raises:
            NotFound: it is under none.
        """
        await self._keeper.release(context, subject, reason)

    async def erase(self, context: Context, /, *, subject: str, reason: str) -> int:
        """Erase the personal data beside entries on a subject; return how much.

        Raises:
            Refused: it is under legal hold.
        """
        return await self._keeper.erase(context, subject, reason)

    async def prune(self, context: Context, /, *, before: datetime, reason: str) -> int:
        """Prune the payloads of older entries; return of how many. Hashes stay.

        Raises:
            IntegrityViolation: the log does not verify: pruning would hide why.
        """
        report = await self.verify(context.tenant)
        if not report.sound:
            found = report.differences[0]
            raise IntegrityViolation(
                f"{found.place}: {found.message}; a log that does not verify is not "
                "pruned: run integritas audit verify"
            )
        pruned = await self._keeper.prune(context, before, reason)
        if pruned:
            await self._searcher.clear(context.tenant)
        return pruned

    # Verifying -------------------------------------------------------------------

    async def verify(
        self,
        tenant: TenantId,
        /,
        *,
        keys: Sequence[VerifierKey] = (),
        checkpoints: Sequence[str] = (),
        settled: bool = False,
    ) -> VerificationReport:
        """Re-compute everything and compare; nothing is written.

        `keys` replace those of the state folder; `checkpoints` are signed notes the
        log must be an extension of, beside the one remembered in the state folder.
        `settled`: the platform was stopped in order, so no entry may wait to be logged.
        """
        origin = self.origin(tenant)
        cosigned = await asyncio.to_thread(self._anchors.find_witnessed, origin)
        witnessed = [cosigned] if cosigned is not None else []
        expectation = Expectation(
            tenant=tenant,
            origin=origin,
            now=self._clock.now(),
            keys=await self._chain(tenant, keys),
            anchor=await asyncio.to_thread(self._anchors.find_anchor, origin),
            checkpoints=(*map(parse_checkpoint, checkpoints), *witnessed),
        )
        handled = await self._handled(tenant)
        log = await self.database.read(lambda tx: check_log(tx, expectation))
        await check_types(self.journal, tenant, log)
        if handled is None:
            log.differ("journal", "its numbers cannot be read")
            return log.report(origin)
        others = await asyncio.to_thread(self._anchors.origins)
        prefix = self.origin(TenantId(""))
        await check_journal(
            self.journal,
            tenant,
            log,
            handled=handled,
            others=[tenant] * bool(log.tree.size)
            + [o.removeprefix(prefix) for o in others if o.startswith(prefix)],
        )
        await check_forms(self.journal, tenant, log, handled=handled, settled=settled)
        if not settled:  # else nothing may wait, mark or no mark
            await check_settled(self.journal, tenant, log)
        await check_personal(self.journal, tenant, log)
        return log.report(origin)

    async def _handled(self, tenant: TenantId) -> int | None:
        """Return up to where the journal was logged; None if that cannot be read."""
        try:
            # Read before the lag, so the cursor is at least their difference.
            head = await self.journal.head(tenant)
            return head - await self.follower().lag(tenant)
        except ValueError:  # SQLite keeps any type in any column
            return None
