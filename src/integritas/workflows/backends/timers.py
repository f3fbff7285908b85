"""When waits of runs end: counted from when they began, whatever restarts between."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from integritas.workflows.options import Wait

if TYPE_CHECKING:
    from integritas.workflows.backends.active import ActiveRun

__all__ = ["wait_of"]


def wait_of(run: ActiveRun, index: int, now: datetime) -> Wait:
    """Return the wait of a step that waits: as it was kept, or beginning now."""
    step = run.plan.steps[index]
    began = run.started.get((step.name, 1), now)
    due = run.due.get(index)
    limit_s = step.timeout_s if step.sleep_s is None else step.sleep_s
    if due is None and limit_s is not None and step.sleep_until is None:
        due = began + timedelta(seconds=limit_s)
    return Wait(run.seed.tenant, run.seed.id, step.name, began, due)
