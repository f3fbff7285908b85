"""Every error becomes a problem document with the right status and no secret."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import httpx
import pytest
from fastapi import FastAPI
from pydantic import AnyUrl, BaseModel, Field, StringConstraints, create_model
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from integritas.kernel import errors
from integritas.kernel.contracts import Failure
from integritas.kernel.errors import FieldError, IntegritasError
from integritas.kernel.validation import NO_NUL
from integritas.platform.problems import (
    STATUS,
    TITLES,
    failure_response,
    install_problems,
    problem_responses,
)
from integritas.platform.remedies import REMEDIES

TREE = [
    error
    for error in vars(errors).values()
    if isinstance(error, type) and issubclass(error, IntegritasError)
]


class Body(BaseModel):
    amount: int
    when: float = 0


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problems(app)

    @app.get("/raise/{code}")
    async def fail(code: str) -> None:
        error = next(error for error in TREE if error.code == code)
        raise error("what happened")

    @app.get("/http/{status}")
    async def http(status: int) -> None:
        raise HTTPException(status, "why", {"X-Mark": "1"})

    @app.get("/slow-down")
    async def slow_down() -> None:
        raise errors.TooManyRequests("slow down", retry_after_s=7.4)

    @app.get("/fields")
    async def fields() -> None:
        raise errors.InvalidInput(
            "bad", errors=(FieldError("a[0].b", "is bad", "mend it"),)
        )

    @app.get("/surrogate")
    async def surrogate() -> None:
        raise errors.InvalidInput("bad \ud800", errors=(FieldError("\ud800", "x"),))

    @app.post("/body")
    async def body(body: Body) -> Body:
        return body

    @app.get("/number/{number}")
    async def number(number: int, page: int = 1) -> int:
        return number + page

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        yield client


def test_every_kernel_error_has_a_status_and_a_title() -> None:
    assert {error.code for error in TREE} <= set(STATUS)
    assert set(STATUS) == set(TITLES)


@pytest.mark.parametrize("error", TREE, ids=lambda error: error.code)
async def test_kernel_error_is_a_problem(
    client: httpx.AsyncClient, error: type[IntegritasError]
) -> None:
    response = await client.get(f"/raise/{error.code}")
    body = response.json()
    assert response.status_code == body["status"] == STATUS[error.code]
    assert response.headers["content-type"] == "application/problem+json"
    assert body["type"] == f"urn:integritas:problem:{error.code}"
    assert body["title"] == error.title
    assert body["instance"] == f"/raise/{error.code}"
    assert body["retryable"] is error.retryable


@pytest.mark.parametrize("code", ["error", "storage_failure", "contract_violation"])
async def test_inner_details_stay_in_the_log(
    client: httpx.AsyncClient, code: str
) -> None:
    with capture_logs() as lines:
        response = await client.get(f"/raise/{code}")
    assert "what happened" not in response.text
    assert [line["detail"] for line in lines] == ["what happened"]


@pytest.mark.parametrize("code", ["unavailable", "circuit_open", "service_timeout"])
async def test_a_part_that_is_down_is_a_warning(
    client: httpx.AsyncClient, code: str
) -> None:
    with capture_logs() as lines:
        response = await client.get(f"/raise/{code}")
    assert response.json()["detail"] == "what happened"
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("request_unavailable", "warning")
    ]
    assert "exc_info" not in lines[0]


async def test_the_callers_errors_are_not_logged(client: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        await client.get("/raise/not_found")
    assert lines == []


async def test_retry_after_is_said(client: httpx.AsyncClient) -> None:
    response = await client.get("/slow-down")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "8"


@pytest.mark.parametrize("error", TREE, ids=lambda error: error.code)
async def test_every_error_says_what_to_do(
    client: httpx.AsyncClient, error: type[IntegritasError]
) -> None:
    [said] = (await client.get(f"/raise/{error.code}")).json()["errors"]
    assert said["path"] == "(request)"
    assert said["remedy"] == REMEDIES[error.code]


def test_every_code_has_a_remedy() -> None:
    assert set(REMEDIES) == set(STATUS)


async def test_fields_are_listed(client: httpx.AsyncClient) -> None:
    body = (await client.get("/fields")).json()
    assert body["errors"] == [
        {"path": "a[0].b", "message": "is bad", "remedy": "mend it"}
    ]


async def test_what_is_no_unicode_is_quoted(client: httpx.AsyncClient) -> None:
    response = await client.get("/surrogate")
    assert response.status_code == 422
    assert response.json()["detail"] == "bad ?"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "malformed_body"),
        (413, "content_too_large"),
        (428, "precondition_required"),
        (418, "error"),
    ],
)
async def test_http_error_is_a_problem(
    client: httpx.AsyncClient, status: int, code: str
) -> None:
    response = await client.get(f"/http/{status}")
    assert response.json()["code"] == code
    assert response.json()["detail"] == "why"
    assert response.headers["X-Mark"] == "1"


async def test_unknown_route_is_named(client: httpx.AsyncClient) -> None:
    response = await client.get("/nowhere")
    assert response.status_code == 404
    assert "/nowhere" in response.json()["detail"]
    [error] = response.json()["errors"]
    assert error["remedy"] == "check the path and its spelling"


async def test_wrong_method_says_which_is_right(client: httpx.AsyncClient) -> None:
    response = await client.get("/body")
    assert response.status_code == 405
    assert response.json()["detail"] == "GET is not allowed here: use POST"
    assert response.headers["Allow"] == "POST"


@pytest.mark.parametrize("body", [b"{", b"", b'{"amount": 1', b"nonsense"])
async def test_malformed_json_is_refused(
    client: httpx.AsyncClient, body: bytes
) -> None:
    response = await client.post(
        "/body", content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code in (400, 422)
    assert response.json()["errors"][0]["path"] == "(body)"


async def test_openapi_names_the_problem_where_fastapi_names_its_own(
    client: httpx.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    answers = document["paths"]["/body"]["post"]["responses"]
    assert set(answers["422"]["content"]) == {"application/problem+json"}
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_bottomless_json_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/body",
        content=b"[" * 200_000,
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 400
    assert response.json()["code"] == "malformed_body"


async def test_wrong_fields_are_all_named(client: httpx.AsyncClient) -> None:
    response = await client.post("/body", json={"amount": "x", "when": "y"})
    body = response.json()
    assert body["detail"] == "2 fields are not valid"
    assert [error["path"] for error in body["errors"]] == ["amount", "when"]


async def test_missing_field_has_a_remedy(client: httpx.AsyncClient) -> None:
    body = (await client.post("/body", json={})).json()
    assert body["detail"] == "1 field is not valid"
    assert body["errors"][0]["remedy"] == "add the field"


WRONG: dict[str, tuple[Any, Any]] = {
    "write at most 3 characters": (Annotated[str, Field(max_length=3)], "abcd"),
    "write 1 or more characters": (Annotated[str, Field(min_length=1)], ""),
    "send at least 1": (Annotated[list[int], Field(min_length=1)], []),
    "send at most 1": (Annotated[list[int], Field(max_length=1)], [1, 2]),
    "use 'open' or 'void'": (Literal["open", "void"], "x"),
    "use 5 or less": (Annotated[int, Field(le=5)], 6),
    "write a whole number": (int, "x"),
    "send a text": (str, 7),
    "leave it out": (Annotated[str, StringConstraints(pattern=NO_NUL)], "a\0"),
    "see what the field takes at /api/docs": (AnyUrl, "x"),
}


@pytest.mark.parametrize("remedy", WRONG)
async def test_what_is_wrong_has_a_remedy(remedy: str) -> None:
    kind, value = WRONG[remedy]
    app = FastAPI()
    install_problems(app)

    async def take(body: object) -> None:
        del body

    take.__annotations__ = {"body": create_model("Sent", x=(kind, ...))}
    app.post("/")(take)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.post("/", json={"x": value})
    [error] = answer.json()["errors"]
    assert error["remedy"] == remedy
    assert "^[" not in error["message"]


@pytest.mark.parametrize(
    ("path", "field"), [("/number/x", "number"), ("/number/1?page=x", "page")]
)
async def test_parameters_are_named(
    client: httpx.AsyncClient, path: str, field: str
) -> None:
    body = (await client.get(path)).json()
    assert [error["path"] for error in body["errors"]] == [field]


def test_failure_of_an_item_is_rendered_alike() -> None:
    failure = Failure("service_timeout", "too slow", retryable=True)
    response = failure_response({"type": "http", "path": "/x"}, failure)
    assert response.status_code == 504
    assert b'"retryable":true' in bytes(response.body)


def test_failure_of_an_unknown_code_is_an_internal_one() -> None:
    response = failure_response({"type": "http", "path": "/x"}, Failure("odd", "?"))
    assert response.status_code == 500


def test_responses_for_openapi_name_the_problem() -> None:
    responses = problem_responses(404, 409)
    assert list(responses) == [404, 409]
    assert "application/problem+json" in responses[404]["content"]
