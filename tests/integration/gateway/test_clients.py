"""The generated clients against the real server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tests.programs import installed, run, tool

from integritas.client import ApiError, AsyncClient, Client

ROOT = Path(__file__).parents[3]
MODULE = ROOT / "clients/typescript/integritas.ts"
SCRIPT = """
import { ApiError, Client } from "./integritas.ts";
import { env } from "node:process";

const client = new Client(env.URL!, { token: env.TOKEN! });
const made = await client.submissionsCreate(
  { evidence: [{ kind: "message", raw: "The winner was known." }] },
  { prefer: "wait=20", idempotencyKey: "ts-1" },
);
const page = await client.casesList({ limit: 1 });
const number: string = page.data[0]!.number;
let code = "";
try {
  await client.casesGet("case_1");
} catch (error) {
  if (error instanceof ApiError) code = error.problem.code;
}
console.log(JSON.stringify({ id: made.id, number, code }));
"""


async def test_the_client_that_does_not_block(
    tenant: Any, served: str, evidence: dict[str, Any]
) -> None:
    await tenant.client("analyst")
    token = await tenant.token("analyst")
    async with AsyncClient(served, token=token) as client:
        made = await client.submissions_create(
            {"evidence": [evidence["message"]]}, prefer="wait=20", idempotency_key="k"
        )
        page = await client.cases_list(limit=1)
        assert page["data"][0]["id"] == made["id"]
        case = await client.cases_get(made["id"])
        assert case["state"] in {"VALIDATING", "RESOLVED"}
        items = (await client.evidence_list(made["id"]))["data"]
        raw = await client.evidence_raw(items[0]["id"])
        assert raw.decode() == evidence["message"]["raw"]
        with pytest.raises(ApiError) as told:
            await client.cases_get("case_1")
        assert told.value.code == "not_found"
        async for event in client.follow("0", subject=case["id"]):
            assert event["type"] == "integritas.case.opened.v1"
            break


async def test_the_client(tenant: Any, served: str, listed: dict[str, Any]) -> None:
    case = await tenant.assessed(listed)
    token = await tenant.token("analyst")

    def work() -> dict[str, Any]:
        with Client(served, token=token) as client:
            version = f'"{case["version"]}"'
            done = client.cases_update(
                case["id"], {"priority": "high"}, if_match=version
            )
            assert client.search(q=case["number"])["data"]
            return dict(done)

    assert (await asyncio.to_thread(work))["priority"] == "high"


@pytest.mark.timeout(180)
async def test_the_typescript_client_compiles_and_runs(
    tenant: Any, served: str, tmp_path: Path
) -> None:
    """By Node.js of the development dependencies, which runs TypeScript as it is."""
    await tenant.client("analyst")
    (tmp_path / "integritas.ts").write_text(MODULE.read_text())
    (tmp_path / "use.mts").write_text(SCRIPT)
    declared = "{ export const env: Record<string, string | undefined>; }"
    (tmp_path / "node.d.ts").write_text(f'declare module "node:process" {declared}')
    tools = await installed("typescript")
    options = ["--strict", "--noEmit", "--exactOptionalPropertyTypes"]
    options += ["--noUncheckedIndexedAccess", "--allowImportingTsExtensions"]
    options += [
        "--target",
        "es2022",
        "--module",
        "esnext",
        "--lib",
        "es2022,dom,dom.iterable",
    ]
    options += ["--moduleResolution", "bundler"]
    await run(str(tools / "tsc"), *options, "node.d.ts", "use.mts", cwd=tmp_path)
    said = await run(
        tool("node"),
        "use.mts",
        cwd=tmp_path,
        URL=served,
        TOKEN=await tenant.token("analyst"),
    )
    told = json.loads(said.splitlines()[-1])
    assert told["code"] == "not_found"
    assert told["number"].startswith("INT-")
