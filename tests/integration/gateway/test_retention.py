"""Evidence whose retention period is over goes, unless a legal hold keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.integration.gateway.test_compliance_subjects import sound

from integritas.bootstrap.erasing import retention_desk
from integritas.cases.tables import CASES
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import InvalidInput
from integritas.platform.config import load_settings

Json = dict[str, Any]
PATH = "/api/v1/compliance/retention"


@pytest.fixture
def settled(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the platform with periods for messages and parties, as settings say."""
    periods = {"message": 30, "party": 365}
    found = gateway.platform.settings.model_copy(update={"retention_days": periods})
    monkeypatch.setattr(gateway.platform, "settings", found)
    return gateway.platform


async def closed(platform: Any, tenant: Any, case: Json, days: int) -> None:
    """Cancel a case, and let it have been so many days ago."""
    analyst = await tenant.client("analyst")
    body = {"to": "CANCELLED", "reason": "a test"}
    path = f"/api/v1/cases/{case['id']}/transitions"
    moved = await analyst.post(path, json=body, headers={"If-Match": "*"})
    assert moved.status_code == 200, moved.text
    await backdated(platform, tenant, case, days)


async def backdated(platform: Any, tenant: Any, case: Json, days: int) -> None:
    ago = datetime.now(UTC) - timedelta(days=days)
    mine = (CASES.c.tenant_id == tenant.name) & (CASES.c.id == case["id"])
    await platform.database.transact(
        lambda tx: tx.execute(sa.update(CASES).where(mine).values(closed_at=ago))
    )


async def kinds(tenant: Any, case: Json) -> list[str]:
    client = await tenant.client("viewer")
    found = await client.get(f"/api/v1/cases/{case['id']}/evidence")
    return sorted(item["kind"] for item in found.json()["data"])


async def test_each_kind_goes_when_its_period_is_over(
    tenant: Any, settled: Any, evidence: dict[str, Json]
) -> None:
    desk, context = retention_desk(settled), Context(tenant.name, SYSTEM, "test")
    items = [{**evidence[kind]} for kind in ("message", "party", "payment")]
    old, older, open_case, held = [await tenant.assessed(*items) for _ in range(4)]
    await closed(settled, tenant, old, 31)
    await closed(settled, tenant, older, 366)
    await closed(settled, tenant, held, 366)
    await settled.audit.hold(context, subject=held["id"], reason="court order")

    due = await desk.due(tenant.name)
    assert due.kinds == {"message": 2, "party": 1}
    assert {item.case_id for item in due.held} == {held["id"]}
    assert await kinds(tenant, old) == ["message", "party", "payment"]  # a dry run

    done = await desk.apply(context)
    assert (done.kinds, len(done.held)) == (due.kinds, 2)
    assert await kinds(tenant, old) == ["party", "payment"]
    assert await kinds(tenant, older) == ["payment"]
    for case in (open_case, held):
        assert await kinds(tenant, case) == ["message", "party", "payment"]
    told = await settled.journal.read_subject(tenant.name, "retention")
    assert [entry.data for entry in told] == [
        {"kinds": {"message": 2, "party": 1}, "cases": 2, "held": 2}
    ]
    assert (await desk.apply(context)).evidence == []
    assert len(await settled.journal.read_subject(tenant.name, "retention")) == 1

    await settled.audit.release(context, subject=held["id"], reason="it ended")
    assert (await desk.apply(context)).kinds == {"message": 1, "party": 1}
    await sound(settled, tenant)


async def test_the_hourly_job_erases_what_is_due(
    tenant: Any, settled: Any, evidence: dict[str, Json]
) -> None:
    case = await tenant.assessed(evidence["message"], evidence["payment"])
    await closed(settled, tenant, case, 31)
    await settled._tidy(datetime.now(UTC))
    assert await kinds(tenant, case) == ["payment"]
    entries = await settled.journal.read_subject(tenant.name, case["id"])
    [erased] = [e for e in entries if e.type == "integritas.evidence.erased.v1"]
    assert erased.actor_id == "platform:retention"


async def test_a_policy_of_the_channel_comes_first(
    tenant: Any,
    settled: Any,
    evidence: dict[str, Json],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policies = settled.services.records.policies
    shipped = await policies.in_force(tenant.name)
    longer = shipped.default.model_copy(update={"retention_days": {"message": 60}})

    async def in_force(_: Any) -> Any:
        return type(shipped)(longer, {})

    monkeypatch.setattr(policies, "in_force", in_force)
    case = await tenant.assessed(evidence["message"], evidence["party"])
    await closed(settled, tenant, case, 31)
    assert (await retention_desk(settled).due(tenant.name)).kinds == {}
    await backdated(settled, tenant, case, 61)
    assert (await retention_desk(settled).due(tenant.name)).kinds == {"message": 1}


async def test_over_the_api_one_looks_first(
    tenant: Any, evidence: dict[str, Json]
) -> None:
    await tenant.assessed(evidence["message"])
    admin, reviewer = await tenant.client("admin"), await tenant.client("reviewer")
    looked = await admin.post(PATH, json={})
    assert looked.status_code == 200, looked.text
    nothing: Json = {"kinds": {}, "evidence": [], "held": []}
    assert looked.json() == {"dry_run": True, **nothing}
    done = await admin.post(PATH, json={"dry_run": False})
    assert done.json() == {"dry_run": False, **nothing}
    assert (await admin.post(PATH, json={"dry": False})).status_code == 422
    assert (await reviewer.post(PATH, json={})).status_code == 403


def test_a_wrong_period_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for bad in ('{"messages": 3}', '{"message": 0}', "often"):
        monkeypatch.setenv("INTEGRITAS_RETENTION_DAYS", bad)
        with pytest.raises(InvalidInput) as caught:
            load_settings()
        [error] = caught.value.errors
        assert error.path == "INTEGRITAS_RETENTION_DAYS"
        assert "365" in error.remedy
