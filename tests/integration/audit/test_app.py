"""The audit routes of the service standing alone."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import httpx
import pytest
import pytest_asyncio

from integritas.kernel.ids import TenantId
from integritas.platform.tokens import service_tokens
from integritas.services.audit.api import inclusion_holds, leaf_hash, verify_bundle
from integritas.services.audit.app import create_app
from integritas.services.audit.bodies import canonical

if TYPE_CHECKING:
    from tests.integration.audit.conftest import World

pytestmark = pytest.mark.integration

MAIN = TenantId("main")


@pytest_asyncio.fixture
async def client(sqlite_world: World) -> AsyncIterator[httpx.AsyncClient]:
    await sqlite_world.log(300)
    await sqlite_world.log(2, tenant=TenantId("other"))
    app = create_app(sqlite_world.trail, pings={}, token="secret")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://audit/api/v1/audit",
        headers={"Authorization": f"Bearer {service_tokens('secret').token('audit')}"},
    ) as made:
        yield made


async def test_entries_are_paged(client: httpx.AsyncClient) -> None:
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/entries", params={"limit": 90, **cursor})).json()
        seen += [entry["index"] for entry in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == list(range(300))


async def test_an_entry_hashes_to_its_leaf(client: httpx.AsyncClient) -> None:
    entry = (await client.get("/entries/7")).json()
    assert entry["entry"]["subject"] == "case_2"
    assert base64.b64decode(entry["leaf_hash"]) == leaf_hash(canonical(entry["entry"]))


async def test_a_tenant_sees_its_own_log_only(client: httpx.AsyncClient) -> None:
    headers = {"X-Integritas-Tenant": "other"}
    page = (await client.get("/entries", headers=headers)).json()
    assert len(page["data"]) == 2
    note = (await client.get("/log/checkpoint", headers=headers)).text
    assert note.startswith("integritas/other\n2\n")


async def test_the_checkpoint_is_plain_text_and_not_cached(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.text.startswith("integritas/main\n300\n")


@pytest.mark.parametrize(
    ("path", "size"), [("0/000", 8_192), ("0/001.p/44", 44 * 32), ("1/000.p/1", 32)]
)
async def test_tiles_may_be_cached_for_ever(
    client: httpx.AsyncClient, path: str, size: int
) -> None:
    answer = await client.get(f"/log/tile/{path}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "immutable" in answer.headers["cache-control"]
    assert len(answer.content) == size


async def test_an_inclusion_proof_holds(client: httpx.AsyncClient) -> None:
    proof = (await client.get("/proofs/inclusion", params={"index": 7})).json()
    root = (await client.get("/log/checkpoint")).text.split("\n")[2]
    assert inclusion_holds(
        base64.b64decode(proof["leaf_hash"]),
        7,
        proof["size"],
        [base64.b64decode(text) for text in proof["hashes"]],
        base64.b64decode(root),
    )


async def test_a_consistency_proof_is_given(client: httpx.AsyncClient) -> None:
    answer = await client.get("/proofs/consistency", params={"old": 256, "new": 300})
    assert answer.json()["new"] == 300
    assert len(answer.json()["hashes"]) == 1


async def test_the_log_is_verified(client: httpx.AsyncClient) -> None:
    report = (await client.post("/verify")).json()
    assert report["sound"] is True
    assert (report["size"], report["differences"]) == (300, [])


async def test_a_bundle_of_a_case_verifies(client: httpx.AsyncClient) -> None:
    answer = await client.get("/bundles/case_2")
    report = verify_bundle(answer.json())
    assert report.sound
    assert len(answer.json()["entries"]) == 60


async def test_the_keys_are_listed(client: httpx.AsyncClient) -> None:
    (vkey,) = (await client.get("/keys")).json()["data"]
    assert vkey.startswith("integritas/main+")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/entries?cursor=x", 422),
        ("/entries?limit=0", 422),
        ("/entries?outcome=good", 422),
        ("/entries?since=yesterday", 422),
        ("/export?outcome=good", 422),
        ("/entries/300", 404),
        ("/entries/-1", 422),
        ("/log/tile/0/002", 404),
        ("/log/tile/nonsense", 422),
        ("/proofs/inclusion?index=300", 422),
        ("/proofs/inclusion?index=7&size=301", 422),
        ("/proofs/inclusion?index=7&size=7", 422),
        ("/proofs/consistency?old=301", 422),
        ("/proofs/consistency?old=7&new=301", 422),
        ("/bundles/case_unknown", 404),
    ],
)
async def test_a_bad_request_is_a_problem(
    client: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("index", [-1, 2**62 + 1])
async def test_an_index_that_cannot_be_is_named(
    client: httpx.AsyncClient, index: int
) -> None:
    answer = await client.get(f"/entries/{index}")
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == ["index"]


async def test_nobody_reads_the_log_without_the_token(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/entries", headers={"Authorization": ""})
    assert answer.status_code == 401


EVENT = {
    "event_id": "erp-7",
    "type": "com.example.order.approved.v1",
    "subject": "order 7",
    "source": "erp",
    "actor": {"id": "clerk 3", "roles": ["purchasing"]},
    "occurred": "2026-01-01T01:00:00+01:00",
    "outcome": "success",
    "reason": "below the limit",
    "before": "ab" * 32,
    "data": {"amount": "1200.00"},
}


async def test_an_event_from_outside_is_logged_and_proven(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.post("/entries", json={"entries": [EVENT]})
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"] == [{"index": 300, "event_id": "erp-7"}]
    assert answer.json()["checkpoint"].startswith("integritas/main\n301\n")
    entry = (await client.get("/entries/300")).json()["entry"]
    assert entry["actor"] == {
        "id": "clerk 3",
        "kind": "person",
        "roles": ["purchasing"],
    }
    assert entry["occurred"] == "2026-01-01T00:00:00.000000Z"
    assert (entry["after"], entry["before"]) == (None, "ab" * 32)
    assert entry["logged_by"]
    assert (await client.post("/verify")).json()["sound"]


async def test_personal_data_is_kept_beside_the_entry(
    client: httpx.AsyncClient, sqlite_world: World
) -> None:
    event = {
        **EVENT,
        "actor": {**EVENT["actor"], "address": "192.0.2.7"},  # type: ignore[dict-item] # a dict
        "personal": {"name": "Jane Roe"},
    }
    answer = await client.post("/entries", json={"entries": [event]})
    assert answer.status_code == 201, answer.text
    found = (await client.get("/entries/300")).json()
    assert found["pruned"] is False
    assert found["entry"]["personal"] is True
    assert "Jane" not in str(found)
    assert "192.0.2.7" not in str(found)
    assert (await sqlite_world.trail.verify(MAIN)).sound


async def test_what_is_handed_out_is_told_of(
    client: httpx.AsyncClient, sqlite_world: World
) -> None:
    await client.get("/export", params={"format": "csv", "q": "Jane"})
    await client.get("/bundles/case_2")
    export, bundle = await sqlite_world.journal.read(MAIN, after=300)
    assert {export.type, bundle.type} == {"integritas.audit.exported.v1"}
    assert export.data == {"format": "csv"}
    assert export.commitment is not None
    assert (bundle.subject, bundle.data) == ("case_2", {"format": "bundle"})


async def test_an_event_sent_again_is_answered_and_not_logged_again(
    client: httpx.AsyncClient,
) -> None:
    for _ in range(2):
        answer = await client.post("/entries", json={"entries": [EVENT]})
        assert answer.json()["data"] == [{"index": 300, "event_id": "erp-7"}]
    other = {**EVENT, "subject": "order 8"}
    answer = await client.post("/entries", json={"entries": [other]})
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["path"] == "event_id"


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"event_id": ""}, 422, "entries[0].event_id"),
        ({"unknown": 1}, 422, "entries[0].unknown"),
        ({"before": "xyz"}, 422, "entries[0].before"),
        ({"occurred": "yesterday"}, 422, "entries[0].occurred"),
        ({"data": {"n": 2**60}}, 422, "entries[0].data"),
        ({"actor": {"id": "x", "address": "here"}}, 422, "entries[0].actor.address"),
        ({"personal": ["Jane"]}, 422, "entries[0].personal"),
        ({"personal": {"a": 1}, "commitment": "ab" * 32}, 422, "entries[0].commitment"),
        ({"personal": {"a": "x" * 70_000}}, 413, "entries[0].personal"),
        ({"event_id": "integritas-audit-hold-1"}, 422, "event_id"),
        ({"type": "integritas.case.opened.v1"}, 422, "type"),
        ({"data": {"text": "x" * 70_000}}, 413, "entry"),
    ],
)
async def test_a_bad_event_is_named_and_nothing_is_logged(
    client: httpx.AsyncClient, change: dict[str, object], status: int, path: str
) -> None:
    answer = await client.post("/entries", json={"entries": [{**EVENT, **change}]})
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["path"].removeprefix("body.") == path
    assert (await client.get("/entries/300")).status_code == 404


async def test_entries_are_filtered_and_paged(client: httpx.AsyncClient) -> None:
    page = await client.get("/entries", params={"subject": "case_3", "limit": 2})
    assert [entry["index"] for entry in page.json()["data"]] == [3, 8]
    cursor = page.json()["next_cursor"]
    page = await client.get(
        "/entries", params={"subject": "case_3", "limit": 2, "cursor": cursor}
    )
    assert [entry["index"] for entry in page.json()["data"]] == [13, 18]
    page = await client.get("/entries", params={"since": "2030-01-01T00:00:00Z"})
    assert page.json() == {"data": [], "next_cursor": None}


@pytest.mark.parametrize("form", ["jsonl", "csv", "ocsf", "cef"])
async def test_entries_are_exported(client: httpx.AsyncClient, form: str) -> None:
    answer = await client.get("/export", params={"format": form, "q": "case_3"})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].endswith(f"audit.{form}")
    assert answer.text.count("\n") == 60 + (form == "csv")


async def test_an_unknown_format_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.get("/export", params={"format": "xml"})
    assert answer.status_code == 422


async def test_the_key_is_rotated(client: httpx.AsyncClient) -> None:
    (old,) = (await client.get("/keys")).json()["data"]
    answer = await client.post("/keys/rotation")
    assert answer.status_code == 201
    assert answer.json()["data"][1:] == [old]
    assert (await client.post("/verify")).json()["sound"]


async def test_a_hold_is_placed_listed_and_released(
    client: httpx.AsyncClient,
) -> None:
    wanted = {"subject": "case_2", "reason": "court order 4 O 12/26"}
    answer = await client.post("/holds", json=wanted)
    assert answer.status_code == 201, answer.text
    (held,) = answer.json()["data"]
    assert held["subject"] == "case_2"
    assert (await client.get("/holds")).json() == answer.json()
    refused = await client.post("/erase", json={**wanted, "reason": "asked to"})
    assert refused.status_code == 409
    assert "legal hold" in refused.json()["detail"]
    released = await client.post("/holds/release", json=wanted)
    assert released.json() == {"data": []}
    again = await client.post("/holds/release", json=wanted)
    assert again.status_code == 404
    assert (await client.post("/verify")).json()["sound"]


async def test_personal_data_is_erased_and_the_log_verifies(
    client: httpx.AsyncClient,
) -> None:
    event = {**EVENT, "personal": {"name": "Jane Roe"}}
    await client.post("/entries", json={"entries": [event]})
    wanted = {"subject": "order 7", "reason": "article 17"}
    answer = await client.post("/erase", json=wanted)
    assert answer.json() == {"erased": 1}
    assert (await client.post("/erase", json=wanted)).json() == {"erased": 0}
    assert (await client.get("/entries/300")).json()["entry"]["personal"] is True
    assert (await client.post("/verify")).json()["sound"]


async def test_payloads_are_pruned_and_hashes_stay(
    client: httpx.AsyncClient, sqlite_world: World
) -> None:
    before = (await client.get("/entries/7")).json()
    await client.post("/holds", json={"subject": "case_2", "reason": "a court"})
    sqlite_world.clock.advance(86_400)
    limit = sqlite_world.clock.now().isoformat()
    wanted = {"before": limit, "reason": "ten years"}
    answer = await client.post("/prune", json=wanted)
    assert answer.json() == {"pruned": 240}
    assert (await client.get("/entries/7")).json() == before  # of case_2
    pruned = (await client.get("/entries/8")).json()
    assert pruned["pruned"] is True
    assert pruned["leaf_hash"]
    assert (await client.post("/verify")).json()["sound"]


@pytest.mark.parametrize(
    ("path", "change", "field"),
    [
        ("/holds", {"subject": ""}, "subject"),
        ("/holds", {"subject": "x" * 201}, "subject"),
        ("/holds", {"subject": "a\0b"}, "subject"),
        ("/holds/release", {"reason": " "}, "reason"),
        ("/erase", {"reason": ""}, "reason"),
        ("/erase", {"unknown": 1}, "unknown"),
        ("/prune", {"before": "2999-01-01T00:00:00Z"}, "before"),
        ("/prune", {"before": "2020-01-01T00:00:00"}, "before"),  # of which zone?
        ("/prune", {"reason": "x" * 4_001}, "reason"),
    ],
)
async def test_nothing_goes_for_a_bad_reason(
    client: httpx.AsyncClient, path: str, change: dict[str, object], field: str
) -> None:
    right: dict[str, object] = {"reason": "why"}
    name = "before" if path == "/prune" else "subject"
    right[name] = "2020-01-01T00:00:00Z" if path == "/prune" else "case_2"
    answer = await client.post(path, json={**right, **change})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["path"].removeprefix("body.") == field
    assert answer.json()["errors"][0]["remedy"]
    assert (await client.get("/entries/300")).status_code == 404
