"""Definitions on the wire: the fields there are, their forms and defaults."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from integritas.workflows.model import (
    DEFAULT_TIMEOUT_S,
    Definition,
    OnFailure,
    RetryPolicy,
    Step,
)

__all__ = ["DefinitionIn", "RetryIn", "StepIn", "definition_document"]

_KINDS: Final = (
    "operation",
    "signal",
    "approval",
    "sleep_s",
    "sleep_until",
    "workflow",
)
_NAME: Final = r"^[a-z][a-z0-9_-]{0,62}$"
_OPERATION: Final = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"
_VERSION: Final = Field(ge=1, le=2_147_483_647)
Name = Annotated[str, StringConstraints(pattern=_NAME)]
OperationName = Annotated[str, StringConstraints(pattern=_OPERATION)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
Seconds = Annotated[float, Field(gt=0, le=31_536_000, allow_inf_nan=False)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RetryIn(_Wire):
    """A retry policy on the wire."""

    attempts: Annotated[int, Field(ge=1, le=100)] = 3
    base_s: Seconds = 0.1
    cap_s: Seconds = 10.0
    retry_on: tuple[str, ...] = ()


class ApprovalIn(_Wire):
    """Who may decide: people with one of these roles; none named: all who may."""

    roles: Annotated[tuple[Name, ...], Field(max_length=20)] = ()


class StepIn(_Wire):
    """A step on the wire: exactly one of the kinds of work.

    `timeout_s` left out is 30 for an operation or a signal, and no limit for others.
    """

    name: Name
    operation: OperationName | None = None
    signal: Name | None = None
    approval: ApprovalIn | None = None
    sleep_s: Seconds | None = None
    sleep_until: Expression | None = None
    workflow: Name | None = None
    workflow_version: Annotated[int, _VERSION] | None = None
    for_each: Expression | None = None
    parallel: Annotated[int, Field(ge=1, le=10_000)] | None = None
    after: tuple[Name, ...] = ()
    when: Expression | None = None
    inputs: dict[Name, Expression] = Field(default_factory=dict)
    retry: RetryIn = RetryIn()
    timeout_s: Seconds | None = None
    on_failure: OnFailure = OnFailure.FAIL
    compensate: OperationName | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> StepIn:
        if sum(getattr(self, kind) is not None for kind in _KINDS) != 1:
            raise PydanticCustomError(
                "one_of",
                "give exactly one of operation (to call), signal or approval (to wait"
                " for), sleep_s or sleep_until (to let time pass) and workflow",
            )
        if self.for_each is not None and not (self.operation or self.workflow):
            raise PydanticCustomError(
                "misplaced", "for_each is for an operation or a workflow"
            )
        if self.parallel is not None and self.for_each is None:
            raise PydanticCustomError("misplaced", "parallel needs for_each")
        if self.workflow_version is not None and self.workflow is None:
            raise PydanticCustomError("misplaced", "workflow_version needs workflow")
        return self

    def step(self) -> Step:
        """Return the step."""
        timeout_s = self.timeout_s
        if timeout_s is None and (self.operation or self.signal):
            timeout_s = DEFAULT_TIMEOUT_S
        return Step(
            name=self.name,
            operation=self.operation,
            signal=self.signal,
            after=self.after,
            when=self.when,
            inputs=self.inputs,
            retry=RetryPolicy(**self.retry.model_dump()),
            timeout_s=timeout_s,
            on_failure=self.on_failure,
            compensate=self.compensate,
            approval=None if self.approval is None else self.approval.roles,
            sleep_s=self.sleep_s,
            sleep_until=self.sleep_until,
            workflow=self.workflow,
            workflow_version=self.workflow_version,
            for_each=self.for_each,
            parallel=self.parallel,
        )

    @classmethod
    def of(cls, step: Step) -> StepIn:
        """Return a step on the wire."""
        return cls(
            name=step.name,
            operation=step.operation,
            signal=step.signal,
            approval=None if step.approval is None else ApprovalIn(roles=step.approval),
            sleep_s=step.sleep_s,
            sleep_until=step.sleep_until,
            workflow=step.workflow,
            workflow_version=step.workflow_version,
            for_each=step.for_each,
            parallel=step.parallel,
            after=step.after,
            when=step.when,
            inputs=dict(step.inputs),
            retry=RetryIn(
                attempts=step.retry.attempts,
                base_s=step.retry.base_s,
                cap_s=step.retry.cap_s,
                retry_on=step.retry.retry_on,
            ),
            timeout_s=step.timeout_s,
            on_failure=step.on_failure,
            compensate=step.compensate,
        )


class DefinitionIn(_Wire):
    """A definition on the wire."""

    name: Name
    version: Annotated[int, _VERSION] = 1
    description: Annotated[str, StringConstraints(max_length=4_000)] = ""
    timeout_s: Seconds | None = None
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    steps: Annotated[tuple[StepIn, ...], Field(min_length=1, max_length=1_000)]
    outputs: dict[Name, Expression] = Field(default_factory=dict)

    def definition(self) -> Definition:
        """Return the definition, not yet checked against a registry."""
        return Definition(
            name=self.name,
            version=self.version,
            description=self.description,
            timeout_s=self.timeout_s,
            priority=self.priority,
            steps=tuple(step.step() for step in self.steps),
            outputs=self.outputs,
        )


def definition_document(definition: Definition) -> dict[str, Any]:
    """Return a definition as the JSON that `parse_definition` reads."""
    return DefinitionIn(
        name=definition.name,
        version=definition.version,
        description=definition.description,
        timeout_s=definition.timeout_s,
        priority=definition.priority,
        steps=tuple(StepIn.of(step) for step in definition.steps),
        outputs=dict(definition.outputs),
    ).model_dump(mode="json")
