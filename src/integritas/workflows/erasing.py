"""Takes what was said of erased evidence out of the results of steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from integritas.workflows.tables import RUN_STEPS, RUNS

if TYPE_CHECKING:
    from collections.abc import Collection

    from integritas.kernel.ids import CaseId, EvidenceId, TenantId
    from integritas.platform.db import Transaction

__all__ = ["redact_results"]


def redact_results(
    tx: Transaction,
    tenant: TenantId,
    cases: Collection[CaseId],
    evidence: Collection[EvidenceId],
) -> None:
    """Redact the findings on erased evidence in what the steps of cases answered."""
    runs = sa.select(RUNS.c.id).where(
        RUNS.c.tenant_id == tenant, RUNS.c.subject.in_(sorted(cases))
    )
    mine = (RUN_STEPS.c.tenant_id == tenant) & RUN_STEPS.c.run_id.in_(runs)
    for row in list(tx.execute(sa.select(RUN_STEPS).where(mine))):
        if row.result is None:
            continue
        document = _document(row.result)
        if _redact(document, frozenset(evidence)):
            tx.execute(
                sa.update(RUN_STEPS)
                .where(
                    mine,
                    RUN_STEPS.c.run_id == row.run_id,
                    RUN_STEPS.c.step == row.step,
                    RUN_STEPS.c.attempt == row.attempt,
                )
                .values(result=orjson.dumps(document))
            )


def _document(result: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return orjson.loads(result)
    except orjson.JSONDecodeError:  # another codec's; it holds no findings
        return None


def _redact(document: Any, evidence: frozenset[str]) -> bool:  # noqa: ANN401 - JSON
    """Redact findings in place; say whether there were any."""
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        return False
    found = False
    for finding in document["findings"]:
        if (finding.get("subject") or {}).get("evidence") in evidence:
            finding |= {"title": "erased", "reasons": [], "data": {}}
            found = True
    return found
