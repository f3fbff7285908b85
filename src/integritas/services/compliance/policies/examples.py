"""Examples: cases with a known right answer, run before a policy is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import (
    Assessment,
    DecisionRequest,
    Finding,
    FindingKind,
    Subject,
    Verdict,
)
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.services.compliance.policies.deciding import decide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.compliance.policies.policy import Example, Policy

__all__ = ["ExampleResult", "run_examples"]

_NONE: Final[tuple[Finding, ...]] = ()


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What a policy said of an example, and how that differs from what is expected."""

    name: str
    verdict: Verdict
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Say whether the verdict is the expected one."""
        return not self.differences


def run_examples(
    policy: Policy, examples: Sequence[Example] | None = None
) -> tuple[ExampleResult, ...]:
    """Return the result of each example, the policy's own without others."""
    chosen = policy.examples if examples is None else examples
    return tuple(_run(policy, example) for example in chosen)


def _run(policy: Policy, example: Example) -> ExampleResult:
    request = _request(policy, example)
    verdict = decide(request, policy)
    expected = example.expect
    pairs = [("outcome", verdict.outcome.value, expected.outcome.value)]
    if expected.band is not None:
        pairs.append(("band", verdict.band, expected.band))
    if expected.required_steps is not None:
        steps = ", ".join(sorted(verdict.required_steps)) or "none"
        wanted = ", ".join(sorted(expected.required_steps)) or "none"
        pairs.append(("required_steps", steps, wanted))
    if expected.second_reviewer is not None:
        asked = ", ".join(_second(policy, request)) or "none"
        wanted = ", ".join(sorted(expected.second_reviewer)) or "none"
        pairs.append(("second_reviewer", asked, wanted))
    differences = tuple(
        f"{what} is {found}, expected {wanted}"
        for what, found, wanted in pairs
        if found != wanted
    )
    return ExampleResult(example.name, verdict, differences)


def _second(policy: Policy, request: DecisionRequest) -> list[str]:
    """Return the reviews of any of the findings that a second person must agree to."""
    return [
        review
        for review in ("confirmed", "dismissed")
        if any(
            policy.asks_second(service, finding, review)
            for service, assessment in request.assessments.items()
            for finding in assessment.findings
        )
    ]


def _request(policy: Policy, example: Example) -> DecisionRequest:
    found: dict[str, tuple[Finding, ...]] = {
        service: _NONE
        for service in policy.required_assessments
        if service not in example.missing
    }
    for item in example.findings:
        finding = Finding(
            code=item.code,
            severity=item.severity,
            score=item.score,
            subject=Subject(),
            title=item.code,
            kind=FindingKind(item.kind),
            data=item.data,
        )
        found[item.service] = (*found.get(item.service, _NONE), finding)
    return DecisionRequest(
        dossier_id="example",
        tenant=DEFAULT_TENANT,
        channel=example.channel,
        kinds=example.kinds,
        assessments={
            service: Assessment(service, findings, {}, "")
            for service, findings in found.items()
        },
    )
