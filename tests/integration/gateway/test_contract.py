"""The OpenAPI document: valid, complete, and held to by every answer."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from integritas.gateway.rules import PUBLIC, SIGNED_IN


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        found = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return found.union(*map(references, node.values()))
    if isinstance(node, list):
        return set().union(*map(references, node))
    return set()


@pytest.fixture
def document(gateway: Any) -> dict[str, Any]:
    return dict(gateway.contract.document)


@pytest.fixture
def operations(gateway: Any) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return dict(gateway.contract.operations)


async def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] == "Integritas"
    assert document["info"]["version"]
    assert document["info"]["license"]["identifier"] == "Apache-2.0"


async def test_it_is_json(gateway: Any, document: dict[str, Any]) -> None:
    async with gateway.client() as client:
        answer = await client.get("/api/openapi.json")
    assert answer.json() == json.loads(json.dumps(document))


async def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert {
        ref
        for ref in references(document)
        if ref.removeprefix("#/components/schemas/") not in schemas
    } == set()


async def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    ]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in ids)


async def test_every_operation_is_described(
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    assert [
        name
        for name, (_, _, operation) in operations.items()
        if not (
            operation.get("summary")
            and len(set(operation.get("tags", ()))) == 1
            and all(a.get("description") for a in operation["responses"].values())
        )
    ] == []


async def test_every_path_parameter_is_declared(
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    for name, (_, path, operation) in operations.items():
        declared = {
            p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"
        }
        assert declared == set(re.findall(r"{(\w+)}", path)), name


async def test_every_error_is_a_problem(
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    for name, (_, _, operation) in operations.items():
        for status, answer in operation["responses"].items():
            if status >= "400" and not name.endswith("z"):
                kinds = set(answer["content"])
                if name == "auth_token":  # of forms RFC 6749 says how
                    kinds.discard("application/json")
                assert kinds == {"application/problem+json"}, name


async def test_what_needs_a_credential_says_so(
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    for name, (_, _, operation) in operations.items():
        if name in PUBLIC:
            assert not operation.get("security"), name
            continue
        assert {k for each in operation["security"] for k in each} == {
            "HTTPBearer",
            "APIKeyHeader",
        }, name
        assert "401" in operation["responses"], name
        assert name in SIGNED_IN or "403" in operation["responses"], name


async def test_what_takes_a_body_says_how_it_is_refused(
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    for name, (_, _, operation) in operations.items():
        if "requestBody" in operation:
            assert {"400", "413", "422"} <= set(operation["responses"]), name


async def test_what_takes_parameters_says_how_they_are_refused(
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    for name, (_, _, operation) in operations.items():
        kinds = {p["in"] for p in operation.get("parameters", ())}
        if "path" in kinds:
            assert "404" in operation["responses"], name
        if kinds & {"query", "header"}:
            assert "422" in operation["responses"], name


async def test_an_answer_that_is_not_documented_is_noticed(gateway: Any) -> None:
    operation = gateway.contract.operations["healthz"][2]
    kept = operation["responses"].pop("200")
    try:
        with pytest.raises(AssertionError, match="not documented"):
            await gateway.client().get("/healthz")
    finally:
        operation["responses"]["200"] = kept


@pytest.mark.parametrize("page", ["/api/docs", "/api/redoc"])
async def test_the_pages_of_the_document_need_no_other_host(
    gateway: Any, page: str
) -> None:
    async with gateway.client() as client:
        answer = await client.get(page)
        assert answer.status_code == 200
        links = re.findall(
            r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)["']""", answer.text
        )
        assert "/api/openapi.json" in answer.text
        assert links
        for link in links:
            assert link.startswith("/"), link
            assert (await client.get(link)).status_code == 200, link
    assert not re.search(r"https?://(?!testserver)", answer.text)


async def test_it_lives_and_is_ready(gateway: Any) -> None:
    async with gateway.client() as client:
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert set(ready.json()["checks"]) == {
        *(
            "database",
            "list monitoring",
            "engine",
            "audit follower",
            "webhooks follower",
            "compliance",
        )
    }
    assert ready.json()["status"] == "ready"


async def test_it_counts_requests_by_route(
    gateway: Any, analyst: httpx.AsyncClient
) -> None:
    await analyst.get("/api/v1/cases/case_1")
    async with gateway.client() as client:
        text = (await client.get("/metrics")).text
    assert 'route="/api/v1/cases/{case_id}"' in text
    assert "case_1" not in text


async def test_an_answer_carries_the_ids_of_the_request(
    analyst: httpx.AsyncClient,
) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await analyst.get(
        "/api/v1/me", headers={"X-Request-ID": "mine-1", "traceparent": trace}
    )
    assert answer.headers["x-request-id"] == "mine-1"
    assert answer.headers["traceparent"].split("-")[1] == trace.split("-")[1]
