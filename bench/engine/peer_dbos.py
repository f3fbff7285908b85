"""DBOS: an async workflow of five steps, on SQLite or Postgres.

Both databases as DBOS opens them: SQLite's own default, synchronous=FULL; on Postgres a
pool of 20 connections, its default.
"""

from __future__ import annotations

import asyncio
import os
from importlib import metadata

from bench.engine.peer import RESULT, SERVICES, Asked, Clock, arguments
from dbos import DBOS, DBOSConfig


@DBOS.step()
async def step(name: str) -> dict[str, str]:
    """Do nothing, durably."""
    del name
    return RESULT


@DBOS.workflow()
async def case(number: int) -> dict[str, str]:
    """Carry one run."""
    del number
    await step("intake")
    await asyncio.gather(*(step(name) for name in SERVICES))
    return await step("decide")


async def run(number: int) -> object:
    """Start one run and wait for its durable end."""
    handle = await DBOS.start_workflow_async(case, number)
    return await handle.get_result()


async def main(asked: Asked) -> None:
    """Measure."""
    url = asked.url or f"sqlite:///{asked.folder}/dbos.sqlite"
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": url,
        "log_level": "CRITICAL",
    }
    DBOS(config=config)
    DBOS.launch()
    clock = Clock()
    await clock.race(asked, run)
    kept = url.partition(":")[0]
    clock.answer(
        asked, version=metadata.version("dbos"), kept=f"{kept}, as it opens it"
    )
    os._exit(0)  # what did not end in time would be waited for


if __name__ == "__main__":
    asyncio.run(main(arguments()))
