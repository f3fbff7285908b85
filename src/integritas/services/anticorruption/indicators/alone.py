"""What flags share that a release decides by itself, without the set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from integritas.services.anticorruption.indicators.contract import (
    Judgement,
    Spec,
    record,
)
from integritas.services.anticorruption.ledger import EMPTY_REFERENCE
from integritas.services.anticorruption.timestamps import parse_timestamp, whole_days

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Ledger, Reference
    from integritas.services.anticorruption.release import Money
    from integritas.services.anticorruption.settings import Settings

__all__ = ["OCP", "Alone", "amount_of", "comparable", "days_between", "options_of"]

OCP = "OCP, Red flags in public procurement (2024)"


@dataclass(frozen=True, slots=True)
class Alone:
    """A rule whose fields are its options, and whose tally is what it judges."""

    spec: ClassVar[Spec]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with its options."""
        return cls(**options_of(cls.spec, settings))

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Set the flag of a process that is judged to have one."""
        said = self.judge(process, EMPTY_REFERENCE)
        if isinstance(said, tuple):
            for flag in said:
                record(ledger, self.spec, process.ocid, flag.value)

    def conclude(self, ledger: Ledger) -> None:
        """Do nothing: each process decides by itself."""

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        raise NotImplementedError


def options_of(spec: Spec, settings: Settings) -> dict[str, Any]:
    """Return the options of a flag as the settings give them, else the defaults."""
    given = settings.sections.get(spec.code, {})
    return {o.name: given.get(o.name, o.default) for o in spec.options}


def amount_of(value: Money | None) -> float | None:
    """Return an amount above zero, if there is one with a currency."""
    if value is None or not value.amount or value.currency is None:
        return None
    return value.amount


def comparable(one: Money | None, other: Money | None) -> tuple[float, float] | None:
    """Return two amounts above zero in one currency, None if they are not."""
    first, second = amount_of(one), amount_of(other)
    if one is None or other is None or first is None or second is None:
        return None
    return (first, second) if one.currency == other.currency else None


def days_between(start: str | None, end: str | None) -> int | None:
    """Return the whole days from one date to another, None unless both are dates."""
    if start is None or end is None:
        return None
    first, last = parse_timestamp(start), parse_timestamp(end)
    return None if first is None or last is None else whole_days(first, last)
