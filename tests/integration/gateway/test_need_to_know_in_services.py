"""Networks and datasets know nothing of a confidential case's releases."""

from __future__ import annotations

import json
from typing import Any

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
    reason = {"confidential": True, "reason": "names a member of the board"}
    answer = await insider.put(f"/api/v1/cases/{case['id']}/access", json=reason)
    assert answer.status_code == 200, answer.text
    for question in questions:
        assert (await admin.get(question)).status_code == 404, question
        assert (await insider.get(question)).status_code == 200, question
    statistics = (await admin.get(f"{path}/datasets/observed")).json()
    assert statistics["processes"] == 1
    near = (await admin.get(f"{path}/networks/T1?steps=3")).text
    assert "SECRET" not in near
    assert "secret" not in near
