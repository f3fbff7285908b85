"""The durable command queue: what is to be done once a change is committed.

A command is put in the unit of work of the change that wants it, and removed in the
unit of work of what it led to, so it is neither lost nor done twice.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
import sqlalchemy as sa

from integritas.kernel.ids import IdFactory, TenantId
from integritas.platform.columns import (
    METADATA,
    Identifier,
    JsonText,
    UtcTime,
    tenant_column,
)

if TYPE_CHECKING:
    from integritas.kernel.clock import Clock
    from integritas.platform.db import Transaction

__all__ = [
    "CANCEL_RUN",
    "CHANNEL",
    "COMMANDS",
    "DROP_RUNS",
    "HOLD_RUNS",
    "SIGNAL_RUN",
    "START_RUN",
    "Command",
    "CommandQueue",
    "Item",
    "Taker",
    "count_commands",
]

START_RUN: Final = "workflow.start"
"""Start a run on the subject; payload: correlation_id, [workflow, version, input].

Besides: [run] its id, [options] of few runs, [carry] what it takes over of another.
"""
SIGNAL_RUN: Final = "workflow.signal"
"""Signal the run that is the subject; payload: name, payload, actor."""
CANCEL_RUN: Final = "workflow.cancel"
"""Cancel the run that is the subject; payload: cause, actor."""
DROP_RUNS: Final = "workflow.drop"
"""The subject's runs were ended with it: forget them."""
HOLD_RUNS: Final = "workflow.hold"
"""The workflow that is the subject was paused or resumed."""
CHANNEL: Final = "integritas_commands"
"""What Postgres notifies of after each commit that put a command."""

COMMANDS: Final = sa.Table(
    "commands",
    METADATA,
    tenant_column(),
    sa.Column("id", Identifier, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", Identifier, nullable=False),
    sa.Column("payload", JsonText, nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Index(None, "kind", "due_at"),
)

_SHOWN: Final = (
    COMMANDS.c.tenant_id,
    COMMANDS.c.id,
    COMMANDS.c.kind,
    COMMANDS.c.subject,
    sa.cast(COMMANDS.c.payload, sa.Text).label("payload"),
)
_WAITS: Final = sa.select(sa.exists().where(COMMANDS.c.kind == sa.bindparam("of_kind")))
_NOTIFY: Final = sa.text(f"NOTIFY {CHANNEL}")


@dataclass(frozen=True, slots=True)
class Command:
    """Something to do: `kind` says what, `subject` to which thing."""

    tenant: TenantId
    id: str
    kind: str
    subject: str
    payload: Mapping[str, Any]


def count_commands(tx: Transaction) -> int:
    """Return how many commands wait, of all tenants."""
    return int(
        tx.execute(sa.select(sa.func.count()).select_from(COMMANDS)).scalar_one()
    )


Taker: TypeAlias = Callable[
    ["Transaction", TenantId, str, Sequence["Item"]], Sequence["Item"]
]
"""Takes what it can of commands as they are put; returns those that are to wait."""
Item: TypeAlias = tuple[str, Mapping[str, Any]]
"""Subject and payload of a command."""


class CommandQueue:
    """Puts, lists and removes commands; wakes those who wait for them."""

    def __init__(self, clock: Clock, ids: IdFactory) -> None:
        """Take the clock for due times."""
        self._clock = clock
        self._ids = ids
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._taker: Taker | None = None

    def put(
        self, tx: Transaction, tenant: TenantId, kind: str, items: Sequence[Item]
    ) -> None:
        """Queue one command of `kind` for each item, unless it is taken at once."""
        if self._taker is not None:
            items = self._taker(tx, tenant, kind, items)
            if not items:
                return
        now = self._clock.now()
        ids = self._ids.many("cmd", len(items))
        tx.insert(
            COMMANDS,
            [
                {
                    "tenant_id": tenant,
                    "id": command_id,
                    "kind": kind,
                    "subject": subject,
                    "payload": payload,
                    "due_at": now,
                }
                for command_id, (subject, payload) in zip(ids, items, strict=True)
            ],
        )
        tx.after_commit(self._wake)
        if tx.dialect == "postgresql":  # once a commit, however often it is said
            tx.execute(_NOTIFY)

    def due(
        self, tx: Transaction, kinds: Sequence[str], *, limit: int
    ) -> Sequence[Command]:
        """Return commands of these kinds that are due, oldest first."""
        query = (
            sa.select(*_SHOWN)
            .where(COMMANDS.c.kind.in_(kinds), COMMANDS.c.due_at <= self._clock.now())
            .order_by(COMMANDS.c.due_at, COMMANDS.c.id)
            .limit(limit)
        )
        return [
            Command(TenantId(tenant), command_id, kind, subject, orjson.loads(payload))
            for tenant, command_id, kind, subject, payload in tx.texts(query)
        ]

    def waits(self, tx: Transaction, kind: str) -> bool:
        """Say whether a command of this kind waits."""
        return bool(tx.execute(_WAITS, {"of_kind": kind}).scalar_one())

    def remove(self, tx: Transaction, commands: Sequence[Command]) -> None:
        """Remove commands that are done, in the unit of work that did them."""
        if not commands:
            return
        tx.delete(
            COMMANDS,
            {
                "tenant_id": [command.tenant for command in commands],
                "id": [command.id for command in commands],
            },
        )

    def serve(self, taker: Taker | None) -> None:
        """Offer commands to `taker` when they are put, in their unit of work."""
        self._taker = taker

    def listen(self, notice: Callable[[], None]) -> Callable[[], None]:
        """Call `notice`, in this event loop, after each commit that put a command.

        Only commits of this process are noticed; those of others Postgres tells on
        `CHANNEL`. Returns a function that stops it.
        """
        loop = asyncio.get_running_loop()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(notice)
            except RuntimeError:  # the loop is closed: nobody listens any more
                stop()

        def stop() -> None:
            with self._lock:
                if wake in self._listeners:
                    self._listeners.remove(wake)

        with self._lock:
            self._listeners.append(wake)
        return stop

    def _wake(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener()
