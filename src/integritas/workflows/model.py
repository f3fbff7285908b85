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
    "DEFAULT_TIMEOUT_S",
    "FINAL_RUN_STATES",
    "Definition",
    "OnFailure",
    "Parent",
    "RetryPolicy",
    "RunOptions",
    "RunState",
    "RunView",
    "Step",
    "StepState",
    "StepView",
]

DEFAULT_TIMEOUT_S: Final = 30.0
"""Of an attempt to call an operation, and of a wait for a signal."""


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
    """A node of the DAG. What it does is one of:

    `operation`: call it; `signal`: wait for that signal; `approval`: wait for a
    person's yes or no (the roles that may decide, empty for all who may); `sleep_s` or
    `sleep_until` (CEL, an RFC 3339 time): wait; `workflow`: run another workflow
    (`workflow_version`, else its newest) as a child and take its outputs.

    `when` and the values of `inputs` are CEL expressions over
    `{submission, steps, run}`. With `for_each`, a CEL list, an operation or workflow is
    done once an item, at most `parallel` at a time; then `inputs` also see `item` and
    `index`, and the step's result is the list of results in order.

    `timeout_s` bounds one attempt (of a signal or approval: the wait); None: no bound.
    """

    name: str
    operation: str | None = None
    signal: str | None = None
    after: tuple[str, ...] = ()
    when: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    retry: RetryPolicy = RetryPolicy()
    timeout_s: float | None = DEFAULT_TIMEOUT_S
    on_failure: OnFailure = OnFailure.FAIL
    compensate: str | None = None
    approval: tuple[str, ...] | None = None
    sleep_s: float | None = None
    sleep_until: str | None = None
    workflow: str | None = None
    workflow_version: int | None = None
    for_each: str | None = None
    parallel: int | None = None

    @property
    def awaits(self) -> str | None:
        """Return the name of the signal that the step waits for, None if for none.

        A decision on an approval is a signal of a name that nobody can choose.
        """
        return self.signal if self.approval is None else f"approval:{self.name}"

    @property
    def sleeps(self) -> bool:
        """Say whether the step only lets time pass."""
        return self.sleep_s is not None or self.sleep_until is not None


@dataclass(frozen=True, slots=True)
class Definition:
    """A workflow: named, versioned, immutable. `timeout_s` bounds a whole run.

    `outputs` are CEL expressions: what a parent's step gets of a run of it. `priority`
    is that of its runs (-100 to 100): the higher goes first.
    """

    name: str
    version: int
    steps: tuple[Step, ...]
    timeout_s: float | None = None
    description: str = ""
    priority: int = 0
    outputs: Mapping[str, str] = field(default_factory=dict)

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
class Parent:
    """The attempt of a step that a run is a child of; `step` as it is kept."""

    run_id: RunId
    step: str
    attempt: int


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What few runs have. `timeout_s` bounds the run beside its definition's limit.

    `origin` is the finished run that this one is a retry or fork of. `orderly` runs are
    ended by their engine alone, step by step: they compensate, have or are children.
    `attributes` are the caller's own, to be searched by.
    """

    priority: int | None = None
    timeout_s: float | None = None
    parent: Parent | None = None
    origin: RunId | None = None
    orderly: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


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
