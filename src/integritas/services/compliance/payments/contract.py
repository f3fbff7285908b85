"""What a rule over payments is: a specification, and a judgement of one payment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

from pydantic import JsonValue

from integritas.kernel.contracts import Severity
from integritas.kernel.evidence import Payment
from integritas.services.compliance.payments.seen import Seen, Side

if TYPE_CHECKING:
    from datetime import timedelta


__all__ = ["Flag", "Gap", "Judgement", "Rule", "Spec", "View"]

BOTH = (Side.DEBTOR, Side.CREDITOR)


@dataclass(frozen=True, slots=True)
class Spec:
    """A rule for people: what it computes, with which defaults, and who says so."""

    code: str
    title: str
    formula: str
    defaults: Mapping[str, JsonValue]
    why: str
    source: str
    severity: Severity
    sides: tuple[Side, ...] = BOTH


@dataclass(frozen=True, slots=True)
class View:
    """A payment as one account sees it, and what that account did before.

    `past` is in the order of dates, up to and with the day of the payment, itself left
    out.
    """

    payment: Payment
    own: Seen
    past: Sequence[Seen]

    def same_side(self, within: timedelta | None = None) -> list[Seen]:
        """Return earlier payments on the same side, of the last days if asked."""
        start = None if within is None else self.own.date - within
        return [
            seen
            for seen in self.past
            if seen.side is self.own.side and (start is None or seen.date > start)
        ]


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason to look; `pointer` is a JSON pointer into the payment."""

    text: str
    score: float
    pointer: str
    figures: Mapping[str, JsonValue] = field(default_factory=dict)
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Why a rule could not be computed."""

    why: str


Judgement: TypeAlias = Flag | Gap | None


class Rule(Protocol):
    """One rule, in one file."""

    spec: ClassVar[Spec]

    def judge(self, view: View) -> Judgement:
        """Return a flag, why none can be computed, or None: nothing unusual."""
        ...
