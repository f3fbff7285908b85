"""Waiting for work that others do: ends when it is done, or when it cannot be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from integritas.kernel.errors import IntegrityViolation, StorageFailure
from integritas.workflows.api import RunState

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from integritas.bootstrap import Platform
    from integritas.kernel.ids import TenantId

__all__ = ["DEADLINE_S", "PATIENCE_S", "Watch", "unfinished"]

DEADLINE_S: Final = 900.0
PATIENCE_S: Final = 5.0


class Watch:
    """Looks, as often as asked, whether what is waited for can still come.

    Engine and followers try again for ever, as a server must: a locked database comes
    back. Who waits for an end needs to know when trying does not help.
    """

    def __init__(
        self,
        platform: Platform,
        what: str,
        *,
        patience_s: float = PATIENCE_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Begin to wait; `what` says in an error what did not come to its end."""
        self._platform = platform
        self._what = what
        self._patience_s = patience_s
        self._deadline = _now() + deadline_s
        self._left: int | None = None
        self._moved = _now()
        self._cause: str | None = None

    async def check(self, left: int) -> None:
        """Return if `left` may still become less.

        Raises:
            IntegrityViolation: the audit log is not what it was: no try helps.
            StorageFailure: something failed and nothing moved since for `patience_s`,
                or all of it takes longer than `deadline_s`.
        """
        now = _now()
        if left != self._left:
            self._left, self._moved, self._cause = left, now, None
        self._cause = await self._find_failure() or self._cause
        if self._cause is not None and now - self._moved >= self._patience_s:
            raise StorageFailure(f"{self._what} does not end: {self._cause}")
        if now >= self._deadline:
            raise StorageFailure(f"{self._what} does not end: {left} left, out of time")

    async def _find_failure(self) -> str | None:
        for follower in self._platform.followers:
            if isinstance(follower.error, IntegrityViolation):
                raise follower.error
            if follower.error is not None:
                return f"{follower.name}: {follower.error}"
        engine = self._platform.engine
        failing = await self._platform.database.ping()
        return failing if failing or engine is None else await engine.ping()


async def unfinished(
    platform: Platform, tenant: TenantId, subjects: AbstractSet[str]
) -> int:
    """Return how many commands wait, and how many runs of `subjects` are under way."""
    # Commands first: one that is taken between the two reads counts twice, not never.
    waiting = await platform.waiting_commands()
    running = await platform.workflows.runs(
        tenant, state=RunState.RUNNING, limit=100_000
    )
    return waiting + sum(run.subject in subjects for run in running)


def _now() -> float:
    return asyncio.get_running_loop().time()
