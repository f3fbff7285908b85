"""What the gateway adds to a call: the app without a socket, beside the desk itself.

Calls of both are timed in turn, so that what else the machine does falls on both alike,
each once what the one before began is done, so that none waits for another's work;
processor time is the process's own, all threads, until what was begun is done.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import httpx
import orjson

from integritas.bootstrap import bootstrap
from integritas.cases.api import NewEvidence, NewSubmission
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.evidence import content_digest, parse_evidence
from integritas.kernel.ids import DEFAULT_TENANT, CaseId
from integritas.kernel.states import ActorKind
from integritas.platform.config import load_settings
from integritas.platform.runtime import tune_runtime
from integritas.samples.api import synthetic_watchlist

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from fastapi import FastAPI

PASSWORD = "several words together"  # noqa: S105 - of a database that is thrown away
RAW = "Subject: lunch\n\nIt is at noon in the small room, see you there."
BODY = orjson.dumps({"evidence": [{"kind": "message", "raw": RAW}]})
Call: TypeAlias = "Callable[[], Awaitable[object]]"
Hook: TypeAlias = "Callable[[Callable[[], Awaitable[bytes]], str], Awaitable[None]]"
_CALLER = Context(DEFAULT_TENANT, Actor("bench", ActorKind.PERSON), "bench")


@dataclass(frozen=True)
class Cost:
    """Of one call: median seconds, processor seconds on average."""

    p50_s: float
    cpu_s: float


async def measured(
    calls: Mapping[str, Call], count: int, rest: Callable[[], Awaitable[None]]
) -> dict[str, Cost]:
    """Time calls in turn, then what each takes of the processor until all is done."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(count):
        for name, call in calls.items():
            await rest()
            started = time.perf_counter()
            await call()
            taken[name].append(time.perf_counter() - started)
    await rest()
    spent = {}
    for name, call in calls.items():
        before = time.process_time()
        for _ in range(count):
            await call()
        await rest()
        spent[name] = (time.process_time() - before) / count
    return {name: Cost(statistics.median(taken[name]), spent[name]) for name in calls}


def asgi_caller(
    app: FastAPI, method: str, path: str, token: str, body: bytes = b""
) -> Callable[[], Awaitable[bytes]]:
    """Return what sends a request to the app as a server would, without a socket."""
    headers = [
        (b"host", b"127.0.0.1"),
        (b"authorization", f"Bearer {token}".encode()),
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
    }

    async def call() -> bytes:
        out: list[Any] = []

        async def send(message: Any) -> None:  # noqa: ANN401 - an ASGI message
            out.append(message)

        async def receive() -> Any:  # noqa: ANN401 - an ASGI message
            return {"type": "http.request", "body": body, "more_body": False}

        await app({**scope, "headers": list(headers), "state": {}}, receive, send)
        assert out[0]["status"] in {200, 202}, out
        return b"".join(message.get("body", b"") for message in out[1:])

    return call


async def inside(
    folder: Path,
    *,
    reads: int = 2_000,
    rounds: int = 5,
    hook: Callable[[Callable[[], Awaitable[bytes]], str], Awaitable[None]]
    | None = None,
) -> dict[str, Cost]:
    """Return what a read and a submission cost at the door and at the desk."""
    settings = load_settings(
        state_dir=folder,
        database_url=f"sqlite:///{folder}/bench.db",
        admin_password=PASSWORD,
    )
    platform = bootstrap(settings, lists=[synthetic_watchlist(folder / "lists")])
    app = platform.app(managed=False)
    await platform.start()
    try:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1/api/v1"
        ) as client:
            form = {"username": "admin", "password": PASSWORD}
            token = (await client.post("/auth/token", json=form)).json()["access_token"]
        post = asgi_caller(app, "POST", "/api/v1/submissions", token, BODY)
        case_id = CaseId(orjson.loads(await post())["case_id"])
        get = asgi_caller(app, "GET", f"/api/v1/cases/{case_id}", token)

        async def desk_read() -> object:
            return await platform.cases.get(DEFAULT_TENANT, case_id)

        async def desk_open() -> object:
            content = parse_evidence({"kind": "message", "raw": RAW})
            item = NewEvidence(content, content_digest(content))
            submission = NewSubmission("api", (item,), "")
            return await platform.cases.open(_CALLER, submission)

        await asyncio.sleep(2)
        tune_runtime()  # as a server does
        if hook is not None:
            await hook(get, "read")
            await hook(post, "submission")

        async def rest() -> None:
            while await platform.waiting_commands() or await platform.lag():  # noqa: ASYNC110 - of many parts
                await asyncio.sleep(0.02)

        reading: Mapping[str, Call] = {"read, door": get, "read, desk": desk_read}
        writing = {"submission, door": post, "submission, desk": desk_open}
        rounds_of: list[dict[str, Cost]] = []
        for _ in range(rounds):
            found = await measured(reading, reads, rest)
            rounds_of.append(found | await measured(writing, reads // 20, rest))
        return {
            name: Cost(
                statistics.median(each[name].p50_s for each in rounds_of),
                statistics.median(each[name].cpu_s for each in rounds_of),
            )
            for name in rounds_of[0]
        }
    finally:
        await platform.stop()
