"""Requests that two servers in a row could read in two ways are not read in two."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /seen HTTP/1.1\r\nHost: x\r\n"


class Server:
    """uvicorn as `serve` runs it, over an app that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.port = 0

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        async def ask(request: Request, path: str) -> str:
            self.asked.append((path, await request.body()))
            return path

        return app

    async def send(self, request: bytes) -> bytes:
        """Send bytes, then hang up our side; return all that comes back."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        writer.write_eof()
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    config = uvicorn.Config(
        made.app(), port=0, log_config=None, lifespan="off", http="httptools"
    )
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve())
    deadline = time.monotonic() + 10
    while not running.started:
        assert time.monotonic() < deadline, "the server did not start"
        await asyncio.sleep(0.01)
    made.port = running.servers[0].sockets[0].getsockname()[1]
    yield made
    running.should_exit = True
    await task


async def test_the_plain_request_is_read(server: Server) -> None:
    answer = await server.send(POST + b"Content-Length: 2\r\n\r\nhi")
    assert answer.startswith(b"HTTP/1.1 200")
    assert server.asked == [("seen", b"hi")]


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
        b"Content-Length: 0\r\nContent-Length: 40\r\n",
        b"Content-Length: +0\r\n",
        b"Content-Length: 0x0\r\n",
        b"Content-Length : 0\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"X: y\r\n Content-Length: 0\r\n\tfolded: 1\r\nbad header\r\n",
    ],
)
async def test_what_has_two_readings_is_refused(server: Server, headers: bytes) -> None:
    answer = await server.send(POST + headers + b"\r\n0\r\n\r\n" + HIDDEN)
    assert answer.count(b"HTTP/1.1 200") <= 1
    assert ("hidden", b"") not in server.asked


@pytest.mark.parametrize(
    "chunks",
    [b"zz\r\nhi\r\n0\r\n\r\n", b"-2\r\nhi\r\n0\r\n\r\n", b"2\r\nhiXX0\r\n\r\n"],
)
async def test_chunks_that_are_none_are_refused(server: Server, chunks: bytes) -> None:
    await server.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + HIDDEN)
    assert ("hidden", b"") not in server.asked
