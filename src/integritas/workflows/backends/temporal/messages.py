"""What passes between the workflow and its activities: ids and outcomes, no more.

Temporal keeps all of it in a run's history, where nothing can be erased; so no input,
result, payload, dossier or text of an error is ever in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "ASK",
    "END",
    "LOAD",
    "SEARCH_ATTRIBUTES",
    "SETTLE_SIGNAL",
    "SIGNAL",
    "STATE_QUERY",
    "STEP",
    "STEP_FAILED",
    "SUBJECT",
    "TENANT",
    "WORKFLOW",
    "WORKFLOW_TYPE",
    "Ending",
    "Outcome",
    "RunOrder",
    "RunPlan",
    "RunStatus",
    "StepOrder",
    "StepPlan",
    "workflow_id",
]

WORKFLOW_TYPE: Final = "IntegritasRun"
SIGNAL: Final = "integritas.signal"
STATE_QUERY: Final = "integritas.state"
LOAD: Final = "integritas.load"
ASK: Final = "integritas.ask"
STEP: Final = "integritas.step"
SETTLE_SIGNAL: Final = "integritas.settle_signal"
END: Final = "integritas.end"
STEP_FAILED: Final = "StepFailed"
"""Type of the error of an attempt that failed; not retryable if it was the last."""

TENANT: Final = "IntegritasTenant"
WORKFLOW: Final = "IntegritasWorkflow"
SUBJECT: Final = "IntegritasSubject"
SEARCH_ATTRIBUTES: Final = (TENANT, WORKFLOW, SUBJECT)


class Outcome:
    """How a step came out, as its activity says."""

    SUCCEEDED: Final = "succeeded"
    SKIPPED: Final = "skipped"
    FAILED: Final = "failed"
    GO: Final = "go"
    """Its condition holds: the signal may be waited for."""
    ENDED: Final = "ended"
    """The run has ended meanwhile: there is nothing more to do."""


@dataclass(frozen=True)
class RunOrder:
    """Which run to carry."""

    tenant: str
    run: str


@dataclass(frozen=True)
class StepOrder:
    """Which step of a run to carry out, or (`undo`) to take back.

    `timed_out` says that nobody waits for the step's signal any more.
    """

    tenant: str
    run: str
    step: str
    undo: bool = False
    timed_out: bool = False


@dataclass(frozen=True)
class StepPlan:
    """A step as the workflow sees it; `conditional` if it has a `when`."""

    name: str
    signal: str | None
    after: list[str]
    conditional: bool
    timeout_s: float | None
    on_failure: str
    undoable: bool


@dataclass(frozen=True)
class RunPlan:
    """What the workflow interprets. `state` is not `running` if the run has ended.

    `signals` came already; of `limit_s`, the time the run may take, `left_s` is left.
    """

    state: str
    limit_s: float | None
    left_s: float | None
    steps: list[StepPlan]
    signals: list[str]


@dataclass(frozen=True)
class Ending:
    """How a run ends; its cause is put together from what the database holds.

    `failed` names the step that failed first, `not_undone` those that could not be
    taken back; `overdue_s` is the limit of a run that took too long.
    """

    tenant: str
    run: str
    state: str
    failed: str | None = None
    not_undone: list[str] | None = None
    overdue_s: float | None = None


@dataclass(frozen=True)
class RunStatus:
    """What the state query answers: of each step how it stands."""

    state: str
    steps: dict[str, str]


def workflow_id(tenant: str, run: str) -> str:
    """Return the id of a run's workflow."""
    return f"integritas/{tenant}/{run}"
