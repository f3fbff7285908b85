"""What services and the log keep of a confidential case: nothing for a stranger."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.integration.gateway.test_need_to_know import REASON
from tests.integration.gateway.test_retention import PATH as RETENTION
from tests.integration.gateway.test_retention import closed

from integritas.kernel.ids import EventId


async def test_networks_and_datasets_know_nothing_of_it(
    gateway: Any, tenant: Any, evidence: dict[str, dict[str, Any]]
) -> None:
    """What releases of a confidential case told is shown to those who may see it."""

    secret = json.loads(json.dumps(evidence["procurement"]))
    bidder = {"id": "SECRET-T4", "name": "Bidder SECRET"}
    secret["release"]["ocid"] = "ocds-213czf-secret"
    secret["release"]["bids"]["details"][0]["tenderers"].append(bidder)
    open_case = await tenant.assessed(evidence["procurement"])
    case = await tenant.assessed(secret)
    insider, admin = await tenant.client("reviewer", "insider"), await tenant.client()
    path = "/api/v1/anticorruption"
    questions = (
        f"{path}/networks/SECRET-T4",
        f"{path}/datasets/observed/processes/ocds-213czf-secret",
    )

    # The services of these tests keep nothing: the desk is told as the journal would.
    desk = gateway.platform.services.datasets
    ids = [open_case["id"], case["id"]]
    found = await gateway.platform.cases.dossiers(tenant.name, ids)
    await desk.observe(EventId("evt_1"), list(found.values()))
    for question in questions:
        assert (await admin.get(question)).status_code == 200, question
    answer = await insider.put(f"/api/v1/cases/{case['id']}/access", json=REASON)
    assert answer.status_code == 200, answer.text
    for question in questions:
        assert (await admin.get(question)).status_code == 404, question
        assert (await insider.get(question)).status_code == 200, question
    statistics = (await admin.get(f"{path}/datasets/observed")).json()
    assert statistics["processes"] == 1
    near = (await admin.get(f"{path}/networks/T1?steps=3")).text
    assert "SECRET" not in near
    assert "secret" not in near


async def test_holds_and_erasures_are_as_if_it_were_not_there(
    tenant: Any, evidence: dict[str, dict[str, Any]]
) -> None:
    case = await tenant.assessed(evidence["message"])
    insider, admin = await tenant.client("reviewer", "insider"), await tenant.client()
    officer = await tenant.client("auditor")
    subject = {"subject": case["id"], "reason": "litigation"}
    path = "/api/v1/audit"
    answer = await insider.put(f"/api/v1/cases/{case['id']}/access", json=REASON)
    assert answer.status_code == 200, answer.text
    assert (await officer.post(f"{path}/holds", json=subject)).status_code == 403
    held = await admin.post(f"{path}/holds", json=subject)
    assert (held.status_code, held.json()) == (201, {"data": []})
    assert (await admin.get(f"{path}/holds")).json() == {"data": []}
    nothing = {**subject, "subject": f"{case['id'][:-4]}ZZZZ"}
    for body in (subject, nothing):
        answer = await admin.post(f"{path}/holds/release", json=body)
        assert answer.status_code == 404
        detail = answer.json()["detail"].replace(body["subject"], "ID")
        assert detail == "'ID' is under no legal hold"
        erased = await admin.post(f"{path}/erase", json=body)
        assert (erased.status_code, erased.json()) == (200, {"erased": 0})


async def test_retention_names_no_case_of_it(
    gateway: Any,
    tenant: Any,
    evidence: dict[str, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policies = gateway.platform.services.records.policies
    shipped = await policies.in_force(tenant.name)
    month = shipped.default.model_copy(update={"retention_days": {"message": 30}})

    async def in_force(_: Any) -> Any:
        return type(shipped)(month, {})

    monkeypatch.setattr(policies, "in_force", in_force)
    cases = [await tenant.assessed(evidence["message"]) for _ in range(2)]
    for case in cases:
        await closed(gateway.platform, tenant, case, 31)
    insider, admin = await tenant.client("reviewer", "insider"), await tenant.client()
    access = f"/api/v1/cases/{cases[0]['id']}/access"
    assert (await insider.put(access, json=REASON)).status_code == 200
    due = (await admin.post(RETENTION, json={})).json()
    assert [item["case"] for item in due["evidence"]] == [cases[1]["id"]]
    assert due["kinds"] == {"message": 1}
