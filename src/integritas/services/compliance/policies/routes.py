"""Routes of policies: written, tried, proposed, published."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from fastapi import Depends, Header, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, JsonValue
from starlette.exceptions import HTTPException
from starlette.responses import Response

from integritas.kernel.contracts import Verdict
from integritas.kernel.errors import VersionConflict
from integritas.platform.http import Caller
from integritas.platform.problems import problem_responses
from integritas.services.compliance.policies.examples import ExampleResult
from integritas.services.compliance.policies.policy import Example
from integritas.services.compliance.policies.scope import FIELDS
from integritas.services.compliance.policies.store import PolicyRecord, PolicyState
from integritas.services.compliance.policies.table import table_warnings

if TYPE_CHECKING:
    from fastapi import APIRouter

    from integritas.services.compliance.policies.desk import PolicyDesk

__all__ = ["add_policy_routes"]

_TAG: Final = re.compile(r'"(\d{1,9})\.(\d{1,9})"')


async def _expected(
    if_match: Annotated[
        str | None, Header(description="The ETag read; a stale one gets 412.")
    ] = None,
) -> tuple[int, int] | None:
    """Return the version and revision that were read, None for any (`*`)."""
    if if_match is None:
        raise HTTPException(428, "send If-Match with the ETag you read")
    if if_match.strip() == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise VersionConflict("If-Match is not an ETag of a policy: read it again")
    return int(found[1]), int(found[2])


Expected: TypeAlias = Annotated[tuple[int, int] | None, Depends(_expected)]


class PolicyIn(BaseModel):
    """A policy: bands and points, perhaps a decision table (JDM) and guards (CEL)."""

    model_config = ConfigDict(extra="forbid")

    document: dict[str, JsonValue]


class PublishIn(BaseModel):
    """From when on it decides; at once without a date."""

    model_config = ConfigDict(extra="forbid")

    effective_from: AwareDatetime | None = None


class TestIn(BaseModel):
    """Examples to try instead of the policy's own."""

    model_config = ConfigDict(extra="forbid")

    examples: list[Example] | None = None


class PolicyOut(BaseModel):
    """A version of a policy, where it stands, and what is worth a look in it."""

    name: str
    version: int
    revision: int
    state: PolicyState
    digest: str
    author: str
    saved_at: datetime
    proposed_by: str | None
    effective_from: datetime | None
    published_by: str | None
    published_at: datetime | None
    document: dict[str, JsonValue]
    warnings: list[str]

    @classmethod
    def of(cls, record: PolicyRecord) -> PolicyOut:
        """Return the wire form."""
        table: Any = record.document.get("table")
        return cls(
            name=record.name,
            version=record.version,
            revision=record.revision,
            state=record.state,
            digest=record.digest,
            author=record.author,
            saved_at=record.saved_at,
            proposed_by=record.proposed_by,
            effective_from=record.effective_from,
            published_by=record.published_by,
            published_at=record.published_at,
            document=dict(record.document),
            warnings=[] if table is None else table_warnings(table),
        )


class PolicyList(BaseModel):
    """The newest version of each policy, and what conditions may look at."""

    data: list[PolicyOut]
    fields: dict[str, str]
    next_cursor: str | None = None


class ExampleOut(BaseModel):
    """What the policy says of an example."""

    name: str
    passed: bool
    differences: list[str]
    verdict: Verdict

    @classmethod
    def of(cls, result: ExampleResult) -> ExampleOut:
        """Return the wire form."""
        return cls(
            name=result.name,
            passed=result.passed,
            differences=list(result.differences),
            verdict=result.verdict,
        )


class TestOut(BaseModel):
    """All examples; `passed` if each came out as expected."""

    passed: bool
    results: list[ExampleOut]


def add_policy_routes(routes: APIRouter, desk: PolicyDesk) -> None:
    """Add the routes of policies."""
    _add_reading(routes, desk)
    _add_writing(routes, desk)


def _add_reading(routes: APIRouter, desk: PolicyDesk) -> None:
    @routes.get(
        "/policies",
        operation_id="compliance_policies",
        summary="List the policies",
        responses=problem_responses(401),
    )
    async def policies(context: Caller) -> PolicyList:
        """Answer with the newest version of each; the shipped one is not listed."""
        found = await desk.list(context.tenant)
        return PolicyList(data=list(map(PolicyOut.of, found)), fields=dict(FIELDS))

    @routes.get(
        "/policies/{name}",
        operation_id="compliance_policy",
        summary="Show a policy",
        responses=problem_responses(401, 404, 422),
    )
    async def policy(
        context: Caller,
        name: str,
        response: Response,
        version: Annotated[int | None, Query(ge=1, le=10**9)] = None,
    ) -> PolicyOut:
        """Answer with a version, the newest without `version`; mind the ETag."""
        return _shown(response, await desk.get(context.tenant, name, version))

    @routes.post(
        "/policies/{name}/test",
        operation_id="compliance_policy_test",
        summary="Run a policy's examples, or others",
        responses=problem_responses(401, 404, 422),
    )
    async def test(context: Caller, name: str, body: TestIn) -> TestOut:
        """Answer with the newest version's verdict on each; nothing is recorded."""
        found = await desk.test(context.tenant, name, body.examples)
        return TestOut(
            passed=all(result.passed for result in found),
            results=list(map(ExampleOut.of, found)),
        )


def _add_writing(routes: APIRouter, desk: PolicyDesk) -> None:
    @routes.post(
        "/policies",
        operation_id="compliance_policy_create",
        summary="Write a new policy",
        status_code=201,
        responses=problem_responses(400, 401, 409, 413, 422),
    )
    async def create(context: Caller, body: PolicyIn, response: Response) -> PolicyOut:
        """Save a draft; it decides nothing until it is published."""
        return _shown(response, await desk.create(context, body.document))

    @routes.put(
        "/policies/{name}",
        operation_id="compliance_policy_save",
        summary="Change a policy",
        responses=problem_responses(400, 401, 404, 412, 413, 422, 428),
    )
    async def save(
        context: Caller,
        name: str,
        body: PolicyIn,
        expected: Expected,
        response: Response,
    ) -> PolicyOut:
        """Save a draft; a proposal of it is void. What is published stays in force."""
        record = await desk.save(context, name, body.document, expected)
        return _shown(response, record)

    @routes.post(
        "/policies/{name}/publish",
        operation_id="compliance_policy_publish",
        summary="Propose a policy, or publish what somebody else proposed",
        responses={
            202: {
                "model": PolicyOut,
                "description": "Proposed: a second person is due",
            },
            **problem_responses(400, 401, 404, 409, 412, 422, 428),
        },
    )
    async def publish(
        context: Caller,
        name: str,
        body: PublishIn,
        expected: Expected,
        response: Response,
    ) -> PolicyOut:
        """Answer 202 with a proposal, 200 once a second person published it."""
        start = body.effective_from
        record = await desk.publish(context, name, expected, start)
        if record.state is PolicyState.PROPOSED:
            response.status_code = 202
        return _shown(response, record)


def _shown(response: Response, record: PolicyRecord) -> PolicyOut:
    response.headers["ETag"] = f'"{record.version}.{record.revision}"'
    return PolicyOut.of(record)
