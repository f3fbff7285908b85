"""From findings to a verdict: risk by points, band by risk, outcome by band.

A decision table may say another outcome, guards may ask for more. Law, whatever the
policy says: where a required assessment is missing, or says that something could not be
assessed, or a condition cannot be evaluated, or the risk needs four eyes, the outcome
is never `no_action`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integritas.kernel.contracts import (
    DecisionRequest,
    FindingKind,
    Outcome,
    Reason,
    Verdict,
)
from integritas.kernel.errors import InvalidDefinition
from integritas.kernel.states import FOUR_EYES_RISK
from integritas.services.compliance.policies.guards import guard_scope
from integritas.services.compliance.policies.policy import OUTCOMES
from integritas.services.compliance.policies.scope import scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.services.compliance.policies.policy import Band, Policy

__all__ = ["PolicyDecider", "decide", "gaps"]


class PolicyDecider:
    """A decider by one policy, whatever is in force."""

    def __init__(self, policy: Policy) -> None:
        """Take the policy."""
        self._policy = policy

    async def decide(self, batch: Sequence[DecisionRequest], /) -> Sequence[Verdict]:
        """Return the policy's verdict on each request, in order."""
        return [decide(request, self._policy) for request in batch]


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
    outcome, steps = band.outcome, band.required_steps
    incomplete = list(gaps(request, policy))
    if policy.conditions is not None:
        scope = scope_of(request, risk=risk, band=band.name, complete=not incomplete)
        ruling = _ruling(policy, scope, band)
        outcome, steps = ruling.outcome, ruling.steps
        reasons += ruling.reasons
        incomplete += ruling.failed
    if outcome is Outcome.NO_ACTION and (incomplete or risk >= FOUR_EYES_RISK):
        outcome = Outcome.REVIEW
        steps = (*steps, *policy.first_band(outcome).required_steps)
    if OUTCOMES.index(outcome) > OUTCOMES.index(band.outcome):
        # The band must be one that asks for a person too, and the risk be in it.
        band = policy.first_band(outcome)
        risk = max(risk, band.start)
        steps = (*steps, *band.required_steps)
    reasons += [Reason(text=f"needs a person: {gap}") for gap in incomplete]
    if not reasons:
        reasons = [Reason(text="nothing was found", weight=0.0)]
    return Verdict(
        outcome=outcome,
        risk=risk,
        band=band.name,
        reasons=tuple(reasons),
        policy=policy.reference,
        required_steps=tuple(dict.fromkeys(steps)),
    )


@dataclass(slots=True)
class _Ruling:
    outcome: Outcome
    steps: tuple[str, ...]
    reasons: list[Reason]
    failed: list[str]


def _ruling(policy: Policy, scope: Mapping[str, Any], band: Band) -> _Ruling:
    """Return what table and guards make of the band's outcome."""
    found = _Ruling(band.outcome, band.required_steps, [], [])
    conditions = policy.conditions
    if conditions is None:
        return found
    if conditions.table is not None:
        try:
            row = conditions.table.evaluate(scope)
        except InvalidDefinition as error:
            found.failed.append(error.detail)
            row = None
        if row is not None:
            found.outcome, found.steps = row.outcome, row.required_steps
            why = f": {row.reason}" if row.reason else ""
            text = f"table row {row.number} says {row.outcome}{why}"
            found.reasons.append(Reason(text=text, data={"row": row.number}))
    if not conditions.guards:
        return found
    shared = guard_scope(scope)
    for guard, compiled in conditions.guards:
        try:
            holds = compiled.holds(shared)
        except InvalidDefinition as error:
            found.failed.append(f"guard {guard.name} {error.detail}")
            continue
        if holds:
            found.steps = (*found.steps, *guard.required_steps)
            found.outcome = max(found.outcome, guard.outcome, key=OUTCOMES.index)
            text = f"guard {guard.name} asks for {guard.outcome}"
            found.reasons.append(Reason(text=text, data={"guard": guard.name}))
    return found


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
