"""Indicators over a set of releases, and on one release against a reference. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from integritas.services.anticorruption.features import Process, method_matches
from integritas.services.anticorruption.indicators import INDICATORS, OPTIONS
from integritas.services.anticorruption.indicators.contract import (
    BlockIndicator,
    Flag,
    Gap,
    Indicator,
    Spec,
    When,
)
from integritas.services.anticorruption.indicators.margins import Margins
from integritas.services.anticorruption.ledger import Ledger, Reference, freeze
from integritas.services.anticorruption.settings import Settings, default_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from integritas.services.anticorruption.columns import Block

__all__ = ["DEFAULT_SETTINGS", "Calculation", "Judge", "Opinion"]

DEFAULT_SETTINGS: Final = default_settings(OPTIONS)

# Cardinal lists a process's tenderers for the flags it sets on organisations only.
_ON_ORGANISATIONS: Final = frozenset({"R025", "R038", "R048"})
_ON_MARGINS: Final = frozenset({"R024", "R058"})
_ON_PRICES: Final = frozenset({"R024", "R036", "R058"})
_NONE: Final[frozenset[str]] = frozenset()
_LEFT_OUT: Final = Gap("the process is cancelled, or excluded by settings")


class Calculation:
    """Indicators over a set: `add` every process, then `conclude` once.

    A release that comes twice is counted twice; Cardinal expects one line per ocid.
    """

    def __init__(self, settings: Settings, *, with_maps: bool = False) -> None:
        """Start with an empty set."""
        self._settings = settings
        self._rules = _rules(settings)
        self._always = _tallies(self._rules, When.ALWAYS)
        self._submitted = _tallies(self._rules, When.SUBMITTED)
        self._disqualified = _tallies(self._rules, When.DISQUALIFIED)
        self._won = _tallies(self._rules, When.WON)
        self._awarded = _tallies(self._rules, When.AWARDED)
        blocks = [rule for rule in self._rules if isinstance(rule, BlockIndicator)]
        self._by_block = (
            blocks if len(blocks) == len(self._rules) and not with_maps else None
        )
        self._excludes = bool(settings.excluded_methods)
        self._margins = (
            Margins.of(settings) if _ON_MARGINS & settings.sections.keys() else None
        )
        self._ledger = Ledger(currency=settings.currency, with_maps=with_maps)
        self._maps_tenderers = with_maps and bool(
            _ON_ORGANISATIONS & settings.sections.keys()
        )

    def add(self, process: Process) -> None:
        """Take one process into account, unless it is cancelled or excluded."""
        if process.cancelled or (self._excludes and _excluded(process, self._settings)):
            return
        ledger = self._ledger
        ledger.processes += 1
        if self._maps_tenderers:
            self._map_tenderers(process)
        undecided = ledger.currency is None
        if self._margins is not None and process.winner is not None:
            # Before the rules, since the first price seen may set the currency.
            self._margins.note(process, ledger)
        for tally in self._always:
            tally(process, ledger)
        if process.submitted:
            for tally in self._submitted:
                tally(process, ledger)
        # So may the first bid, disqualified or not.
        if process.disqualified or undecided:
            for tally in self._disqualified:
                tally(process, ledger)
        if process.awards:
            self._add_awarded(process)

    @property
    def by_block(self) -> bool:
        """Say whether processes may come as blocks.

        That needs indicators that all take them, no maps, and a currency decided.
        """
        return self._by_block is not None and self.decided

    def add_block(self, block: Block) -> None:
        """Take a block into account, as `add` does each of its processes."""
        ledger, settings = self._ledger, self._settings
        left_out = {
            row
            for row, tender in enumerate(block.tenders)
            if tender.status == "cancelled"
        }
        if settings.excluded_methods:
            excluded = ~block.by_method(_NONE, settings.excluded_methods)
            left_out.update(excluded.nonzero()[0].tolist())
        ledger.processes += len(block) - len(left_out)
        block.leave_out(left_out)
        if self._margins is not None:
            self._margins.note_block(block, ledger)
        for rule in self._by_block or ():
            rule.tally_block(block, ledger)

    def _map_tenderers(self, process: Process) -> None:
        submitted = (bid.tenderers for bid in process.submitted)
        self._ledger.map_tenderers(
            "ocid_tenderer", process.ocid, (t for ids in submitted for t in ids)
        )

    def _add_awarded(self, process: Process) -> None:
        ledger = self._ledger
        if process.winner is not None:
            for tally in self._won:
                tally(process, ledger)
        for tally in self._awarded:
            tally(process, ledger)

    @property
    def ledger(self) -> Ledger:
        """Return what is known so far, without conclusions."""
        return self._ledger

    @property
    def decided(self) -> bool:
        """Say whether no price still to come decides which currency is compared in."""
        return self._ledger.currency is not None or not (
            _ON_PRICES & self._settings.sections.keys()
        )

    def beside(self) -> Calculation:
        """Return an empty calculation of the same settings, in the same currency."""
        other = Calculation(self._settings, with_maps=self._ledger.with_maps)
        other._ledger.currency = self._ledger.currency
        return other

    def conclude(self) -> Ledger:
        """Draw the conclusions that need the whole set; return all results."""
        for rule in self._rules:
            rule.conclude(self._ledger)
        return self._ledger

    def reference(self, *, version: str) -> Reference:
        """Conclude, and return what the set tells about the next release."""
        return freeze(self.conclude(), version=version)


class Opinion:
    """What the indicators say of one process: flags, and what they could not say."""

    def __init__(self) -> None:
        """Start with nothing said."""
        self.flags: list[tuple[Spec, Flag]] = []
        self.gaps: dict[str, str] = {}


class Judge:
    """Indicators on single releases, with one choice of settings."""

    def __init__(self, settings: Settings = DEFAULT_SETTINGS) -> None:
        """Make the rules once."""
        self._settings = settings
        self._judges = [
            (rule.judge, rule.spec, rule.spec.code) for rule in _rules(settings)
        ]

    def judge(self, process: Process, reference: Reference) -> Opinion:
        """Return flags and gaps of one process."""
        opinion = Opinion()
        gaps = opinion.gaps
        if _excluded(process, self._settings):
            gaps.update((code, _LEFT_OUT.why) for _, _, code in self._judges)
            return opinion
        for judge, spec, code in self._judges:
            said = judge(process, reference)
            if isinstance(said, Gap):
                gaps[code] = said.why
            elif said:
                opinion.flags += [(spec, flag) for flag in said]
        return opinion


def _tallies(
    rules: tuple[Indicator, ...], when: When
) -> list[Callable[[Process, Ledger], None]]:
    return [rule.tally for rule in rules if rule.spec.when is when]


def _excluded(process: Process, settings: Settings) -> bool:
    """Say whether a process is left out of everything."""
    return process.cancelled or not method_matches(
        process.details, _NONE, settings.excluded_methods
    )


def _rules(settings: Settings) -> tuple[Indicator, ...]:
    return tuple(
        indicator.of(settings)
        for indicator in INDICATORS
        if indicator.spec.code in settings.sections
    )
