"""Flags as findings: a reason to look, with formula, figures, source; never guilt."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import (
    NOT_ASSESSED,
    Finding,
    FindingKind,
    Reason,
    Severity,
    Subject,
)
from integritas.services.anticorruption.risk import load_risk_policy

if TYPE_CHECKING:
    from integritas.kernel.errors import FieldError
    from integritas.kernel.ids import EvidenceId
    from integritas.services.anticorruption.indicators.contract import Flag, Spec
    from integritas.services.anticorruption.ledger import Reference
    from integritas.services.anticorruption.scoring import Opinion

__all__ = ["COVERAGE", "ENOUGH", "coverage_finding", "flag_finding", "invalid_finding"]

COVERAGE: Final = "procurement_coverage"
ENOUGH: Final = 2
"""Indicators to be computed before a release counts as assessed. The standard's own
example has 4 as a tender and 6 when it is carried out; a release that only names a
process, a method or an empty award has one or none."""


def flag_finding(
    spec: Spec, flag: Flag, *, evidence: EvidenceId, ocid: str, pointer: str
) -> Finding:
    """Return the finding of one flag; `pointer` leads to the release in the evidence.

    The score is the indicator's weight times the flag's strength.
    """
    score = round(spec.weight * flag.strength, 4)
    return Finding(
        code=spec.code,
        severity=spec.severity,
        score=score,
        subject=Subject(evidence=evidence, path=pointer + flag.pointer),
        title=f"Reason to look: {flag.text[0].lower()}{flag.text[1:]}",
        reasons=(
            Reason(
                text=f"{flag.text}.",
                weight=score,
                data={
                    "formula": spec.formula,
                    "threshold": flag.threshold,
                    "value": flag.value if math.isfinite(flag.value) else None,
                    **flag.figures,
                },
            ),
            Reason(text=spec.why, data={"source": spec.source}),
        ),
        data={
            "ocid": ocid,
            "indicator": spec.title,
            "organisations": list(flag.organisations),
        },
    )


def coverage_finding(
    opinion: Opinion,
    *,
    evidence: EvidenceId,
    ocid: str,
    pointer: str,
    reference: Reference,
    computed: int,
) -> Finding:
    """Return what could be computed and what not: no flag is not the same as clean.

    Where next to nothing could be, the release was not assessed: a person has to look.
    """
    gaps = opinion.gaps
    total = computed + len(gaps)
    judged = computed >= min(ENOUGH, total)
    return Finding(
        code=COVERAGE if judged else NOT_ASSESSED,
        kind=FindingKind.SIGNAL if judged else FindingKind.NOT_ASSESSED,
        severity=Severity.INFO if judged else Severity.MEDIUM,
        score=0.0,
        subject=Subject(evidence=evidence, path=pointer),
        title=f"{computed} of {total} indicators could be computed on {ocid}",
        reasons=tuple([_gap(code, why) for code, why in gaps.items()]),
        data={
            "ocid": ocid,
            "not_computable": dict(gaps),
            "risk": load_risk_policy().risk(opinion.flags).document(),
            "reference": reference.version,
        },
    )


@lru_cache(maxsize=1024)
def _gap(code: str, why: str) -> Reason:
    """Return the reason of a gap; a release has twenty, and they come again."""
    return Reason(text=f"{code} not computable: {why}.")


def invalid_finding(errors: tuple[FieldError, ...], *, evidence: EvidenceId) -> Finding:
    """Return the statement that a piece of evidence cannot be judged, and why."""
    return Finding(
        code=NOT_ASSESSED,
        severity=Severity.MEDIUM,
        score=0.0,
        subject=Subject(evidence=evidence),
        title="anticorruption could not assess this release: it is not valid OCDS",
        reasons=tuple(Reason(text=str(error)) for error in errors),
        kind=FindingKind.NOT_ASSESSED,
    )
