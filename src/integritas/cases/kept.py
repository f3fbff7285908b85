"""Cases kept in memory between units of work, as the last commit left them.

Only on SQLite, where one thread of one process writes: reading a case back costs more
than changing it. Every update names the version it builds on, so that a case which
another process changed after all is noticed, never overwritten. On Postgres others
write too, so cases are read and locked there.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, TypeAlias

from integritas.kernel.errors import Conflict
from integritas.kernel.ids import CaseId, TenantId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.cases.model import Case
    from integritas.platform.db import Transaction

__all__ = ["CaseKey", "KeptCases", "StaleCase"]

CaseKey: TypeAlias = tuple[TenantId, CaseId]
_LIMIT: Final = 20_000


class StaleCase(Conflict):
    """A case kept in memory is not the case on disk."""


class KeptCases:
    """The cases used last; used on the writer's thread alone."""

    def __init__(self, *, limit: int = _LIMIT) -> None:
        """Keep nothing yet, and never more than `limit`."""
        self._limit = limit
        self._cases: OrderedDict[CaseKey, Case] = OrderedDict()

    def find(self, tx: Transaction, key: CaseKey) -> Case | None:
        """Return a case as this transaction sees it, None if that is not known."""
        if not tx.trusted:
            return None
        case: Case | None = tx.known.get(key)
        return self._cases.get(key) if case is None else case

    def put(self, tx: Transaction, cases: Sequence[Case]) -> None:
        """Keep cases as they now are: here at once, for others after the commit."""
        if tx.dialect != "sqlite" or not cases:
            return
        by_key = {(case.tenant, case.id): case for case in cases}
        if tx.trusted:
            tx.known.update(by_key)
        tx.after_commit(lambda: self._keep(by_key))

    def forget(self) -> None:
        """Forget all."""
        self._cases.clear()

    def _keep(self, by_key: dict[CaseKey, Case]) -> None:
        for key, case in by_key.items():
            self._cases[key] = case
            self._cases.move_to_end(key)
        while len(self._cases) > self._limit:
            self._cases.popitem(last=False)
