"""The document against the server, by schemathesis: every operation as every role.

No 5xx, no answer that the document does not allow, no credential ignored.
"""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

from integritas.identity.api import Role

# Six roles make over 2,000 cases a run; the thorough profile makes so many each, and
# other ones each time.
THOROUGH = os.environ.get("INTEGRITAS_TEST_PROFILE") == "thorough"
EXAMPLES = 24 if THOROUGH else 4
# Without an end, or the end of what the run itself needs.
LEFT_OUT = {"events_stream", "auth_revoke", "keys_revoke", "users_update"}
# What no schema can say: a cursor that was never given, an id of nothing, a state of
# things. That the request was refused for it is an answer like others.
REFUSALS = ["2xx", "401", "403", "404", "405", "409", "412", "422", "428", "429", "503"]


def counted(schema: Any, url: str, token: str) -> int:
    """Run every operation; return how many requests were made of examples."""
    count = 0
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    for result in schema.get_all_operations():
        operation = result.ok()
        name = operation.definition.raw["operationId"]
        if name in LEFT_OUT:
            continue
        # RFC 6749 refuses a form that holds a wrong password with 400.
        excluded = [positive_data_acceptance] if name == "auth_token" else []

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=not THOROUGH,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case: Any) -> None:
            nonlocal count
            count += 1
            case.call_and_validate(
                base_url=url,
                headers=headers,
                timeout=60,
                excluded_checks=excluded,  # noqa: B023 - called within the turn
            )

        check()
    return count


@pytest.mark.timeout(3_600 if THOROUGH else 900)
@pytest.mark.parametrize("role", [role.value for role in Role])
async def test_no_answer_is_undocumented(
    gateway: Any, tenant: Any, served: str, role: str, listed: dict[str, Any]
) -> None:
    await tenant.assessed(listed)
    if role == Role.SERVICE:
        client = await tenant.machine()
        token = client.headers["X-API-Key"]
    else:
        await tenant.client(role)
        token = await tenant.token(role)
    load_all_checks()
    schema = schemathesis.openapi.from_dict(
        json.loads(json.dumps(gateway.contract.document))
    )
    schema.config.base_url = served
    schema.config.checks.positive_data_acceptance.expected_statuses = REFUSALS
    count = await asyncio.to_thread(counted, schema, served, token)
    assert count > 85 * EXAMPLES, count
