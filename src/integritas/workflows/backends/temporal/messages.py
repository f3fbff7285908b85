"""What passes between the workflow and its activities: ids and outcomes, no more.

Temporal keeps all of it in a run's history, where nothing can be erased; so no input,
result, payload, dossier or text of an error is ever in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "CHILD",
    "END",
    "FAN_OUT",
    "FORGOTTEN",
    "GATHER",
    "LOAD",
    "LOOK",
    "NOW",
    "SEARCH_ATTRIBUTES",
    "SIGNAL",
    "STATE_QUERY",
    "STEP",
    "STEP_FAILED",
    "STOP",
    "STOP_CHILDREN",
    "SUBJECT",
    "TENANT",
    "WAIT",
    "WORKFLOW",
    "WORKFLOW_TYPE",
    "Answer",
    "Ending",
    "Outcome",
    "ParentStep",
    "RunNow",
    "RunOrder",
    "RunPlan",
    "RunStatus",
    "StepOrder",
    "StepPlan",
    "workflow_id",
]

WORKFLOW_TYPE: Final = "IntegritasRun"
SIGNAL: Final = "integritas.signal"
"""A signal came, or the child of a step ended: its name is the argument."""
LOOK: Final = "integritas.look"
"""Whatever waits is to look into the database again."""
STATE_QUERY: Final = "integritas.state"
LOAD: Final = "integritas.load"
NOW: Final = "integritas.now"
WAIT: Final = "integritas.wait"
FAN_OUT: Final = "integritas.fan_out"
GATHER: Final = "integritas.gather"
CHILD: Final = "integritas.child"
STOP_CHILDREN: Final = "integritas.stop_children"
STEP: Final = "integritas.step"
STOP: Final = "integritas.stop"
END: Final = "integritas.end"
FORGOTTEN: Final = "forgotten"
"""Beside the states of a run: that it ended, and was then forgotten."""
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
    HELD: Final = "held"
    """Its definition is paused: it is to be asked again when that is over."""
    ENDED: Final = "ended"
    """The run has ended meanwhile: there is nothing more to do."""
    UNSETTLED: Final = ""
    """It did not come out: its run fails, or goes on with a new history."""


@dataclass(frozen=True)
class RunOrder:
    """Which run to carry."""

    tenant: str
    run: str


@dataclass(frozen=True)
class StepOrder:
    """Which step of a run, or item of it, to carry out, or (`undo`) to take back."""

    tenant: str
    run: str
    step: str
    item: int | None = None
    undo: bool = False


@dataclass(frozen=True)
class Answer:
    """What the database says of a step that is more than a call.

    `outcome` if it has come out. Else of a wait: the seconds it has left; of a fan-out:
    how many items there are; of a child: its run, or the pause before the next.
    """

    outcome: str | None = None
    left_s: float | None = None
    count: int = 0
    child: str | None = None


@dataclass(frozen=True)
class StepPlan:
    """A step as the workflow sees it.

    `waits` says that it waits: for the signal that `awaits` names, or for time to pass;
    `workflow` names the one it runs; `fans` says that it is done once an item.
    """

    name: str
    after: list[str]
    on_failure: str
    undoable: bool
    timeout_s: float | None = None
    waits: bool = False
    awaits: str | None = None
    workflow: str | None = None
    fans: bool = False
    parallel: int | None = None


@dataclass(frozen=True)
class RunNow:
    """How a run stands: `stopping` if it is to begin nothing more and to undo.

    Of `limit_s`, the time the run may take, `left_s` is left.
    """

    state: str
    stopping: bool = False
    limit_s: float | None = None
    left_s: float | None = None


@dataclass(frozen=True)
class ParentStep:
    """The attempt that a run is a child of: the run, and the step as it is kept."""

    run: str
    step: str


@dataclass(frozen=True)
class RunPlan:
    """What the workflow interprets, and what came out already, by kept name.

    `orderly` if ending it early takes more than forgetting it.
    """

    now: RunNow
    steps: list[StepPlan]
    known: dict[str, str]
    orderly: bool = False
    priority: int = 0
    parent: ParentStep | None = None


@dataclass(frozen=True)
class Ending:
    """How a run ends; its cause is put together from what the database holds.

    `failed` is the kept name of what failed first, `not_undone` of what could not be
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
