"""Calling operations with batches: time-outs, broken contracts, poison items."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import IntegritasError
from integritas.workflows.backends.active import failure_of

if TYPE_CHECKING:
    from integritas.workflows.registry import Call, OperationSpec

__all__ = ["call_operation"]

_LOG = structlog.get_logger(__name__)


async def call_operation(
    spec: OperationSpec, calls: Sequence[Call], timeout_s: float | None
) -> Sequence[tuple[Any, bytes] | Failure]:
    """Answer each call with its result and the result's JSON, or a failure.

    A batch that an operation cannot take as a whole is halved until the item that
    breaks it is alone: it fails, its neighbours do not.
    """
    try:
        async with asyncio.timeout(timeout_s):
            answers = await spec.call(calls)
    except TimeoutError:
        detail = f"{spec.name} did not answer within {timeout_s:g} s"
        return [Failure("service_timeout", detail, retryable=True)] * len(calls)
    except Exception as error:  # noqa: BLE001 - an operation may raise anything
        failure = failure_of(error)
        if failure.retryable or len(calls) == 1:
            _tell(spec, error, failure)
            return [failure] * len(calls)
        return await _halve(spec, calls, timeout_s)
    listed = isinstance(answers, Sequence) and not isinstance(answers, str | bytes)
    if not listed or len(answers) != len(calls):
        broken = _broken(spec, f"{_length(answers)} for {len(calls)} calls")
        return [broken] * len(calls)
    return [_encode(spec, answer) for answer in answers]


def _tell(spec: OperationSpec, error: Exception, failure: Failure) -> None:
    """Log what failed; of a part that is down, which many calls meet, one line."""
    told: dict[str, Any] = {"exc_info": error}
    if failure.retryable and isinstance(error, IntegritasError):
        told = {"code": failure.code, "detail": failure.detail}
    _LOG.warning("operation.failed", operation=spec.name, **told)


async def _halve(
    spec: OperationSpec, calls: Sequence[Call], timeout_s: float | None
) -> Sequence[tuple[Any, bytes] | Failure]:
    middle = len(calls) // 2
    first = await call_operation(spec, calls[:middle], timeout_s)
    second = await call_operation(spec, calls[middle:], timeout_s)
    return [*first, *second]


def _encode(spec: OperationSpec, answer: Any) -> tuple[Any, bytes] | Failure:  # noqa: ANN401 - the operation's own type
    if isinstance(answer, Failure):
        return answer
    try:
        return answer, spec.codec.encode(answer)
    except Exception as error:  # noqa: BLE001 - a codec may raise anything
        return _broken(spec, f"a result that cannot be kept: {error}")


def _length(answers: object) -> str:
    if isinstance(answers, Sequence) and not isinstance(answers, str | bytes):
        return f"{len(answers)} answers"
    return f"a {type(answers).__name__}"


def _broken(spec: OperationSpec, what: str) -> Failure:
    return Failure(code="contract_violation", detail=f"{spec.name} answered {what}")
