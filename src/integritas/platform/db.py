"""Storage: units of work over SQLite (WAL) or Postgres, through one writer.

A unit of work is a plain function of a `Transaction`. The writer, one thread with one
connection, runs the functions that are waiting in order, each in a savepoint, and
commits them together (group commit); an awaiter wakes after the commit, never before.
So a function must have no effect but its statements: it may be run again alone when a
neighbour broke the shared transaction (docs/adr/0002).

Reads run on other connections, each on one consistent snapshot.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import URL, Connection, CursorResult, Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from integritas.kernel.errors import (
    StorageBusy,
    StorageFailure,
)
from integritas.platform.bulk import (
    Columns,
    delete_rows,
    fetch_texts,
    insert_columns,
    insert_rows,
    update_rows,
)
from integritas.platform.db_failures import is_deadlock, storage_failure
from integritas.platform.engines import READERS, open_engines, tidy_wal

if TYPE_CHECKING:
    from sqlalchemy.sql import Executable
    from structlog.typing import FilteringBoundLogger

__all__ = ["Chain", "Database", "Rows", "Transaction", "Work", "open_database"]

T = TypeVar("T")
Rows: TypeAlias = Sequence[Mapping[str, Any]]

QUIET_S: Final = 0.005
LULL_S: Final = 0.25
"""How long nothing has come before the writer puts things in order."""
GROUP_LIMIT: Final = 1_024
DEADLOCK_TRIES: Final = 5
_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


class Transaction:
    """A unit of work in progress; satisfies `kernel.contracts.UnitOfWork`."""

    def __init__(self, connection: Connection) -> None:
        """Wrap the connection that holds the transaction."""
        self._connection = connection
        self._hooks: list[Callable[[], None]] = []
        self.heads: dict[str, int] = {}
        """Journal heads known inside this transaction, by tenant."""
        self.known: dict[Any, Any] = {}
        """What stores know of rows as this transaction left them."""
        self.trusted = True
        """Whether what was known before may be believed: not once work was undone."""

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgresql`."""
        return self._connection.dialect.name

    def execute(
        self,
        statement: Executable,
        parameters: Any = None,  # noqa: ANN401 - a row or rows of any columns
        /,
    ) -> CursorResult[Any]:
        """Execute a statement, with one row of parameters or a list of rows."""
        result = self._connection.execute(statement, parameters)
        assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type
        return result

    def insert(self, table: sa.Table, rows: Rows) -> None:
        """Insert rows, each with the columns of the first."""
        insert_rows(self._connection, table, rows)

    def insert_columns(self, table: sa.Table, columns: Columns) -> None:
        """Insert rows given as their columns: `platform.bulk.insert_columns`."""
        insert_columns(self._connection, table, columns)

    def update(
        self,
        table: sa.Table,
        where: Columns,
        values: Columns,
        *,
        only: tuple[tuple[str, str], ...] = (),
        returning: str | None = None,
    ) -> Sequence[Any]:
        """Update many rows, each by its key: `platform.bulk.update_rows`."""
        return update_rows(
            self._connection, table, where, values, only=only, returning=returning
        )

    def delete(self, table: sa.Table, where: Columns) -> None:
        """Delete many rows, each by its key: `platform.bulk.delete_rows`."""
        delete_rows(self._connection, table, where)

    def texts(self, query: sa.Select[Any]) -> Sequence[Sequence[Any]]:
        """Return rows of texts: `platform.bulk.fetch_texts`."""
        return fetch_texts(self._connection, query)

    def attempt(self, work: Work[T]) -> T:
        """Do `work` in a savepoint: if it raises, nothing of it is kept."""
        heads, hooks = dict(self.heads), list(self._hooks)
        self.begin_savepoint()
        try:
            result = work(self)
        except BaseException:
            self.undo_savepoint(heads)
            self._hooks = hooks
            raise
        self.keep_savepoint()
        return result

    # In plain SQL: SQLAlchemy's own savepoints cost more than the work in them.

    def begin_savepoint(self) -> None:
        """Begin what may be undone apart."""
        self._connection.exec_driver_sql("SAVEPOINT work")

    def keep_savepoint(self) -> None:
        """Keep what was done since."""
        self._connection.exec_driver_sql("RELEASE SAVEPOINT work")

    def undo_savepoint(self, heads: dict[str, int]) -> None:
        """Undo what was done since; `heads` are those of then."""
        self._connection.exec_driver_sql("ROLLBACK TO SAVEPOINT work")
        self._connection.exec_driver_sql("RELEASE SAVEPOINT work")
        self.heads, self.trusted = heads, False
        self.known.clear()

    def after_commit(self, hook: Callable[[], None]) -> None:
        """Run `hook` on the writer's thread once this is durable; it must be quick."""
        self._hooks.append(hook)

    def take_hooks(self) -> Sequence[Callable[[], None]]:
        """Return the hooks so far, and forget them."""
        hooks, self._hooks = self._hooks, []
        return hooks


Work: TypeAlias = Callable[[Transaction], T]


class Chain:
    """Units of work that make sense only together, in order.

    Once one of them fails, those queued behind it are refused, so what is kept is a
    prefix.
    """

    def __init__(self) -> None:
        """Begin whole."""
        self.broken = False


@dataclass(slots=True)
class _Job:
    work: Callable[[Transaction], Any]
    loop: asyncio.AbstractEventLoop | None
    future: asyncio.Future[Any] | Future[Any]
    chain: Chain | None = None
    patient: bool = False
    result: Any = None
    error: BaseException | None = None
    kept: bool = False
    hooks: Sequence[Callable[[], None]] = ()


class Database:
    """One database. Made by `open_database`; closed once, by whoever opened it."""

    def __init__(self, writing: Engine, reading: Engine) -> None:
        """Start the writer; both engines lead to the same database."""
        self._writing = writing
        self._reading = reading
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-read")
        self._closed = False
        self._closing = threading.Lock()
        self._waited_for = 0
        """How many units of work that somebody waits for are not answered."""
        self._written_at = 0.0
        self._writer = threading.Thread(
            target=self._write_forever, name="db-writer", daemon=True
        )
        self._writer.start()

    @property
    def dialect(self) -> str:
        """Return `sqlite` or `postgresql`."""
        return self._writing.dialect.name

    @property
    def url(self) -> URL:
        """Return the address of the database."""
        return self._writing.url

    @property
    def engine(self) -> Engine:
        """Return the writing engine: for migrations and nothing else."""
        return self._writing

    def enqueue(
        self, work: Work[T], *, chain: Chain | None = None, patient: bool = False
    ) -> asyncio.Future[T]:
        """Queue a unit of work behind all queued before; the future is its commit."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Job(work, loop, future, chain, patient))
        return future

    async def quiet(self, patience_s: float) -> None:
        """Wait until nobody has written for a moment, or as long as said.

        What nobody waits for goes behind what somebody does. Work that is `patient`
        does not count: those who wait here would wait for each other.
        """
        deadline = time.monotonic() + patience_s
        while (now := time.monotonic()) < deadline and (  # noqa: ASYNC110 - no loop sets it
            self._waited_for or now - self._written_at < QUIET_S
        ):
            await asyncio.sleep(QUIET_S)

    async def transact(self, work: Work[T], *, patient: bool = False) -> T:
        """Run a unit of work; when this returns, it is durable.

        It is `patient` if nobody waits for it: see `quiet`.

        Raises:
            IntegritasError: whatever `work` refused with; nothing of it is kept.
            StorageFailure: the database could not do it; nothing of it is kept.
        """
        return await self.enqueue(work, patient=patient)

    def transact_sync(self, work: Work[T]) -> T:
        """Do as `transact` from a thread without an event loop."""
        future: Future[T] = Future()
        self._put(_Job(work, None, future))
        return future.result()

    async def read(self, work: Work[T]) -> T:
        """Run queries on one consistent snapshot; writing in it is an error."""
        if self._closed:
            raise _closed()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self.read_sync, work)

    async def peek(self, work: Work[T]) -> T:
        """Do as `read`, for a few rows by their keys.

        SQLite answers at once on the caller's thread: the way to another and back
        costs more than such rows do. A server on the other side is waited for.
        """
        if self._reading.dialect.name == "sqlite":
            return self.read_sync(work)
        return await self.read(work)

    def read_sync(self, work: Work[T]) -> T:
        """Do as `read` on the calling thread."""
        if self._closed:
            raise _closed()
        try:
            with self._reading.connect() as connection:
                return work(Transaction(connection))
        except SQLAlchemyError as error:
            raise storage_failure(error, self.url) from error

    async def ping(self) -> str | None:
        """Return None if the database answers, else why not."""
        try:
            await self.read(lambda tx: tx.execute(sa.text("SELECT 1")).scalar())
        except StorageFailure as error:
            return error.detail
        return None

    def close(self) -> None:
        """Commit what is queued, stop the writer, close all connections."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._writer.join()
        self._readers.shutdown()
        self._reading.dispose()
        self._writing.dispose()

    # The writer's thread ---------------------------------------------------------

    def _put(self, job: _Job) -> None:
        with self._closing:  # behind the writer's end nothing would ever be answered
            if self._closed:
                raise _closed()
            self._waited_for += not job.patient
            self._queue.put(job)

    def _done(self, jobs: Sequence[_Job]) -> None:
        if done := sum(not job.patient for job in jobs):
            with self._closing:
                self._waited_for -= done
            self._written_at = time.monotonic()

    def _write_forever(self) -> None:
        connection: Connection | None = None
        running = True
        untidy = False  # whether something was written since the last lull
        while running:
            jobs, running = self._gather(LULL_S if untidy else None)
            if running and not jobs:
                untidy = False
                if connection is not None and not connection.invalidated:
                    tidy_wal(connection)
                continue
            try:
                if connection is None or connection.invalidated:
                    connection = self._writing.connect()
                if not self._commit(connection, jobs):
                    self._commit_singly(connection, jobs)
            except BaseException as error:  # noqa: BLE001 - a job must hear of it
                _discard(connection)
                connection = None
                for job in jobs:
                    if not job.kept:
                        _fail(job, job.error or storage_failure(error, self.url))
            _answer(jobs)
            self._done(jobs)
            untidy = self.dialect == "sqlite"
        if connection is not None:
            connection.close()

    def _gather(self, patience_s: float | None) -> tuple[list[_Job], bool]:
        """Wait for jobs, as long as said: none if none came; and whether more may."""
        try:
            first = self._queue.get(timeout=patience_s)
        except Empty:
            return [], True
        jobs = [first] if first is not None else []
        if first is None:
            return jobs, False
        while len(jobs) < GROUP_LIMIT:
            try:
                job = self._queue.get_nowait()
            except Empty:
                break
            if job is None:
                return jobs, False
            jobs.append(job)
        return jobs, True

    def _commit(self, connection: Connection, jobs: Sequence[_Job]) -> bool:
        """Commit the jobs together; False if they should be tried again, singly.

        Then nothing is kept: one broke it for all, or another writer got in the way.
        """
        transaction = Transaction(connection)
        single = len(jobs) == 1
        begun = False
        try:
            with connection.begin():
                begun = True
                for job in jobs:
                    _run(transaction, connection, job, alone=single)
        except _Refused:
            return True
        except SQLAlchemyError as error:
            if begun and (not single or is_deadlock(error)):
                return False
            for job in jobs:
                _fail(job, storage_failure(error, self.url))
            return True
        for job in jobs:
            job.kept = job.error is None
        return True

    def _commit_singly(self, connection: Connection, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            # Broken by this very group, a chain gets another try; broken before, none.
            hurt = job.error is not None and not isinstance(job.error, _NotKept)
            if hurt and job.chain is not None:
                job.chain.broken = False
        for job in jobs:
            for _ in range(DEADLOCK_TRIES):
                job.result, job.error, job.hooks = None, None, ()
                if self._commit(connection, [job]):
                    break
            else:
                message = "other writers were in the way each time: try again"
                _fail(job, StorageBusy(message))


class _Refused(Exception):
    """Rolls back a transaction whose only job refused."""


class _NotKept(StorageFailure):
    """What a unit of work builds on was not kept."""


def _run(
    transaction: Transaction, connection: Connection, job: _Job, *, alone: bool
) -> None:
    if job.chain is not None and job.chain.broken:
        job.error = _NotKept("what it builds on was not kept")
        return
    heads = dict(transaction.heads)
    if not alone:
        transaction.begin_savepoint()
    try:
        job.result = job.work(transaction)
    except (DBAPIError, sa.exc.InvalidRequestError) as error:
        # Only a broken constraint leaves the shared transaction usable for sure.
        if alone or not isinstance(error, IntegrityError):
            raise
        transaction.undo_savepoint(heads)
        _fail(job, storage_failure(error, connection.engine.url))
    except Exception as error:
        _fail(job, error)
        if alone:
            raise _Refused from error
        transaction.undo_savepoint(heads)
    else:
        if not alone:
            transaction.keep_savepoint()
        job.hooks = transaction.take_hooks()
    finally:
        transaction.take_hooks()  # of what failed: an error's trace may outlive it


def _fail(job: _Job, error: BaseException) -> None:
    job.error = error
    if job.chain is not None:
        job.chain.broken = True


def _discard(connection: Connection | None) -> None:
    if connection is not None:
        connection.invalidate()
        connection.close()


def _answer(jobs: Sequence[_Job]) -> None:
    """Wake the awaiters, one call into each event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        if job.error is None:
            _call(job.hooks)
        if job.loop is None:
            _resolve([job])
        else:
            loops.setdefault(job.loop, []).append(job)
    for loop, group in loops.items():
        try:
            loop.call_soon_threadsafe(_resolve, group)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _call(hooks: Sequence[Callable[[], None]]) -> None:
    for hook in hooks:
        try:
            hook()
        except Exception:  # noqa: BLE001 - logged, and the writer must live on
            _LOG.exception("database.hook_failed")


def _resolve(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if isinstance(job.error, StopIteration):  # a future cannot carry it
            job.future.set_exception(RuntimeError("a unit of work ran out of items"))
        elif job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)


def _closed() -> StorageFailure:
    return StorageFailure("the database is closed: the platform is stopping")


def open_database(url: str) -> Database:
    """Open the database at `sqlite:///file.db` or `postgresql://…`.

    Raises:
        StorageFailure: not such an address, or it cannot be opened for writing.
    """
    return Database(*open_engines(url))
