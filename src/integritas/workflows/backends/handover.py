"""From whoever asks for a run to the engine, in the very commit that asks for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import finalize

import structlog

from integritas.platform.commands import START_RUN
from integritas.workflows.backends.active import ActiveRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from integritas.kernel.ids import TenantId
    from integritas.platform.commands import CommandQueue, Item
    from integritas.platform.db import Transaction
    from integritas.workflows.backends.intake import Intake

__all__ = ["Handover"]

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class _Claim:
    """Runs begun in a unit of work: collected once delivered, or once it is undone."""

    runs: Sequence[ActiveRun]


class Handover:
    """Begins runs at once, where the engine is in the process that asks for them.

    It spares a run the second commit that taking it from the queue would be. Only on
    SQLite: there one thread writes, so no other unit of work can begin a run on the
    same subject meanwhile.
    """

    def __init__(
        self,
        commands: CommandQueue,
        intake: Intake,
        *,
        room: Callable[[], int],
        deliver: Callable[[Sequence[ActiveRun]], None],
    ) -> None:
        """Take the engine's ways.

        `room` says how many more runs it may hold; it is asked on the writer's thread.
        `deliver` takes runs that are on disk; it is called in the engine's event loop.
        """
        self._commands = commands
        self._intake = intake
        self._room = room
        self._deliver = deliver
        self._claimed = 0
        """How many runs are begun and not delivered."""
        self._lock = threading.RLock()  # a claim may be collected while it is held
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Begin to take; the event loop that runs is the engine's."""
        self._loop = asyncio.get_running_loop()
        self._commands.serve(self._take)

    def close(self) -> None:
        """Take no more; a unit of work that is under way may still."""
        self._commands.serve(None)

    def _take(
        self, tx: Transaction, tenant: TenantId, kind: str, items: Sequence[Item]
    ) -> Sequence[Item]:
        if kind != START_RUN or tx.dialect != "sqlite":
            return items
        short = len(items) > self._room() - self._claimed
        if short or self._commands.waits(tx, kind):
            return items
        try:
            runs, later = tx.attempt(
                lambda tx: self._intake.take_now(tx, tenant, items)
            )
        except Exception:  # noqa: BLE001 - the queue takes what cannot begin at once
            _LOG.warning("engine.handover_failed", exc_info=True)
            return items
        if runs:
            claim = _Claim(runs)
            self._count(len(runs))
            finalize(claim, self._count, -len(runs)).atexit = False
            tx.after_commit(lambda: self._tell(claim))
        return later

    def _count(self, runs: int) -> None:
        with self._lock:
            self._claimed += runs

    def _tell(self, claim: _Claim) -> None:
        assert self._loop is not None  # noqa: S101 - opened, or nothing was taken
        # A loop that is closed needs to hear nothing: the runs are found on disk.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._arrived, claim)

    def _arrived(self, claim: _Claim) -> None:
        self._deliver(claim.runs)
