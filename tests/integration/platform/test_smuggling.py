"""What is two things, or too large, or too slow in coming, is no request."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from integritas.platform.wire import GRACE_S, MAX_HEAD_BYTES, protocol_within

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /seen HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /seen HTTP/1.1\r\nHost: x\r\n"
LIMIT_S = 0.4


class Server:
    """uvicorn as `serve` runs it, over an app that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bytes]] = []
        self.port = 0

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/stream")
        async def stream() -> StreamingResponse:
            async def beats() -> AsyncIterator[bytes]:
                while True:
                    yield b"beat"
                    await asyncio.sleep(0.01)

            return StreamingResponse(beats())

        @app.get("/slow")
        async def slow() -> str:
            await asyncio.sleep(2 * LIMIT_S + GRACE_S)
            return "waited"

        @app.post("/early")
        async def early() -> str:
            return "answered"

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

    async def drip(self, begin: bytes, drop: bytes) -> bytes:
        """Send bytes, then a drop at a time; return all until the server hangs up."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(begin)

        async def go_on() -> None:
            while drop:
                writer.write(drop)
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(go_on())
        answer = b""
        try:
            async with asyncio.timeout(10):
                while read := await reader.read(65_536):
                    answer += read
        except ConnectionResetError:  # what we sent last was no longer read
            pass
        finally:
            dripping.cancel()
            writer.close()
        return answer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    config = uvicorn.Config(
        made.app(),
        port=0,
        log_config=None,
        lifespan="off",
        http=protocol_within(LIMIT_S),
        timeout_keep_alive=1,
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


def problem_of(answer: bytes) -> tuple[int, str]:
    """Return the status and the code of the last answer, a problem document."""
    head, _, body = answer[answer.rindex(b"HTTP/1.1 4") :].partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    assert b"connection: close" in head
    document = json.loads(body)
    assert document["request_id"].encode() in head
    assert document["errors"][0]["remedy"]
    assert int(head.split()[1]) == document["status"]
    return document["status"], document["code"]


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
    assert problem_of(answer) == (400, "malformed_request")
    assert ("hidden", b"") not in server.asked


@pytest.mark.parametrize(
    "chunks",
    [b"zz\r\nhi\r\n0\r\n\r\n", b"-2\r\nhi\r\n0\r\n\r\n", b"2\r\nhiXX0\r\n\r\n"],
)
async def test_chunks_that_are_none_are_refused(server: Server, chunks: bytes) -> None:
    await server.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + HIDDEN)
    assert ("hidden", b"") not in server.asked


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: b\r\n"])
async def test_a_request_names_one_host(server: Server, hosts: bytes) -> None:
    answer = await server.send(b"GET /seen HTTP/1.1\r\n" + hosts + b"\r\n")
    assert problem_of(answer) == (400, "malformed_request")
    assert server.asked == []


async def test_before_http_1_1_nobody_named_a_host(server: Server) -> None:
    answer = await server.send(b"GET /seen HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n",
        GET + b"X:\r\n" * (MAX_HEAD_BYTES // 32) + b"\r\n",
        b"GET /" + b"a" * MAX_HEAD_BYTES + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_a_head_has_a_size(server: Server, head: bytes) -> None:
    assert problem_of(await server.drip(head, b"")) == (431, "head_too_large")
    assert server.asked == []


async def test_a_head_without_end_is_cut_off(server: Server) -> None:
    answer = await server.drip(GET + b"X: ", b"a" * 8_192)
    assert problem_of(answer) == (431, "head_too_large")


async def test_requests_in_a_row_are_no_large_head(server: Server) -> None:
    several = (GET + b"X: " + b"a" * 9_000 + b"\r\n\r\n") * 12
    answer = await server.drip(several + GET, b"")
    assert answer.count(b"HTTP/1.1 200") == 12
    assert problem_of(answer) == (408, "request_timeout")


async def test_who_asks_ahead_waits_without_haste(server: Server) -> None:
    slow = b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
    for ahead in (GET, POST + b"Content-Length: 9\r\n\r\n"):
        answer = await server.drip(slow + ahead, b"")
        assert answer.startswith(b"HTTP/1.1 200")
        assert b'"waited"' in answer


@pytest.mark.parametrize(
    ("begin", "drop"),
    [(GET, b"a"), (b"GET /", b"a"), (b"", b"\r\n"), (GET + b"\r\n", b"\r\n")],
)
async def test_a_head_has_a_time_to_come(
    server: Server, begin: bytes, drop: bytes
) -> None:
    answer = await server.drip(begin, drop)
    assert problem_of(answer) == (408, "request_timeout")


async def test_who_says_nothing_is_told_nothing(server: Server) -> None:
    assert await server.drip(b"", b"") == b""


async def test_a_body_that_nobody_waits_for_ends_too(server: Server) -> None:
    early = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
    answer = await server.drip(early, b"a")
    assert answer.count(b"HTTP/1.1 200") == 1


async def test_no_answer_stands_within_another(server: Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    answer = await reader.readuntil(b"beat")
    writer.write(b"\0 no request\r\n\r\n")
    async with asyncio.timeout(10):
        answer += await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 4" not in answer
