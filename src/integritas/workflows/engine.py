"""What every engine is to the rest of the platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from integritas.kernel.contracts import Context, Failure
from integritas.kernel.ids import RunId
from integritas.workflows.model import RunState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.platform.db import Transaction

__all__ = [
    "Effects",
    "Engine",
    "NoEffects",
    "RunEnded",
    "StepDone",
]


@dataclass(slots=True)  # not frozen: made by the thousand
class StepDone:
    """A step that is done for good: its result, or the failure of its last attempt."""

    context: Context
    run_id: RunId
    subject: str
    operation: str
    result: Any | Failure


@dataclass(slots=True)  # not frozen: made by the thousand
class RunEnded:
    """A run that ended; a `child` is a step of another run."""

    context: Context
    run_id: RunId
    subject: str
    state: RunState
    cause: str
    child: bool = False


class Effects(Protocol):
    """What steps do to the platform, in the unit of work that keeps their results."""

    def apply(
        self, tx: Transaction, done: Sequence[StepDone], ended: Sequence[RunEnded], /
    ) -> None:
        """Write the effects of many runs at once."""
        ...


class NoEffects:
    """Steps that do nothing to the platform: for engines alone."""

    def apply(
        self, tx: Transaction, done: Sequence[StepDone], ended: Sequence[RunEnded], /
    ) -> None:
        """Write nothing."""


class Engine(Protocol):
    """Carries runs. Commands reach it through the durable queue."""

    @property
    def waiting(self) -> int:
        """Return how many calls wait here for a place at their operation."""
        ...

    async def start(self) -> None:
        """Take ownership, go on with unfinished runs, begin to take commands.

        Raises:
            Conflict: another engine owns the database.
        """
        ...

    async def stop(self) -> None:
        """Stop taking commands, let what is under way end, release ownership."""
        ...

    async def ping(self) -> str | None:
        """Return None if the engine is at work, else why not."""
        ...
