"""What a webhook and a delivery are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NewType, TypeAlias

from integritas.kernel.ids import EventId, TenantId

if TYPE_CHECKING:
    from integritas.journal.api import Entry
    from integritas.platform.db import Transaction

__all__ = [
    "Confidential",
    "Delivery",
    "DeliveryId",
    "DeliveryState",
    "NewWebhook",
    "Webhook",
    "WebhookChanges",
    "WebhookId",
    "cases_in",
    "none_confidential",
    "wants",
]

WebhookId = NewType("WebhookId", str)
DeliveryId = NewType("DeliveryId", str)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is told of what. `types` are types of events, `integritas.case.*` or all.

    `version` counts changes (ETag). While `old_secret` counts, both sign.
    """

    tenant: TenantId
    id: WebhookId
    url: str
    types: tuple[str, ...]
    secret: str = field(repr=False)
    created_by: str
    created_at: datetime
    updated_at: datetime
    description: str = ""
    enabled: bool = True
    disabled_because: str = ""
    old_secret: str | None = field(default=None, repr=False)
    old_secret_until: datetime | None = None
    version: int = 1

    def secrets(self, now: datetime) -> tuple[str, ...]:
        """Return the secrets that sign now, the newest first."""
        until = self.old_secret_until
        if self.old_secret is None or until is None or until <= now:
            return (self.secret,)
        return self.secret, self.old_secret


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """A webhook to keep; its secret is made here."""

    url: str
    types: tuple[str, ...] = ("*",)
    description: str = ""


@dataclass(frozen=True, slots=True)
class WebhookChanges:
    """What to change of a webhook; None leaves as it is."""

    url: str | None = None
    types: tuple[str, ...] | None = None
    description: str | None = None
    enabled: bool | None = None
    rotate_secret: bool = False
    expect: int | None = None


class DeliveryState(StrEnum):
    """Where a delivery stands; dead: given up, until somebody replays it."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook."""

    tenant: TenantId
    id: DeliveryId
    webhook_id: WebhookId
    seq: int
    event_id: EventId
    type: str
    created_at: datetime
    due_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    status: int | None = None
    error: str = ""
    ended_at: datetime | None = None
    replay_of: DeliveryId | None = None


def wants(webhook: Webhook, event_type: str) -> bool:
    """Say whether a webhook is told of a type of event."""
    return any(
        event_type.startswith(wanted[:-1])
        if wanted.endswith("*")
        else event_type == wanted
        for wanted in webhook.types
    )


def cases_in(entry: Entry) -> frozenset[str]:
    """Return the texts of an entry that may be the id of a case."""
    told = (value for value in entry.data.values() if isinstance(value, str))
    return frozenset({entry.subject, *told})


Confidential: TypeAlias = Callable[["Transaction", TenantId, set[str]], frozenset[str]]
"""Returns which of some texts are the ids of confidential cases."""


def none_confidential(_: Transaction, __: TenantId, ___: set[str]) -> frozenset[str]:
    """Return nothing: where there are no cases, none is confidential."""
    return frozenset()
