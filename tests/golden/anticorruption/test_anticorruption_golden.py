"""Fixed releases and exactly what is said of them.

A change of words or weights shows here. To accept one, run
`python tests/golden/anticorruption/test_anticorruption_golden.py` and read the diff.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from integritas.kernel.contracts import Assessment, Dossier, Evidence
from integritas.kernel.evidence import Procurement, content_digest
from integritas.kernel.ids import DEFAULT_TENANT, EvidenceId
from integritas.services.anticorruption.api import load_anticorruption_service

HERE = Path(__file__).parent
EXPECTED = HERE / "expected.json"
ASSESSMENTS = TypeAdapter(dict[str, Assessment])


async def said() -> dict[str, Any]:
    lines = (HERE / "releases.jsonl").read_text(encoding="utf-8").splitlines()
    contents = [Procurement(json.loads(line)) for line in lines]
    dossiers = [
        Dossier(
            id="golden",
            tenant=DEFAULT_TENANT,
            channel="api",
            received_at=datetime(2026, 1, 1, tzinfo=UTC),
            evidence=(Evidence(EvidenceId("ev_g"), content, content_digest(content)),),
        )
        for content in contents
    ]
    answers = await load_anticorruption_service().assess(dossiers)
    found = {
        str(content.document["ocid"]): answer
        for content, answer in zip(contents, answers, strict=True)
        if isinstance(answer, Assessment)
    }
    document: dict[str, Any] = json.loads(ASSESSMENTS.dump_json(found))
    return document


async def test_everything_said_is_as_expected() -> None:
    assert await said() == json.loads(EXPECTED.read_text(encoding="utf-8"))


async def test_planted_cases_are_flagged_and_the_clean_one_is_not() -> None:
    found = {
        ocid: {f["code"] for f in answer["findings"] if f["score"] > 0}
        for ocid, answer in (await said()).items()
    }
    assert found == {
        "ocds-g-clean": set(),
        "ocds-g-single": {"R003", "R018"},
        "ocds-g-identical": {"R028"},
        "ocds-g-close": {"I113", "R024"},
        "ocds-g-discount": {"I113", "R058"},
        "ocds-g-steered": {"I113", "R030", "R035", "R036"},
        "ocds-g-cancelled": set(),
        "ocds-g-broken": set(),
    }


if __name__ == "__main__":
    text = json.dumps(asyncio.run(said()), indent=1, ensure_ascii=False)
    EXPECTED.write_text(text + "\n", encoding="utf-8")
