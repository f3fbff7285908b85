"""Commands that another process puts are heard at once, on a real Postgres."""

from __future__ import annotations

import asyncio

import pytest

from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory
from integritas.platform.columns import METADATA
from integritas.platform.commands import START_RUN, CommandQueue
from integritas.platform.db import open_database
from integritas.workflows.backends.listening import Listener

pytestmark = pytest.mark.integration


async def test_commands_of_other_processes_are_heard(postgres_url: str) -> None:
    own, other = open_database(postgres_url), open_database(postgres_url)
    METADATA.create_all(own.engine)
    clock = SystemClock()
    commands = CommandQueue(clock, IdFactory(clock, SystemRandomness()))
    heard = asyncio.Event()
    listener = Listener(own, asyncio.get_running_loop(), heard.set)
    listener.start()
    try:
        async with asyncio.timeout(10):
            while not listener.listening:
                await asyncio.sleep(0.005)  # polled: a thread connects
            await other.transact(
                lambda tx: commands.put(tx, DEFAULT_TENANT, START_RUN, [("s", {})])
            )
            await heard.wait()
    finally:
        await asyncio.to_thread(listener.stop)
        own.close()
        other.close()
