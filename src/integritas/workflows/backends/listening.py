"""Commands that other processes put: Postgres tells of them, without polling.

Polling stays beside it: what is told while the connection is down is found so.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from integritas.platform.commands import CHANNEL

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from integritas.platform.db import Database

__all__ = ["Listener"]

LOOK_S: Final = 0.5
AGAIN_S: Final = 2.0
_LOG = structlog.get_logger(__name__)


class Listener:
    """A thread with a connection that listens; on SQLite there is nobody to hear."""

    def __init__(
        self,
        database: Database,
        loop: asyncio.AbstractEventLoop,
        notice: Callable[[], None],
    ) -> None:
        """Call `notice`, in the loop, whenever commands were put."""
        self._database = database
        self._loop = loop
        self._notice = notice
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.heard = 0

    def start(self) -> None:
        """Begin to listen."""
        if self._database.dialect != "postgresql" or self._thread is not None:
            return
        self._stopping.clear()
        self._thread = threading.Thread(
            target=self._listen, name="engine-listen", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; returns when the connection is closed."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                self._hear()
            except (SQLAlchemyError, OSError) as error:
                _LOG.warning("engine.listening_again", why=str(error))
                self._stopping.wait(AGAIN_S)

    def _hear(self) -> None:
        engine = sa.create_engine(
            self._database.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"LISTEN {CHANNEL}")
                driver = connection.connection.driver_connection
                assert driver is not None  # noqa: S101 - it is connected
                while not self._stopping.is_set():
                    try:
                        told = list(driver.notifies(timeout=LOOK_S, stop_after=1))
                    except Exception as error:  # the driver's own tree
                        raise OSError(str(error)) from error
                    if told:
                        self.heard += 1
                        self._loop.call_soon_threadsafe(self._notice)
        finally:
            engine.dispose()
