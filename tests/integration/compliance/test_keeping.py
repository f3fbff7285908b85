"""Lists refreshed from a real server: over HTTP, by the command line, by hand."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from argon2.profiles import CHEAPEST
from tests.integration.gateway.conftest import Contract, Gateway
from tests.unit.services.compliance.forms import EU, UK
from typer.testing import CliRunner

from integritas.bootstrap import bootstrap
from integritas.cli.compliance import app as command
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.platform.config import load_settings
from integritas.platform.security import Passwords
from integritas.services.compliance.api import load_watchlists

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import httpx
    from tests.integration.gateway.conftest import Tenant

pytestmark = pytest.mark.integration

BASE = "/api/v1/compliance/lists"
HTML = b"<!DOCTYPE html><html>Down for maintenance</html>"


class Publisher:
    """Serves `files` by path with an ETag each; `cut` ends bodies early."""

    def __init__(self) -> None:
        self.files = {"/eu": EU.encode(), "/uk": UK.encode()}
        self.cut = False
        self.answered: list[int] = []
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = self.files[request.path]
        tag = f'"{hash(body)}"'
        fresh = request.headers.get("If-None-Match") != tag
        self.answered.append(200 if fresh else 304)
        request.send_response(self.answered[-1])
        request.send_header("ETag", tag)
        request.send_header("Content-Length", str(len(body) if fresh else 0))
        request.end_headers()
        if fresh:
            request.wfile.write(body[: len(body) // 2] if self.cut else body)

    @property
    def sources(self) -> dict[str, dict[str, str]]:
        return {name: {"list.xml": f"{self.url}/{name}"} for name in ("eu", "uk")}


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    made = Publisher()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
async def gateway(publisher: Publisher, tmp_path: Path) -> AsyncIterator[Gateway]:
    settings = load_settings(
        state_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path}/test.db",
        admin_password="several words together",
        list_sources=publisher.sources,
    )
    platform = bootstrap(settings, passwords=Passwords(CHEAPEST))
    app = platform.app()
    async with app.router.lifespan_context(app):
        yield Gateway(platform, app, Contract(app.openapi()))


async def refreshed(admin: httpx.AsyncClient, *lists: str) -> dict[str, Any]:
    asked = await admin.post(f"{BASE}/refresh", json={"lists": lists})
    assert asked.status_code == 202, asked.text
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found: dict[str, Any] = (await admin.get(asked.headers["Location"])).json()
        if found["state"] != "waiting":
            return found
        await asyncio.sleep(0.02)
    pytest.fail("the refresh has no end")


async def in_force(client: httpx.AsyncClient) -> dict[str, str]:
    data = (await client.get(BASE)).json()["data"]
    return {one["name"]: one["version"] for one in data}


@pytest.mark.timeout(60)
async def test_lists_are_refreshed_over_http(
    gateway: Gateway, publisher: Publisher
) -> None:
    tenant: Tenant = await gateway.tenant()
    admin = await tenant.client("admin")
    assert await in_force(admin) == {}
    first = await refreshed(admin)
    assert [(o["list"], o["added"], o["before"]) for o in first["outcomes"]] == [
        ("eu", 2, None),
        ("uk", 2, None),
    ]
    lists = await in_force(admin)
    assert lists == {o["list"]: o["version"] for o in first["outcomes"]}
    asked = {"query": "Yusuf Karim Haddad", "type": "Person"}
    found = await admin.post("/api/v1/compliance/screen", json=asked)
    assert found.json()["hits"][0]["uid"] == "EU.9001.1"

    # Nothing new: asked for by ETag alone.
    publisher.answered.clear()
    again = await refreshed(admin)
    assert publisher.answered == [304, 304]
    assert [o["version"] for o in again["outcomes"]] == [None, None]

    # A web page and a body that ends early change nothing, and say so.
    good, publisher.files["/uk"] = publisher.files["/uk"], HTML
    failed = await refreshed(admin, "uk")
    assert failed["state"] == "failed"
    assert "web page" in failed["outcomes"][0]["error"]
    publisher.files["/uk"], publisher.cut = good + b"<!-- -->", True
    failed = await refreshed(admin, "uk")
    assert "does not answer" in failed["outcomes"][0]["error"]
    assert await in_force(admin) == lists

    # One list fails, the other is taken over.
    publisher.cut = False
    publisher.files["/eu"] = HTML
    publisher.files["/uk"] = good.replace(b"GREY PETREL", b"BLACK PETREL")
    half = await refreshed(admin)
    assert half["state"] == "done"
    assert [(o["changed"], bool(o["error"])) for o in half["outcomes"]] == [
        (0, True),
        (1, False),
    ]
    after = await in_force(admin)
    assert (after["eu"] == lists["eu"], after["uk"] == lists["uk"]) == (True, False)
    history = (await admin.get(f"{BASE}/refreshes", params={"limit": 2})).json()
    assert history["data"][0]["id"] == half["id"]
    assert history["next_cursor"]


@pytest.mark.timeout(60)
async def test_one_list_is_refreshed_by_its_name(
    gateway: Gateway,
) -> None:
    tenant: Tenant = await gateway.tenant()
    admin, analyst = await tenant.client("admin"), await tenant.client("analyst")
    asked = await admin.post(f"{BASE}/eu/refresh")
    assert asked.status_code == 202, asked.text
    assert asked.json()["lists"] == ["eu"]
    found = await admin.get(asked.headers["location"])
    assert found.json()["id"] == asked.json()["id"]
    strange = await admin.post(f"{BASE}/moon/refresh")
    assert strange.status_code == 404
    assert strange.json()["errors"][0]["path"] == "name"
    assert "eu" in strange.json()["errors"][0]["remedy"]
    assert (await analyst.post(f"{BASE}/eu/refresh")).status_code == 403


async def test_a_refresh_is_recorded_and_only_for_who_may(
    gateway: Gateway,
) -> None:
    tenant: Tenant = await gateway.tenant()
    admin, analyst = await tenant.client("admin"), await tenant.client("analyst")
    no = await analyst.post(f"{BASE}/refresh", json={})
    assert no.status_code == 403
    bad = await admin.post(f"{BASE}/refresh", json={"lists": ["eu", "moon"]})
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["path"] == "lists[1]"
    assert (await admin.get(f"{BASE}/refreshes/refresh_0")).status_code == 404
    done = await refreshed(admin, "eu")
    entries = await gateway.platform.journal.read(tenant.name, after=0, limit=500)
    told = {e.type: e for e in entries if e.subject == done["id"]}
    assert set(told) == {
        "integritas.compliance.lists_refresh_requested.v1",
        "integritas.compliance.lists_refreshed.v1",
    }
    ended: Any = told["integritas.compliance.lists_refreshed.v1"].data
    assert ended["lists"][0]["version"] == done["outcomes"][0]["version"]


@pytest.mark.timeout(60)
async def test_a_refresh_that_waited_through_a_stop_is_carried_out(
    publisher: Publisher, tmp_path: Path
) -> None:
    settings = load_settings(
        state_dir=tmp_path,
        database_url=f"sqlite:///{tmp_path}/test.db",
        list_sources=publisher.sources,
    )
    platform = bootstrap(settings, passwords=Passwords(CHEAPEST))
    desk = platform.services.records.lists
    assert desk is not None
    asked = await desk.ask(Context(DEFAULT_TENANT, SYSTEM, "test"), ())
    same = await desk.ask(Context(DEFAULT_TENANT, SYSTEM, "test"), ())
    assert same == asked
    await platform.stop()

    platform = bootstrap(settings, passwords=Passwords(CHEAPEST))
    await platform.start()
    try:
        desk = platform.services.records.lists
        assert desk is not None
        deadline = time.monotonic() + 20
        while (await desk.get(DEFAULT_TENANT, asked.id)).state == "waiting":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert (await desk.get(DEFAULT_TENANT, asked.id)).state == "done"
    finally:
        await platform.stop()


def test_the_command_line_fetches_what_it_can(
    publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEGRITAS_LIST_SOURCES", json.dumps(publisher.sources))
    line = ["lists", "refresh", "--into", str(tmp_path / "lists")]
    publisher.files["/eu"] = HTML
    result = CliRunner().invoke(command, line)
    assert result.exit_code == 1
    assert '"list":"uk"' in result.output
    assert "eu: " in str(result.exception)
    assert set(load_watchlists(tmp_path / "lists").versions) == {"uk"}


def test_bad_sources_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {"moon": {"a": "https://x"}, "eu": {"../a": "https://x", "b": "ftp://x"}}
    monkeypatch.setenv("INTEGRITAS_LIST_SOURCES", json.dumps(wrong))
    line = ["lists", "refresh", "--into", str(tmp_path)]
    said = str(CliRunner().invoke(command, line).exception)
    for place in ("list_sources.moon", "list_sources.eu.../a", "list_sources.eu.b"):
        assert place in said
