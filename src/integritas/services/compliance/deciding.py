"""From findings to a verdict: risk by points, band by risk, outcome by band.

Law, whatever the policy says: where a required assessment is missing, or says that
something could not be assessed, the outcome is never `no_action`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.kernel.contracts import (
    DecisionRequest,
    FindingKind,
    Reason,
    Verdict,
)

if TYPE_CHECKING:
    from integritas.services.compliance.policy import Policy

__all__ = ["decide", "gaps"]


def gaps(request: DecisionRequest, policy: Policy) -> tuple[str, ...]:
    """Return, in words, what was not assessed; empty if all of it was."""
    missing = [
        f"{service} was not assessed"
        for service in sorted(policy.required_assessments)
        if service not in request.assessments
    ]
    unable = [
        f"{service}: {finding.reasons[0].text if finding.reasons else finding.title}"
        for service, assessment in sorted(request.assessments.items())
        for finding in assessment.findings
        if finding.kind is FindingKind.NOT_ASSESSED
    ]
    return (*missing, *unable)


def decide(request: DecisionRequest, policy: Policy) -> Verdict:
    """Return the verdict; `reasons` lists what each finding and gap contributed."""
    risk, reasons = _risk(request, policy)
    band = policy.band(risk)
    incomplete = gaps(request, policy)
    if incomplete:
        least = policy.first_band_for_people()
        if risk < least.start:
            risk, band = least.start, least
        reasons += [Reason(text=f"needs a person: {gap}") for gap in incomplete]
    if not reasons:
        reasons = [Reason(text="nothing was found", weight=0.0)]
    return Verdict(
        outcome=band.outcome,
        risk=risk,
        band=band.name,
        reasons=tuple(reasons),
        policy=policy.reference,
        required_steps=band.required_steps,
    )


def _risk(request: DecisionRequest, policy: Policy) -> tuple[float, list[Reason]]:
    """Add up points as independent chances: 1 - product of (1 - points / 100).

    A reason's weight is what its finding added, so the weights sum to the risk.
    """
    weighed = sorted(
        (
            (*policy.points(service, finding), service, finding)
            for service, assessment in request.assessments.items()
            for finding in assessment.findings
            if finding.kind is not FindingKind.NOT_ASSESSED
        ),
        key=lambda item: (-item[0], item[2], item[3].code),
    )
    risk = 0.0
    reasons = []
    for points, rule, service, finding in weighed:
        added = (100.0 - risk) * points / 100.0
        risk += added
        reasons.append(
            Reason(
                text=f"{finding.title} ({rule}: {points:g} points)",
                weight=round(added, 2),
                data={"service": service, "code": finding.code, "points": points},
            )
        )
    # Rounded here, so that the band is that of the risk people see.
    return round(risk, 2), reasons
