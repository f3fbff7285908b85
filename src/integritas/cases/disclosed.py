"""Why personal data was read in clear: a purpose from a short list, and a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from integritas.kernel.contracts import Fact

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Disclosed", "Purpose", "read_fact"]


class Purpose(StrEnum):
    """What personal data may be read in clear for."""

    INVESTIGATION = "investigation"
    REVIEW = "review"
    AUDIT = "audit"
    SUBJECT_REQUEST = "subject_request"
    LEGAL_CLAIM = "legal_claim"


@dataclass(frozen=True, slots=True)
class Disclosed:
    """For what it was read, and why just this."""

    purpose: Purpose
    reason: str


def read_fact(
    kind: str, case_id: str, data: Mapping[str, str], why: Disclosed | None
) -> Fact:
    """Return the fact that something was read; the reason may name people."""
    if why is None:
        return Fact(type=kind, subject=case_id, data={**data})
    told = {**data, "purpose": why.purpose.value}
    return Fact(type=kind, subject=case_id, data=told, personal={"reason": why.reason})
