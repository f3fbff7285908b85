"""The compliance service's HTTP routes, and the service as an app of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from integritas.kernel.clock import Clock
from integritas.kernel.contracts import (
    Context,
    DecisionRequest,
    Failure,
    Verdict,
)
from integritas.kernel.errors import FieldError, Unavailable
from integritas.kernel.ids import IdFactory
from integritas.kernel.validation import field_errors
from integritas.platform.health import Ping
from integritas.platform.http import (
    assess_router,
    assessing,
    caller,
    deciding,
    observing,
    service_app,
)
from integritas.platform.personal import find_personal
from integritas.platform.problems import failure_response, problem_responses
from integritas.services.compliance.allowing.desk import HitReader
from integritas.services.compliance.allowing.routes import add_hit_routes
from integritas.services.compliance.door import Door
from integritas.services.compliance.keeping.routes import add_refresh_routes
from integritas.services.compliance.payments.catalogue import (
    PaymentRules,
    payment_rules,
)
from integritas.services.compliance.policies.routes import add_policy_routes
from integritas.services.compliance.records import NO_RECORDS, ComplianceRecords
from integritas.services.compliance.remote import (
    ComplianceDesk,
    listing,
    rescreening,
    screening,
)
from integritas.services.compliance.schemas import (
    DecideIn,
    HitOut,
    ListOut,
    ListsOut,
    MatchIn,
    MatchOut,
    PersonalIn,
    PersonalOut,
    ScreenBatchIn,
    ScreenBatchOut,
    ScreenIn,
    ScreenItemOut,
    ScreenOut,
)
from integritas.services.compliance.screening import (
    MATCH_THRESHOLD,
    Query,
    match_names,
)
from integritas.services.compliance.service import ComplianceService

__all__ = ["create_app", "router"]

Caller = Annotated[Context, Depends(caller)]


def router(
    desk: ComplianceDesk,
    *,
    ids: IdFactory,
    clock: Clock,
    records: ComplianceRecords = NO_RECORDS,
    hits: HitReader | None = None,
) -> APIRouter:
    """Return the routes, relative to `/api/v1`.

    Those of policies need their desk, those of the allow-list theirs and the hits.
    """
    routes = assess_router("compliance", Door(desk), ids, clock)
    _add_screening(routes, desk)
    _add_deciding(routes, desk)
    if records.policies is not None:
        add_policy_routes(routes, records.policies)
    if records.allowing is not None and hits is not None:
        add_hit_routes(routes, records.allowing, hits)
    if records.lists is not None:
        add_refresh_routes(routes, records.lists)
    _add_payments(routes)
    _add_privacy(routes)
    return routes


def _add_screening(routes: APIRouter, desk: ComplianceDesk) -> None:
    @routes.post(
        "/screen",
        operation_id="compliance_screen",
        summary="Look one name up in all watchlists",
        responses=problem_responses(400, 401, 413, 422, 503),
    )
    async def screen(body: ScreenIn, _: Caller) -> ScreenOut:
        """Answer with the listed names that resemble it, best first."""
        lists = await _lists(desk)
        (hits,) = await desk.screen([body.asked()])
        return ScreenOut(hits=tuple(map(HitOut.of, hits)), lists=lists)

    @routes.post(
        "/screen/batch",
        operation_id="compliance_screen_batch",
        summary="Look many names up, each by itself",
        responses=problem_responses(400, 401, 413, 422, 503),
    )
    async def screen_batch(body: ScreenBatchIn, _: Caller) -> ScreenBatchOut:
        """Answer each query by its index; a bad one does not sink the rest."""
        lists = await _lists(desk)
        parsed = [_parse(index, item) for index, item in enumerate(body.queries)]
        good = [item for item in parsed if isinstance(item, Query)]
        answers = iter(await desk.screen(good, body.limit) if good else ())
        return ScreenBatchOut(
            results=tuple(
                ScreenItemOut(index=index, hits=tuple(map(HitOut.of, next(answers))))
                if isinstance(item, Query)
                else ScreenItemOut(index=index, errors=item)
                for index, item in enumerate(parsed)
            ),
            lists=lists,
        )

    @routes.get(
        "/lists",
        operation_id="compliance_lists",
        summary="Which lists are screened against",
        responses=problem_responses(401, 503),
    )
    async def lists(_: Caller) -> ListsOut:
        """Answer with each list's version: a date and a hash of its files."""
        return ListsOut(data=tuple(map(ListOut.of, await desk.list_versions())))

    @routes.post(
        "/match",
        operation_id="compliance_match",
        summary="Compare two names",
        responses=problem_responses(400, 401, 413, 422),
    )
    async def match(body: MatchIn, _: Caller) -> MatchOut:
        """Answer with a score that is the same whichever name stands left."""
        score, reasons = match_names(body.left, body.right, body.schema_)
        return MatchOut(score=score, match=score >= MATCH_THRESHOLD, reasons=reasons)


def _add_deciding(routes: APIRouter, desk: ComplianceDesk) -> None:
    @routes.post(
        "/decide",
        operation_id="compliance_decide",
        summary="Decide on findings by the policy in force",
        response_model=Verdict,
        responses=problem_responses(400, 401, 413, 422, 503),
    )
    async def decide(
        request: Request, body: DecideIn, context: Caller
    ) -> Verdict | Response:
        """Give findings, get a verdict with its reasons; nothing is recorded."""
        question = DecisionRequest(
            dossier_id=body.dossier_id,
            tenant=context.tenant,
            channel=body.channel,
            kinds=body.kinds,
            assessments=body.assessments,
        )
        (answer,) = await desk.decide([question])
        if isinstance(answer, Failure):
            return failure_response(request.scope, answer)
        return answer


def _add_payments(routes: APIRouter) -> None:
    @routes.get(
        "/payment-rules",
        operation_id="compliance_payment_rules",
        summary="List the rules over payments: formula, defaults, source",
        responses=problem_responses(401),
    )
    async def rules(_: Caller) -> PaymentRules:
        return payment_rules()


def _add_privacy(routes: APIRouter) -> None:
    @routes.post(
        "/pii",
        operation_id="compliance_pii",
        summary="Find personal data in a text",
        responses=problem_responses(400, 401, 413, 422),
    )
    async def pii(body: PersonalIn, _: Caller) -> PersonalOut:
        """Answer with each piece and its place, and with the text without them."""
        found = await asyncio.to_thread(find_personal, body.text, body.region)
        return PersonalOut.of(body.text, found)


async def _lists(desk: ComplianceDesk) -> tuple[str, ...]:
    versions = await desk.list_versions()
    if not versions:
        raise Unavailable(
            "no watchlist is loaded, so nobody can be screened: load one first"
        )
    return tuple(map(str, versions))


def _parse(index: int, item: object) -> Query | tuple[FieldError, ...]:
    try:
        return ScreenIn.model_validate(item).asked()
    except ValidationError as error:
        return field_errors(error, path=f"queries[{index}]")


def create_app(
    service: ComplianceService,
    *,
    ids: IdFactory,
    clock: Clock,
    token: str | None = None,
    pings: Mapping[str, Ping] = MappingProxyType({}),
    on_start: Sequence[Callable[[], Awaitable[None]]] = (),
    on_stop: Sequence[Callable[[], Awaitable[None]]] = (),
) -> FastAPI:
    """Return the service as an app of its own; `token` guards it, None leaves it open.

    `/readyz` names the watchlists and says degraded without one.
    """
    return service_app(
        name="compliance",
        operations={
            "assess": assessing(service),
            "decide": deciding(service),
            "observe": observing(service),
            "screen": screening(service),
            "lists": listing(service),
            "rescreen": rescreening(service),
        },
        router=router(service, ids=ids, clock=clock),
        pings={"watchlists": service.ping, **pings},
        token=token,
        on_start=on_start,
        on_stop=on_stop,
    )
