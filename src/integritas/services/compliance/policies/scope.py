"""What conditions of a policy may look at: plain figures of what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from integritas.kernel.contracts import FindingKind, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integritas.kernel.contracts import DecisionRequest

__all__ = ["FIELDS", "scope_of"]

FIELDS: Final[Mapping[str, str]] = {
    "channel": "the channel the submission came by",
    "kinds": "the kinds of evidence, a list of texts",
    "risk": "the risk the points give, 0 to 100",
    "band": "the name of the risk's band",
    "codes": "the codes of all findings, a list of texts",
    "findings": "how many findings there are",
    "hits": "how many watchlist hits there are",
    "top_hit": "the highest score of a hit, 0 to 1",
    "lists": "the lists that were hit, a list of texts",
    "high": "how many findings are of severity high",
    "critical": "how many findings are of severity critical",
    "countries": "the countries of parties and payments, ISO 3166-1, lower case",
    "sectors": "the sectors parties give, a list of texts",
    "complete": "whether everything that must be assessed was",
}


def scope_of(
    request: DecisionRequest, *, risk: float, band: str, complete: bool
) -> dict[str, Any]:
    """Return the value of each field for a request."""
    findings = [
        finding
        for _, assessment in sorted(request.assessments.items())
        for finding in assessment.findings
        if finding.kind is not FindingKind.NOT_ASSESSED
    ]
    hits = [finding for finding in findings if finding.kind is FindingKind.HIT]
    data = [finding.data for finding in findings]
    return {
        "channel": request.channel,
        "kinds": sorted(kind.value for kind in request.kinds),
        "risk": risk,
        "band": band,
        "codes": sorted({finding.code for finding in findings}),
        "findings": len(findings),
        "hits": len(hits),
        "top_hit": max((hit.score for hit in hits), default=0.0),
        "lists": _texts([{"lists": [hit.data.get("list")]} for hit in hits], "lists"),
        "high": sum(1 for f in findings if f.severity is Severity.HIGH),
        "critical": sum(1 for f in findings if f.severity is Severity.CRITICAL),
        "countries": _texts(data, "countries"),
        "sectors": _texts(data, "sectors"),
        "complete": complete,
    }


def _texts(data: list[Any], field: str) -> list[str]:
    found: set[str] = set()
    for item in data:
        values = item.get(field)
        if isinstance(values, list):
            found.update(value for value in values if isinstance(value, str))
    return sorted(found)
