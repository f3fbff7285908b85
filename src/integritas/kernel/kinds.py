"""The kinds of evidence there are."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["EvidenceKind"]


class EvidenceKind(StrEnum):
    """What an item of evidence is."""

    MESSAGE = "message"
    PROCUREMENT = "procurement"
    PARTY = "party"
    PAYMENT = "payment"
