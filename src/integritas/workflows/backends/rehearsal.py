"""A first batch that is never kept, so that the first real one finds all prepared.

The statements of a batch are long (`platform.bulk`): to write and prepare those of
every size takes as long as two hundred runs, and the first callers would wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import StorageFailure
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.platform.bulk import CHUNK
from integritas.platform.commands import START_RUN
from integritas.workflows.model import RunState, RunView, StepState
from integritas.workflows.options import busy_subjects
from integritas.workflows.pauses import list_pauses
from integritas.workflows.store import Attempt, RunEnd

if TYPE_CHECKING:
    from integritas.platform.commands import CommandQueue
    from integritas.platform.db import Database, Transaction
    from integritas.workflows.store import RunStore

__all__ = ["rehearse"]

# One of each size that a batch is cut into.
_RUNS: Final = 2 * CHUNK - 1


class _NotKept(Exception):
    """Undoes the unit of work."""


async def rehearse(database: Database, store: RunStore, commands: CommandQueue) -> None:
    """Ask and write what starts, steps and ends of some runs need, and undo it.

    Only on SQLite, where one connection writes: Postgres prepares by itself.
    """
    if database.dialect != "sqlite":
        return
    try:
        await database.transact(lambda tx: _rehearse(tx, store, commands))
    except (_NotKept, StorageFailure):  # a disk that fails is met in earnest soon
        return


def _rehearse(tx: Transaction, store: RunStore, commands: CommandQueue) -> None:
    now = store.clock.now()
    context = Context(DEFAULT_TENANT, SYSTEM, "")
    ids = [RunId(f"run_{number}") for number in range(_RUNS)]
    commands.waits(tx, START_RUN)
    busy_subjects(tx, DEFAULT_TENANT, ids)
    list_pauses(tx, DEFAULT_TENANT)
    store.find_definition(tx, DEFAULT_TENANT, "", None)
    store.find_definition(tx, DEFAULT_TENANT, "", 0)
    store.find_shipped(tx, DEFAULT_TENANT, "", 0)
    store.start(
        tx,
        [
            (
                context,
                RunView(
                    tenant=DEFAULT_TENANT,
                    id=run_id,
                    workflow="",
                    version=0,
                    subject="",
                    state=RunState.RUNNING,
                    input={},
                    correlation_id="",
                    created_at=now,
                ),
            )
            for run_id in ids
        ],
    )
    succeeded = StepState.SUCCEEDED
    store.append(
        tx,
        [
            Attempt(DEFAULT_TENANT, run_id, "", 1, succeeded, b"", None, now, now)
            for run_id in ids
        ],
    )
    ends = [RunEnd(context, run_id, "", RunState.SUCCEEDED, "") for run_id in ids]
    store.record_ends(tx, store.end(tx, ends))
    raise _NotKept
