"""Payments of a dossier as findings: flags, the learned score, and the gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import Finding, Reason, Severity, Subject
from integritas.kernel.evidence import Payment
from integritas.services.compliance.payments.anomaly import (
    LEAST_KNOWN,
    Anomaly,
    anomaly_model,
    anomaly_of,
)
from integritas.services.compliance.payments.contract import Flag, Gap, View
from integritas.services.compliance.payments.rules import RULES
from integritas.services.compliance.payments.rules.country import sanctioned_countries
from integritas.services.compliance.payments.seen import (
    Seen,
    Side,
    countries_of,
    seen_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integritas.kernel.contracts import Dossier
    from integritas.kernel.ids import EvidenceId
    from integritas.services.compliance.payments.accounts import Windows
    from integritas.services.compliance.payments.contract import Rule

__all__ = [
    "ANOMALY",
    "COVERAGE",
    "RULES_VERSION",
    "payment_findings",
    "payments_version",
    "seen_in",
]

RULES_VERSION: Final = "1"

ANOMALY: Final = "payment.anomaly"
COVERAGE: Final = "payment_coverage"


def payments_version() -> str:
    """Return the versions of rules, country table and forest."""
    countries, forest = sanctioned_countries()["version"], anomaly_model().forest
    return f"rules@{RULES_VERSION} countries@{countries} forest@{forest.version}"


def seen_in(dossier: Dossier) -> list[Seen]:
    """Return what the accounts of a dossier's payments saw."""
    return [
        seen
        for item in dossier.evidence
        if isinstance(item.content, Payment)
        for seen in seen_of(item.id, item.content)
    ]


def payment_findings(dossier: Dossier, windows: Windows) -> Iterator[Finding]:
    """Yield what the rules and the model say of each payment."""
    within = seen_in(dossier)
    for item in dossier.evidence:
        if isinstance(item.content, Payment):
            yield from _findings(item.id, item.content, within, windows)


def _findings(
    evidence: EvidenceId, payment: Payment, within: list[Seen], windows: Windows
) -> Iterator[Finding]:
    debtor, creditor = (
        View(payment, own, windows.past(own, within))
        for own in seen_of(evidence, payment)
    )
    gaps: dict[str, str] = {}
    for rule in RULES:
        for view in (debtor, creditor):
            if view.own.side not in rule.spec.sides:
                continue
            answer = rule.judge(view)
            if isinstance(answer, Flag):
                yield _flag(evidence, rule, answer)
            elif isinstance(answer, Gap):
                gaps[f"{rule.spec.code} ({view.own.side})"] = answer.why
    anomaly = anomaly_of(debtor)
    if anomaly is None:
        why = f"fewer than {LEAST_KNOWN} payments of the account are known"
        gaps[f"{ANOMALY} ({Side.DEBTOR})"] = why
    elif anomaly.score >= anomaly_model().threshold:
        yield _anomaly(evidence, anomaly)
    yield _coverage(evidence, payment, gaps, windows.version)


def _flag(evidence: EvidenceId, rule: Rule, flag: Flag) -> Finding:
    spec = rule.spec
    return Finding(
        code=spec.code,
        severity=flag.severity or spec.severity,
        score=round(flag.score, 4),
        subject=Subject(evidence=evidence, path=flag.pointer),
        title=f"{spec.title}: {flag.text[0].lower()}{flag.text[1:]}",
        reasons=(
            Reason(
                text=f"{flag.text}.",
                weight=round(flag.score, 4),
                data={"formula": spec.formula, **flag.figures},
            ),
            Reason(text=spec.why, data={"source": spec.source}),
        ),
        data={"rule": spec.title},
    )


def _anomaly(evidence: EvidenceId, anomaly: Anomaly) -> Finding:
    return Finding(
        code=ANOMALY,
        severity=Severity.LOW,
        score=anomaly.score,
        subject=Subject(evidence=evidence, path="/debtor/account"),
        title="The payment is unlike the account's others",
        reasons=tuple(
            Reason(
                text=feature.text,
                weight=feature.weight,
                data={"feature": feature.name, "value": feature.value},
            )
            for feature in anomaly.features
        ),
        data={"threshold": anomaly_model().threshold, "known": anomaly.known},
    )


def _coverage(
    evidence: EvidenceId, payment: Payment, gaps: dict[str, str], version: str
) -> Finding:
    """Return what could not be computed: no flag is not the same as clean."""
    total = sum(len(rule.spec.sides) for rule in RULES) + 1
    countries = {
        code
        for account in (payment.debtor, payment.creditor)
        for code in countries_of(account)
    }
    return Finding(
        code=COVERAGE,
        severity=Severity.INFO,
        score=0.0,
        subject=Subject(evidence=evidence),
        title=f"{total - len(gaps)} of {total} looks at a payment could be had",
        reasons=tuple(
            Reason(text=f"{code} not computable: {why}.") for code, why in gaps.items()
        ),
        data={
            "not_computable": dict(gaps),
            "windows": version,
            "countries": [*sorted(countries)],
        },
    )
