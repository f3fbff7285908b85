"""What callers see of personal data, role by role, and that to see more is recorded."""

from __future__ import annotations

from typing import Any

import pytest

Json = dict[str, Any]
SECRET = "Zebulon Quartermain"
ACCOUNT = "FR1420041010050500013M02606"
WHY = {"purpose": "investigation", "reason": f"is it {SECRET}?"}


@pytest.fixture
def about(listed: Json, evidence: dict[str, Json]) -> list[Json]:
    properties = listed["properties"]
    party = {**listed, "properties": {**properties, "alias": [SECRET]}}
    payment = {
        **evidence["payment"],
        "creditor": {"name": SECRET, "account": ACCOUNT},
    }
    text = f"I met {SECRET}, born on 12.03.1971, of {ACCOUNT}; ask z@example.org."
    return [party, payment, {"kind": "message", "raw": text}]


async def everything(client: Any, case: Json) -> str:
    """Return all that a reader finds out of a case, as one text."""
    at = f"/api/v1/cases/{case['id']}"
    parts = ("/evidence", "/findings", "/decisions", "/history", "/timeline")
    lists = [*(at + part for part in parts), "/api/v1/compliance/hits", "/api/v1/runs"]
    found = {path: await client.get(path) for path in (at, *lists)}
    below = {at + "/evidence": "evidence/{}/content", at + "/findings": "findings/{}"}
    for path, one in {**below, "/api/v1/runs": "runs/{}/steps"}.items():
        for item in found[path].json()["data"]:
            inner = f"/api/v1/{one.format(item['id'])}"
            found[inner] = await client.get(inner)
    for run in found["/api/v1/runs"].json()["data"]:
        found[run["id"]] = await client.get(f"/api/v1/runs/{run['id']}")
    assert {answer.status_code for answer in found.values()} == {200}
    return " ".join(answer.text for answer in found.values())


async def test_a_viewer_learns_of_nobody(tenant: Any, about: list[Json]) -> None:
    case = await tenant.assessed(*about)
    listed_name = about[0]["properties"]["name"][0]
    for role in ("viewer", "auditor"):
        seen = await everything(await tenant.client(role), case)
        for secret in (SECRET, listed_name, ACCOUNT, "z@example.org", "12.03.1971"):
            assert secret.casefold() not in seen.casefold(), (role, secret)
        words = (*SECRET.split(), *listed_name.split())
        assert not [word for word in words if word.casefold() in seen.casefold()]


async def test_an_analyst_sees_names_and_no_account(
    tenant: Any, about: list[Json]
) -> None:
    case = await tenant.assessed(*about)
    seen = await everything(await tenant.client("analyst"), case)
    assert SECRET in seen
    assert "12.03.1971" in seen
    assert ACCOUNT not in seen
    assert "…2606" in seen
    assert "z…@example.org" in seen


async def test_a_machine_sees_findings_without_names(
    tenant: Any, about: list[Json]
) -> None:
    case = await tenant.assessed(*about)
    robot = await tenant.machine("cases:read", "findings:read", "services:read")
    answer = await robot.get(f"/api/v1/cases/{case['id']}/findings")
    assert answer.status_code == 200, answer.text
    assert SECRET.split()[1].casefold() not in answer.text.casefold()
    assert "[name]" in answer.text


async def test_to_see_more_is_recorded_with_its_purpose(
    tenant: Any, gateway: Any, about: list[Json]
) -> None:
    case = await tenant.assessed(*about)
    at = f"/api/v1/cases/{case['id']}"
    auditor = await tenant.client("auditor")
    items = (await auditor.get(f"{at}/evidence")).json()["data"]
    [payment] = [item for item in items if item["kind"] == "payment"]
    shown = await auditor.post(f"/api/v1/evidence/{payment['id']}/reveal", json=WHY)
    assert shown.status_code == 200, shown.text
    assert shown.json()["content"]["creditor"]["account"] == ACCOUNT
    hit = (await auditor.get("/api/v1/compliance/hits")).json()["data"][0]
    clear = await auditor.post(f"/api/v1/findings/{hit['id']}/reveal", json=WHY)
    assert about[0]["properties"]["name"][0] in clear.text

    timeline = await auditor.get(f"{at}/timeline", params={"limit": "500"})
    read = [e for e in timeline.json()["data"] if e["type"].endswith(".read.v1")]
    assert [entry["data"] for entry in read] == [
        {"evidence": payment["id"], "purpose": "investigation"},
        {"finding": hit["id"], "purpose": "investigation"},
    ]
    assert SECRET not in timeline.text
    kept = await gateway.platform.journal.personal(tenant.name, read[0]["seq"])
    assert kept.value()["reason"] == WHY["reason"]


async def test_who_may_not_reveal_is_refused(tenant: Any, about: list[Json]) -> None:
    case = await tenant.assessed(*about)
    viewer, analyst = await tenant.client("viewer"), await tenant.client("analyst")
    items = await viewer.get(f"/api/v1/cases/{case['id']}/evidence")
    path = f"/api/v1/evidence/{items.json()['data'][0]['id']}/reveal"
    assert (await viewer.post(path, json=WHY)).status_code == 403
    for bad in ({**WHY, "purpose": "curiosity"}, {**WHY, "reason": ""}, {}):
        answer = await analyst.post(path, json=bad)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["path"].endswith(("purpose", "reason"))
    gone = await analyst.post(f"/api/v1/evidence/ev_{'0' * 26}/reveal", json=WHY)
    assert gone.status_code == 404
