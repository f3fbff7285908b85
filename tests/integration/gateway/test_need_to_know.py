"""Confidential cases: for whom they are not there, by every route, as every role.

Generated from the document as the tenants' matrix is: an operation that comes later
and names a case, or a thing of one, is tested without a word here.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.integration.gateway.test_tenancy import (
    BODIES,
    lacks,
    named,
    of_role,
    things,
)

from integritas.identity.api import Role
from integritas.kernel.clock import SystemClock

__all__ = ["things"]

OF_A_CASE = {
    *("case", "case_id", "evidence_id", "finding_id", "approval_id", "attachment_id"),
    *("submission_id", "run_id"),
}
SECRET = OF_A_CASE
# Read through by a stranger too: who opens a case by breaking the glass sees none yet.
BREAKS = {"cases_break_glass"}
REASON = {"confidential": True, "reason": "names a member of the board"}


@pytest_asyncio.fixture(loop_scope="session")
async def insider(tenant: Any, things: dict[str, str]) -> httpx.AsyncClient:
    """Return who made the case of the things confidential."""
    client: httpx.AsyncClient = await tenant.client("reviewer", "insider")
    path = f"/api/v1/cases/{things['case_id']}/access"
    answer = await client.put(path, json=REASON)
    assert answer.status_code == 200, answer.text
    assert answer.json()["confidential"]
    return client


def of_a_case(gateway: Any, things: dict[str, str]) -> dict[str, Any]:
    """Return the operations that name a case, a thing of one, or a schedule on one."""
    paths = {n: path for n, (_, path, _) in gateway.contract.operations.items()}
    return {
        name: found
        for name, found in named(gateway.contract.operations, things).items()
        if name not in BREAKS
        and (
            OF_A_CASE & set(re.findall(r"{(\w+)}", paths[name]))
            or name.startswith("schedules_")
        )
    }


def neutral(answer: httpx.Response, secrets: set[str]) -> str:
    """Return a problem without what differs from request to request."""
    problem = answer.json()
    text = f"{problem['type']} {problem['title']} {problem['detail']}"
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "ID")
    return text


async def ask(
    client: httpx.AsyncClient, name: str, method: str, url: str, case: str
) -> httpx.Response:
    body = BODIES.get(name)
    if body == {"subject": "case_id"}:
        body = {"subject": case}
    return await client.request(method, url, json=body, headers={"If-Match": "*"})


async def test_who_needs_not_know_finds_nothing_whatever_their_role(
    gateway: Any, tenant: Any, things: dict[str, str], insider: httpx.AsyncClient
) -> None:
    operations = of_a_case(gateway, things)
    assert len(operations) > 30
    nothing = {
        key: value.replace(value[-6:], "ZZZZZZ") if key in OF_A_CASE else value
        for key, value in things.items()
    }
    before = (await insider.get(f"/api/v1/cases/{things['case_id']}")).json()
    timeline = f"/api/v1/cases/{things['case_id']}/timeline"
    told = (await insider.get(timeline)).json()
    for role in Role:
        client = await of_role(tenant, role)
        for name, (method, url, operation) in operations.items():
            answer = await ask(client, name, method, url, things["case_id"])
            expected = 403 if lacks(operation, role) else 404
            assert answer.status_code == expected, (role, name, answer.text)
            if expected == 403 or name.startswith("schedules_"):
                continue
            # In the words of what is not there: an answer of its own would tell.
            path = gateway.contract.operations[name][1].format(**nothing)
            other = await ask(client, name, method, path, nothing["case_id"])
            secrets = {*things.values(), *nothing.values()}
            assert neutral(answer, secrets) == neutral(other, secrets), name
            if method != "GET":  # nor does a body that is refused
                bad = await client.request(method, url, json={"no": "such field"})
                assert neutral(bad, secrets) == neutral(other, secrets), name
    assert (await insider.get(timeline)).json() == told
    after = (await insider.get(f"/api/v1/cases/{things['case_id']}")).json()
    assert after == before


async def test_who_needs_not_know_sees_nothing_of_it_in_a_list(
    gateway: Any, tenant: Any, things: dict[str, str], insider: httpx.AsyncClient
) -> None:
    secrets = {things[name] for name in SECRET}
    number = (await insider.get(f"/api/v1/cases/{things['case_id']}")).json()["number"]
    secrets.add(number)
    lists = [
        path
        for method, path, _ in gateway.contract.operations.values()
        if method == "GET" and "{" not in path and path.startswith("/api/v1/")
    ]
    queries = [
        *(
            "",
            "?limit=1",
            "?limit=500",
            f"?subject={things['case_id']}",
            f"?q={number}&limit=500",
        ),
        f"?q={things['case_id']}",
    ]
    shown = ""
    for path in lists:
        for query in queries:
            shown += (await insider.get(path + query)).text
    assert {s for s in secrets if s not in shown} <= {things["attachment_id"]}
    for role in Role:
        client = await of_role(tenant, role)
        for path in lists:
            for query in queries:
                text = (await client.get(path + query)).text
                for secret in secrets:
                    assert secret not in text, (role, path + query, secret)


async def test_the_insider_finds_each_by_its_id(
    gateway: Any, things: dict[str, str], insider: httpx.AsyncClient
) -> None:
    """The counter-test: the ids of the tests above lead somewhere."""
    for name, (method, url, operation) in of_a_case(gateway, things).items():
        if method == "GET":
            expected = 403 if lacks(operation, Role.REVIEWER) else 200
            assert (await insider.get(url)).status_code == expected, name


async def test_what_is_counted_is_what_may_be_seen(
    tenant: Any, insider: httpx.AsyncClient
) -> None:
    other = await tenant.client("admin")
    for path, total in (("/api/v1/stats", "cases"),):
        assert (await insider.get(path)).json()[total] == 1
        assert (await other.get(path)).json()[total] == 0
    series = "/api/v1/stats/timeseries"
    opened = [p["opened"] for p in (await other.get(series)).json()["data"]]
    assert not any(opened)
    assert (await other.get("/api/v1/stats")).json()["findings_by_severity"] == {}


@pytest.mark.usefixtures("insider")
async def test_a_body_that_names_it_is_answered_as_if_it_named_nothing(
    tenant: Any, things: dict[str, str]
) -> None:
    admin = await tenant.client("admin")
    own = await tenant.assessed({"kind": "message", "raw": "of somebody else"})
    case, to = things["case_id"], {"to": things["case_id"]}
    linked = await admin.post(f"/api/v1/cases/{own['id']}/links", json=to)
    assert linked.status_code == 422
    assert linked.json()["errors"][0]["message"] == "is no case of this tenant"
    bulk = {"items": [{"id": case, "patch": {"title": "x"}}]}
    [result] = (await admin.post("/api/v1/cases/bulk", json=bulk)).json()["results"]
    assert result["error"]["detail"] == f"there is no case {case}"
    run = await admin.post("/api/v1/workflows/secret-flow/runs", json={"subject": case})
    assert run.status_code == 404
    plan = {"name": "x", "workflow": "secret-flow", "cron": "* * * * *"}
    made = await admin.post("/api/v1/schedules", json={**plan, "subject": case})
    assert made.status_code == 422
    for body in ({"case": case}, {"evidence": things["evidence_id"]}):
        said = {"label": "junk", **body}
        answer = await admin.post("/api/v1/spam/feedback", json=said)
        assert answer.status_code == 404
    kept = {"finding": things["finding_id"], "reason": "x"}
    assert (
        await admin.post("/api/v1/compliance/allow-list", json=kept)
    ).status_code in {
        404,
        409,
    }
    gone = {"evidence": [things["evidence_id"]], "reason": "x"}
    erased = await admin.post("/api/v1/compliance/subjects/erase", json=gone)
    assert erased.status_code == 404


async def test_a_link_from_a_case_that_is_seen_does_not_tell_of_it(
    tenant: Any, things: dict[str, str], insider: httpx.AsyncClient
) -> None:
    own = await tenant.assessed({"kind": "message", "raw": "of somebody else"})
    path = f"/api/v1/cases/{own['id']}"
    to = {"to": things["case_id"]}
    assert (await insider.post(f"{path}/links", json=to)).status_code == 201
    assert len((await insider.get(f"{path}/links")).json()["data"]) == 1
    for role in ("viewer", "admin"):
        client = await tenant.client(role)
        assert (await client.get(f"{path}/links")).json()["data"] == []
        assert things["case_id"] not in (await client.get(f"{path}/timeline")).text
        events = await client.get(f"/api/v1/events?subject={own['id']}&limit=500")
        assert things["case_id"] not in events.text


@pytest.mark.usefixtures("insider")
async def test_a_persons_data_is_exported_but_for_what_is_withheld(
    tenant: Any, listed: dict[str, Any]
) -> None:
    admin = await tenant.client("admin")
    asked = {"names": listed["properties"]["name"]}
    found = (await admin.post("/api/v1/compliance/subjects/export", json=asked)).json()
    assert found == {"data": [], "withheld": 1}


async def test_grants_open_it_to_people_and_teams_until_they_end(
    tenant: Any, things: dict[str, str], insider: httpx.AsyncClient
) -> None:
    case = f"/api/v1/cases/{things['case_id']}"
    admin = await tenant.client("admin")
    analyst = await tenant.client("analyst")
    analyst_id = (await analyst.get("/api/v1/me")).json()["id"]
    assert (await analyst.get(case)).status_code == 404

    wanted = {"grantee": analyst_id, "reason": "to help"}
    granted = await insider.post(f"{case}/grants", json=wanted)
    assert granted.status_code == 201, granted.text
    assert (await analyst.get(case)).status_code == 200
    assert things["case_id"] in (await analyst.get("/api/v1/cases")).text
    taken = await insider.delete(f"{case}/grants/{granted.json()['id']}")
    assert taken.status_code == 204
    assert (await analyst.get(case)).status_code == 404

    team = {"kind": "team", "grantee": "board-cases", "reason": "theirs"}
    nobody = await insider.post(f"{case}/grants", json=team)
    assert nobody.json()["errors"][0]["message"] == "is a team of no active user"
    user = await admin.get(f"/api/v1/users/{analyst_id}")
    changed = await admin.patch(
        user.request.url.path,
        json={"teams": ["board-cases"]},
        headers={"If-Match": user.headers["etag"]},
    )
    assert changed.json()["teams"] == ["board-cases"]
    assert (await insider.post(f"{case}/grants", json=team)).status_code == 201
    assert (await analyst.get(case)).status_code == 200
    assert (await analyst.get(f"{case}/evidence")).status_code == 200
    out = await admin.patch(
        user.request.url.path, json={"teams": []}, headers={"If-Match": "*"}
    )
    assert out.status_code == 200, out.text
    assert (await analyst.get(case)).status_code == 404

    over = {**wanted, "expires_at": "2020-01-01T00:00:00Z"}
    assert (await insider.post(f"{case}/grants", json=over)).status_code == 422
    for grantee in ("user_nobody", things["case_id"]):
        body = {**wanted, "grantee": grantee}
        assert (await insider.post(f"{case}/grants", json=body)).status_code == 422


async def test_who_has_the_case_sees_it(
    tenant: Any, things: dict[str, str], insider: httpx.AsyncClient
) -> None:
    analyst = await tenant.client("analyst")
    case = f"/api/v1/cases/{things['case_id']}"
    to = {"assignee": (await analyst.get("/api/v1/me")).json()["id"]}
    any_version = {"If-Match": "*"}
    assert (await insider.patch(case, json=to, headers=any_version)).status_code == 200
    assert (await analyst.get(case)).status_code == 200
    shown = (await analyst.get(f"/api/v1/cases?assignee={to['assignee']}")).json()
    assert [one["id"] for one in shown["data"]] == [things["case_id"]]


async def test_breaking_the_glass_opens_it_for_hours_and_is_on_the_record(
    tenant: Any, things: dict[str, str], insider: httpx.AsyncClient
) -> None:
    case = f"/api/v1/cases/{things['case_id']}"
    auditor, why = await tenant.client("auditor"), {"reason": "its keeper is ill"}
    viewer = await tenant.client("viewer")
    assert (await viewer.post(f"{case}/break-glass", json=why)).status_code == 403
    assert (await auditor.get(case)).status_code == 404
    assert (await auditor.post(f"{case}/break-glass", json={})).status_code == 422
    broken = await auditor.post(f"{case}/break-glass", json=why)
    assert broken.status_code == 201, broken.text
    assert broken.json()["broken"]
    assert (await auditor.get(case)).status_code == 200
    [_, grant] = (await insider.get(f"{case}/access")).json()["grants"]
    assert grant["reason"] == why["reason"]
    now = SystemClock().now()
    until = grant["expires_at"]
    assert f"{now:%Y-%m}" <= until[:7]
    events = (await insider.get(f"{case}/timeline")).json()["data"]
    told = [event["type"].split(".")[2] for event in events]
    assert told[-3:] == ["restricted", "access_granted", "glass_broken"]
    again = await auditor.post(
        "/api/v1/cases/case_1/break-glass", json={"reason": "there is none"}
    )
    assert again.status_code == 404


async def test_the_log_says_who_let_whom_see_it(
    tenant: Any, things: dict[str, str], insider: httpx.AsyncClient, until: Any
) -> None:
    case = f"/api/v1/cases/{things['case_id']}"
    viewer = await tenant.client("viewer")
    grantee = (await viewer.get("/api/v1/me")).json()["id"]
    body = {"grantee": grantee, "reason": "to learn"}
    granted = await insider.post(f"{case}/grants", json=body)
    await insider.delete(f"{case}/grants/{granted.json()['id']}")
    opened = {"confidential": False, "reason": "no more"}
    assert (await insider.put(f"{case}/access", json=opened)).status_code == 200
    assert (await viewer.get(case)).status_code == 200
    url = f"/api/v1/audit/entries?subject={things['case_id']}&limit=500"
    wanted = {"restricted", "access_granted", "access_revoked", "unrestricted"}

    async def logged() -> bool:
        entries = (await insider.get(url)).json()["data"]
        types = {each["entry"]["type"].split(".")[2] for each in entries}
        return wanted <= types

    await until(logged)
    entries = (await insider.get(url)).json()["data"]
    [revoked] = [e["entry"] for e in entries if "access_revoked" in e["entry"]["type"]]
    assert revoked["data"]["grantee"] == grantee
    assert "to learn" not in str(entries)  # personal data: a commitment of it alone


async def test_what_is_not_so_is_said(
    things: dict[str, str], insider: httpx.AsyncClient
) -> None:
    case = f"/api/v1/cases/{things['case_id']}"
    assert (await insider.put(f"{case}/access", json=REASON)).status_code == 409
    opened = {"confidential": False, "reason": "no more"}
    assert (await insider.put(f"{case}/access", json=opened)).status_code == 200
    assert (await insider.put(f"{case}/access", json=opened)).status_code == 409
    grant = {"grantee": "user_1", "reason": "x"}
    assert (await insider.post(f"{case}/grants", json=grant)).status_code == 422
    broken = await insider.post(f"{case}/break-glass", json={"reason": "x"})
    assert broken.status_code == 409
    none = await insider.delete(f"{case}/grants/grant_1")
    assert none.status_code == 404


async def test_a_stream_and_webhooks_tell_nothing_of_it(
    served: str,
    tenant: Any,
    things: dict[str, str],
    insider: httpx.AsyncClient,
    until: Any,
) -> None:
    admin = await tenant.client("admin")
    deliveries = f"/api/v1/webhooks/{things['webhook_id']}/deliveries?limit=500"
    before = len((await admin.get(deliveries)).json()["data"])
    file = {"name": "x.txt", "content_base64": "eA=="}
    path = f"/api/v1/cases/{things['case_id']}/attachments"
    token = await tenant.token("admin")
    headers = {"Authorization": f"Bearer {token}", "Last-Event-ID": "0"}
    async with (
        asyncio.timeout(20),
        httpx.AsyncClient(base_url=served, headers=headers) as client,
        client.stream("GET", "/api/v1/events") as stream,
    ):
        assert (await insider.post(path, json=file)).status_code == 201
        own = await tenant.assessed({"kind": "message", "raw": "of everybody"})
        async for line in stream.aiter_lines():
            assert things["case_id"] not in line
            if own["id"] in line and "integritas.run.ended" in line:
                break

    async def told() -> bool:
        return len((await admin.get(deliveries)).json()["data"]) > before

    await until(told)
    rows = (await admin.get(deliveries)).json()["data"]
    assert "integritas.case.attached.v1" not in {
        row["type"] for row in rows[: len(rows) - before]
    }


@pytest.mark.usefixtures("insider")
async def test_no_cursor_tells_that_something_was_left_out(
    tenant: Any, things: dict[str, str]
) -> None:
    """A page that is filtered after it was cut would end in a cursor all the same."""
    admin = await tenant.client("admin")
    nothing: dict[str, Any] = {"data": [], "next_cursor": None}
    case = things["case_id"]
    for path in (
        f"/api/v1/audit/entries?subject={case}&limit=1",
        f"/api/v1/audit/entries?q={case}&limit=1",
        f"/api/v1/events?subject={case}&limit=1",
        "/api/v1/compliance/hits?limit=1",
        "/api/v1/compliance/allow-list?limit=1",
        "/api/v1/spam/feedback?limit=1",
        "/api/v1/cases?limit=1",
        "/api/v1/runs?limit=1",
        "/api/v1/approvals?limit=1",
        "/api/v1/submissions?limit=1",
        f"/api/v1/search?q={case}&limit=1",
    ):
        assert (await admin.get(path)).json() == nothing, path


async def test_pages_of_what_is_seen_are_whole(
    tenant: Any, things: dict[str, str], insider: httpx.AsyncClient
) -> None:
    viewer = await tenant.client("auditor")
    path: str = "/api/v1/audit/entries?limit=3"
    whole = (await viewer.get("/api/v1/audit/entries?limit=1000")).json()["data"]
    cursor, seen = "", []
    while cursor is not None:
        page = (await viewer.get(path + (cursor and f"&cursor={cursor}"))).json()
        assert len(page["data"]) == 3 or page["next_cursor"] is None
        seen += page["data"]
        cursor = page["next_cursor"]
    assert [e["index"] for e in seen][: len(whole)] == [e["index"] for e in whole]
    timeline = f"/api/v1/cases/{things['case_id']}/timeline?limit=2"
    first = (await insider.get(timeline)).json()
    second = await insider.get(f"{timeline}&cursor={first['next_cursor']}")
    assert second.status_code == 200, second.text
    assert second.json()["data"][0]["seq"] > first["data"][-1]["seq"]
