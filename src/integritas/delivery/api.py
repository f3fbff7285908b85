"""What others may use of delivery: the webhook desk, the courier, events as sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.delivery.addresses import Networks
from integritas.delivery.courier import BACKOFF, Courier
from integritas.delivery.model import (
    Confidential,
    Delivery,
    DeliveryId,
    DeliveryState,
    NewWebhook,
    Webhook,
    WebhookChanges,
    WebhookId,
)
from integritas.delivery.signing import event_document, sign
from integritas.delivery.webhooks import Webhooks

if TYPE_CHECKING:
    from integritas.journal.api import Journal
    from integritas.kernel.clock import Clock, Randomness
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database

__all__ = [
    "BACKOFF",
    "Courier",
    "Delivery",
    "DeliveryId",
    "DeliveryState",
    "Networks",
    "NewWebhook",
    "Webhook",
    "WebhookChanges",
    "WebhookId",
    "Webhooks",
    "event_document",
    "make_delivery",
    "sign",
]


def make_delivery(  # noqa: PLR0917 - what bootstrap has, in its order
    database: Database,
    journal: Journal,
    clock: Clock,
    randomness: Randomness,
    ids: IdFactory,
    networks: Networks,
    confidential: Confidential,
) -> tuple[Webhooks, Courier]:
    """Return the desk and the courier; `networks` may be told though private.

    `confidential` says which cases nobody outside is told of.
    """
    desk = Webhooks(
        database,
        journal,
        clock,
        randomness,
        ids,
        networks=networks,
        confidential=confidential,
    )
    courier = Courier(
        database,
        journal,
        clock,
        randomness,
        networks=networks,
        confidential=confidential,
    )
    return desk, courier
