"""What an indicator is: a declaration and a rule, in one file each.

A rule is a frozen dataclass made from the settings. Over a set it is fed every release
(`tally`), then draws its conclusion (`conclude`); a single release it judges against a
reference (`judge`). Both use the same formula.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import (
    TYPE_CHECKING,
    ClassVar,
    Final,
    Protocol,
    Self,
    TypeAlias,
    runtime_checkable,
)

import msgspec

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.ledger import Group, Ledger, Reference
from integritas.services.anticorruption.settings import Option, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic import JsonValue

    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.features import Process

__all__ = [
    "BlockIndicator",
    "Flag",
    "Gap",
    "Indicator",
    "Judgement",
    "Spec",
    "When",
    "organisations",
    "record",
    "strength_above",
    "strength_below",
]

Figures: TypeAlias = "Mapping[str, JsonValue]"


class When(Enum):
    """Which processes an indicator has something to tally in."""

    ALWAYS = auto()
    SUBMITTED = auto()
    DISQUALIFIED = auto()
    WON = auto()
    AWARDED = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True)
class Spec:
    """What an indicator declares of itself; its reference page is made of this.

    `fields` are the OCDS fields it reads. `weight` in [0, 1] is the most a flag of it
    can score. `alone` says how a release is judged when there is no reference. `when`
    keeps an indicator from processes that it has nothing to tally in.
    """

    code: str
    title: str
    formula: str
    value: str
    groups: tuple[Group, ...]
    fields: tuple[str, ...]
    options: tuple[Option, ...]
    why: str
    source: str
    severity: Severity
    weight: float
    alone: str
    when: When = When.ALWAYS


class Flag(msgspec.Struct, frozen=True):
    """One reason to look.

    `value` is the indicator's, `threshold` what it was held against, `strength` in
    [0, 1] how far beyond it lies, `pointer` a JSON pointer into the release, `text` one
    sentence with the figures.
    """

    value: float
    threshold: float
    strength: float
    pointer: str
    text: str
    figures: Figures = {}
    organisations: tuple[str, ...] = ()


class Gap(msgspec.Struct, frozen=True, gc=False):
    """Why an indicator could not be computed on a release."""

    why: str


Judgement: TypeAlias = tuple[Flag, ...] | Gap


class Indicator(Protocol):
    """A rule made from settings."""

    spec: ClassVar[Spec]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with the thresholds that the settings give."""
        ...

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Take one process of a set into account."""
        ...

    def conclude(self, ledger: Ledger) -> None:
        """Set the flags that only the whole set decides."""
        ...

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge one process by itself, against what a set told before."""
        ...


@runtime_checkable
class BlockIndicator(Indicator, Protocol):
    """A rule that also takes many processes at once."""

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Take a block into account, as `tally` does each of its processes."""
        ...


_PROCESS: Final = Group.OCID
_TENDERER: Final = Group.TENDERER


def record(
    ledger: Ledger,
    spec: Spec,
    ocid: str,
    value: float,
    tenderers: Mapping[str, float] | None = None,
) -> None:
    """Set a flag on a process, and on the tenderers it points at."""
    code, flag = spec.code, ledger.flag
    flag(_PROCESS, ocid, code, value)
    if tenderers:
        for tenderer, worth in tenderers.items():
            flag(_TENDERER, tenderer, code, worth)
        if ledger.with_maps:
            ledger.map_tenderers(f"ocid_tenderer_{spec.code.lower()}", ocid, tenderers)


def strength_below(value: float, threshold: float) -> float:
    """Return 0.5 at the threshold, rising to 1 as the value falls to zero."""
    if threshold <= 0:
        return 0.5
    return 0.5 + 0.5 * min(1.0, max(0.0, (threshold - value) / threshold))


def strength_above(value: float, threshold: float) -> float:
    """Return 0.5 at the threshold, rising to 1 at twice the threshold."""
    if threshold <= 0:
        return 1.0
    return 0.5 + 0.5 * min(1.0, max(0.0, (value - threshold) / threshold))


def organisations(identifiers: Iterable[str]) -> tuple[str, ...]:
    """Return identifiers once each, in a stable order."""
    return tuple(sorted(set(identifiers)))
