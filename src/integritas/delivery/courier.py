"""The courier: takes what is due to its receiver, and comes back if it must.

At least once: a receiver that gets a message twice knows it by `webhook-id`, which is
the event's own. One courier works on a database: it runs where the engine does.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpcore
import sqlalchemy as sa
import structlog

from integritas.delivery.addresses import (
    Forbidden,
    GuardedNetwork,
    Networks,
    Resolve,
    resolve,
)
from integritas.delivery.model import (
    Confidential,
    Delivery,
    DeliveryState,
    Webhook,
    cases_in,
    none_confidential,
)
from integritas.delivery.signing import headers_of, message_body
from integritas.delivery.tables import DELIVERIES, WEBHOOKS
from integritas.delivery.webhooks import delivery_of, webhook_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from structlog.typing import FilteringBoundLogger

    from integritas.journal.api import Entry, Journal
    from integritas.kernel.clock import Clock, Randomness
    from integritas.platform.db import Database, Transaction

__all__ = ["BACKOFF", "Courier"]

BACKOFF: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""How long to wait after each failure; after the last one a delivery is dead."""

BATCH: Final = 50
POLL_S: Final = 1.0
REST_S: Final = 0.1
TIMEOUT_S: Final = 15.0
_JITTER: Final = 0.2
_MOST: Final = 65_536
_GONE: Final = 410
_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: a status, or what went wrong before there was one."""

    status: int | None = None
    error: str = ""
    retry_after: timedelta | None = None

    @property
    def good(self) -> bool:
        """Say whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


class Courier:
    """Delivers what is due until it is stopped."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        randomness: Randomness,
        *,
        networks: Networks = (),
        resolve: Resolve = resolve,
        confidential: Confidential = none_confidential,
    ) -> None:
        """Take the parts; `networks` may be delivered to though they are private."""
        self._database = database
        self._confidential = confidential
        self._journal = journal
        self._clock = clock
        self._randomness = randomness
        # A message that is not encrypted goes to networks the operator named alone.
        self._pools = {
            scheme: httpcore.AsyncConnectionPool(
                network_backend=GuardedNetwork(
                    networks, public=scheme == "https", resolve=resolve
                ),
                max_connections=BATCH,
                max_keepalive_connections=0,  # each message looks its receiver up
            )
            for scheme in ("http", "https")
        }

    async def run(self) -> None:
        """Deliver until cancelled; what fails here is logged and tried again."""
        async with AsyncExitStack() as stack:
            for pool in self._pools.values():
                await stack.enter_async_context(pool)
            while True:
                try:
                    taken = await self.deliver_due()
                except Exception as error:  # noqa: BLE001 - told, and tried again
                    _LOG.error("courier.failed", error=str(error))
                    taken = 0
                if not taken:
                    await self._journal.wait(POLL_S)
                    await asyncio.sleep(REST_S)  # entries that come close are one look

    async def deliver_due(self) -> int:
        """Attempt what is due now; return how many attempts were made."""
        due = await self._database.read(self._due)
        outcomes = await asyncio.gather(
            *(self._attempt(delivery, webhook) for delivery, webhook in due)
        )
        if due:
            await self._database.transact(
                lambda tx: self._note(tx, [d for d, _ in due], outcomes)
            )
        return len(due)

    def _due(self, tx: Transaction) -> Sequence[tuple[Delivery, Webhook]]:
        query = (
            sa.select(DELIVERIES)
            .where(
                DELIVERIES.c.state == DeliveryState.PENDING.value,
                DELIVERIES.c.due_at <= self._clock.now(),
            )
            .order_by(DELIVERIES.c.due_at, DELIVERIES.c.id)
            .limit(BATCH)
        )
        deliveries = [delivery_of(row) for row in tx.execute(query)]
        keys = {(each.tenant, each.webhook_id) for each in deliveries}
        found = sa.select(WEBHOOKS).where(
            sa.tuple_(WEBHOOKS.c.tenant_id, WEBHOOKS.c.id).in_(sorted(keys))
        )
        webhooks = {
            (hook.tenant, hook.id): hook
            for hook in map(webhook_of, tx.execute(found) if keys else ())
        }
        return [(each, webhooks[each.tenant, each.webhook_id]) for each in deliveries]

    async def _attempt(self, delivery: Delivery, webhook: Webhook) -> Outcome:
        if not webhook.enabled:
            return Outcome(error="the webhook is disabled", status=_GONE)
        try:
            [entry] = await self._journal.read(
                delivery.tenant, after=delivery.seq - 1, limit=1
            )
            named = set(cases_in(entry))
            if await self._database.read(
                lambda tx: self._confidential(tx, delivery.tenant, named)
            ):
                return Outcome(error="the case became confidential", status=_GONE)
            async with asyncio.timeout(TIMEOUT_S):
                return await self._send(webhook, entry)
        except TimeoutError:
            return Outcome(error=f"no answer within {TIMEOUT_S:.0f} s")
        except Forbidden as error:
            return Outcome(error=str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this one's
            return Outcome(error=f"{type(error).__name__}: {error}"[:500])

    async def _send(self, webhook: Webhook, entry: Entry) -> Outcome:
        body = message_body(entry)
        now = self._clock.now()
        headers = headers_of(webhook.secrets(now), entry.event_id, now, body)
        pool = self._pools[urlsplit(webhook.url).scheme]
        async with pool.stream(
            "POST",
            webhook.url,
            headers=[("host", urlsplit(webhook.url).netloc), *headers.items()],
            content=body,
        ) as answer:
            read = 0
            async for chunk in answer.aiter_stream():
                read += len(chunk)
                if read > _MOST:  # nobody needs what it says
                    break
        headed = {name.lower(): value for name, value in answer.headers}
        told = headed.get(b"retry-after", b"").decode("latin-1")
        wait = (
            timedelta(seconds=int(told)) if told.isdecimal() and len(told) < 6 else None
        )
        if 300 <= answer.status < 400:
            return Outcome(answer.status, "redirects are not followed")
        return Outcome(answer.status, "", wait)

    def _note(
        self,
        tx: Transaction,
        deliveries: Sequence[Delivery],
        outcomes: Sequence[Outcome],
    ) -> None:
        now = self._clock.now()
        for delivery, outcome in zip(deliveries, outcomes, strict=True):
            after = self._after(delivery, outcome, now)
            tx.execute(
                sa.update(DELIVERIES)
                .where(
                    DELIVERIES.c.tenant_id == after.tenant,
                    DELIVERIES.c.id == after.id,
                )
                .values(
                    state=after.state.value,
                    attempts=after.attempts,
                    due_at=after.due_at,
                    status=after.status,
                    error=after.error,
                    ended_at=after.ended_at,
                )
            )
            if outcome.status == _GONE and not outcome.error:
                _disable(tx, delivery, now)

    def _after(self, delivery: Delivery, outcome: Outcome, now: datetime) -> Delivery:
        attempts = delivery.attempts + 1
        tried = replace(
            delivery, attempts=attempts, status=outcome.status, error=outcome.error
        )
        if outcome.good:
            return replace(tried, state=DeliveryState.DELIVERED, ended_at=now)
        if outcome.status == _GONE or attempts > len(BACKOFF):
            return replace(tried, state=DeliveryState.DEAD, ended_at=now)
        wait = BACKOFF[attempts - 1]
        share = int.from_bytes(self._randomness.token_bytes(2)) / 65_535
        wait += wait * _JITTER * share
        return replace(tried, due_at=now + max(wait, outcome.retry_after or wait))


def _disable(tx: Transaction, delivery: Delivery, now: datetime) -> None:
    """Tell a receiver that says it is gone nothing more."""
    tx.execute(
        sa.update(WEBHOOKS)
        .where(
            WEBHOOKS.c.tenant_id == delivery.tenant,
            WEBHOOKS.c.id == delivery.webhook_id,
        )
        .values(
            enabled=False,
            disabled_because="the receiver answered 410 Gone",
            updated_at=now,
            version=WEBHOOKS.c.version + 1,
        )
    )
