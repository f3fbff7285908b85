"""Errors as problem documents (RFC 9457): the one table from code to status.

Every HTTP door of the platform renders its errors here: the gateway and the services'
own apps. Below the doors errors are kernel errors and know no HTTP.
"""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import orjson
import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from integritas.kernel import errors as kernel_errors
from integritas.kernel.errors import FieldError, IntegritasError, TooManyRequests
from integritas.kernel.validation import field_error
from integritas.platform.paths import PathTable
from integritas.platform.remedies import OTHERWISE, REMEDIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.types import Scope

    from integritas.kernel.contracts import Failure

__all__ = [
    "MEDIA_TYPE",
    "STATUS",
    "TITLES",
    "FieldProblem",
    "Problem",
    "crash_response",
    "error_response",
    "failure_response",
    "install_problems",
    "problem_response",
    "problem_responses",
    "request_id_of",
]

MEDIA_TYPE: Final = "application/problem+json"
_log: Final = structlog.get_logger("integritas.http")

STATUS: Final[Mapping[str, int]] = {
    "error": 500,
    "invalid_input": 422,
    "invalid_definition": 422,
    "content_too_large": 413,
    "not_authenticated": 401,
    "second_factor_required": 401,
    "not_permitted": 403,
    "not_found": 404,
    "refused": 409,
    "transition_refused": 409,
    "approval_required": 409,
    "conflict": 409,
    "version_conflict": 412,
    "idempotency_mismatch": 422,
    "idempotency_running": 409,
    "too_many_requests": 429,
    "unavailable": 503,
    "service_timeout": 504,
    "circuit_open": 503,
    "storage_failure": 503,
    "storage_busy": 503,
    "contract_violation": 502,
    "integrity_violation": 500,
    # What only a door can say; no kernel error has these codes.
    "malformed_body": 400,
    "malformed_request": 400,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "request_timeout": 408,
    "unsupported_media_type": 415,
    "precondition_required": 428,
    "head_too_large": 431,
}

TITLES: Final[Mapping[str, str]] = {
    **{
        error.code: error.title
        for error in vars(kernel_errors).values()
        if isinstance(error, type) and issubclass(error, IntegritasError)
    },
    "malformed_body": "The body cannot be read",
    "malformed_request": "The request cannot be read",
    "method_not_allowed": "The method is not allowed here",
    "not_acceptable": "No such representation",
    "request_timeout": "The request did not come in time",
    "unsupported_media_type": "The media type is not supported",
    "precondition_required": "If-Match is required",
    "head_too_large": "The head of the request is too large",
}

_CODES: Final[Mapping[int, str]] = {
    400: "malformed_body",
    401: "not_authenticated",
    403: "not_permitted",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    412: "version_conflict",
    413: "content_too_large",
    415: "unsupported_media_type",
    422: "invalid_input",
    428: "precondition_required",
    429: "too_many_requests",
    503: "unavailable",
}

# Their details may name addresses and paths of the machine: those stay in the log.
_PRIVATE: Final = frozenset(
    {"error", "storage_failure", "storage_busy", "contract_violation"}
)
_HIDDEN: Final = "the operator finds the cause in the log under this request_id"


class FieldProblem(BaseModel):
    """One thing wrong with one field: where, what, and what to do about it."""

    path: str = Field(examples=["evidence[0].amount"])
    message: str = Field(examples=["Input should be a valid decimal"])
    remedy: str = Field("", examples=['write the amount as a text such as "1200.00"'])


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:integritas:problem:invalid_input",
                "title": "The input is not valid",
                "status": 422,
                "detail": "1 field is not valid",
                "instance": "/api/v1/submissions",
                "code": "invalid_input",
                "retryable": False,
                "request_id": "req_01JZ8QK4T3V5E7M9N1P2R4S6T8",
                "errors": [
                    {
                        "path": "evidence[0].amount",
                        "message": "Input should be a valid decimal",
                        "remedy": 'write the amount as a text such as "1200.00"',
                    }
                ],
            }
        }
    )

    type: str = Field(description="`urn:integritas:problem:` and the code")
    title: str
    status: int
    detail: str
    instance: str = Field(description="the path that was asked")
    code: str
    retryable: bool = Field(description="whether the same request may succeed later")
    request_id: str = Field(description="to be quoted to the operator; in the log too")
    errors: list[FieldProblem] = Field(
        [], description="what to do about it; `(request)`: about the whole of it"
    )


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route for the statuses it may answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def request_id_of(scope: Scope) -> str:
    """Return the id the edge gave the request, empty outside of one."""
    return str(scope.get("state", {}).get("request_id", ""))


def problem_response(
    scope: Scope,
    code: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    retryable: bool = False,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the problem document of an error code.

    An error that names no field is one of the whole request, with its code's remedy.
    """
    status = STATUS.get(code, 500)
    errors = errors or (FieldError("(request)", detail, REMEDIES.get(code, "")),)
    document = {
        "type": f"urn:integritas:problem:{code}",
        "title": TITLES.get(code, TITLES["error"]),
        "status": status,
        "detail": detail,
        "instance": scope.get("path", ""),
        "code": code,
        "retryable": retryable,
        "request_id": request_id_of(scope),
        "errors": [
            {"path": e.path, "message": e.message, "remedy": e.remedy} for e in errors
        ],
    }
    extra = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        extra.setdefault("WWW-Authenticate", "Bearer")
    return Response(
        orjson.dumps(_printable(document)), status, extra, media_type=MEDIA_TYPE
    )


def _printable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Replace what is no Unicode: it must not cause a second error."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _printable(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_printable(member) for member in value]
    return value


def failure_response(scope: Scope, failure: Failure) -> Response:
    """Return the problem document of a batch item's failure."""
    return problem_response(
        scope,
        failure.code,
        failure.detail,
        errors=failure.errors,
        retryable=failure.retryable,
    )


def crash_response(scope: Scope, error: Exception) -> Response:
    """Log an error nobody foresaw; return a document that gives nothing away."""
    _log.error("request_crashed", path=scope.get("path"), exc_info=error)
    return problem_response(scope, "error", _HIDDEN)


def install_problems(app: FastAPI) -> None:
    """Make `app` answer every error with a problem document.

    What is no error of the platform's own is answered by `edge.RequestEdge`.
    """
    # The way FastAPI's documentation gives to extend the document.
    app.openapi = _documenting(app.openapi)  # type: ignore[method-assign] # see above
    app.add_exception_handler(IntegritasError, _on_kernel_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)


def _documenting(
    generate: Callable[[], dict[str, Any]],
) -> Callable[[], dict[str, Any]]:
    """Name our problem document where FastAPI would name its own error."""

    def openapi() -> dict[str, Any]:
        document = generate()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= problem.pop("$defs") | {"Problem": problem}
        for path in document.get("paths", {}).values():
            for operation in path.values():
                answers = operation.get("responses", {})
                if _FASTAPI_ERROR in str(answers.get("422")):
                    answers["422"] = problem_responses(422)[422]
                for status, answer in problem_responses(*_due(operation)).items():
                    answers.setdefault(str(status), answer)
        return document

    return openapi


def _due(operation: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the statuses an operation may answer with whatever it does."""
    return (
        *((401,) if "security" in operation else ()),
        *((400, 408, 413, 415, 422) if "requestBody" in operation else ()),
        429,
    )


_FASTAPI_ERROR: Final = "#/components/schemas/HTTPValidationError"


async def _on_kernel_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, IntegritasError)  # noqa: S101 - registered for it only
    return error_response(request.scope, error)


def error_response(scope: Scope, error: IntegritasError) -> Response:
    """Return the problem document of an error, and log it if it is ours."""
    detail, errors, headers = error.detail, error.errors, {}
    if STATUS.get(error.code, 500) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log_failure(error)
    if error.code in _PRIVATE:
        detail, errors = _HIDDEN, ()
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(max(1, ceil(error.retry_after_s)))
    return problem_response(
        scope,
        error.code,
        detail,
        errors=errors,
        retryable=error.retryable,
        headers=headers,
    )


def _log_failure(error: IntegritasError) -> None:
    if error.retryable:  # a part is down, perhaps for many requests: no traceback each
        _log.warning("request_unavailable", code=error.code, detail=str(error))
    else:
        _log.error("request_failed", code=error.code, detail=str(error), exc_info=error)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it only
    code = _CODES.get(error.status_code, "error")
    remedy = ""
    if code == "not_found" and error.detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"there is no {request.url.path}: see /api/docs for what there is"
        remedy = "check the path and its spelling"
    elif code == "method_not_allowed":
        allowed = _allowed(request, error.headers)
        error.headers = {**(error.headers or {}), "Allow": allowed}
        detail = f"{request.method} is not allowed here: use {allowed}"
    elif code == "malformed_body":
        return _malformed(request, str(error.detail), error.headers)
    else:
        detail = str(error.detail)
    place = "(body)" if code == "content_too_large" else "(request)"
    errors = (FieldError(place, detail, remedy or REMEDIES[code]),)
    return problem_response(
        request.scope, code, detail, errors=errors, headers=error.headers
    )


def _allowed(request: Request, headers: Mapping[str, str] | None) -> str:
    """Return the methods of a path: the router names those of one route alone."""
    table = PathTable(request.app.openapi())
    methods = table.operations(request.url.path)
    if not methods:
        return (headers or {}).get("Allow", "")
    return ", ".join(sorted(method.upper() for method in methods))


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it
    found = error.errors()
    if isinstance(error.body, bytes):  # FastAPI reads what is called JSON, no more
        return _unsupported(request)
    if found and found[0]["type"] == "json_invalid":
        why = found[0].get("ctx", {}).get("error", found[0]["msg"])
        place = found[0]["loc"][-1]
        return _malformed(request, f"the body is not JSON: {why} at character {place}")
    errors = tuple(_requested(item) for item in found[:_MOST])
    count = len(found)
    detail = f"{count} fields are not valid" if count > 1 else "1 field is not valid"
    return problem_response(request.scope, "invalid_input", detail, errors=errors)


def _unsupported(request: Request) -> Response:
    """Name the media types that the operation takes; RFC 9110 section 12.5.1."""
    operations = PathTable(request.app.openapi()).operations(request.url.path)
    operation = operations.get(request.method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    accepted = ", ".join(content) or "application/json"
    sent = request.headers.get("content-type")
    told = f"{sent[:_TYPE_LIMIT]!r} is not taken here" if sent else "is missing"
    return problem_response(
        request.scope,
        "unsupported_media_type",
        f"the body is not of a media type that is taken here: send {accepted}",
        errors=(FieldError("Content-Type", told, f"send {accepted}"),),
        headers={"Accept": accepted},
    )


def _encoded(request: Request, encoding: str) -> Response:
    """Refuse a compressed body: 415 with Accept-Encoding (RFC 9110 section 12.5.3)."""
    return problem_response(
        request.scope,
        "unsupported_media_type",
        "the body is compressed: send it as it is",
        errors=(
            FieldError(
                "Content-Encoding",
                f"{encoding[:_TYPE_LIMIT]!r} is not taken here",
                "send the body as it is, without Content-Encoding",
            ),
        ),
        headers={"Accept-Encoding": "identity"},
    )


_TYPE_LIMIT: Final = 100


def _malformed(
    request: Request, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        return _encoded(request, encoding)
    return problem_response(
        request.scope,
        "malformed_body",
        detail,
        errors=(FieldError("(body)", detail, "send well-formed JSON in UTF-8"),),
        headers=headers,
    )


_MOST: Final = 100


def _requested(item: Mapping[str, Any]) -> FieldError:
    """Return one thing wrong with a request; FastAPI puts the part of it in front."""
    part, *place = item["loc"]
    return field_error(
        {**item, "loc": tuple(place)}, whole=f"({part})", otherwise=OTHERWISE
    )
