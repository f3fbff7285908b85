"""Routes of datasets, networks and models."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from fastapi import Query

from integritas.kernel.errors import NotFound
from integritas.platform.http import Caller
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld
from integritas.services.anticorruption.api import load_collusion_model
from integritas.services.anticorruption.schemas import (
    BidScoreOut,
    DatasetIn,
    DatasetList,
    DatasetOut,
    EdgeOut,
    ErasedOut,
    FlagOut,
    LoadIn,
    LoadOut,
    ModelList,
    ModelOut,
    NetworkOut,
    NodeOut,
    ProfileOut,
    RejectOut,
    RiskOut,
    SignOut,
    StatisticsOut,
)
from integritas.services.anticorruption.signs import SIGNS

if TYPE_CHECKING:
    from fastapi import APIRouter

    from integritas.services.anticorruption.desk import DatasetDesk, PartyNetwork
    from integritas.services.anticorruption.profile import Profile
    from integritas.services.anticorruption.signs import Sign

__all__ = ["add_desk_routes", "add_model_routes"]


def add_model_routes(routes: APIRouter) -> None:
    """Add the list of models."""

    @routes.get(
        "/models",
        operation_id="anticorruption_models",
        summary="List the models: data, features, measured figures",
        responses=problem_responses(401),
    )
    async def models(context: Caller) -> ModelList:
        del context  # known callers only
        return _models()


@lru_cache(maxsize=1)
def _models() -> ModelList:
    artifact = load_collusion_model().artifact
    shown = ModelOut(
        name="collusion", version=artifact.version, manifest=dict(artifact.manifest)
    )
    return ModelList(data=[shown])


def add_desk_routes(routes: APIRouter, desk: DatasetDesk) -> None:
    """Add datasets and networks."""

    @routes.get(
        "/datasets",
        operation_id="anticorruption_datasets",
        summary="List datasets",
        responses=problem_responses(401),
    )
    async def datasets(context: Caller) -> DatasetList:
        rows = await desk.list(context.tenant)
        return DatasetList(data=[DatasetOut(**row._asdict()) for row in rows])

    @routes.post(
        "/datasets",
        operation_id="anticorruption_dataset_create",
        summary="Create a dataset",
        status_code=201,
        responses=problem_responses(401, 409, 422),
    )
    async def create(context: Caller, body: DatasetIn) -> DatasetOut:
        row = await desk.create(context, body.name, body.title)
        return DatasetOut(**row._asdict())

    @routes.post(
        "/datasets/{name}/releases",
        operation_id="anticorruption_dataset_load",
        summary="Take releases, records or packages into a dataset",
        responses=problem_responses(401, 404, 422),
    )
    async def load(context: Caller, name: str, body: LoadIn) -> LoadOut:
        done = await desk.load(context, name, body.releases)
        rejects = [
            RejectOut(path=error.path, message=error.message, remedy=error.remedy)
            for error in done.rejects
        ]
        return LoadOut(loaded=done.loaded, rejects=rejects)

    @routes.get(
        "/datasets/{name}",
        operation_id="anticorruption_dataset",
        summary="Tell a dataset's statistics",
        responses=problem_responses(401, 404),
    )
    async def statistics(
        context: Caller, withheld: Withheld, name: str
    ) -> StatisticsOut:
        found = await desk.get(context.tenant, name, withheld)
        return StatisticsOut(name=name, **found)

    @routes.get(
        "/datasets/{name}/processes/{ocid:path}",
        operation_id="anticorruption_process",
        summary="Tell everything of one process: flags, model, signs, risk by part",
        responses=problem_responses(401, 404),
    )
    async def process(
        context: Caller, withheld: Withheld, name: str, ocid: str
    ) -> ProfileOut:
        return _profile(await desk.profile(context.tenant, name, ocid, withheld))

    @routes.get(
        "/networks/{party:path}",
        operation_id="anticorruption_network",
        summary="Show who is around a party, why, and what speaks for a closer look",
        responses=problem_responses(401, 404, 422),
    )
    async def network(
        context: Caller,
        withheld: Withheld,
        party: str,
        dataset: Annotated[str, Query(max_length=63)] = "observed",
        steps: Annotated[int, Query(ge=1, le=3)] = 2,
    ) -> NetworkOut:
        found = await desk.network(
            context.tenant, party, dataset=dataset, steps=steps, withheld=withheld
        )
        return _shown(party, found)

    @routes.delete(
        "/networks/{party:path}",
        operation_id="anticorruption_erase",
        summary="Erase a person or firm from everything that was learned",
        responses=problem_responses(401, 404),
    )
    async def erase(context: Caller, party: str) -> ErasedOut:
        releases = await desk.erase(context, party)
        if not releases:
            raise NotFound(f"nobody of the id {party} is known")
        return ErasedOut(releases=releases)


def _profile(found: Profile) -> ProfileOut:
    signs: dict[str, list[SignOut]] = {}
    for party, sign in found.signs:
        signs.setdefault(party, []).append(_sign(sign))
    return ProfileOut(
        ocid=found.ocid,
        risk=RiskOut(**found.risk.document()),
        flags=[
            FlagOut(
                code=spec.code,
                title=spec.title,
                value=flag.value if math.isfinite(flag.value) else None,
                strength=flag.strength,
                pointer=flag.pointer,
                text=flag.text,
                organisations=list(flag.organisations),
            )
            for spec, flag in found.flags
        ],
        not_computable=found.gaps,
        bids=[
            BidScoreOut(
                probability=score.probability,
                reasons=list(score.reasons),
                out_of_domain=list(score.out_of_domain),
                contributions=dict(score.contributions),
            )
            for score in found.bids
        ],
        signs=signs,
    )


def _sign(sign: Sign) -> SignOut:
    spec = next(spec for spec, _ in SIGNS if spec.code == sign.code)
    return SignOut(
        code=sign.code,
        title=sign.title,
        value=sign.value,
        others=list(sign.others),
        text=sign.text,
        formula=spec.formula,
        source=spec.source,
    )


def _shown(party: str, found: PartyNetwork) -> NetworkOut:
    near = found.neighbourhood
    return NetworkOut(
        party=party,
        nodes=[NodeOut(**node._asdict()) for node in near.nodes],
        edges=[
            EdgeOut(
                source=edge.source,
                target=edge.target,
                kind=edge.kind,
                why=edge.why,
                ocids=list(edge.ocids),
            )
            for edge in near.edges
        ],
        signs=[_sign(sign) for sign in found.signs],
        truncated=near.truncated,
    )
