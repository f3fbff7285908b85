"""Temporal: a real server on a SQLite file, the steps as local activities.

Local activities are the documented choice for short steps: a workflow task carries as
many as are ready and is recorded once. Worker and client are one process, with a
connection each, so that waiting for results takes no place from the worker's polls.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from importlib import metadata

from bench.engine.peer import RESULT, SERVICES, Asked, Clock, arguments
from bench.engine.temporal_server import peak_of, serve
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import (
    SandboxedWorkflowRunner,
    SandboxRestrictions,
)

STARTS = 64
"""Starts at once: a thousand would time out waiting for each other."""
_LIMIT = timedelta(seconds=60)


@activity.defn
async def step(name: str) -> dict[str, str]:
    """Do nothing, as an activity."""
    del name
    return RESULT


@workflow.defn
class Case:
    """The case workflow."""

    @workflow.run
    async def run(self, number: int) -> dict[str, str]:
        """Carry one run."""
        del number
        await self._step("intake")
        await asyncio.gather(*(self._step(name) for name in SERVICES))
        return await self._step("decide")

    async def _step(self, name: str) -> dict[str, str]:
        return await workflow.execute_local_activity(
            step, name, start_to_close_timeout=_LIMIT
        )


async def connected(address: str) -> Client:
    """Connect, once the server is up."""
    for _ in range(150):
        try:
            return await Client.connect(address)
        except RuntimeError:
            await asyncio.sleep(0.2)
    message = f"no Temporal at {address}"
    raise TimeoutError(message)


async def main(asked: Asked) -> None:
    """Measure."""
    server, address = serve(asked.folder)
    clock = Clock()
    try:
        client, starter = await connected(address), await connected(address)
        passing = SandboxRestrictions.default.with_passthrough_modules(
            "bench", "integritas"
        )
        worker = Worker(
            client,
            task_queue="bench",
            workflows=[Case],
            activities=[step],
            workflow_runner=SandboxedWorkflowRunner(restrictions=passing),
            max_cached_workflows=2_000,
            max_concurrent_workflow_tasks=200,
        )

        places = asyncio.Semaphore(STARTS)

        async def run(number: int) -> object:
            async with places:
                handle = await starter.start_workflow(
                    Case.run, number, id=f"case-{number}", task_queue="bench"
                )
            return await handle.result()

        async with worker:
            await clock.race(asked, run)
        held = peak_of(server.pid)
    finally:
        server.terminate()
        server.wait(30)
    clock.answer(
        asked,
        version=metadata.version("temporalio"),
        server_rss_mb=held,
        kept="its server's SQLite file (WAL, as it opens it), local activities",
    )


if __name__ == "__main__":
    asyncio.run(main(arguments()))
