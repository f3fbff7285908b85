"""A service's HTTP door: assessing, the internal operations, who may come in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request

from integritas.kernel.clock import ManualClock
from integritas.kernel.contracts import SYSTEM, Context, Dossier
from integritas.kernel.errors import NotAuthenticated
from integritas.kernel.ids import IdFactory, TenantId, is_id
from integritas.platform import codec
from integritas.platform.http import (
    TENANT_HEADER,
    assess_router,
    assessing,
    caller,
    deciding,
    observing,
    service_app,
)
from integritas.platform.tokens import service_tokens

TOKEN = "s3cret-token"
MAIL = {"kind": "message", "raw": "hello"}


@pytest.fixture
def app(service: Any, ids: IdFactory, clock: ManualClock) -> FastAPI:
    return service_app(
        name="fake",
        operations={
            "assess": assessing(service),
            "decide": deciding(service),
            "observe": observing(service),
        },
        router=assess_router("fake", service, ids, clock),
        pings={},
        token=TOKEN,
        max_body_bytes=2_000,
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://fake",
        headers={"Authorization": f"Bearer {service_tokens(TOKEN).token('fake')}"},
    ) as client:
        yield client


# Who calls ----------------------------------------------------------------------


async def test_caller_is_what_the_door_found() -> None:
    context = Context(TenantId("acme"), SYSTEM, "req_1")
    request = Request({"type": "http", "state": {"context": context}})
    assert await caller(request) is context


@pytest.mark.parametrize("state", [{}, {"context": None}, {"context": "acme"}])
async def test_caller_refuses_nobody(state: dict[str, object]) -> None:
    with pytest.raises(NotAuthenticated):
        await caller(Request({"type": "http", "state": state}))


@pytest.mark.parametrize(
    "header",
    [
        *("", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \u00e9"),
        f"Bearer {TOKEN}",  # the secret itself is none
        f"Bearer {service_tokens(TOKEN).token('other')}",
        f"Bearer {service_tokens('another').token('fake')}",
        f"Basic {service_tokens(TOKEN).token('fake')}",
    ],
    ids=range(10),
)
@pytest.mark.parametrize("path", ["/api/v1/fake/assess", "/internal/v1/fake/assess"])
async def test_wrong_token_is_refused(
    client: httpx.AsyncClient, service: Any, path: str, header: str
) -> None:
    response = await client.post(
        path, content=b"[]", headers={b"Authorization": header.encode()}
    )
    assert response.status_code == 401
    assert response.json()["code"] == "not_authenticated"
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert service.seen == []


async def test_tenant_comes_from_the_header(
    client: httpx.AsyncClient, service: Any
) -> None:
    await client.post(
        "/api/v1/fake/assess",
        json={"evidence": [MAIL]},
        headers={TENANT_HEADER: "acme"},
    )
    assert service.seen[0][0].tenant == "acme"


async def test_tenant_must_be_a_name(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/api/v1/fake/assess",
        json={"evidence": [MAIL]},
        headers={TENANT_HEADER: "Not A Tenant"},
    )
    assert response.status_code == 422


async def test_without_a_token_nobody_is_asked(
    service: Any, ids: IdFactory, clock: ManualClock
) -> None:
    app = service_app(
        name="fake",
        operations={},
        router=assess_router("fake", service, ids, clock),
        pings={},
        token=None,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://fake") as client:
        response = await client.post("/api/v1/fake/assess", json={"evidence": [MAIL]})
    assert response.status_code == 200


# Assessing ----------------------------------------------------------------------


async def test_assess_answers_findings_versions_and_input(
    client: httpx.AsyncClient, service: Any
) -> None:
    response = await client.post("/api/v1/fake/assess", json={"evidence": [MAIL]})
    assert response.status_code == 200
    body = response.json()
    assert body["service"] == "fake"
    assert body["versions"] == {"model": "1"}
    assert len(body["input_hash"]) == 64
    (finding,) = body["findings"]
    assert finding["code"] == "fake.found"
    assert finding["subject"]["evidence"] == body["evidence"][0]
    ((dossier,),) = service.seen
    assert dossier.channel == "api"
    assert is_id(dossier.evidence[0].id, "ev")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "evidence"),
        ({"evidence": []}, "evidence"),
        ({"evidence": [{"kind": "telegram"}]}, "evidence[0].kind"),
        ({"evidence": [{"kind": "message", "raw": 7}]}, "evidence[0].raw"),
        ({"evidence": [{**MAIL, "extra": 1}]}, "evidence[0].extra"),
        ({"evidence": [MAIL], "channel": ""}, "channel"),
        ({"evidence": [MAIL], "nonsense": 1}, "nonsense"),
        ([], "(body)"),
    ],
)
async def test_assess_names_the_wrong_field(
    client: httpx.AsyncClient, service: Any, body: object, path: str
) -> None:
    response = await client.post("/api/v1/fake/assess", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [error["path"] for error in response.json()["errors"]] == [path]
    assert service.seen == []


async def test_assess_renders_a_failure_as_problem(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/api/v1/fake/assess", json={"channel": "poison", "evidence": [MAIL]}
    )
    assert response.status_code == 422
    assert response.json()["detail"] == "cannot be read"


async def test_batch_keeps_order_and_bad_items_apart(
    client: httpx.AsyncClient, service: Any
) -> None:
    items = [
        {"evidence": [MAIL]},
        {"evidence": [{"kind": "message"}]},
        {"channel": "poison", "evidence": [MAIL]},
        7,
        {"evidence": [MAIL, MAIL]},
    ]
    response = await client.post("/api/v1/fake/assess/batch", json={"items": items})
    assert response.status_code == 200
    results = response.json()["results"]
    assert [result["index"] for result in results] == [0, 1, 2, 3, 4]
    assert ["assessment" in result for result in results] == [
        True,
        False,
        False,
        False,
        True,
    ]
    assert results[1]["error"]["errors"][0]["path"].startswith("items[1].evidence[0]")
    assert results[2]["error"]["detail"] == "cannot be read"
    assert results[3]["error"]["code"] == "invalid_input"
    assert len(service.seen[0]) == 3


async def test_batch_of_bad_items_calls_nobody(
    client: httpx.AsyncClient, service: Any
) -> None:
    response = await client.post("/api/v1/fake/assess/batch", json={"items": [1, {}]})
    assert [set(result) for result in response.json()["results"]] == [
        {"index", "error"},
        {"index", "error"},
    ]
    assert service.seen == []


@pytest.mark.parametrize("items", [[], "x", None])
async def test_batch_needs_items(client: httpx.AsyncClient, items: object) -> None:
    response = await client.post("/api/v1/fake/assess/batch", json={"items": items})
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "items"


async def test_assessor_that_drops_an_answer_breaks_its_contract(
    client: httpx.AsyncClient, service: Any
) -> None:
    service.drop_last = True
    response = await client.post("/api/v1/fake/assess", json={"evidence": [MAIL]})
    assert response.status_code == 502
    assert response.json()["code"] == "contract_violation"


# Internal operations --------------------------------------------------------------


async def test_internal_assess_speaks_kernel_json(
    client: httpx.AsyncClient, service: Any, dossier_of: Callable[..., Dossier]
) -> None:
    dossier = dossier_of()
    body = codec.encode_array([codec.encode_dossier(dossier)])
    response = await client.post("/internal/v1/fake/assess", content=body)
    assert codec.decode_answers(response.content) == await service.assess([dossier])


async def test_internal_observe_tells_the_service(
    client: httpx.AsyncClient, service: Any, dossier_of: Callable[..., Dossier]
) -> None:
    body = codec.encode_observation("evt_1", [dossier_of()])  # type: ignore[arg-type] # a plain text will do
    response = await client.post("/internal/v1/fake/observe", content=body)
    assert response.json() == []
    assert service.observed == [("evt_1", (dossier_of(),))]


async def test_internal_refuses_other_json(client: httpx.AsyncClient) -> None:
    response = await client.post("/internal/v1/fake/assess", content=b'[{"id": 1}]')
    assert response.status_code == 422
    paths = [error["path"] for error in response.json()["errors"]]
    assert "dossiers[0].id" in paths


async def test_internal_names_known_operations(client: httpx.AsyncClient) -> None:
    response = await client.post("/internal/v1/fake/guess", content=b"[]")
    assert response.status_code == 404
    assert "assess, decide, observe" in response.json()["detail"]


async def test_internal_bodies_may_be_larger(client: httpx.AsyncClient) -> None:
    response = await client.post("/internal/v1/fake/assess", content=b" " * 3_000)
    assert response.status_code == 422
    public = await client.post("/api/v1/fake/assess", content=b" " * 3_000)
    assert public.status_code == 413


async def test_internal_operations_stay_out_of_openapi(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/api/openapi.json")).json()
    assert set(document["paths"]) == {
        "/healthz",
        "/readyz",
        "/api/v1/fake/assess",
        "/api/v1/fake/assess/batch",
    }
    operation = document["paths"]["/api/v1/fake/assess"]["post"]
    assert operation["operationId"] == "fake_assess"
    assert set(operation["responses"]["422"]["content"]) == {"application/problem+json"}
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert {"Problem", "FieldProblem"} <= set(document["components"]["schemas"])


async def test_batches_are_counted(client: httpx.AsyncClient) -> None:
    await client.post("/internal/v1/fake/assess", content=b"[]")
    metrics = (await client.get("/metrics")).text
    labels = '{operation="assess",service="fake"}'
    assert f"integritas_service_batch_seconds_count{labels} 1.0" in metrics


async def test_lifespan_starts_and_stops_what_it_was_given(
    service: Any, ids: IdFactory, clock: ManualClock
) -> None:
    events = []

    async def start() -> None:
        events.append("start")

    async def stop() -> None:
        events.append("stop")

    app = service_app(
        name="fake",
        operations={},
        router=assess_router("fake", service, ids, clock),
        pings={},
        token=None,
        on_start=[start],
        on_stop=[stop],
    )
    async with app.router.lifespan_context(app):
        assert events == ["start"]
    assert events == ["start", "stop"]
