"""A person's data given out and erased; the log still verifies."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
import sqlalchemy as sa

from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import CaseId, EventId
from integritas.oversight.api import reconcile
from integritas.platform.columns import METADATA
from integritas.services.anticorruption.api import load_anticorruption_service
from integritas.services.spam.api import load_spam_service

Json = dict[str, Any]
BASE = "/api/v1/compliance/subjects"
SECRET = "Zebulon Quartermain"


def texts(platform: Any, tenant: Any) -> str:
    """Return all that is stored of a tenant, as one text."""

    def read(tx: Any) -> str:
        return "".join(
            str(row._mapping)
            for table in METADATA.sorted_tables
            if "tenant_id" in table.c
            for row in tx.execute(
                sa.select(table).where(table.c.tenant_id == tenant.name)
            )
        )

    found: str = platform.database.read_sync(read)
    return found


async def submitted(tenant: Any, *evidence: Json) -> Json:
    client = await tenant.client("analyst")
    answer = await client.post(
        "/api/v1/submissions",
        json={"title": f"On {SECRET}", "evidence": list(evidence)},
        headers={"Prefer": "wait=30"},
    )
    assert answer.status_code == 200, answer.text
    case: Json = answer.json()
    return case


async def learned(platform: Any, tenant: Any, case: Json) -> None:
    """Let every service learn of a case what it learns through the journal."""
    dossiers = await platform.cases.dossiers(tenant.name, [CaseId(case["id"])])
    kept = platform.services
    for service in (
        kept.records.accounts,
        load_anticorruption_service(kept.datasets),
        load_spam_service(desk=kept.spam_desk),
    ):
        await service.observe(EventId("learned"), list(dossiers.values()))


async def erased(tenant: Any) -> Json:
    """Export the person, erase all that is kept of them, and return what went."""
    admin = await tenant.client("admin")
    found = await admin.post(f"{BASE}/export", json={"names": [SECRET]})
    assert found.status_code == 200, found.text
    ids = [item["evidence"] for item in found.json()["data"]]
    body = {"evidence": ids, "reason": "art. 17"}
    done = await admin.post(f"{BASE}/erase", json=body)
    assert done.status_code == 200, done.text
    answer: Json = done.json()
    return answer


async def sound(platform: Any, tenant: Any) -> None:
    """Fail unless the log verifies, and agrees with journal and cases."""
    for follower in platform.followers:
        await follower.catch_up()
    report = await platform.audit.verify(tenant.name)
    assert report.differences == ()
    compared = await reconcile(
        tenant.name, platform.journal, platform.cases, platform.audit
    )
    assert compared.differences == ()


async def test_a_person_is_exported_and_erased(
    tenant: Any, gateway: Any, evidence: dict[str, Json], listed: Json
) -> None:
    admin, platform = await tenant.client("admin"), gateway.platform
    party = {**listed, "properties": {**listed["properties"], "alias": [SECRET]}}
    payment = {
        **evidence["payment"],
        "creditor": {"name": SECRET, "account": "FR1420041010050500013M02606"},
    }
    message = {"kind": "message", "raw": f"I met  {SECRET.upper()} at noon."}
    case = await submitted(tenant, party, payment, message)
    other = await tenant.assessed(evidence["party"])

    found = await admin.post(f"{BASE}/export", json={"names": [SECRET]})
    items = found.json()["data"]
    assert {item["kind"] for item in items} == {"party", "payment", "message"}
    assert {item["case"] for item in items} == {case["id"]}
    assert any(item["findings"] for item in items)
    assert SECRET in texts(platform, tenant)
    done = await erased(tenant)
    assert (done["evidence"], done["cases"]) == (3, [case["id"]])
    assert done["journal"] > 0
    # Who was looked for stands beside the entries of the two exports.
    assert texts(platform, tenant).count(SECRET) <= 2

    again = await admin.post(f"{BASE}/export", json={"names": [SECRET]})
    assert again.json()["data"] == []
    shown = (await admin.get(f"/api/v1/cases/{case['id']}")).json()
    assert shown["title"] == "erased"
    kept = await admin.get(f"/api/v1/cases/{other['id']}/evidence")
    assert len(kept.json()["data"]) == 1
    findings = await admin.get(f"/api/v1/cases/{case['id']}/findings")
    assert findings.status_code == 200
    await sound(platform, tenant)


async def test_what_services_learned_goes_too(
    tenant: Any, gateway: Any, evidence: dict[str, Json]
) -> None:
    payment = {**evidence["payment"], "creditor": {"name": SECRET, "account": "A-77"}}
    message = {"kind": "message", "raw": f"{SECRET} asked me for money at noon today."}
    release = {
        "ocid": f"ocds-{tenant.name}",
        "buyer": {"id": "city", "name": SECRET},
        "awards": [{"id": "1", "status": "active", "suppliers": [{"id": "firm"}]}],
    }
    tender = {"kind": "procurement", "release": release}
    case = await submitted(tenant, payment, message, tender)
    kept = gateway.platform.services
    await learned(gateway.platform, tenant, case)
    await kept.datasets.network(tenant.name, "city")
    assert (await kept.spam_desk.known(tenant.name)).window.cursor == 1
    feedback = {"case": case["id"], "label": "junk", "reason": f"I know {SECRET}"}
    analyst = await tenant.client("analyst")
    given = await analyst.post("/api/v1/spam/feedback", json=feedback)
    assert given.status_code < 300, given.text

    # Two sides of a payment, a sighting, what was said of it, a process.
    assert (await erased(tenant))["learned"] == 5
    with pytest.raises(NotFound):
        await kept.datasets.network(tenant.name, "city")
    known = await kept.spam_desk.known(tenant.name)
    assert known.window.cursor == 0
    left = texts(gateway.platform, tenant)
    assert left.count(SECRET) == 1, left  # the export's entry says who was looked for
    await sound(gateway.platform, tenant)


async def test_what_people_wrote_of_an_emptied_case_goes_too(
    tenant: Any, gateway: Any, listed: Json
) -> None:
    party = {**listed, "properties": {**listed["properties"], "alias": [SECRET]}}
    case = await submitted(tenant, party)
    at, analyst = f"/api/v1/cases/{case['id']}", await tenant.client("analyst")
    file = {"name": f"{SECRET}.txt", "content_base64": b64encode(b"x").decode()}
    assert (await analyst.post(f"{at}/attachments", json=file)).status_code == 201
    (finding, *_) = (await analyst.get(f"{at}/findings")).json()["data"]
    said = {"review": "confirmed", "reason": f"it is {SECRET}"}
    reviewed = await analyst.post(f"/api/v1/findings/{finding['id']}/review", json=said)
    assert reviewed.status_code == 200
    tagged = {"tags": [SECRET]}
    changed = await analyst.patch(at, json=tagged, headers={"If-Match": "*"})
    assert changed.status_code == 200
    await erased(tenant)
    assert (await analyst.get(f"{at}/attachments")).json()["data"] == []
    assert texts(gateway.platform, tenant).count(SECRET) <= 1  # the export's entry
    await sound(gateway.platform, tenant)


async def allowed(tenant: Any, listed: Json) -> tuple[Json, list[str]]:
    """Allow a pair twice, once withdrawn in between; return its case and the ids."""
    party = {**listed, "properties": {**listed["properties"], "alias": [SECRET]}}
    other = {"kind": "party", "schema": "Person", "properties": {"name": ["Ann Li"]}}
    case = await submitted(tenant, party, other)
    analyst, reviewer = await tenant.client("analyst"), await tenant.client("reviewer")
    found = (await analyst.get(f"/api/v1/cases/{case['id']}/findings")).json()["data"]
    hit = next(each for each in found if each["code"].endswith(".hit"))
    said = {"review": "dismissed", "reason": "another person"}
    await analyst.post(f"/api/v1/findings/{hit['id']}/review", json=said)
    ids: list[str] = []
    for _ in range(2):
        if ids:
            await reviewer.delete(f"/api/v1/compliance/allow-list/{ids[-1]}")
        body = {"finding": hit["id"], "reason": f"{SECRET} has another birth date"}
        answer = await reviewer.post("/api/v1/compliance/allow-list", json=body)
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    return case, ids


async def test_why_a_pair_was_allowed_goes_with_its_party(
    tenant: Any, gateway: Any, listed: Json
) -> None:
    case, ids = await allowed(tenant, listed)
    admin, journal = await tenant.client("admin"), gateway.platform.journal
    items = (await admin.get(f"/api/v1/cases/{case['id']}/evidence")).json()["data"]
    party = next(item["id"] for item in items if item["kind"] == "party")
    body = {"evidence": [party], "reason": "art. 17"}
    audit, context = gateway.platform.audit, Context(tenant.name, SYSTEM, "test")
    await audit.hold(context, subject=ids[0], reason="court order")
    refused = await admin.post(f"{BASE}/erase", json=body)
    assert refused.status_code == 409, refused.text
    assert ids[0] in refused.json()["detail"]
    await audit.release(context, subject=ids[0], reason="it ended")
    assert (await admin.post(f"{BASE}/erase", json=body)).status_code == 200

    types: dict[str, list[object]] = {}
    for each in ids:
        for entry in await journal.read_subject(tenant.name, each):
            beside = await journal.personal(tenant.name, entry.seq)
            types.setdefault(entry.type.split(".")[2], []).append(beside)
    assert types["hit_allowed"] == [None, None]
    first, *_ = types["hit_allowance_withdrawn"]
    assert first is None  # withdrawn by a person, with the same words
    assert SECRET not in str(types)
    assert (await admin.get("/api/v1/compliance/allow-list")).json()["data"] == []
    await sound(gateway.platform, tenant)


async def test_what_is_under_legal_hold_is_not_erased(
    tenant: Any, gateway: Any, evidence: dict[str, Json]
) -> None:
    admin = await tenant.client("admin")
    case = await tenant.assessed(evidence["party"], evidence["message"])
    items = (await admin.get(f"/api/v1/cases/{case['id']}/evidence")).json()["data"]
    body = {"evidence": [items[0]["id"]], "reason": "art. 17"}
    audit, context = gateway.platform.audit, Context(tenant.name, SYSTEM, "test")
    for held in (case["id"], items[0]["id"], "*"):
        await audit.hold(context, subject=held, reason="court order")
        refused = await admin.post(f"{BASE}/erase", json=body)
        assert refused.status_code == 409, refused.text
        assert "legal hold" in refused.json()["detail"]
        await audit.release(context, subject=held, reason="it ended")
    kept = (await admin.get(f"/api/v1/cases/{case['id']}/evidence")).json()["data"]
    assert kept == items
    assert (await admin.post(f"{BASE}/erase", json=body)).status_code == 200


async def test_who_erases_says_what_and_why(tenant: Any) -> None:
    admin = await tenant.client("admin")
    assert (await admin.post(f"{BASE}/export", json={})).status_code == 422
    unknown = f"ev_{'0' * 26}"
    body = {"evidence": [unknown], "reason": "x"}
    assert (await admin.post(f"{BASE}/erase", json=body)).status_code == 404
    body["reason"] = " "
    assert (await admin.post(f"{BASE}/erase", json=body)).status_code == 422
    reviewer = await tenant.client("reviewer")
    assert (await reviewer.post(f"{BASE}/export", json={})).status_code == 403
