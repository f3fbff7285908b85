"""R038: a buyer, procuring entity or tenderer has many bids disqualified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.columns import Codes, count_codes
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    strength_above,
)
from integritas.services.anticorruption.ledger import Group, Ledger, Reference, Share
from integritas.services.anticorruption.quantiles import quartiles
from integritas.services.anticorruption.settings import Option, OptionKind, Settings

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.features import Process

__all__ = ["ExcessiveDisqualifiedBids"]

_MINIMUM = 2
_WHO = {
    Group.BUYER: "The buyer",
    Group.PROCURING_ENTITY: "The procuring entity",
    Group.TENDERER: "A tenderer",
}


@dataclass(frozen=True, slots=True)
class ExcessiveDisqualifiedBids:
    """Flags organisations whose share of disqualified bids is a high outlier."""

    threshold: float | None
    minimum_bids: int
    minimum_processes: int

    spec: ClassVar[Spec] = Spec(
        code="R038",
        title="Excessive disqualified bids",
        formula=(
            "disqualified / submitted bids >= upper fence, per buyer, procuring entity"
            " and tenderer; upper fence = Q3 + 1.5 (Q3 - Q1) over the set"
        ),
        value="the ratio",
        groups=(Group.BUYER, Group.PROCURING_ENTITY, Group.TENDERER),
        fields=("bids.details", "buyer.id", "tender.procuringEntity.id"),
        options=(
            Option("threshold", OptionKind.NUMBER, "upper fence", minimum=None),
            Option(
                "minimum_submitted_bids",
                OptionKind.INTEGER,
                "submitted bids from which on a tenderer is looked at",
                default=_MINIMUM,
            ),
            Option(
                "minimum_contracting_processes",
                OptionKind.INTEGER,
                "submitted bids from which on a buyer or entity is looked at"
                " (Cardinal counts bids under this name)",
                default=_MINIMUM,
            ),
        ),
        why=(
            "A buyer that throws out many bids may be keeping out all but a favourite;"
            " a tenderer thrown out often may be bidding for show."
        ),
        source=(
            "OCP, Red flags in public procurement (2024), R038; OCDS Cardinal, R038,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/038.html"
        ),
        severity=Severity.MEDIUM,
        weight=0.45,
        alone="not computable: needs the organisations' history",
        when=When.SUBMITTED,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with fence and minima."""
        code = cls.spec.code
        return cls(
            threshold=settings.number(code, "threshold"),
            minimum_bids=settings.integer(code, "minimum_submitted_bids", _MINIMUM),
            minimum_processes=settings.integer(
                code, "minimum_contracting_processes", _MINIMUM
            ),
        )

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Count submitted and disqualified bids of all who take part."""
        submitted, disqualified = len(process.submitted), len(process.disqualified)
        if not submitted:
            return
        out = [t for bid in process.disqualified for t in bid.tenderers]
        ledger.see(_TENDERERS, out, process.submitters)
        if process.buyer is not None:
            ledger.count(_BUYERS, process.buyer, disqualified, submitted)
        if process.procuring_entity is not None:
            ledger.count(_ENTITIES, process.procuring_entity, disqualified, submitted)
        if disqualified and ledger.with_maps:
            for group, organisation in _hosts(process):
                name = f"ocid_{group.lower()}_r038"
                ledger.map_organisation(name, process.ocid, organisation)

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Count submitted and disqualified bids of all who take part."""
        bids = block.bids
        _, out = block.tenderers(bids.disqualified)
        _, tenderers = block.tenderers(bids.submitted)
        count_codes(ledger, _TENDERERS, block.names, out, tenderers)
        entities = [tender.procuring_entity for tender in block.tenders]
        buyers = [release.buyer for release in block.releases]
        for what, hosts in ((_BUYERS, buyers), (_ENTITIES, entities)):
            codes = Codes()
            of = codes.of([None if host is None else host.id for host in hosts])
            part = of[bids.release[bids.disqualified]]
            whole = of[bids.release[bids.submitted]]
            count_codes(ledger, what, codes.names(), part[part >= 0], whole[whole >= 0])

    def conclude(self, ledger: Ledger) -> None:
        """Flag the organisations above their group's fence.

        A group most of which has no disqualified bids has no high outliers.
        """
        for group in self.spec.groups:
            shares = ledger.shares.get(_key(group), {})
            counted = {
                organisation: share.ratio
                for organisation, share in shares.items()
                if self._counts(group, share)
            }
            if not counted:
                continue
            fences = ledger.fences.setdefault(self.spec.code, {})
            fence = self.threshold
            if fence is None:
                quarters = quartiles(counted.values())
                fence = quarters.upper_fence
                fences |= {f"{group}_q1": quarters.q1, f"{group}_q3": quarters.q3}
            fences[f"{group}_upper_fence"] = fence
            if fence > 0:
                for organisation, ratio in counted.items():
                    if ratio >= fence:
                        ledger.flag(group, organisation, self.spec.code, ratio)

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge the organisations of this process by what they did before."""
        fences = reference.fences.get(self.spec.code)
        if fences is None:
            return Gap("no history of disqualified bids to compare with")
        found = [
            self._flag(group, organisation, pointer, reference)
            for group, organisation, pointer in _participants(process)
        ]
        return tuple(flag for flag in found if flag is not None)

    def _flag(
        self, group: Group, organisation: str, pointer: str, reference: Reference
    ) -> Flag | None:
        share = reference.shares.get(_key(group), {}).get(organisation)
        fence = reference.fences[self.spec.code].get(f"{group}_upper_fence", 0.0)
        if share is None or not self._counts(group, share):
            return None
        if fence <= 0 or share.ratio < fence:
            return None
        return Flag(
            value=share.ratio,
            threshold=fence,
            strength=strength_above(share.ratio, fence),
            pointer=pointer,
            text=(
                f"{_WHO[group]} had {share.part} of {share.whole} bids disqualified"
                f" before, {share.ratio:.1%} (threshold {fence:.1%})"
            ),
            figures={"disqualified": share.part, "submitted": share.whole},
            organisations=(organisation,),
        )

    def _counts(self, group: Group, share: Share) -> bool:
        tenderer = group is Group.TENDERER
        minimum = self.minimum_bids if tenderer else self.minimum_processes
        return share.whole >= minimum


_KEYS: Final = {group: f"R038.{group}" for group in Group}
_TENDERERS: Final = _KEYS[Group.TENDERER]
_BUYERS: Final = _KEYS[Group.BUYER]
_ENTITIES: Final = _KEYS[Group.PROCURING_ENTITY]


def _key(group: Group) -> str:
    return _KEYS[group]


def _hosts(process: Process) -> list[tuple[Group, str]]:
    """Return who ran the process: buyer and procuring entity."""
    hosts = (
        (Group.BUYER, process.buyer),
        (Group.PROCURING_ENTITY, process.procuring_entity),
    )
    return [(group, host) for group, host in hosts if host is not None]


def _participants(process: Process) -> list[tuple[Group, str, str]]:
    """Return who took part, each with a place in the release."""
    places = {Group.BUYER: "/buyer", Group.PROCURING_ENTITY: "/tender/procuringEntity"}
    tenderers: dict[str, str] = {}
    for bid in process.submitted:
        for tenderer in bid.tenderers:
            tenderers.setdefault(tenderer, f"/bids/details/{bid.position}")
    return [
        *((group, host, places[group]) for group, host in _hosts(process)),
        *((Group.TENDERER, tenderer, at) for tenderer, at in tenderers.items()),
    ]
