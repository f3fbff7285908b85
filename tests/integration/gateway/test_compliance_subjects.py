"""A person's data given out and erased; the log still verifies."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from integritas.kernel.ids import CaseId, EventId
from integritas.oversight.api import reconcile
from integritas.platform.columns import METADATA

Json = dict[str, Any]
BASE = "/api/v1/compliance/subjects"
SECRET = "Zebulon Quartermain"


def texts(platform: Any) -> str:
    """Return all that is stored, as one text; what people sent beside it too."""

    def read(tx: Any) -> str:
        return "".join(
            str(row._mapping)
            for table in METADATA.sorted_tables
            for row in tx.execute(sa.select(table))
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


async def test_a_person_is_exported_and_erased(
    tenant: Any, gateway: Any, evidence: dict[str, Json], listed: Json
) -> None:
    admin = await tenant.client("admin")
    party = {**listed, "properties": {**listed["properties"], "alias": [SECRET]}}
    payment = {
        **evidence["payment"],
        "creditor": {"name": SECRET, "account": "FR1420041010050500013M02606"},
    }
    message = {"kind": "message", "raw": f"I met  {SECRET.upper()} at noon."}
    case = await submitted(tenant, party, payment, message)
    other = await tenant.assessed(evidence["party"])

    found = await admin.post(f"{BASE}/export", json={"names": [SECRET]})
    assert found.status_code == 200, found.text
    items = found.json()["data"]
    assert {item["kind"] for item in items} == {"party", "payment", "message"}
    assert {item["case"] for item in items} == {case["id"]}
    assert any(item["findings"] for item in items)

    platform = gateway.platform
    for follower in platform.followers:
        await follower.catch_up()
    dossiers = await platform.cases.dossiers(tenant.name, [CaseId(case["id"])])
    accounts = platform.services.records.accounts
    await accounts.observe(EventId("learned"), list(dossiers.values()))
    assert SECRET in texts(platform)
    body = {"evidence": [item["evidence"] for item in items], "reason": "art. 17"}
    done = await admin.post(f"{BASE}/erase", json=body)
    assert done.status_code == 200, done.text
    assert (done.json()["evidence"], done.json()["cases"]) == (3, [case["id"]])
    assert done.json()["learned"] == 2
    assert done.json()["journal"] > 0
    left = texts(platform).replace(str(found.request.content), "")
    exports = left.count(SECRET)  # who was looked for stands beside the export's entry
    assert exports <= 1

    again = await admin.post(f"{BASE}/export", json={"names": [SECRET]})
    assert again.json()["data"] == []
    shown = (await admin.get(f"/api/v1/cases/{case['id']}")).json()
    assert shown["title"] == "erased"
    kept = await admin.get(f"/api/v1/cases/{other['id']}/evidence")
    assert len(kept.json()["data"]) == 1
    findings = await admin.get(f"/api/v1/cases/{case['id']}/findings")
    assert findings.status_code == 200

    for follower in platform.followers:
        await follower.catch_up()
    report = await platform.audit.verify(tenant.name)
    assert report.differences == ()
    compared = await reconcile(
        tenant.name, platform.journal, platform.cases, platform.audit
    )
    assert compared.differences == ()


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
