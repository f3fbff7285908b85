"""The allow-lists of all tenants: kept by a second person, read by every assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from integritas.kernel.contracts import Fact, Finding, FindingKind
from integritas.kernel.errors import FieldError, InvalidInput, NotFound, Refused
from integritas.platform.db import Transaction
from integritas.services.compliance.allowing.store import (
    Allowed,
    allowed_of,
    delete_allowed,
    find_allowed,
    list_allowed,
    past_of,
    put_allowed,
    withdraw_allowed,
)

if TYPE_CHECKING:
    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Context, Evidence, Recorder, UnitOfWork
    from integritas.kernel.ids import FindingId, IdFactory, TenantId
    from integritas.platform.db import Database

__all__ = ["NOBODY", "AllowDesk", "AllowList", "HitReader", "ReviewedHit"]

ALLOWED: Final = "integritas.compliance.hit_allowed.v1"
WITHDRAWN: Final = "integritas.compliance.hit_allowance_withdrawn.v1"
_DISMISSED: Final = "dismissed"
_FRESH: Final = timedelta(seconds=1)
_MOST_DAYS: Final = 3_650


class ReviewedHit(Protocol):
    """A finding as cases keep it: what of it this service needs."""

    @property
    def id(self) -> FindingId:
        """Return the finding's id."""
        ...

    @property
    def finding(self) -> Finding:
        """Return the finding."""
        ...

    @property
    def case_id(self) -> str:
        """Return its case."""
        ...

    @property
    def review(self) -> str:
        """Return `open`, `confirmed` or `dismissed`."""
        ...

    @property
    def reviewed_by(self) -> str | None:
        """Return who reviewed it."""
        ...

    @property
    def review_reason(self) -> str:
        """Return why."""
        ...

    @property
    def proposed(self) -> str | None:
        """Return what waits for a second person: `confirmed` or `dismissed`."""
        ...

    @property
    def proposed_by(self) -> str | None:
        """Return who proposed the review, that waits or was agreed to."""
        ...

    @property
    def proposed_reason(self) -> str | None:
        """Return why it was proposed."""
        ...

    @property
    def created_at(self) -> datetime:
        """Return when it was found."""
        ...


class HitReader(Protocol):
    """Where hits are kept; bootstrap supplies it."""

    async def finding(self, tenant: TenantId, finding_id: FindingId) -> ReviewedHit:
        """Return a finding, or raise NotFound."""
        ...

    async def hits(
        self,
        tenant: TenantId,
        *,
        review: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[ReviewedHit]:
        """Return the hits of all cases, newest first."""
        ...


@dataclass(frozen=True, slots=True)
class AllowList:
    """The pairs of a tenant at one moment."""

    pairs: Mapping[tuple[str, str, str], Allowed]
    now: datetime

    def find(self, party: str, list_: str, uid: str, digest: str) -> Allowed | None:
        """Return the word on a pair, if it still holds."""
        found = self.pairs.get((party, list_, uid))
        if found is None or found.entry_digest != digest:
            return None
        return found if found.expires_at > self.now else None


NOBODY: Final = AllowList({}, datetime.min.replace(tzinfo=UTC))


class AllowDesk:
    """The allow-lists of all tenants, over one database."""

    def __init__(
        self, database: Database, recorder: Recorder, clock: Clock, ids: IdFactory
    ) -> None:
        """Read nothing yet."""
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._ids = ids
        self._kept: dict[TenantId, AllowList] = {}

    async def allow(
        self, context: Context, hit: ReviewedHit, reason: str, days: int
    ) -> Allowed:
        """Put the pair of a dismissed hit on the list, for some days.

        Raises:
            InvalidInput: there is no reason, or the days are out of bounds.
            Refused: it is no hit, not dismissed, or the person dismissed it.
        """
        _check(reason, days)
        data = hit.finding.data
        if hit.finding.kind is not FindingKind.HIT or "party" not in data:
            raise Refused("only a watchlist hit can be put on the allow-list")
        _check_dismissed(hit, context.actor.id)
        now = self._clock.now()
        allowed = Allowed(
            id=self._ids.new("allow"),
            party=str(data["party"]),
            list=str(data["list"]),
            uid=str(data["uid"]),
            entry_digest=str(data["entry_digest"]),
            finding=hit.id,
            reason=reason,
            created_by=context.actor.id,
            created_at=now,
            expires_at=now + timedelta(days=days),
        )

        def work(tx: Transaction) -> None:
            put_allowed(tx, context.tenant, allowed)
            self._record(tx, context, ALLOWED, allowed)

        await self._database.transact(work)
        self._forget(context.tenant)
        return allowed

    async def withdraw(
        self,
        context: Context,
        allowed_id: str,
        withheld: frozenset[str] = frozenset(),
    ) -> None:
        """Take a pair off the list.

        Raises:
            NotFound: there is none of that id, or it is of a finding `withheld`.
        """

        def work(tx: Transaction) -> None:
            found = find_allowed(tx, context.tenant, allowed_id)
            if found is None or found.finding in withheld:
                raise NotFound(f"there is no {allowed_id} on the allow-list")
            withdraw_allowed(tx, context.tenant, found)
            self._record(tx, context, WITHDRAWN, found)

        await self._database.transact(work)
        self._forget(context.tenant)

    def erase(
        self, uow: UnitOfWork, context: Context, evidence: Sequence[Evidence]
    ) -> Sequence[str]:
        """Take the pairs of whom evidence tells of off the list.

        The journal says which went, without the reason they were there for. Returns
        their ids and those of pairs that left the list before: the reasons stand
        beside the entries on them, and are the caller's to erase.
        """
        assert isinstance(uow, Transaction)  # noqa: S101 - narrows the protocol
        gone = allowed_of(uow, context.tenant, evidence)
        past = past_of(uow, context.tenant, evidence)
        for pair in gone:
            delete_allowed(uow, context.tenant, pair.id)
            self._record(uow, context, WITHDRAWN, replace(pair, reason=""))
        if gone:
            uow.after_commit(lambda: self._forget(context.tenant))
        return [*(pair.id for pair in gone), *past]

    def _forget(self, tenant: TenantId) -> None:
        self._kept.pop(tenant, None)

    async def list(
        self, tenant: TenantId, *, before: str | None = None, limit: int = 50
    ) -> Sequence[Allowed]:
        """Return pairs, newest first; those that have run out too."""
        return await self._database.read(
            lambda tx: list_allowed(tx, tenant, before=before, limit=limit)
        )

    async def allow_list(self, tenant: TenantId) -> AllowList:
        """Return the pairs of a tenant as of now, at most a second old."""
        now = self._clock.now()
        kept = self._kept.get(tenant)
        if kept is None or not timedelta() <= now - kept.now < _FRESH:
            found = await self._database.read(lambda tx: list_allowed(tx, tenant))
            pairs = {(a.party, a.list, a.uid): a for a in found}
            kept = self._kept[tenant] = AllowList(pairs, now)
        return kept

    def _record(
        self, tx: Transaction, context: Context, kind: str, allowed: Allowed
    ) -> None:
        fact = Fact(
            type=kind,
            subject=allowed.id,
            data=allowed.told(),
            personal={"reason": allowed.reason},
        )
        self._recorder.record(tx, context, [fact])


def _check_dismissed(hit: ReviewedHit, actor: str) -> None:
    if hit.proposed is not None:
        raise Refused(
            f"a review of the hit ({hit.proposed}) waits for a second person, who"
            " agrees or refuses first"
        )
    if hit.review != _DISMISSED:
        raise Refused("the hit is not dismissed: review it first, with a reason")
    # Where two people dismissed it either may go on: two have looked.
    if hit.reviewed_by == actor and hit.proposed_by in {None, actor}:
        raise Refused("somebody else than who dismissed the hit must allow it")


def _check(reason: str, days: int) -> None:
    errors = []
    if not reason.strip():
        errors.append(FieldError("reason", "is empty", "say why it is no hit"))
    if not 1 <= days <= _MOST_DAYS:
        what = f"is not from 1 to {_MOST_DAYS}"
        errors.append(FieldError("days", what, "name the days it holds"))
    if errors:
        raise InvalidInput("the pair is not valid", errors=tuple(errors))
