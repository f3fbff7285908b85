"""Generated input: whatever comes, an answer that the document knows, never a 5xx."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

EXAMPLES = 150
PROCUREMENT = "procurement"

# json.dumps writes lone surrogates as escapes, and NaN as Python does.
texts = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.sampled_from(
        ["", " ", "\0", "\ud800", "\u202e", "NaN", "1e999", "2026-02-30", "-0", "EUR"]
    ),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    texts,
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=12,
)


def mostly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw what is right three times of four."""
    return st.one_of(right, right, right, values)


accounts = st.fixed_dictionaries(
    {"name": mostly(st.text(min_size=1, max_size=20))},
    optional={
        "account": mostly(texts),
        "country": mostly(st.sampled_from(["de", "RU"])),
    },
)
amounts = st.decimals(0, 10**9, places=2).map(str)
items = st.one_of(
    st.fixed_dictionaries(
        {"kind": st.just("message"), "raw": mostly(texts)},
        optional={
            "media_type": mostly(st.sampled_from(["text/plain", "message/rfc822"])),
            "raw_base64": values,
        },
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just(PROCUREMENT),
            "release": mostly(
                st.fixed_dictionaries(
                    {"ocid": mostly(st.text(min_size=1, max_size=9))},
                    optional={
                        "date": values,
                        "tag": values,
                        "buyer": values,
                        "parties": values,
                        "bids": values,
                        "awards": values,
                        "contracts": values,
                        "tender": mostly(
                            st.fixed_dictionaries(
                                {},
                                optional={
                                    "value": values,
                                    "tenderPeriod": values,
                                    "procurementMethod": values,
                                    "tenderers": values,
                                },
                            )
                        ),
                    },
                )
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("party"),
            "schema": mostly(st.sampled_from(["Person", "Company"])),
            "properties": mostly(
                st.dictionaries(
                    st.sampled_from(["name", "birthDate", "country", "idNumber"]),
                    mostly(st.lists(mostly(texts), max_size=3)),
                )
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.just("payment"),
            "debtor": mostly(accounts),
            "creditor": mostly(accounts),
            "amount": mostly(amounts),
            "currency": mostly(st.sampled_from(["EUR", "USD"])),
            "date": mostly(st.dates().map(str)),
        },
        optional={"reference": mostly(texts)},
    ),
)
submissions = st.fixed_dictionaries(
    {"evidence": mostly(st.lists(mostly(items), min_size=1, max_size=3))},
    optional={
        "channel": mostly(st.sampled_from(["api", "form"])),
        "title": mostly(texts),
        "reference": mostly(texts),
    },
)


@pytest_asyncio.fixture(loop_scope="session")
async def send(tenant: Any) -> Any:
    """Return what sends a document and checks the answer, from a plain function."""
    client = await tenant.client("admin")
    loop = asyncio.get_running_loop()

    def post(method: str, path: str, document: Any) -> httpx.Response:
        async def request() -> httpx.Response:
            answer: httpx.Response = await client.request(
                method,
                path,
                content=json.dumps(document),
                headers={"Content-Type": "application/json", "If-Match": "*"},
            )
            return answer

        answer: httpx.Response = asyncio.run_coroutine_threadsafe(
            request(), loop
        ).result(30)
        assert answer.status_code < 500, (document, answer.text)
        if answer.status_code >= 400:
            body = answer.json()
            assert body["type"] == f"urn:integritas:problem:{body['code']}"
            assert body["detail"]
            if answer.status_code in {400, 422}:
                assert body["errors"], body
                assert all(e["path"] and e["message"] for e in body["errors"])
        return answer

    return post


async def fuzz(check: Any) -> None:
    """Run a hypothesis test off the loop that serves it."""
    await asyncio.to_thread(check)


async def test_any_submission_is_taken_whole_or_not_at_all(
    tenant: Any, send: Any, until: Any
) -> None:
    taken = []

    @settings(max_examples=EXAMPLES)
    @given(submissions)
    def check(document: Any) -> None:
        answer = send("POST", "/api/v1/submissions", document)
        assert answer.status_code in {202, 400, 422}
        if answer.status_code == 202:
            taken.append(answer.json()["case_id"])

    await fuzz(check)
    cases = tenant.gateway.platform.cases
    kept = {case.id for case in await cases.list(tenant.name, limit=10_000)}
    assert kept == set(taken)
    assert taken

    async def all_decided() -> bool:
        found = await cases.list(tenant.name, limit=10_000)
        return all(case.outcome is not None for case in found)

    await until(all_decided)
    assert {case.state for case in await cases.list(tenant.name, limit=10_000)} <= {
        "RESOLVED",
        "VALIDATING",
    }


async def test_any_batch_answers_item_by_item(send: Any) -> None:
    @settings(max_examples=60)
    @given(st.lists(mostly(submissions), min_size=1, max_size=4))
    def check(batch: Any) -> None:
        answer = send("POST", "/api/v1/submissions/batch", {"items": batch})
        assert answer.status_code in {202, 400}
        if answer.status_code == 202:
            body = answer.json()
            assert body["accepted"] + body["rejected"] == len(batch)
            for result in body["results"]:
                assert (result["accepted"] is None) != (result["error"] is None)

    await fuzz(check)


@pytest.mark.parametrize("service", ["spam", "anticorruption", "compliance"])
async def test_any_evidence_is_assessed_or_refused(send: Any, service: str) -> None:
    @settings(max_examples=60)
    @given(st.lists(items, min_size=1, max_size=3))
    def check(evidence: Any) -> None:
        answer = send("POST", f"/api/v1/{service}/assess", {"evidence": evidence})
        assert answer.status_code in {200, 400, 422}

    await fuzz(check)


async def test_any_body_of_any_operation_is_no_crash(
    tenant: Any, send: Any, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    ids = {"case_id": case["id"], "name": "case-assessment"}
    operations = {
        name: (method, path)
        for name, (method, path, operation) in (
            tenant.gateway.contract.operations.items()
        )
        if "requestBody" in operation and not name.startswith("auth")
    }
    keys = sorted(
        {
            key
            for schema in tenant.gateway.contract.document["components"][
                "schemas"
            ].values()
            for key in schema.get("properties", {})
        }
    )
    bodies = st.one_of(st.dictionaries(st.sampled_from(keys), values), values)

    @settings(max_examples=10 * len(operations))
    @given(st.sampled_from(sorted(operations)), bodies)
    def check(name: str, body: Any) -> None:
        method, path = operations[name]
        for key, value in ids.items():
            path = path.replace(f"{{{key}}}", value)
        send(method, path.replace("{", "").replace("}", ""), body)

    await fuzz(check)


async def test_any_query_is_no_crash(tenant: Any) -> None:
    client = await tenant.client("admin")
    loop = asyncio.get_running_loop()
    operations = [
        (path, [p["name"] for p in operation.get("parameters", ())])
        for method, path, operation in tenant.gateway.contract.operations.values()
        if method == "GET" and path.startswith("/api/v1")
    ]
    plain = texts.map(lambda text: text.encode("utf-8", "replace").decode())
    numbers = st.integers(-(2**70), 2**70).map(str)

    @settings(max_examples=300)
    @given(st.sampled_from(operations), st.data())
    def check(operation: Any, data: Any) -> None:
        path, names = operation
        query = {
            name: data.draw(st.one_of(plain, numbers), label=name) for name in names
        }
        for name, value in query.items():
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", quote(value, safe="") or "x")
        future = asyncio.run_coroutine_threadsafe(client.get(path, params=query), loop)
        assert future.result(30).status_code < 500

    await fuzz(check)
