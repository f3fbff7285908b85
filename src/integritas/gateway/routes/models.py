"""Models: their versions, which one judges, and how far their world has moved."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from integritas.gateway.conventions import Page
from integritas.gateway.parts import Parts
from integritas.gateway.security import allow
from integritas.gateway.strict import Json, StrictRoute
from integritas.kernel.contracts import Context
from integritas.platform.problems import problem_responses

__all__ = ["router"]

router = APIRouter(tags=["models"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("models:read"))]
Managing = Annotated[Context, Depends(allow("models:manage"))]
Version = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{1,40}-[0-9A-Za-z.]{1,40}@[0-9a-f]{12}$"),
    Field(examples=["spam-2@0f1e2d3c4b5a"]),
]


class VersionOut(BaseModel):
    """A version; `manifest` says from which data, with which figures."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    version: str
    shipped: bool
    manifest: dict[str, Json]


class ModelOut(BaseModel):
    """Which version judges: champion, and the challenger that takes a share."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    champion: str
    previous: str | None
    challenger: str | None
    share: float
    changed_by: str | None
    changed_at: datetime | None


class PromoteIn(BaseModel):
    """The version that shall judge."""

    model_config = ConfigDict(extra="forbid")

    version: Version


class CanaryIn(BaseModel):
    """The version that scores in the shadow and judges `share` of the cases.

    Without a version there is no challenger any more.
    """

    model_config = ConfigDict(extra="forbid")

    version: Version | None
    share: Annotated[float, Field(ge=0, le=0.5, allow_inf_nan=False)] = 0.0


async def _shown(parts: Parts, context: Context, name: str) -> ModelOut:
    found = await parts.models.deployment(context.tenant, name)
    return ModelOut.model_validate({"name": name, **_fields(found)})


def _fields(found: object) -> dict[str, object]:
    names = set(ModelOut.model_fields) - {"name"}
    return {name: getattr(found, name) for name in names}


@router.get(
    "/models",
    operation_id="models_list",
    summary="List models, and which version judges",
    responses=problem_responses(401, 403),
)
async def list_models(parts: Parts, context: Reading) -> Page[ModelOut]:
    """List the models by name."""
    names = parts.models.names()
    return Page(data=[await _shown(parts, context, name) for name in names])


@router.get(
    "/models/{name}",
    operation_id="models_get",
    summary="Tell which version of a model judges",
    responses=problem_responses(401, 403, 404),
)
async def get_model(parts: Parts, context: Reading, name: str) -> ModelOut:
    """Tell champion, challenger and what a rollback would go back to."""
    return await _shown(parts, context, name)


@router.get(
    "/models/{name}/versions",
    operation_id="models_versions",
    summary="List a model's versions with their manifests",
    responses=problem_responses(401, 403, 404),
)
async def list_versions(parts: Parts, context: Reading, name: str) -> Page[VersionOut]:
    """List the versions, the shipped one first."""
    del context  # permitted only
    found = parts.models.versions(name)
    return Page(data=[VersionOut.model_validate(version) for version in found])


@router.post(
    "/models/{name}/promote",
    operation_id="models_promote",
    summary="Let a version judge",
    responses=problem_responses(400, 401, 403, 404, 422, 503),
)
async def promote(
    parts: Parts, context: Managing, name: str, body: PromoteIn
) -> ModelOut:
    """Verify the version and let it judge from now on; the other can come back."""
    await parts.models.promote(context, name, body.version)
    return await _shown(parts, context, name)


@router.post(
    "/models/{name}/canary",
    operation_id="models_canary",
    summary="Let a version score in the shadow, and judge a share",
    responses=problem_responses(400, 401, 403, 404, 409, 422, 503),
)
async def canary(
    parts: Parts, context: Managing, name: str, body: CanaryIn
) -> ModelOut:
    """Set or end the challenger; a case has always the same judge."""
    await parts.models.canary(context, name, body.version, body.share)
    return await _shown(parts, context, name)


@router.post(
    "/models/{name}/rollback",
    operation_id="models_rollback",
    summary="Go back to the version that judged before",
    responses=problem_responses(401, 403, 404, 409, 422),
)
async def rollback(parts: Parts, context: Managing, name: str) -> ModelOut:
    """Undo the last promotion; whatever challenged is out."""
    await parts.models.rollback(context, name)
    return await _shown(parts, context, name)


@router.get(
    "/models/{name}/drift",
    operation_id="models_drift",
    summary="Tell how far a model's world has moved",
    responses=problem_responses(401, 403, 404),
)
async def drift(parts: Parts, context: Reading, name: str) -> dict[str, Json]:
    """Tell PSI of scores and vocabulary, and challenger and champion side by side."""
    return dict(await parts.models.drift(context.tenant, name))
