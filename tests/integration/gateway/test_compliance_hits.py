"""Hits reviewed and allowed through the real door."""

from __future__ import annotations

from typing import Any

from tests.integration.gateway.test_compliance_policies import document

Json = dict[str, Any]
BASE = "/api/v1/compliance"


async def test_a_hit_from_review_to_allow_list(tenant: Any, listed: Json) -> None:
    case = await tenant.assessed(listed)
    analyst = await tenant.client("analyst")
    reviewer = await tenant.client("reviewer")
    (hit, *_) = (await analyst.get(f"{BASE}/hits")).json()["data"]
    assert (hit["case"], hit["review"]) == (case["id"], "open")
    assert hit["finding"]["data"]["fields"]
    body = {"finding": hit["id"], "reason": "another person"}
    assert (await analyst.post(f"{BASE}/allow-list", json=body)).status_code == 403
    early = await reviewer.post(f"{BASE}/allow-list", json=body)
    assert early.status_code == 409, early.text

    said = {"review": "dismissed", "reason": "another birth date"}
    path = f"/api/v1/findings/{hit['id']}/review"
    done = await analyst.post(path, json=said)
    assert done.status_code == 200, done.text
    listed_open = await analyst.get(f"{BASE}/hits", params={"review": "open"})
    assert hit["id"] not in {h["id"] for h in listed_open.json()["data"]}

    allowed = await reviewer.post(f"{BASE}/allow-list", json=body)
    assert allowed.status_code == 201, allowed.text
    page = (await analyst.get(f"{BASE}/allow-list")).json()
    assert [pair["id"] for pair in page["data"]] == [allowed.json()["id"]]
    gone = await reviewer.delete(f"{BASE}/allow-list/{allowed.json()['id']}")
    assert gone.status_code == 204
    again = await reviewer.delete(f"{BASE}/allow-list/{allowed.json()['id']}")
    assert again.status_code == 404


async def test_hits_page_by_cursor(tenant: Any, listed: Json) -> None:
    for _ in range(3):
        await tenant.assessed(listed)
    analyst = await tenant.client("analyst")
    found: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await analyst.get(f"{BASE}/hits", params=params)).json()
        found += [hit["id"] for hit in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) >= 3
    bad = await analyst.get(f"{BASE}/hits", params={"cursor": "x"})
    assert bad.status_code == 422


async def test_a_finding_that_is_not_there(tenant: Any) -> None:
    reviewer = await tenant.client("reviewer")
    body = {"finding": f"find_{'0' * 26}", "reason": "x"}
    assert (await reviewer.post(f"{BASE}/allow-list", json=body)).status_code == 404
    body["finding"] = "x"
    assert (await reviewer.post(f"{BASE}/allow-list", json=body)).status_code == 422


async def test_a_hit_that_two_people_must_dismiss(tenant: Any, listed: Json) -> None:
    admin = await tenant.client("admin")
    second = await tenant.client("admin", who="second")
    rule = {"name": "two dismiss hits", "kinds": ["hit"], "reviews": ["dismissed"]}
    made = await admin.post(
        f"{BASE}/policies", json={"document": document(second_reviewer=[rule])}
    )
    assert made.status_code == 201, made.text
    tag = {"If-Match": made.headers["ETag"]}
    for who, status in ((admin, 202), (second, 200)):
        done = await who.post(f"{BASE}/policies/default/publish", json={}, headers=tag)
        assert done.status_code == status, done.text

    case = await tenant.assessed(listed)
    analyst = await tenant.client("analyst")
    reviewer = await tenant.client("reviewer")
    hits = (await analyst.get(f"{BASE}/hits")).json()["data"]
    hit = next(hit for hit in hits if hit["case"] == case["id"])
    path = f"/api/v1/findings/{hit['id']}/review"
    said = {"review": "dismissed", "reason": "another birth date"}
    first = await analyst.post(path, json=said)
    assert first.status_code == 202, first.text
    assert (first.json()["review"], first.json()["proposed"]) == ("open", "dismissed")
    assert (await analyst.post(path, json=said)).status_code == 403
    waiting = (await analyst.get(f"{BASE}/hits?review=proposed")).json()["data"]
    assert [one["id"] for one in waiting] == [hit["id"]]
    assert waiting[0]["proposed_by"] == first.json()["proposed_by"]

    body = {"finding": hit["id"], "reason": "another person"}
    early = await reviewer.post(f"{BASE}/allow-list", json=body)
    assert early.status_code == 409, early.text
    assert "second person" in early.json()["detail"]
    refused = await reviewer.post(path, json={"review": "open", "reason": "look again"})
    assert refused.status_code == 200, refused.text
    assert refused.json()["proposed"] is None
    nothing = await reviewer.post(path, json={"review": "open", "reason": "x"})
    assert nothing.status_code == 409, nothing.text

    assert (await analyst.post(path, json=said)).status_code == 202
    agreed = await reviewer.post(path, json=said)
    assert agreed.status_code == 200, agreed.text
    assert agreed.json()["review"] == "dismissed"
    allowed = await reviewer.post(f"{BASE}/allow-list", json=body)
    assert allowed.status_code == 201, allowed.text
    timeline = (await admin.get(f"/api/v1/cases/{case['id']}/timeline")).json()["data"]
    kinds = [entry["type"].split(".")[-2] for entry in timeline]
    assert [kind for kind in kinds if kind.startswith("review")] == [
        "review_proposed",
        "review_refused",
        "review_proposed",
        "reviewed",
    ]
