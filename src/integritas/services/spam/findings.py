"""What the service says: scores, verdicts and what came lately as findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import (
    NOT_ASSESSED,
    Finding,
    FindingKind,
    Reason,
    Severity,
    Subject,
)
from integritas.services.spam.policy import Judgement, SpamVerdict, TipMark
from integritas.services.spam.scoring import FEEDBACK

if TYPE_CHECKING:
    from integritas.services.spam.campaigns import Flood, Seen
    from integritas.services.spam.judging import Judged
    from integritas.services.spam.scoring import Contribution, Scored

__all__ = [
    "campaign_finding",
    "flood_finding",
    "unassessed",
    "verdict_finding",
]

_CODES: Final = {
    SpamVerdict.DELIVER: ("spam.unlikely", "The message does not read like junk"),
    SpamVerdict.QUARANTINE: ("spam.possible", "The message may be junk"),
    SpamVerdict.DISCARD: ("spam.likely", "The message reads like junk"),
}
_PROTECTED: Final = (
    "spam.protected",
    "The message reads like junk, but may hold a tip: a person must look",
)
_KEPT: Final = ": not discarded on the model's word"
_MARKS: Final = {
    "allegation": "words of an allegation",
    "amount": "amounts of money",
    "body": "names of public or company bodies",
}


def verdict_finding(judged: Judged, subject: Subject) -> Finding:
    """Return the finding on one message; `data` holds verdict, tip and view."""
    scored, judgement, marks = judged.scored, judged.judgement, judged.marks
    code, title = _PROTECTED if judgement.protected else _CODES[judgement.verdict]
    return Finding(
        code=code,
        severity=judgement.severity,
        score=scored.probability,
        subject=subject,
        title=title,
        reasons=_reasons(scored, judgement, marks),
        data={
            "verdict": judgement.verdict.value,
            "tip": bool(marks),
            "tip_marks": [mark.kind for mark in marks],
            "view": scored.view.value,
        },
    )


def campaign_finding(seen: Seen, subject: Subject) -> Finding:
    """Return the finding that a message is one of many alike.

    It adds no risk and decides nothing: cases of a campaign are linked, not swallowed.
    """
    return Finding(
        code="spam.campaign",
        severity=Severity.INFO,
        score=0.0,
        subject=subject,
        title="The message is like others that came lately",
        reasons=(
            Reason(
                text=f"{seen.others} other messages are nearly the same"
                if seen.others > 1
                else "another message is nearly the same",
                data={"campaign": seen.campaign, "others": seen.others},
            ),
        ),
        data={"campaign": seen.campaign, "others": seen.others},
    )


def flood_finding(flood: Flood, subject: Subject) -> Finding:
    """Return the finding that much more came than usual."""
    where = "this sender" if flood.source == "sender" else "this channel"
    said = f"{flood.messages} messages in {flood.minutes} minutes from {where}"
    return Finding(
        code="spam.flood",
        severity=Severity.INFO,
        score=0.0,
        subject=subject,
        title=f"Many messages came from {where} within a short time",
        reasons=(
            Reason(
                text=said,
                data={"messages": flood.messages, "minutes": flood.minutes},
            ),
        ),
        data={
            "source": flood.source,
            "messages": flood.messages,
            "minutes": flood.minutes,
        },
    )


def unassessed(cause: str, subject: Subject) -> Finding:
    return Finding(
        code=NOT_ASSESSED,
        severity=Severity.MEDIUM,
        score=0.0,
        subject=subject,
        title="The message could not be assessed",
        reasons=(Reason(text=cause),),
        kind=FindingKind.NOT_ASSESSED,
    )


def _reasons(
    scored: Scored, judgement: Judgement, marks: tuple[TipMark, ...]
) -> tuple[Reason, ...]:
    """Return what decided, then what moved the score, strongest first."""
    reasons = []
    if marks:
        found = "; ".join([f"{_MARKS[m.kind]}: {', '.join(m.words)}" for m in marks])
        kept = _KEPT if judgement.protected else ""
        reasons.append(
            Reason(
                text=f"has tip-like content ({found}){kept}",
                data={"tip_marks": [mark.kind for mark in marks], "quotes": "text"},
            )
        )
    if judgement.partly:
        reasons.append(Reason(text=f"only a part of it was looked at{_KEPT}"))
    if judgement.unfamiliar:
        reasons.append(
            Reason(
                text="the model knows too few of these words to keep the message apart",
                data={"unknown": round(scored.unknown, 3)},
            )
        )
    reasons += [_reason(item) for item in scored.contributions]
    return tuple(reasons)


def _reason(item: Contribution) -> Reason:
    shown, place, weight = item
    sense = "speaks for junk" if weight > 0 else "speaks against junk"
    if place == "body":
        text = f"“{shown}” {sense}"
    elif place in ("signal", FEEDBACK):
        text = f"{shown} {sense}"
    elif place == "markup":
        text = f"“{shown}” in the markup {sense}"
    elif place.startswith(shown):
        text = f"that there is a header {place} {sense}"
    else:
        text = f"“{shown}” in the header {place} {sense}"
    return Reason(text, round(weight, 3), {"place": place, "quotes": "text"})
