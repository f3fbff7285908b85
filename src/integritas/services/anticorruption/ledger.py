"""What is known of a set of releases: counts, flags and fences.

A `Ledger` grows release by release in one calculation; a `Reference` is what it knew at
one moment, immutable, against which a single new release is judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from integritas.services.anticorruption.features import Margin
from integritas.services.anticorruption.quantiles import round4

if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "EMPTY_REFERENCE",
    "Group",
    "Ledger",
    "Reference",
    "Share",
    "Variety",
    "freeze",
]


class Group(StrEnum):
    """What a result is about, in Cardinal's words."""

    # Enum's hash is written in Python, and every flag looks its group up.
    __hash__ = str.__hash__

    OCID = "OCID"
    BUYER = "Buyer"
    PROCURING_ENTITY = "ProcuringEntity"
    TENDERER = "Tenderer"


class Share(msgspec.Struct, gc=False):
    """A part of a whole, both counted; a ledger's grow."""

    part: int
    whole: int

    @property
    def ratio(self) -> float:
        """Return part divided by whole, which is never zero."""
        return self.part / self.whole


class Variety(NamedTuple):
    """In how many processes a supplier was seen, with which classes of items."""

    processes: int
    codes: frozenset[str]


_MENTIONS: Final = 50_000
_PACK: Final = msgspec.msgpack.Encoder().encode
_UNPACK: Final = msgspec.msgpack.Decoder(dict[str, Margin]).decode

# Cardinal prints all of these, filled or not.
_MAPS: Final = (
    "ocid_buyer_r038",
    "ocid_procuringentity_r038",
    "ocid_tenderer",
    "ocid_tenderer_r024",
    "ocid_tenderer_r028",
    "ocid_tenderer_r030",
    "ocid_tenderer_r035",
    "ocid_tenderer_r058",
)


class Ledger:
    """The running state of a calculation over a set.

    `margins` are by ocid; `numbers` by what is counted, for whom, and of what (a
    supplier, a day, a digit); `shares` by what is counted (`R025`, `R038.Buyer` …) and
    organisation; `varieties` by supplier. A release that comes twice is counted twice
    where counts are kept, and its later margin stands.
    """

    def __init__(self, *, currency: str | None = None, with_maps: bool = False) -> None:
        """Start empty; without a `currency` the first one seen is compared in."""
        self.currency = currency
        self.with_maps = with_maps
        self.processes = 0
        self.margins: dict[str, Margin] = {}
        self._shares: dict[str, dict[str, Share]] = {}
        self._seen: dict[str, tuple[list[str], list[str]]] = {}
        self.varieties: dict[str, tuple[int, set[str]]] = {}
        self.fences: dict[str, dict[str, float]] = {}
        self.numbers: dict[str, dict[str, dict[str, int]]] = {}
        self._results: dict[Group, dict[str, dict[str, float]]] = {
            group: {} for group in Group
        }
        self._organisations: dict[str, dict[str, str]] = {}
        self._tenderers: dict[str, dict[str, set[str]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled for another process: margins are most of it."""
        return {**self.__dict__, "margins": _PACK(self.margins)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what another process pickled."""
        self.__dict__.update(state, margins=_UNPACK(state["margins"]))

    def count(self, what: str, organisation: str, part: int, whole: int) -> None:
        """Add to a share."""
        shares = self._shares.get(what)
        if shares is None:
            shares = self._shares[what] = {}
        known = shares.get(organisation)
        if known is None:
            shares[organisation] = Share(part, whole)
            return
        known.whole += whole
        if part:
            known.part += part

    def see(self, what: str, part: Iterable[str], whole: Iterable[str]) -> None:
        """Count one for each mention: of `whole`, and of `part` that lies in it."""
        seen = self._seen.get(what)
        if seen is None:
            seen = self._seen[what] = ([], [])
        parts, wholes = seen
        parts += part
        wholes += whole
        if len(wholes) > _MENTIONS:
            self._add_up()

    @property
    def shares(self) -> Mapping[str, Mapping[str, Share]]:
        """Return all counts so far."""
        self._add_up()
        return self._shares

    def _add_up(self) -> None:
        """Turn mentions into counts, all at once: one by one they cost a run more."""
        for what, (part, whole) in self._seen.items():
            parts = Counter(part)
            for organisation, mentions in Counter(whole).items():
                self.count(what, organisation, parts[organisation], mentions)
        self._seen.clear()

    def number(self, what: str, whom: str, of: str, by: int = 1) -> None:
        """Count one thing of somebody."""
        counts = self.numbers.setdefault(what, {}).setdefault(whom, {})
        counts[of] = counts.get(of, 0) + by

    def flag(self, group: Group, key: str, code: str, value: float) -> None:
        """Set a result; a later one of the same code replaces it."""
        results = self._results[group]
        known = results.get(key)
        if known is None:
            results[key] = {code: value}
        else:
            known[code] = value

    def map_organisation(self, name: str, ocid: str, organisation: str) -> None:
        """Note the one organisation of a process, if maps are wanted."""
        if self.with_maps:
            self._organisations.setdefault(name, {})[ocid] = organisation

    def map_tenderers(self, name: str, ocid: str, tenderers: Iterable[str]) -> None:
        """Note tenderers of a process, if maps are wanted."""
        if self.with_maps:
            found = set(tenderers)
            if found:
                self._tenderers.setdefault(name, {}).setdefault(ocid, set()).update(
                    found
                )

    def merge(self, later: Ledger) -> None:
        """Take over what another ledger learned of the releases that follow."""
        self.processes += later.processes
        self.margins.update(later.margins)
        for what, shares in later.shares.items():
            for organisation, share in shares.items():
                self.count(what, organisation, share.part, share.whole)
        for supplier, (processes, codes) in later.varieties.items():
            before, known = self.varieties.get(supplier, (0, set()))
            self.varieties[supplier] = (before + processes, known | codes)
        for what, holders in later.numbers.items():
            for whom, counts in holders.items():
                for of, by in counts.items():
                    self.number(what, whom, of, by)
        self._merge_results(later)

    def _merge_results(self, later: Ledger) -> None:
        for group, results in later._results.items():
            known = self._results[group]
            for key in known.keys() & results.keys():
                results[key] = known[key] | results[key]
            known.update(results)
        for name, organisations in later._organisations.items():
            self._organisations.setdefault(name, {}).update(organisations)
        for name, processes_ in later._tenderers.items():
            for ocid, tenderers in processes_.items():
                self.map_tenderers(name, ocid, tenderers)

    def document(self, *, meta: bool = True) -> dict[str, object]:
        """Return all results in Cardinal's form; NaN stands for null."""
        found: dict[str, object] = {
            group.value: self._results[group] for group in Group if self._results[group]
        }
        if meta:
            found["Meta"] = {
                code: {name: round4(value) for name, value in fences.items()}
                for code, fences in self.fences.items()
            }
        if self.with_maps:
            found["Maps"] = {
                name: {
                    **self._organisations.get(name, {}),
                    **{o: sorted(t) for o, t in self._tenderers.get(name, {}).items()},
                }
                for name in _MAPS
            }
        return found


@dataclass(frozen=True, slots=True)
class Reference:
    """What a set told at one moment.

    `version` names the set and the cursor it had been read to; `fences` are by
    indicator, `shares`, `varieties` and `numbers` as in `Ledger`.
    """

    version: str
    currency: str | None = None
    processes: int = 0
    fences: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    shares: Mapping[str, Mapping[str, Share]] = field(default_factory=dict)
    varieties: Mapping[str, Variety] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)


EMPTY_REFERENCE: Final = Reference(version="empty")


def freeze(ledger: Ledger, *, version: str) -> Reference:
    """Return a copy of what a concluded ledger knows; the ledger may go on."""
    return Reference(
        version=version,
        currency=ledger.currency,
        processes=ledger.processes,
        fences=MappingProxyType(
            {code: MappingProxyType(dict(f)) for code, f in ledger.fences.items()}
        ),
        shares=MappingProxyType(
            {
                what: MappingProxyType(
                    {who: Share(s.part, s.whole) for who, s in shares.items()}
                )
                for what, shares in ledger.shares.items()
            }
        ),
        varieties=MappingProxyType(
            {
                supplier: Variety(processes, frozenset(codes))
                for supplier, (processes, codes) in ledger.varieties.items()
            }
        ),
        numbers=MappingProxyType(
            {
                what: MappingProxyType({who: dict(n) for who, n in holders.items()})
                for what, holders in ledger.numbers.items()
            }
        ),
    )
