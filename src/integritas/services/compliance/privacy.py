"""Personal data in messages: which kinds and how many pieces, never the pieces.

To search costs up to 1 ms a KB, so a case has a budget of characters; a finding says
how many were searched, and of how many. What a mail's headers say of sender and
recipients is no finding: every mail has that.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import Finding, Reason, Severity, Subject
from integritas.kernel.evidence import Message
from integritas.platform.personal import find_personal
from integritas.platform.readable import written_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from integritas.kernel.contracts import Dossier, Evidence

__all__ = [
    "MOST_SEARCHED",
    "PERSONAL_DATA",
    "PRIVACY_VERSION",
    "message_bytes",
    "personal_findings",
]

PERSONAL_DATA: Final = "personal_data"
PRIVACY_VERSION: Final = "personal-1"
"""Changes with what is found: kinds, patterns, checksums."""

MOST_SEARCHED: Final = 20_000
"""Characters of a case's messages that are searched, about 20 ms at the worst."""


def message_bytes(batch: Sequence[Dossier]) -> int:
    """Return how many bytes of messages there are to search in a batch."""
    return sum(
        len(item.content.raw)
        for dossier in batch
        for item in dossier.evidence
        if isinstance(item.content, Message)
    )


def personal_findings(dossier: Dossier) -> Iterator[Finding]:
    """Yield a finding for each message that holds personal data, or was not searched.

    Phone numbers without a country code are not found: nothing says where from.
    """
    left = MOST_SEARCHED
    for item in dossier.evidence:
        if isinstance(item.content, Message):
            text = written_text(item.content)
            counts = Counter(piece.kind.value for piece in find_personal(text[:left]))
            if counts or len(text) > left:
                yield _finding(
                    item, counts, searched=min(left, len(text)), of=len(text)
                )
            left = max(0, left - len(text))


def _finding(
    evidence: Evidence, counts: Counter[str], *, searched: int, of: int
) -> Finding:
    reasons = [
        Reason(text=f"{kind.replace('_', ' ')}: {counts[kind]}")
        for kind in sorted(counts)
    ]
    if searched < of:
        reasons.append(Reason(text=f"searched {searched} of {of} characters"))
    return Finding(
        code=PERSONAL_DATA,
        severity=Severity.INFO,
        score=0.0,
        subject=Subject(evidence=evidence.id),
        title="The message holds personal data"
        if counts
        else "The message was not searched in full for personal data",
        reasons=tuple(reasons),
        data={
            "kinds": {kind: counts[kind] for kind in sorted(counts)},
            "searched": searched,
            "characters": of,
        },
    )
