"""How the clients ask: addresses, credentials, errors. Nothing of ours is imported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from types import TracebackType
    from typing import Self

__all__ = ["ApiError", "AsyncTransport", "SyncTransport", "escape"]

TIMEOUT_S: Final = 60.0
_EVENTS: Final = "/api/v1/events"


class ApiError(Exception):
    """An answer of 400 or above; `problem` is its document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        """Keep the status and the document."""
        super().__init__(f"{status}: {problem.get('detail', 'no detail')}")
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str:
        """Return the code of the error, such as `not_found`."""
        return str(self.problem.get("code", ""))

    @property
    def retryable(self) -> bool:
        """Say whether the same request may succeed later."""
        return bool(self.problem.get("retryable"))


def escape(value: object) -> str:
    """Return a value as a part of a path."""
    return quote(str(value), safe="")


def _credentials(token: str | None, api_key: str | None) -> dict[str, str]:
    if token is not None:
        return {"Authorization": f"Bearer {token}"}
    return {} if api_key is None else {"X-API-Key": api_key}


def _request(
    query: Mapping[str, Any] | None,
    headers: Mapping[str, str | None] | None,
    body: object,
) -> dict[str, Any]:
    given = {k: v for k, v in (headers or {}).items() if v is not None}
    asked: dict[str, Any] = {
        "params": {k: v for k, v in (query or {}).items() if v is not None},
        "headers": {"Accept": "application/json, */*;q=0.5", **given},
    }
    if body is not None:
        asked["content"] = json.dumps(body).encode()
        asked["headers"]["Content-Type"] = "application/json"
    return asked


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code < httpx.codes.BAD_REQUEST:
        return answer
    try:
        problem = answer.json()
    except ValueError:
        problem = {"detail": answer.text[:200]}
    raise ApiError(answer.status_code, problem)


def _stream_headers(last_event_id: str | None) -> dict[str, str]:
    last = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    return {"Accept": "text/event-stream", **last}


def _event(line: str) -> Any:  # noqa: ANN401 - any JSON
    return json.loads(line.removeprefix("data: "))


class SyncTransport:
    """Asks, one request after the other."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        api_key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Ask the server at `base_url`, with a token or an API key."""
        self._http = httpx.Client(
            base_url=base_url,
            headers=_credentials(token, api_key),
            timeout=timeout_s,
            transport=transport,
        )

    def __enter__(self) -> Self:
        """Return the client itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def follow(
        self, last_event_id: str | None = None, **query: str | list[str]
    ) -> Iterator[Any]:
        """Yield events as they happen, behind `last_event_id` or from now on."""
        headers = _stream_headers(last_event_id)
        with self._http.stream("GET", _EVENTS, headers=headers, params=query) as answer:
            if answer.status_code >= httpx.codes.BAD_REQUEST:
                answer.read()
            _checked(answer)
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield _event(line)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        body: object = None,
    ) -> httpx.Response:
        return _checked(
            self._http.request(method, path, **_request(query, headers, body))
        )


class AsyncTransport:
    """Asks without blocking."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        api_key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Ask the server at `base_url`, with a token or an API key."""
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers=_credentials(token, api_key),
            timeout=timeout_s,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        """Return the client itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def follow(
        self, last_event_id: str | None = None, **query: str | list[str]
    ) -> AsyncIterator[Any]:
        """Yield events as they happen, behind `last_event_id` or from now on."""
        headers = _stream_headers(last_event_id)
        asked = self._http.stream("GET", _EVENTS, headers=headers, params=query)
        async with asked as answer:
            if answer.status_code >= httpx.codes.BAD_REQUEST:
                await answer.aread()
            _checked(answer)
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    yield _event(line)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str | None] | None = None,
        body: object = None,
    ) -> httpx.Response:
        return _checked(
            await self._http.request(method, path, **_request(query, headers, body))
        )
