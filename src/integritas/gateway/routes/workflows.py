"""Workflows: definitions, runs, steps, signals."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, StringConstraints

from integritas.gateway.conventions import CursorAsked, Limit, Page, page_of
from integritas.gateway.parts import Parts
from integritas.gateway.schemas import (
    NO_NUL,
    RunOut,
    RunStepOut,
    StartRunIn,
    Version,
)
from integritas.gateway.security import allow
from integritas.gateway.strict import Json, StrictRoute
from integritas.kernel.contracts import Context
from integritas.kernel.ids import CaseId, RunId
from integritas.platform.problems import problem_responses
from integritas.workflows.api import (
    DefinitionIn,
    RunState,
    definition_document,
)

__all__ = ["router"]

router = APIRouter(tags=["workflows"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("workflows:read"))]
Writing = Annotated[Context, Depends(allow("workflows:write"))]
Starting = Annotated[Context, Depends(allow("runs:start"))]
Controlling = Annotated[Context, Depends(allow("runs:control"))]
Document = dict[str, Json]


class RunDetailOut(RunOut):
    """A run with its steps."""

    steps: list[RunStepOut]


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
    responses=problem_responses(401, 403),
)
async def list_workflows(parts: Parts, context: Reading) -> Page[DefinitionIn]:
    """List the shipped definitions and the tenant's own, every version."""
    found = await parts.workflows.definitions(context.tenant)
    return Page(data=[_shown(definition_document(item)) for item in found])


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
    responses=problem_responses(400, 401, 403, 404, 422),
)
async def start_run(
    parts: Parts, context: Starting, name: str, body: StartRunIn
) -> Accepted:
    """Start a run on a case; an earlier run on it that is under way is superseded."""
    case = await parts.cases.get(context.tenant, CaseId(body.subject))
    run_id = await parts.workflows.start(
        context, name, subject=case.id, version=body.version, given=body.input
    )
    return Accepted(run_id=run_id)


@router.get(
    "/runs",
    operation_id="runs_list",
    summary="List runs",
    responses=problem_responses(401, 403, 422),
)
async def list_runs(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    context: Reading,
    cursor: CursorAsked,
    subject: Annotated[str | None, Query(max_length=100)] = None,
    state: Annotated[RunState | None, Query()] = None,
    limit: Limit = 50,
) -> Page[RunOut]:
    """List runs, newest first."""
    found = await parts.workflows.runs(
        context.tenant, subject=subject, state=state, before=cursor, limit=limit + 1
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
    run = RunOut.model_validate(detail.run)
    steps = [RunStepOut.model_validate(step) for step in detail.steps]
    return RunDetailOut(**run.model_dump(), steps=steps)


@router.get(
    "/runs/{run_id}/steps",
    operation_id="runs_steps",
    summary="Steps of a run",
    responses=problem_responses(401, 403, 404),
)
async def list_steps(parts: Parts, context: Reading, run_id: str) -> Page[RunStepOut]:
    """Return every attempt of every step, then what has not begun."""
    detail = await parts.workflows.run(context.tenant, RunId(run_id))
    return Page(data=[RunStepOut.model_validate(step) for step in detail.steps])


@router.post(
    "/runs/{run_id}/cancel",
    operation_id="runs_cancel",
    summary="Cancel a run",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def cancel_run(
    parts: Parts, context: Controlling, run_id: str, body: CancelIn
) -> Accepted:
    """Ask for a run to be cancelled."""
    await parts.workflows.cancel(context, RunId(run_id), body.cause)
    return Accepted(run_id=run_id)


@router.post(
    "/runs/{run_id}/signals",
    operation_id="runs_signal",
    summary="Signal a run",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def signal_run(
    parts: Parts, context: Controlling, run_id: str, body: SignalIn
) -> Accepted:
    """Give a run the signal that a step of it waits for; the first one counts."""
    await parts.workflows.signal(context, RunId(run_id), body.name, body.payload)
    return Accepted(run_id=run_id)


@router.get(
    "/services",
    operation_id="services_list",
    summary="Operations that steps may call",
    responses=problem_responses(401, 403),
)
async def list_services(parts: Parts, _: Reading) -> Page[str]:
    """Return the service registry."""
    return Page(data=list(parts.workflows.operations()))


def _shown(document: dict[str, Any]) -> DefinitionIn:
    return DefinitionIn.model_validate(document)
