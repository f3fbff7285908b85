"""`integritas serve` and `integritas openapi`."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer
import uvicorn

from integritas.bootstrap import bootstrap, service_alone
from integritas.cli.bulk import write_bytes
from integritas.cli.listening import address, begin_anew, listen
from integritas.kernel.errors import (
    IntegritasError,
    StorageFailure,
)
from integritas.platform.config import Settings, load_settings, unknown_settings
from integritas.platform.logging import configure_logging
from integritas.platform.roles import Role
from integritas.platform.runtime import loop_factory, tune_runtime
from integritas.platform.tls import serving
from integritas.platform.wire import protocol_within

if TYPE_CHECKING:
    from socket import socket
    from types import FrameType

    from fastapi import FastAPI
    from starlette.types import Message, Receive, Scope, Send

    from integritas.identity.api import AdminCreated

__all__ = ["announce_admin", "openapi", "run_server", "serve"]

GRACE_S: Final = 30
LINGER_S: Final = 1.0
"""How long callers have to be told, with an answer, that their connection ends."""


def serve(
    role: Annotated[
        Role, typer.Option("--role", help="What this process does.")
    ] = Role.ALL,
) -> None:
    """Serve until stopped; SIGHUP begins anew on the same socket, refusing nobody."""
    settings = load_settings()
    configure_logging(level=settings.log_level, form=settings.log_format)
    if unknown := unknown_settings(os.environ):
        typer.echo(f"ignored, as no settings: {', '.join(unknown)}", err=True)
    # Before anything is opened: a port in use must leave nothing half-done.
    serving(settings)
    with listen(settings) as listener, listener.dup() as kept:
        app = _app(settings, role)
        told = f"{role} on {address(listener, settings)}"
        tell = partial(typer.echo, told, err=True)
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            again = runner.run(run_server(app, listener, settings, on_ready=tell))
        if again:
            begin_anew(kept)


def openapi(
    output: Annotated[
        str, typer.Option("--output", "-o", help="Where to; - is standard output.")
    ] = "-",
) -> None:
    """Print the OpenAPI document."""
    with TemporaryDirectory(prefix="integritas-") as folder:
        settings = load_settings(
            state_dir=Path(folder), database_url=f"sqlite:///{folder}/openapi.db"
        )
        platform = bootstrap(settings)
        try:
            document = platform.app(managed=False).openapi()
        finally:
            platform.database.close()
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"
    write_bytes(output, text)


def _app(settings: Settings, role: Role) -> FastAPI:
    if role in {Role.SPAM, Role.ANTICORRUPTION, Role.COMPLIANCE}:
        return service_alone(settings, role)
    return bootstrap(settings, role).app(on_admin=announce_admin)


def announce_admin(created: AdminCreated | None) -> None:
    """Say, once, where the first administrator's password is; never what it is."""
    if created is None:
        return
    where = created.password_file
    known = f"its password is in {where}" if where else "with the password given"
    typer.echo(
        f"created the administrator {created.user.username!r}: {known}", err=True
    )


async def run_server(
    app: FastAPI,
    listener: socket,
    settings: Settings,
    *,
    on_ready: Callable[[], None],
) -> bool:
    """Serve an app on a socket until a signal comes; then drain.

    `on_ready` is called once requests are answered. Returns whether it is to begin
    anew: the signal was SIGHUP.

    What is no request, or too large or too slow in coming, `platform.wire` refuses.

    Raises:
        IntegritasError: what kept the platform from starting.
    """
    tune_runtime()
    start = _Start(app)
    config = uvicorn.Config(
        start,
        interface="asgi3",
        http=protocol_within(settings.body_timeout_s),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        lifespan="on",
        forwarded_allow_ips=settings.trusted_proxies,
        **serving(settings),
    )
    server = _Server(config, app, on_ready)
    try:
        await server.serve(sockets=[listener])
    except SystemExit:  # uvicorn's answer to a start that failed
        raise start.refusal or StorageFailure(
            "the platform could not start: the log says why"
        ) from None
    return server.again


class _Start:
    """The app, whose refusal to start is kept for its caller, not logged as a crash."""

    def __init__(self, app: FastAPI) -> None:
        self.refusal: IntegritasError | None = None
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Hand a request on as it is."""
        if scope["type"] == "lifespan":
            return self._live(scope, receive, send)
        return self._app(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        failed: list[Message] = []

        async def hold(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                failed.append(message)  # with a traceback
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold)
        except IntegritasError as error:
            if failed:
                self.refusal = error
                failed = [{"type": "lifespan.startup.failed", "message": ""}]
            raise
        finally:
            for message in failed:
                await send(message)


class _Server(uvicorn.Server):
    """Ends on a signal and lets its caller go on.

    uvicorn's own raises the signal again after draining, which would cut off what the
    caller has to close.
    """

    again = False

    def __init__(
        self, config: uvicorn.Config, app: FastAPI, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start the app, then answer, and tell of it."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Have streams end, so that the drain does not wait for them."""
        self._app.state.draining = True
        self.again = sig == signal.SIGHUP
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Let who is connected end by an answer that says so, then drain.

        A connection closed while a request is on its way would lose that request.
        """
        for server in self.servers:
            server.close()
        self.server_state.default_headers.append((b"connection", b"close"))
        deadline = time.monotonic() + LINGER_S
        while self.server_state.connections and time.monotonic() < deadline:  # noqa: ASYNC110 - a set of uvicorn's
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Note signals while serving."""
        wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in wanted}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
