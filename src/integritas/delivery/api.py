"""What others may use of delivery: the webhook desk, the courier, events as sent."""

from __future__ import annotations

from integritas.delivery.addresses import Networks
from integritas.delivery.courier import BACKOFF, Courier
from integritas.delivery.model import (
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
    "sign",
]
