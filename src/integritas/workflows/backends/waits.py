"""How waits end: when they are due, and why they failed. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from integritas.kernel.contracts import Failure

if TYPE_CHECKING:
    from integritas.workflows.model import Step

__all__ = ["due_of", "rejection", "too_late"]


def due_of(step: Step, began: datetime) -> datetime | None:
    """Return when a wait that began then ends by itself, None if it is not known."""
    if step.sleep_until is not None:
        return None
    limit_s = step.timeout_s if step.sleep_s is None else step.sleep_s
    return None if limit_s is None else began + timedelta(seconds=limit_s)


def too_late(step: Step) -> Failure:
    """Return why a wait for a signal or a decision failed."""
    what = f"signal {step.signal!r}" if step.signal else "decision"
    return Failure("signal_timeout", f"no {what} within {step.timeout_s:g} s")


def rejection(step: Step, payload: Any) -> Failure | None:  # noqa: ANN401 - JSON
    """Return the failure that a decision means, None if it is a yes, or a signal."""
    if step.approval is None or payload["approved"]:
        return None
    reason = f": {payload['reason']}" if payload["reason"] else ""
    return Failure("rejected", f"{payload['by']} said no{reason}")
