"""What an operation does not know of a query is refused, by name."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("address", "name", "remedy"),
    [
        ("cases?stat=open", "stat", "did you mean state?"),
        ("cases?limit=1&Cursor=x", "Cursor", "did you mean cursor"),
        ("compliance/hits?reviews=open", "reviews", "did you mean review?"),
        ("compliance/payment-rules?xyzzy=", "xyzzy", "use fields"),
        ("audit/entries?case=x", "case", "use actor, "),
    ],
)
async def test_an_unknown_name_in_a_query_is_refused(
    tenant: Any, address: str, name: str, remedy: str
) -> None:
    admin = await tenant.client("admin")
    answer = await admin.get(f"/api/v1/{address}")
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["path"] == name
    assert error["message"] == "is no parameter of this operation"
    assert error["remedy"].startswith(remedy)


async def test_what_is_declared_is_taken_everywhere(tenant: Any, gateway: Any) -> None:
    admin = await tenant.client("admin")
    asked = 0
    for path, methods in gateway.app.openapi()["paths"].items():
        get = methods.get("get")
        if get is None or "{" in path or "stream" in path:
            continue
        for parameter in get.get("parameters", ()):
            if parameter["in"] != "query":
                continue
            answer = await admin.get(path, params={parameter["name"]: "x"})
            assert "is no parameter" not in answer.text, answer.text
            asked += 1
    assert asked > 50


async def test_a_provider_may_add_to_its_answer(tenant: Any) -> None:
    admin = await tenant.client("admin")
    answer = await admin.get("/api/v1/auth/oidc/callback?session_state=1")
    assert "is no parameter" not in answer.text


async def test_a_write_and_a_page_that_is_none_are_held_to_it_too(tenant: Any) -> None:
    admin = await tenant.client("admin")
    body = {"query": "Ann Li"}
    answer = await admin.post("/api/v1/compliance/screen?limit=3", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "limit"
    assert (await admin.get("/healthz?x=1")).status_code == 200
    assert (await admin.get("/api/v1/nothing?x=1")).status_code == 404
