"""Workflows: definitions, runs, steps, signals."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from integritas.gateway.conventions import (
    CursorAsked,
    Limit,
    NumberCursorAsked,
    Page,
    ScopeAsked,
    page_of,
    slice_of,
)
from integritas.gateway.need import reader_of
from integritas.gateway.parts import Parts, admit
from integritas.gateway.schemas import (
    NO_NUL,
    RunOut,
    RunStepOut,
    StartRunIn,
    Version,
)
from integritas.gateway.security import Reads, Signed, allow, sight
from integritas.gateway.strict import Json, Moment, StrictRoute
from integritas.identity.api import View
from integritas.kernel.contracts import Context
from integritas.kernel.errors import Conflict
from integritas.kernel.ids import CaseId, RunId
from integritas.platform.problems import problem_responses
from integritas.workflows.api import (
    DefinitionIn,
    RunDetail,
    RunFilter,
    RunOptions,
    RunState,
    definition_document,
)

__all__ = ["router"]

router = APIRouter(tags=["workflows"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("workflows:read"))]
Writing = Annotated[Context, Depends(allow("workflows:write"))]
Starting = Annotated[Context, Depends(allow("runs:start"))]
Controlling = Annotated[Context, Depends(allow("runs:control"))]
Deciding = Annotated[Context, Depends(allow("approvals:decide"))]
Document = dict[str, Json]
StepName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]


class RunSearch(BaseModel):
    """What runs are wanted; all that is given must hold."""

    model_config = ConfigDict(extra="ignore")

    workflow: Annotated[str | None, StringConstraints(max_length=100)] = None
    version: Version | None = None
    subject: Annotated[str | None, StringConstraints(max_length=200)] = None
    state: RunState | None = None
    created_from: Moment | None = None
    created_before: Moment | None = None
    ended_from: Moment | None = None
    ended_before: Moment | None = None
    attribute: list[
        Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}:[^\x00]*$")]
    ] = Field(default_factory=list, max_length=10, description="`name:value`")
    parent: Annotated[str | None, StringConstraints(max_length=100)] = None
    origin: Annotated[str | None, StringConstraints(max_length=100)] = None

    def filter(self) -> RunFilter:
        """Return it as the desk takes it."""
        given = self.model_dump(exclude={"attribute", "parent", "origin"})
        pairs = (text.partition(":") for text in self.attribute)
        return RunFilter(
            **given,
            attributes={name: value for name, _, value in pairs},
            parent=RunId(self.parent) if self.parent else None,
            origin=RunId(self.origin) if self.origin else None,
        )


class RunDetailOut(RunOut):
    """A run with its steps.

    `parent` is the run it is a step of, `origin` the run it is a retry or fork of.
    """

    steps: list[RunStepOut]
    priority: int | None = None
    timeout_s: float | None = None
    parent: str | None = None
    parent_step: str | None = None
    origin: str | None = None
    attributes: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, detail: RunDetail, view: View) -> RunDetailOut:
        """Show a run."""
        run = RunOut.model_validate(detail.run)
        options, parent = detail.options, detail.options.parent
        return cls(
            **run.model_dump(),
            steps=[RunStepOut.of(step, view) for step in detail.steps],
            priority=options.priority,
            timeout_s=options.timeout_s,
            parent=None if parent is None else parent.run_id,
            parent_step=None if parent is None else parent.step,
            origin=options.origin,
            attributes=dict(options.attributes),
        )


class RetryRunIn(BaseModel):
    """From which step a finished run is done again; left out: where it failed."""

    model_config = ConfigDict(extra="forbid")

    from_step: StepName | None = None


class ForkRunIn(BaseModel):
    """From which step, with which input and version; left out: as it was."""

    model_config = ConfigDict(extra="forbid")

    from_step: StepName
    version: Version | None = None
    input: dict[str, Json] | None = None


class DecideStepIn(BaseModel):
    """Approve or reject what a step waits for."""

    model_config = ConfigDict(extra="forbid")

    approve: bool
    reason: Annotated[str, StringConstraints(max_length=10_000, pattern=NO_NUL)] = ""


class PauseIn(BaseModel):
    """Why a workflow is paused."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, StringConstraints(max_length=1_000, pattern=NO_NUL)] = ""


class PauseOut(BaseModel):
    """A workflow that is paused: its runs begin no step."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    reason: str
    actor_id: str
    paused_at: datetime


class CancelIn(BaseModel):
    """Why a run is to be cancelled."""

    model_config = ConfigDict(extra="forbid")

    cause: Annotated[
        str,
        StringConstraints(min_length=1, max_length=1_000, pattern=NO_NUL),
    ]


class SignalIn(BaseModel):
    """A signal to a run that waits for it."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
    payload: Json = None


class Accepted(BaseModel):
    """What was asked for will happen."""

    run_id: str


@router.get(
    "/workflows",
    operation_id="workflows_list",
    summary="List workflow definitions",
    responses=problem_responses(401, 403, 422),
)
async def list_workflows(
    parts: Parts, context: Reading, after: NumberCursorAsked, limit: Limit = 100
) -> Page[DefinitionIn]:
    """List the shipped definitions and the tenant's own, every version."""
    found = await parts.workflows.definitions(context.tenant)
    return slice_of(found, limit, after, lambda item: _shown(definition_document(item)))


@router.post(
    "/workflows",
    operation_id="workflows_create",
    summary="Keep a workflow definition",
    status_code=201,
    responses=problem_responses(400, 401, 403, 409, 422),
)
async def create_workflow(
    parts: Parts, context: Writing, body: Document
) -> DefinitionIn:
    """Check and keep a version of a definition; it is immutable."""
    return _shown(definition_document(await parts.workflows.define(context, body)))


@router.post(
    "/workflows/validate",
    operation_id="workflows_validate",
    summary="Check a workflow definition",
    responses=problem_responses(400, 401, 403, 422),
)
async def validate_workflow(parts: Parts, _: Reading, body: Document) -> DefinitionIn:
    """Check a definition without keeping it; all that is wrong is named."""
    return _shown(definition_document(parts.workflows.validate(body)))


@router.get(
    "/workflows/{name}",
    operation_id="workflows_get",
    summary="Get a workflow definition",
    responses=problem_responses(401, 403, 404),
)
async def get_workflow(parts: Parts, context: Reading, name: str) -> DefinitionIn:
    """Return the newest version of a definition."""
    found = await parts.workflows.definition(context.tenant, name)
    return _shown(definition_document(found))


@router.get(
    "/workflows/{name}/versions/{version}",
    operation_id="workflows_get_version",
    summary="Get a version of a workflow definition",
    responses=problem_responses(401, 403, 404, 422),
)
async def get_workflow_version(
    parts: Parts, context: Reading, name: str, version: Version
) -> DefinitionIn:
    """Return one version of a definition."""
    found = await parts.workflows.definition(context.tenant, name, version)
    return _shown(definition_document(found))


@router.post(
    "/workflows/{name}/runs",
    operation_id="runs_start",
    summary="Start a run",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 422, 429),
)
async def start_run(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    response: Response,
    context: Starting,
    principal: Signed,
    name: str,
    body: StartRunIn,
    scope: ScopeAsked,
) -> Accepted:
    """Start a run on a case; an earlier run on it that is under way is superseded.

    The same `Idempotency-Key` and body again get the same run. Beyond
    `INTEGRITAS_MAX_WAITING_RUNS` that wait to begin: 429 with `Retry-After`.
    """
    await admit(parts)
    case = await parts.cases.get(
        context.tenant, CaseId(body.subject), reader=reader_of(principal)
    )
    options = RunOptions(
        priority=body.priority, timeout_s=body.timeout_s, attributes=body.attributes
    )
    asked: dict[str, Any] = {
        "subject": case.id,
        "version": body.version,
        "given": body.input,
        "options": None if options == RunOptions() else options,
    }
    key = await scope.of(principal)
    if key is None:
        return _run(response, await parts.workflows.start(context, name, **asked))
    run_id, replayed = await parts.workflows.start_once(context, name, key, **asked)
    response.headers["Idempotency-Replayed"] = str(replayed).lower()
    return _run(response, run_id)


@router.get(
    "/runs",
    operation_id="runs_list",
    summary="List runs",
    responses=problem_responses(401, 403, 422),
)
async def list_runs(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    context: Reading,
    reader: Reads,
    cursor: CursorAsked,
    where: Annotated[RunSearch, Query()],
    limit: Limit = 50,
) -> Page[RunOut]:
    """List the runs that fit all that is asked, newest first."""
    found = await parts.workflows.search(
        context.tenant,
        where.filter(),
        before=cursor,
        limit=limit + 1,
        visible=parts.access.visible(reader),
    )
    return page_of(found, limit, lambda run: run.id, RunOut.model_validate)


@router.get(
    "/runs/{run_id}",
    operation_id="runs_get",
    summary="Get a run",
    responses=problem_responses(401, 403, 404),
)
async def get_run(parts: Parts, context: Reading, run_id: str) -> RunDetailOut:
    """Return a run with every attempt of every step."""
    detail = await parts.workflows.run(context.tenant, RunId(run_id))
    return RunDetailOut.of(detail, sight(context))


@router.get(
    "/runs/{run_id}/steps",
    operation_id="runs_steps",
    summary="Steps of a run",
    responses=problem_responses(401, 403, 404, 422),
)
async def list_steps(
    parts: Parts,
    context: Reading,
    run_id: str,
    after: NumberCursorAsked,
    limit: Limit = 500,
) -> Page[RunStepOut]:
    """Return every attempt of every step, then what has not begun."""
    detail = await parts.workflows.run(context.tenant, RunId(run_id))
    return slice_of(
        detail.steps, limit, after, partial(RunStepOut.of, view=sight(context))
    )


@router.post(
    "/runs/{run_id}/cancel",
    operation_id="runs_cancel",
    summary="Cancel a run",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def cancel_run(
    parts: Parts,
    response: Response,
    context: Controlling,
    run_id: str,
    body: CancelIn,
) -> Accepted:
    """Ask for a run to be cancelled."""
    await parts.workflows.cancel(context, RunId(run_id), body.cause)
    return _run(response, run_id)


@router.post(
    "/runs/{run_id}/signals",
    operation_id="runs_signal",
    summary="Signal a run",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def signal_run(
    parts: Parts,
    response: Response,
    context: Controlling,
    run_id: str,
    body: SignalIn,
) -> Accepted:
    """Give a run the signal that a step of it waits for; the first one counts."""
    await parts.workflows.signal(context, RunId(run_id), body.name, body.payload)
    return _run(response, run_id)


@router.post(
    "/runs/{run_id}/steps/{step}/decide",
    operation_id="runs_decide",
    summary="Approve or reject a step",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def decide_step(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    response: Response,
    context: Deciding,
    run_id: str,
    step: str,
    body: DecideStepIn,
) -> Accepted:
    """Decide what a step of kind `approval` waits for; the first decision counts."""
    await parts.workflows.decide(
        context, RunId(run_id), step, approve=body.approve, reason=body.reason
    )
    return _run(response, run_id)


@router.post(
    "/runs/{run_id}/retry",
    operation_id="runs_retry",
    summary="Retry a finished run",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def retry_run(
    parts: Parts,
    response: Response,
    context: Controlling,
    run_id: str,
    body: RetryRunIn,
) -> Accepted:
    """Go on from a finished run as a new one; what was done before the step stays."""
    made = await parts.workflows.retry(context, RunId(run_id), body.from_step)
    return _run(response, made)


@router.post(
    "/runs/{run_id}/fork",
    operation_id="runs_fork",
    summary="Fork a finished run",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def fork_run(
    parts: Parts,
    response: Response,
    context: Controlling,
    run_id: str,
    body: ForkRunIn,
) -> Accepted:
    """Go on from a step of a finished run, with another input or version."""
    made = await parts.workflows.fork(
        context,
        RunId(run_id),
        body.from_step,
        given=body.input,
        version=body.version,
    )
    return _run(response, made)


@router.get(
    "/dead-letters",
    operation_id="dead_letters_list",
    summary="Runs that gave up",
    responses=problem_responses(401, 403, 422),
)
async def list_dead_letters(
    parts: Parts,
    context: Reading,
    reader: Reads,
    cursor: CursorAsked,
    limit: Limit = 50,
) -> Page[RunOut]:
    """List failed runs that no later run came after, newest first."""
    found = await parts.workflows.dead_letters(
        context.tenant,
        before=cursor,
        limit=limit + 1,
        visible=parts.access.visible(reader),
    )
    return page_of(found, limit, lambda run: run.id, RunOut.model_validate)


@router.post(
    "/dead-letters/{run_id}/redrive",
    operation_id="dead_letters_redrive",
    summary="Re-drive a run that gave up",
    status_code=202,
    responses=problem_responses(401, 403, 404, 409, 422),
)
async def redrive(
    parts: Parts, response: Response, context: Controlling, run_id: str
) -> Accepted:
    """Let a run that gave up go on where it failed, as a new one."""
    return _run(response, await parts.workflows.redrive(context, RunId(run_id)))


@router.post(
    "/workflows/{name}/pause",
    operation_id="workflows_pause",
    summary="Pause a workflow",
    status_code=204,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def pause_workflow(
    parts: Parts, context: Writing, name: str, body: PauseIn
) -> None:
    """Let runs of a workflow, all versions, begin no step until it is resumed."""
    if not await parts.workflows.pause(context, name, body.reason):
        raise Conflict(f"workflow {name} is paused already")


@router.post(
    "/workflows/{name}/resume",
    operation_id="workflows_resume",
    summary="Resume a workflow",
    status_code=204,
    responses=problem_responses(401, 403, 404, 409),
)
async def resume_workflow(parts: Parts, context: Writing, name: str) -> None:
    """Let runs of a paused workflow go on."""
    if not await parts.workflows.resume(context, name):
        raise Conflict(f"workflow {name} is not paused")


@router.get(
    "/workflow-pauses",
    operation_id="workflows_paused",
    summary="Workflows that are paused",
    responses=problem_responses(401, 403, 422),
)
async def list_pauses(
    parts: Parts, context: Reading, after: NumberCursorAsked, limit: Limit = 100
) -> Page[PauseOut]:
    """List the workflows that are paused."""
    found = await parts.workflows.pauses(context.tenant)
    return slice_of(found, limit, after, PauseOut.model_validate)


@router.get(
    "/services",
    operation_id="services_list",
    summary="Operations that steps may call",
    responses=problem_responses(401, 403, 422),
)
async def list_services(
    parts: Parts, _: Reading, after: NumberCursorAsked, limit: Limit = 500
) -> Page[str]:
    """Return the service registry."""
    return slice_of(list(parts.workflows.operations()), limit, after, str)


def _shown(document: dict[str, Any]) -> DefinitionIn:
    return DefinitionIn.model_validate(document)


def _run(response: Response, run_id: str) -> Accepted:
    """Say where to look for what becomes of what was asked."""
    response.headers["Location"] = f"/api/v1/runs/{run_id}"
    return Accepted(run_id=run_id)
