"""Everything that changes or hands out something leaves an entry in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.gateway.conftest import PASSWORD

if TYPE_CHECKING:
    import httpx
    from tests.integration.gateway.conftest import Gateway, Poll, Tenant

pytestmark = pytest.mark.integration

IDENTITY = "integritas.identity."
RECORDED = {
    "anticorruption_dataset_create": "integritas.dataset.created.v1",
    "anticorruption_dataset_load": "integritas.dataset.loaded.v1",
    "anticorruption_erase": "integritas.dataset.party_erased.v1",
    "auth_rotate_key": f"{IDENTITY}signing_key_rotated.v1",
    "approvals_decide": "integritas.approval.decided.v1",
    "audit_append": "com.example.order.approved.v1",  # the entry is the record
    "audit_bundle": "integritas.audit.exported.v1",
    "audit_erase": "integritas.personal.erased.v1",
    "audit_export": "integritas.audit.exported.v1",
    "audit_hold": "integritas.audit.hold_placed.v1",
    "audit_prune": "integritas.audit.pruned.v1",
    "audit_release": "integritas.audit.hold_released.v1",
    "audit_rotate_key": "integritas.audit.key_rotated.v1",
    "auth_revoke": f"{IDENTITY}session_ended.v1",
    "auth_token": f"{IDENTITY}login_succeeded.v1",  # or login_failed
    "cases_transition": "integritas.case.transitioned.v1",
    "cases_update": "integritas.case.edited.v1",
    "dead_letters_redrive": "integritas.run.started.v1",
    "evidence_add": "integritas.case.evidence_added.v1",
    "evidence_raw": "integritas.evidence.read.v1",
    "evidence_reveal": "integritas.evidence.read.v1",
    "findings_reveal": "integritas.finding.read.v1",
    "findings_review": "integritas.finding.reviewed.v1",
    "keys_create": f"{IDENTITY}key_created.v1",
    "keys_revoke": f"{IDENTITY}key_revoked.v1",
    "runs_cancel": "integritas.run.ended.v1",
    "runs_decide": "integritas.run.signalled.v1",
    "runs_fork": "integritas.run.started.v1",
    "runs_retry": "integritas.run.started.v1",
    "runs_signal": "integritas.run.signalled.v1",
    "runs_start": "integritas.run.started.v1",
    "schedules_create": "integritas.schedule.changed.v1",
    "schedules_delete": "integritas.schedule.changed.v1",
    "schedules_update": "integritas.schedule.changed.v1",
    "submissions_create": "integritas.case.opened.v1",
    "submissions_create_batch": "integritas.case.opened.v1",
    "users_create": f"{IDENTITY}user_created.v1",
    "users_update": f"{IDENTITY}user_changed.v1",
    "workflows_create": "integritas.workflow.defined.v1",
    "workflows_pause": "integritas.workflow.paused.v1",
    "workflows_resume": "integritas.workflow.resumed.v1",
}
RECORDED_ELSEWHERE = {  # tried in tests of their own
    "attachments_add": "integritas.case.attached.v1",
    "cases_ask_approval": "integritas.approval.requested.v1",
    "cases_break_glass": "integritas.case.glass_broken.v1",
    "cases_bulk": "integritas.case.edited.v1",  # or transitioned
    "cases_create": "integritas.case.opened.v1",
    "cases_grant": "integritas.case.access_granted.v1",
    "cases_link": "integritas.case.linked.v1",
    "cases_restrict": "integritas.case.restricted.v1",  # or unrestricted
    "cases_revoke_grant": "integritas.case.access_revoked.v1",
    "compliance_allow": "integritas.compliance.hit_allowed.v1",
    "compliance_allow_withdraw": "integritas.compliance.hit_allowance_withdrawn.v1",
    "compliance_list_refresh": "integritas.compliance.lists_refresh_requested.v1",
    "compliance_lists_refresh": "integritas.compliance.lists_refresh_requested.v1",
    "compliance_policy_create": "integritas.compliance.policy_saved.v1",
    "compliance_policy_save": "integritas.compliance.policy_saved.v1",
    "compliance_policy_publish": "integritas.compliance.policy_published.v1",
    "compliance_retention": "integritas.retention.applied.v1",
    "compliance_subject_erase": "integritas.evidence.erased.v1",
    "compliance_subject_export": "integritas.subject.exported.v1",
    "deliveries_replay": "integritas.delivery.replayed.v1",
    "models_canary": "integritas.model.canary_set.v1",
    "models_promote": "integritas.model.promoted.v1",
    "models_rollback": "integritas.model.rolled_back.v1",
    "spam_feedback": "integritas.spam.feedback_given.v1",
    "spam_feedback_withdraw": "integritas.spam.feedback_withdrawn.v1",
    "totp_begin": f"{IDENTITY}second_factor_begun.v1",
    "totp_confirm": f"{IDENTITY}second_factor_confirmed.v1",
    "totp_remove": f"{IDENTITY}second_factor_removed.v1",
    "users_delete": f"{IDENTITY}user_changed.v1",
    "users_end_sessions": f"{IDENTITY}sessions_ended.v1",
    "users_reset_totp": f"{IDENTITY}second_factor_reset.v1",
    "webhooks_create": "integritas.webhook.changed.v1",
    "webhooks_delete": "integritas.webhook.changed.v1",
    "webhooks_update": "integritas.webhook.changed.v1",
}
CHANGES_NOTHING = {
    "anticorruption_assess",
    "anticorruption_assess_batch",
    "audit_verify",
    "compliance_assess",
    "compliance_assess_batch",
    "compliance_decide",
    "compliance_match",
    "compliance_pii",
    "compliance_policy_backtest",
    "compliance_policy_test",
    "compliance_screen",
    "compliance_screen_batch",
    "spam_assess",
    "spam_assess_batch",
    "workflows_validate",
}
DEFINITION = {"name": "own", "steps": [{"name": "ask", "signal": "go"}]}
EVENT = {
    "event_id": "erp-1",
    "type": "com.example.order.approved.v1",
    "subject": "order 1",
    "source": "erp",
    "actor": {"id": "clerk"},
    "personal": {"name": "Jane Roe"},
}


def test_every_operation_that_writes_says_what_it_leaves(gateway: Gateway) -> None:
    writing = {
        name
        for name, (method, _, _) in gateway.contract.operations.items()
        if method != "GET"
    }
    silent = writing - set(RECORDED) - set(RECORDED_ELSEWHERE) - CHANGES_NOTHING
    assert silent == set(), "add to RECORDED what it leaves in the journal"


async def identity(tenant: Tenant, admin: httpx.AsyncClient) -> None:
    """Sign in, fail to, change what somebody may, keep and revoke a key."""
    wrong = {"username": "admin", "password": "wrong", "tenant": tenant.name}
    async with tenant.gateway.client() as client:
        assert (await client.post("/api/v1/auth/token", json=wrong)).status_code == 401
        right = {**wrong, "password": PASSWORD}
        pair = (await client.post("/api/v1/auth/token", json=right)).json()
        token = {"token": pair["refresh_token"]}
        await client.post("/api/v1/auth/revoke", json=token)
    body = {"username": "ben", "roles": ["viewer"], "password": PASSWORD}
    user = (await admin.post("/api/v1/users", json=body)).json()
    changed = await admin.patch(
        f"/api/v1/users/{user['id']}",
        json={"roles": ["reviewer"]},
        headers={"If-Match": "*"},
    )
    assert changed.status_code == 200, changed.text
    key = (await admin.post("/api/v1/api-keys", json={"name": "mine"})).json()
    await admin.delete(f"/api/v1/api-keys/{key['id']}")


async def casework(
    tenant: Tenant, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> str:
    """Submit, read what is raw, judge, edit and move a case; return its id."""
    case = await tenant.assessed(*evidence.values())
    path = f"/api/v1/cases/{case['id']}"
    match = {"If-Match": "*"}
    more = {"evidence": [evidence["message"]]}
    answers = [await analyst.patch(path, json={"title": "Roe"}, headers=match)]
    (item, *_) = (await analyst.get(f"{path}/evidence")).json()["data"]
    answers.append(await analyst.get(f"/api/v1/evidence/{item['id']}/raw"))
    (finding, *_) = (await analyst.get(f"{path}/findings")).json()["data"]
    why = {"purpose": "investigation", "reason": "compare the accounts"}
    answers += [
        await analyst.post(f"/api/v1/evidence/{item['id']}/reveal", json=why),
        await analyst.post(f"/api/v1/findings/{finding['id']}/reveal", json=why),
        await analyst.post(
            f"/api/v1/findings/{finding['id']}/review",
            json={"review": "dismissed", "reason": "another person"},
        ),
        await analyst.post(f"{path}/evidence", json=more),
        await analyst.post(
            f"{path}/transitions",
            json={"to": "CANCELLED", "reason": "because"},
            headers=match,
        ),
    ]
    for answer in answers:
        assert answer.status_code < 300, answer.text
    return str(case["id"])


async def workflows(admin: httpx.AsyncClient, case: str) -> None:
    """Publish a definition, pause it, plan it, run it, stop it."""
    planned = {"name": "own", "workflow": "own", "cron": "0 0 1 1 *", "subject": case}
    answers = [
        await admin.post("/api/v1/workflows", json=DEFINITION),
        await admin.post("/api/v1/workflows/own/pause", json={"reason": "why"}),
        await admin.post("/api/v1/workflows/own/resume"),
        await admin.post("/api/v1/schedules", json=planned),
        await admin.delete("/api/v1/schedules/own"),
    ]
    for answer in answers:
        assert answer.status_code < 300, answer.text


async def datasets(admin: httpx.AsyncClient) -> None:
    """Keep tenders to compare with, and take a party out of them again."""
    path = "/api/v1/anticorruption"
    release = {"ocid": "o1", "buyer": {"id": "city"}}
    answers = [
        await admin.post(f"{path}/datasets", json={"name": "roads"}),
        await admin.post(
            f"{path}/datasets/roads/releases", json={"releases": [release]}
        ),
        await admin.delete(f"{path}/networks/city"),
        await admin.post("/api/v1/auth/keys/rotate"),
    ]
    for answer in answers:
        assert answer.status_code < 300, answer.text


async def log(admin: httpx.AsyncClient, case: str) -> None:
    """Hand out entries, take one in, rotate the key, hold, erase and prune."""
    on = {"subject": "order 1", "reason": "a court asked"}
    oldest = (await admin.get("/api/v1/audit/entries", params={"limit": 9})).json()
    first, *others = [entry["entry"]["time"] for entry in oldest["data"]]
    old = {"before": next(t for t in others if t > first), "reason": "ten years"}
    answers = [
        await admin.get("/api/v1/audit/export"),
        await admin.post("/api/v1/audit/entries", json={"entries": [EVENT]}),
        await admin.post("/api/v1/audit/keys/rotation"),
        await admin.get(f"/api/v1/audit/bundles/{case}"),
        await admin.post("/api/v1/audit/holds", json=on),
        await admin.post("/api/v1/audit/holds/release", json=on),
        await admin.post("/api/v1/audit/erase", json=on),
        await admin.post("/api/v1/audit/prune", json=old),
    ]
    for answer in answers:
        assert answer.status_code < 300, answer.text


async def test_what_people_do_stands_in_the_log(
    tenant: Tenant,
    evidence: dict[str, dict[str, Any]],
    until: Poll,
) -> None:
    admin, analyst = await tenant.client("admin"), await tenant.client("analyst")
    await identity(tenant, admin)
    case = await casework(tenant, analyst, evidence)
    await workflows(admin, case)
    await datasets(admin)

    async def logged() -> bool:
        found = await admin.get("/api/v1/audit/entries", params={"subject": "own"})
        return len(found.json()["data"]) >= 5

    await until(logged)
    await log(admin, case)
    expected = {
        RECORDED[name]
        for name in RECORDED
        if not name.startswith(("runs_", "dead_", "approvals_"))
    }
    expected |= {
        f"{IDENTITY}login_failed.v1",
        "integritas.run.started.v1",
        "integritas.case.assessed.v1",
        "integritas.case.decided.v1",
    }

    async def all_there() -> bool:
        page = await admin.get("/api/v1/audit/entries", params={"limit": 1_000})
        return expected <= {e["entry"]["type"] for e in page.json()["data"]}

    await until(all_there)
    page = await admin.get("/api/v1/audit/entries", params={"limit": 1_000})
    told = {entry["entry"]["type"]: entry["entry"] for entry in page.json()["data"]}
    changed = told[f"{IDENTITY}user_changed.v1"]
    assert changed["actor"]["roles"] == ["admin"]
    assert changed["commitment"] is not None  # where the administrator called from
    assert "192.0.2.1" not in page.text
    report = (await admin.post("/api/v1/audit/verify")).json()
    assert report["sound"], report["differences"]
