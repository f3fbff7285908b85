"""The webhook desk: keeps webhooks, shows deliveries, replays them."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.delivery.addresses import Networks, Resolve, check_url, resolve
from integritas.delivery.model import (
    Confidential,
    Delivery,
    DeliveryId,
    DeliveryState,
    NewWebhook,
    Webhook,
    WebhookChanges,
    WebhookId,
    cases_in,
    none_confidential,
    wants,
)
from integritas.delivery.signing import new_secret
from integritas.delivery.tables import DELIVERIES, WEBHOOKS
from integritas.journal.api import Entry, Follower, Journal
from integritas.kernel.contracts import Context, Fact
from integritas.kernel.errors import Conflict, FieldError, NotFound, VersionConflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.clock import Clock, Randomness
    from integritas.kernel.ids import IdFactory, TenantId
    from integritas.platform.db import Database, Transaction

__all__ = ["Webhooks", "delivery_of", "webhook_of"]

CHANGED: Final = "integritas.webhook.changed.v1"
REPLAYED: Final = "integritas.delivery.replayed.v1"
OLD_SECRET_COUNTS: Final = timedelta(hours=24)


class Webhooks:
    """Keeps webhooks; queues a delivery for each event they want, exactly once."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        randomness: Randomness,
        ids: IdFactory,
        *,
        networks: Networks = (),
        resolve: Resolve = resolve,
        confidential: Confidential = none_confidential,
    ) -> None:
        """Take the parts; `networks` may be told of events though they are private.

        Of `confidential` cases no webhook is told.
        """
        self._confidential = confidential
        self._database = database
        self._journal = journal
        self._clock = clock
        self._randomness = randomness
        self._ids = ids
        self._networks = networks
        self._resolve = resolve

    # Keeping ---------------------------------------------------------------------

    async def create(self, context: Context, new: NewWebhook) -> Webhook:
        """Keep a webhook; it is told of what happens from now on.

        Raises:
            InvalidInput: no message would go to its address.
        """
        await check_url(new.url, self._networks, self._resolve)
        now = self._clock.now()
        webhook = Webhook(
            tenant=context.tenant,
            id=WebhookId(self._ids.new("wh")),
            url=new.url,
            types=new.types,
            description=new.description,
            secret=new_secret(self._randomness),
            created_by=context.actor.id,
            created_at=now,
            updated_at=now,
        )

        def work(tx: Transaction) -> Webhook:
            tx.insert(WEBHOOKS, [_webhook_row(webhook)])
            self._tell(tx, context, webhook, "created")
            return webhook

        return await self._database.transact(work)

    async def get(self, tenant: TenantId, webhook_id: WebhookId) -> Webhook:
        """Return a webhook, or raise NotFound."""
        return await self._database.read(lambda tx: _webhook(tx, tenant, webhook_id))

    async def list(
        self, tenant: TenantId, *, before: str | None = None, limit: int = 50
    ) -> Sequence[Webhook]:
        """Return webhooks, newest first, older than the id `before`."""
        query = sa.select(WEBHOOKS).where(WEBHOOKS.c.tenant_id == tenant)
        if before is not None:
            query = query.where(WEBHOOKS.c.id < before)
        query = query.order_by(WEBHOOKS.c.id.desc()).limit(limit)
        return await self._database.read(
            lambda tx: [webhook_of(row) for row in tx.execute(query)]
        )

    async def change(
        self, context: Context, webhook_id: WebhookId, changes: WebhookChanges
    ) -> Webhook:
        """Change a webhook; with a new secret the old one counts for a day more.

        Raises:
            NotFound, VersionConflict, InvalidInput.
        """
        if changes.url is not None:
            await check_url(changes.url, self._networks, self._resolve)

        def work(tx: Transaction) -> Webhook:
            before = _webhook(tx, context.tenant, webhook_id, lock=True)
            if changes.expect not in {None, before.version}:
                raise VersionConflict(
                    f"webhook {webhook_id} is at version {before.version}, "
                    f"not {changes.expect}",
                    errors=(
                        FieldError(
                            "If-Match",
                            f"{changes.expect} is stale",
                            "read the webhook and try again",
                        ),
                    ),
                )
            after = self._changed(before, changes)
            if after == before:
                return before
            after = replace(
                after, version=before.version + 1, updated_at=self._clock.now()
            )
            tx.execute(
                sa.update(WEBHOOKS)
                .where(_is(WEBHOOKS, context.tenant, webhook_id))
                .values(_webhook_row(after))
            )
            self._tell(tx, context, after, "changed")
            return after

        return await self._database.transact(work)

    async def delete(self, context: Context, webhook_id: WebhookId) -> None:
        """Forget a webhook and what is on its way to it; raises NotFound."""

        def work(tx: Transaction) -> None:
            webhook = _webhook(tx, context.tenant, webhook_id, lock=True)
            tx.execute(
                sa.delete(DELIVERIES).where(
                    DELIVERIES.c.tenant_id == context.tenant,
                    DELIVERIES.c.webhook_id == webhook_id,
                )
            )
            tx.execute(
                sa.delete(WEBHOOKS).where(_is(WEBHOOKS, context.tenant, webhook_id))
            )
            self._tell(tx, context, webhook, "deleted")

        await self._database.transact(work)

    # Deliveries ------------------------------------------------------------------

    async def deliveries(
        self,
        tenant: TenantId,
        webhook_id: WebhookId,
        *,
        state: DeliveryState | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[Delivery]:
        """Return deliveries to a webhook, newest first, or raise NotFound."""
        query = sa.select(DELIVERIES).where(
            DELIVERIES.c.tenant_id == tenant, DELIVERIES.c.webhook_id == webhook_id
        )
        if state is not None:
            query = query.where(DELIVERIES.c.state == state.value)
        if before is not None:
            query = query.where(DELIVERIES.c.id < before)
        query = query.order_by(DELIVERIES.c.id.desc()).limit(limit)

        def read(tx: Transaction) -> Sequence[Delivery]:
            _webhook(tx, tenant, webhook_id)
            return [delivery_of(row) for row in tx.execute(query)]

        return await self._database.read(read)

    async def replay(self, context: Context, delivery_id: DeliveryId) -> Delivery:
        """Send an event to its webhook once more, as a delivery of its own.

        Raises:
            NotFound: no such delivery.
            Conflict: it is on its way, or its webhook is disabled.
        """

        def work(tx: Transaction) -> Delivery:
            query = sa.select(DELIVERIES).where(
                _is(DELIVERIES, context.tenant, delivery_id)
            )
            row = tx.execute(query).one_or_none()
            if row is None:
                raise NotFound(f"there is no delivery {delivery_id}")
            before = delivery_of(row)
            if before.state is DeliveryState.PENDING:
                raise Conflict(f"delivery {delivery_id} is on its way")
            if not _webhook(tx, context.tenant, before.webhook_id).enabled:
                raise _disabled(before.webhook_id)
            now = self._clock.now()
            again = Delivery(
                tenant=before.tenant,
                id=DeliveryId(self._ids.new("dlv")),
                webhook_id=before.webhook_id,
                seq=before.seq,
                event_id=before.event_id,
                type=before.type,
                created_at=now,
                due_at=now,
                replay_of=before.id,
            )
            tx.insert(DELIVERIES, [_delivery_row(again)])
            fact = Fact(
                type=REPLAYED,
                subject=before.webhook_id,
                data={"delivery": again.id, "replay_of": before.id},
            )
            self._journal.record(tx, context, [fact])
            return again

        return await self._database.transact(work)

    def follower(self) -> Follower:
        """Return what queues deliveries, in the commit that moves its cursor."""
        return Follower(
            "webhooks",
            self._journal,
            self._database,
            self._queue,
            idle=lambda tx, tenant: not _enabled(tx, tenant),
        )

    def _queue(
        self, tx: Transaction, tenant: TenantId, entries: Sequence[Entry]
    ) -> None:
        webhooks = _enabled(tx, tenant)
        wanted = [
            (webhook, entry)
            for entry in entries
            for webhook in webhooks
            if wants(webhook, entry.type)
        ]
        named = {entry.seq: cases_in(entry) for _, entry in wanted}
        kept_back = self._confidential(
            tx, tenant, {case for cases in named.values() for case in cases}
        )
        wanted = [each for each in wanted if not named[each[1].seq] & kept_back]
        now = self._clock.now()
        ids = self._ids.many("dlv", len(wanted))
        tx.insert(
            DELIVERIES,
            [
                _delivery_row(
                    Delivery(
                        tenant=tenant,
                        id=DeliveryId(delivery_id),
                        webhook_id=webhook.id,
                        seq=entry.seq,
                        event_id=entry.event_id,
                        type=entry.type,
                        created_at=now,
                        due_at=now,
                    )
                )
                for delivery_id, (webhook, entry) in zip(ids, wanted, strict=True)
            ],
        )

    def _changed(self, before: Webhook, changes: WebhookChanges) -> Webhook:
        given = {
            name: value
            for name in ("url", "types", "description", "enabled")
            if (value := getattr(changes, name)) is not None
        }
        after = replace(before, **given)
        if changes.enabled:
            after = replace(after, disabled_because="")
        if not changes.rotate_secret:
            return after
        return replace(
            after,
            secret=new_secret(self._randomness),
            old_secret=before.secret,
            old_secret_until=self._clock.now() + OLD_SECRET_COUNTS,
        )

    def _tell(
        self, tx: Transaction, context: Context, webhook: Webhook, what: str
    ) -> None:
        fact = Fact(
            type=CHANGED,
            subject=webhook.id,
            data={"what": what, "types": list(webhook.types)},
            personal={"url": webhook.url},
        )
        self._journal.record(tx, context, [fact])


def _enabled(tx: Transaction, tenant: TenantId) -> Sequence[Webhook]:
    query = sa.select(WEBHOOKS).where(
        WEBHOOKS.c.tenant_id == tenant, WEBHOOKS.c.enabled.is_(True)
    )
    return [webhook_of(row) for row in tx.execute(query)]


def _disabled(webhook_id: WebhookId) -> Conflict:
    wrong = FieldError(
        "enabled",
        "is false, so nothing is sent",
        f"PATCH /api/v1/webhooks/{webhook_id} with enabled: true, then replay",
    )
    return Conflict(f"webhook {webhook_id} is disabled", errors=(wrong,))


def _is(table: sa.Table, tenant: TenantId, key: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.tenant_id == tenant, table.c.id == key)


def _webhook(
    tx: Transaction, tenant: TenantId, webhook_id: WebhookId, *, lock: bool = False
) -> Webhook:
    query = sa.select(WEBHOOKS).where(_is(WEBHOOKS, tenant, webhook_id))
    if lock:
        query = query.with_for_update()
    row = tx.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no webhook {webhook_id}")
    return webhook_of(row)


def _webhook_row(webhook: Webhook) -> dict[str, Any]:
    row = asdict(webhook)
    row["tenant_id"] = row.pop("tenant")
    row["types"] = list(webhook.types)
    return row


def webhook_of(row: Any) -> Webhook:  # noqa: ANN401 - a row of the table
    """Return the webhook of a row."""
    kept = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    kept["tenant"] = kept.pop("tenant_id")
    return Webhook(**{**kept, "types": tuple(row.types)})


def _delivery_row(delivery: Delivery) -> dict[str, Any]:
    row = asdict(delivery)
    row["tenant_id"] = row.pop("tenant")
    row["state"] = delivery.state.value
    return row


def delivery_of(row: Any) -> Delivery:  # noqa: ANN401 - a row of the table
    """Return the delivery of a row."""
    kept = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    kept["tenant"] = kept.pop("tenant_id")
    return Delivery(**{**kept, "state": DeliveryState(row.state)})
