"""Definitions, runs and steps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pydantic import JsonValue

from integritas.kernel.ids import RunId, TenantId

__all__ = [
    "FINAL_RUN_STATES",
    "Definition",
    "OnFailure",
    "RetryPolicy",
    "RunState",
    "RunView",
    "Step",
    "StepState",
    "StepView",
]


class OnFailure(StrEnum):
    """What a step's final failure does to its run."""

    FAIL = "fail"
    CONTINUE = "continue"
    COMPENSATE = "compensate"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to try: full-jitter exponential backoff.

    The delay before attempt n+1 is drawn from [0, min(cap_s, base_s * 2**(n-1))]
    (Brooker, Exponential Backoff and Jitter, AWS 2015). `retry_on` lists error codes;
    empty means every error that calls itself retryable.
    """

    attempts: int = 3
    base_s: float = 0.1
    cap_s: float = 10.0
    retry_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A node of the DAG: an `operation` to call, or a `signal` to wait for.

    `when` and the values of `inputs` are CEL expressions over
    `{submission, steps, run}`. `timeout_s` bounds one attempt (of a signal: the wait).
    """

    name: str
    operation: str | None = None
    signal: str | None = None
    after: tuple[str, ...] = ()
    when: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    retry: RetryPolicy = RetryPolicy()
    timeout_s: float = 30.0
    on_failure: OnFailure = OnFailure.FAIL
    compensate: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A workflow: named, versioned, immutable. `timeout_s` bounds a whole run."""

    name: str
    version: int
    steps: tuple[Step, ...]
    timeout_s: float | None = None
    description: str = ""

    def step(self, name: str) -> Step:
        """Return the step of that name."""
        return next(step for step in self.steps if step.name == name)


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_RUN_STATES: Final = frozenset(RunState) - {RunState.RUNNING}


class StepState(StrEnum):
    """Where a step stands; all but the first three are kept on disk."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    COMPENSATED = "compensated"


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as shown: `subject` is what it is about, `cause` why it ended."""

    tenant: TenantId
    id: RunId
    workflow: str
    version: int
    subject: str
    state: RunState
    input: Mapping[str, JsonValue]
    correlation_id: str
    created_at: datetime
    ended_at: datetime | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """One attempt of a step as shown; `result` is JSON, `error` a `Failure` as JSON."""

    name: str
    attempt: int
    state: StepState
    result: Any = None
    error: Mapping[str, JsonValue] | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
