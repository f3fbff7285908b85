"""The real app over a real SQLite file, shared; each test has a tenant of its own."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio
import uvicorn
from argon2 import Parameters
from argon2.profiles import CHEAPEST

from integritas.bootstrap import Platform, Services, bootstrap
from integritas.identity.api import NewUser, Role
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.ids import TenantId
from integritas.platform.config import load_settings
from integritas.platform.security import Passwords
from integritas.samples.api import synthetic_watchlist
from integritas.services.anticorruption.api import load_anticorruption_service
from integritas.services.compliance.api import load_compliance_service, load_watchlists
from integritas.services.spam.api import load_spam_service

if TYPE_CHECKING:
    from fastapi import FastAPI

PASSWORD = "several words together"
CHEAP: Parameters = CHEAPEST
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all async tests of this folder in one loop: they share the platform."""
    shared = pytest.mark.asyncio(loop_scope="session")
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here and item.get_closest_marker("asyncio"):
            item.add_marker(shared, append=False)


class Contract:
    """Holds every answer against the OpenAPI document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }
        self._routes = [
            (method, re.compile(_pattern(path)), operation)
            for method, path, operation in self.operations.values()
        ]
        self._routes.sort(key=lambda route: route[1].pattern.count("[^/]"))

    async def check(self, response: httpx.Response) -> None:
        """Fail unless the document says that such an answer may come."""
        request = response.request
        path = request.url.path
        operation = next(
            (
                operation
                for method, pattern, operation in self._routes
                if method == request.method and pattern.fullmatch(path)
            ),
            None,
        )
        if operation is None:
            return
        await response.aread()
        where = f"{request.method} {path} -> {response.status_code}"
        answer = operation["responses"].get(str(response.status_code))
        assert answer is not None, f"{where} is not documented: {response.text}"
        media_type = response.headers.get("content-type", "").partition(";")[0]
        if not response.content:
            lines = "application/jsonl" in answer.get("content", {})  # maybe none
            assert lines or not answer.get("content"), f"{where} has no body"
            return
        media = answer.get("content", {}).get(media_type)
        assert media is not None, f"{where}: {media_type} is not documented"
        if media_type.endswith("json"):
            self._hold(response.json(), media.get("schema", {}), where)

    def _hold(self, value: Any, schema: Mapping[str, Any], at: str) -> None:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            self._hold(value, self.document["components"]["schemas"][name], at)
            return
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                assert any(self._holds(value, s, at) for s in schema[choice]), (
                    f"{at}: {value!r:.200} is none of {schema[choice]}"
                )
        if "type" in schema:
            kinds = schema["type"]
            kinds = kinds if isinstance(kinds, list) else [kinds]
            assert any(_is(value, kind) for kind in kinds), f"{at}: {value!r:.200}"
        if "enum" in schema:
            assert value in schema["enum"], f"{at}: {value!r}"
        if "const" in schema:
            assert value == schema["const"], f"{at}: {value!r}"
        if isinstance(value, dict):
            self._hold_object(value, schema, at)
        if isinstance(value, list) and "items" in schema:
            for number, item in enumerate(value):
                self._hold(item, schema["items"], f"{at}[{number}]")

    def _hold_object(
        self, value: Mapping[str, Any], schema: Mapping[str, Any], at: str
    ) -> None:
        known = schema.get("properties", {})
        missing = set(schema.get("required", ())) - set(value)
        assert not missing, f"{at} lacks {missing}"
        others = schema.get("additionalProperties", not known)
        for name, member in value.items():
            if name in known:
                self._hold(member, known[name], f"{at}.{name}")
            else:
                assert others is not False, f"{at}.{name} is not documented"
                if isinstance(others, dict):
                    self._hold(member, others, f"{at}.{name}")

    def _holds(self, value: Any, schema: Mapping[str, Any], at: str) -> bool:
        try:
            self._hold(value, schema, at)
        except AssertionError:
            return False
        return True


def _pattern(path: str) -> str:
    return re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)).replace(
        "tile/[^/]+", "tile/.+"
    )


_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


@dataclass
class Gateway:
    """A running platform and its app."""

    platform: Platform
    app: FastAPI
    contract: Contract

    def client(self, token: str | None = None, **headers: str) -> httpx.AsyncClient:
        """Return a client that shows `token`."""
        headers.setdefault("Accept", "application/json")  # events: no endless stream
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, client=("192.0.2.1", 1)),
            base_url="http://testserver",
            headers=headers,
            event_hooks={"response": [self.contract.check]},
        )

    async def tenant(self) -> Tenant:
        """Return a fresh tenant."""
        name = TenantId(f"tenant-{next(_numbers)}")
        await self.platform.identity.ensure_tenant(name)
        return Tenant(self, name)


@dataclass
class Tenant:
    """One tenant with people in it; `client(role)` signs one of them in."""

    gateway: Gateway
    name: TenantId
    _people: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def client(self, role: str = "admin", who: str = "") -> httpx.AsyncClient:
        """Return the client of a person who has the role; the same for the same."""
        who = who or role
        if who not in self._people:
            context = Context(self.name, SYSTEM, "test")
            users = self.gateway.platform.identity.users
            await users.create(context, NewUser(who, {Role(role)}, PASSWORD))
            token = await self.token(who)
            self._people[who] = self.gateway.client(token)
        return self._people[who]

    async def token(self, who: str) -> str:
        """Return a fresh access token of a person."""
        body = {"username": who, "password": PASSWORD, "tenant": self.name}
        async with self.gateway.client() as client:
            answer = await client.post("/api/v1/auth/token", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def machine(self, *scopes: str) -> httpx.AsyncClient:
        """Return the client of a machine with an API key."""
        admin = await self.client("admin")
        body = {"name": "robot", "machine": True, "scopes": list(scopes)}
        answer = await admin.post("/api/v1/api-keys", json=body)
        assert answer.status_code == 201, answer.text
        return self.gateway.client(**{"X-API-Key": answer.json()["secret"]})

    async def count_cases(self) -> int:
        """Return how many cases the tenant has."""
        return len(await self.gateway.platform.cases.list(self.name, limit=500))

    async def assessed(self, *evidence: Mapping[str, Any]) -> dict[str, Any]:
        """Submit evidence; return the case once it is assessed."""
        client = await self.client("analyst")
        answer = await client.post(
            "/api/v1/submissions",
            json={"evidence": list(evidence)},
            headers={"Prefer": "wait=30"},
        )
        assert answer.status_code == 200, answer.text
        case: dict[str, Any] = answer.json()
        return case


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """Return the services, loaded once; the watchlist is synthetic."""
    lists = load_watchlists(synthetic_watchlist(tmp_path_factory.mktemp("lists")))
    compliance = load_compliance_service(lists)
    return Services(
        spam=load_spam_service(),
        anticorruption=load_anticorruption_service(),
        compliance=compliance,
        pings={"compliance": compliance.ping},
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gateway(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Gateway]:
    """Return the running platform."""
    folder = tmp_path_factory.mktemp("gateway")
    settings = load_settings(
        state_dir=folder,
        database_url=f"sqlite:///{folder}/test.db",
        admin_password=PASSWORD,
        webhook_networks=["127.0.0.0/8"],
    )
    platform = bootstrap(settings, services=services, passwords=Passwords(CHEAP))
    app = platform.app()
    async with app.router.lifespan_context(app):
        yield Gateway(platform, app, Contract(app.openapi()))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(gateway: Any) -> AsyncIterator[str]:
    """Serve the app on a real socket: a stream has no end otherwise."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    config = uvicorn.Config(gateway.app, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    gateway.app.state.draining = True
    server.should_exit = True
    await task
    gateway.app.state.draining = False


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(gateway: Gateway) -> Tenant:
    """Return a tenant of this test's own."""
    return await gateway.tenant()


@pytest_asyncio.fixture(loop_scope="session")
async def analyst(tenant: Tenant) -> httpx.AsyncClient:
    """Return an analyst's client."""
    return await tenant.client("analyst")


@pytest_asyncio.fixture(loop_scope="session")
async def admin(tenant: Tenant) -> httpx.AsyncClient:
    """Return an administrator's client."""
    return await tenant.client("admin")


# Evidence -------------------------------------------------------------------------

MESSAGE = {"kind": "message", "raw": "The winner was known before the tender opened."}
PROCUREMENT = {
    "kind": "procurement",
    "release": {
        "ocid": "ocds-213czf-1",
        "id": "1",
        "date": "2026-01-01T00:00:00Z",
        "tag": ["tender"],
        "initiationType": "tender",
        "buyer": {"id": "B1", "name": "Town of Nowhere"},
        "tender": {
            "id": "t1",
            "status": "complete",
            "procurementMethod": "open",
            "value": {"amount": 1000, "currency": "EUR"},
            "tenderPeriod": {
                "startDate": "2026-01-01T00:00:00Z",
                "endDate": "2026-02-15T00:00:00Z",
            },
        },
        "bids": {
            "details": [
                {
                    "id": str(number),
                    "status": "valid",
                    "value": {"amount": amount, "currency": "EUR"},
                    "tenderers": [{"id": f"T{number}", "name": f"Bidder {number}"}],
                }
                for number, amount in enumerate((913, 958, 1042), start=1)
            ]
        },
    },
}
PARTY = {
    "kind": "party",
    "schema": "Person",
    "properties": {"name": ["Gwendolyn Ashworth"], "birthDate": ["1970-01-01"]},
}
PAYMENT = {
    "kind": "payment",
    "debtor": {"name": "Nordbau GmbH", "account": "DE89370400440532013000"},
    "creditor": {"name": "Gwendolyn Ashworth"},
    "amount": "1200.00",
    "currency": "EUR",
    "date": "2026-01-31",
    "reference": "invoice 7",
}


@pytest.fixture
def evidence() -> dict[str, dict[str, Any]]:
    """Return an item of each kind; a test may change its copy."""
    import copy

    kinds: dict[str, dict[str, Any]] = {
        "message": MESSAGE,
        "procurement": PROCUREMENT,
        "party": PARTY,
        "payment": PAYMENT,
    }
    return copy.deepcopy(kinds)


@pytest.fixture
def listed() -> dict[str, Any]:
    """Return a party that stands on the synthetic watchlist: a case of high risk."""
    from integritas.samples.api import planted_samples

    for sample in planted_samples():
        for item in sample.evidence:
            if item["kind"] == "party":
                return dict(item)
    raise AssertionError


Poll = Callable[[Callable[[], Awaitable[bool]]], Awaitable[None]]


@pytest.fixture
def until() -> Poll:
    """Return what waits for a condition, 15 s at most."""

    async def poll(condition: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(15):
            while not await condition():
                await asyncio.sleep(0.01)

    return poll
