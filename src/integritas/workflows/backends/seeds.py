"""What a run is made of, and the names its attempts are kept under."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import IntegritasError
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.model import RunOptions, RunView

__all__ = [
    "PLAIN",
    "RunSeed",
    "failure_of",
    "kept_name",
    "seed_of",
    "split_name",
]

PLAIN: Final = RunOptions()
_UNDO: Final = "compensate:"
_KEPT: Final = re.compile(r"(compensate:)?([^\[\]:]+)(?:\[(\d{1,9})\])?")


def kept_name(step: str, item: int | None = None, *, undo: bool = False) -> str:
    """Return the name of an attempt: `step`, `step[3]`, `compensate:step`."""
    name = step if item is None else f"{step}[{item}]"
    return _UNDO + name if undo else name


def split_name(name: str) -> tuple[str, int | None, bool]:
    """Return step, item and whether it is an undoing, of a kept name.

    Raises:
        ValueError: it is not a kept name.
    """
    found = _KEPT.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is not the name of a step")
    undo, step, item = found.groups()
    return step, None if item is None else int(item), undo is not None


@dataclass(frozen=True, slots=True)
class RunSeed:
    """What a run is made of."""

    tenant: TenantId
    id: RunId
    subject: str
    input: Mapping[str, Any]
    correlation_id: str
    created_at: datetime
    options: RunOptions = PLAIN


def seed_of(view: RunView, options: RunOptions = PLAIN) -> RunSeed:
    """Return what a run was made of."""
    return RunSeed(
        tenant=view.tenant,
        id=view.id,
        subject=view.subject,
        input=view.input,
        correlation_id=view.correlation_id,
        created_at=view.created_at,
        options=options,
    )


def failure_of(error: BaseException) -> Failure:
    """Return the failure that stands for an exception."""
    if isinstance(error, IntegritasError):
        return Failure(
            code=error.code,
            detail=str(error),
            retryable=error.retryable,
            errors=error.errors,
        )
    return Failure(code="error", detail=f"{type(error).__name__}: {error}")
