"""I117: bidders that should compete share an address, phone or mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    organisations,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.parties import marks_of

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["SharedContacts"]

_NO_CONTACTS: Final = Gap("no contact details of buyer and tenderers are given")


@dataclass(frozen=True, slots=True)
class SharedContacts(Alone):
    """Flags tenderers, or a tenderer and the buyer, with one address, phone or"
    " e-mail."""

    spec: ClassVar[Spec] = Spec(
        code="I117",
        title="Bidders share contact details",
        formula=(
            "two parties of which one is a tenderer and the other a tenderer or the"
            " buyer have the same telephone, e-mail or street address"
        ),
        value="the number of parties that share",
        groups=(Group.OCID,),
        fields=(
            "parties.address",
            "parties.contactPoint",
            "bids.details.tenderers",
            "buyer.id",
        ),
        options=(),
        why=(
            "Firms that share a desk do not compete: they may be one owner's, or the"
            " buyer's own."
        ),
        source=(
            f"{OCP}, relations between bidders; OECD, Guidelines for fighting bid"
            " rigging (2012)"
        ),
        severity=Severity.HIGH,
        weight=0.65,
        alone="computed on the release itself",
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        parties = process.release.parties
        if not parties:
            return _NO_CONTACTS
        rivals = {t for bid in process.bids for t in bid.tenderers}
        rivals |= {s for award in process.awards for s in award.suppliers}
        hosts = {process.buyer, process.procuring_entity}
        holders: dict[tuple[str, str], set[str]] = {}
        for party in parties:
            if party.id is not None and (party.id in rivals or party.id in hosts):
                for mark in marks_of(party):
                    holders.setdefault(mark, set()).add(party.id)
        if not holders:
            return _NO_CONTACTS
        found = [
            (mark[0], who)
            for mark, who in sorted(holders.items())
            if len(who) > 1 and who & rivals
        ]
        if not found:
            return ()
        who = organisations(party for _, parties in found for party in parties)
        kinds = ", ".join(sorted({kind for kind, _ in found}))
        text = f"{len(who)} parties that should be independent share {kinds}"
        figures = {"shared": kinds}
        return (Flag(float(len(who)), 2.0, 1.0, "/parties", text, figures, who),)
