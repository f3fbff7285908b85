"""All that is known of one process: flags, model, signs of its parties, risk."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from integritas.services.anticorruption.collusion.bids import TenderBids
from integritas.services.anticorruption.collusion.screens import LEAST_BIDS
from integritas.services.anticorruption.risk import load_risk_policy
from integritas.services.anticorruption.scoring import Judge
from integritas.services.anticorruption.signs import signs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.anticorruption.collusion.model import CollusionModel
    from integritas.services.anticorruption.collusion.scores import BidScore
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.indicators.contract import Flag, Spec
    from integritas.services.anticorruption.ledger import Reference
    from integritas.services.anticorruption.network import Graph
    from integritas.services.anticorruption.risk import Risk
    from integritas.services.anticorruption.signs import Sign

__all__ = ["Profile", "bids_of", "profile_of"]


class Profile(NamedTuple):
    """What is said of a process; `signs` are by party, `bids` the model's scores."""

    ocid: str
    risk: Risk
    flags: Sequence[tuple[Spec, Flag]]
    gaps: dict[str, str]
    bids: Sequence[BidScore]
    signs: Sequence[tuple[str, Sign]]


def profile_of(
    process: Process, reference: Reference, graph: Graph, model: CollusionModel
) -> Profile:
    """Judge a process by everything there is."""
    opinion = Judge().judge(process, reference)
    bids = bids_of(process)
    scores = [] if bids is None else model.score_tender(bids)
    # Where the model is out of its domain it is shown, and adds nothing to the risk.
    known = [s.probability or 0.0 for s in scores if not s.out_of_domain]
    parties = sorted({t for bid in process.submitted for t in bid.tenderers})
    signs = [(party, sign) for party in parties for sign in signs_of(graph, party)]
    risk = load_risk_policy().risk(
        opinion.flags,
        probability=float(np.mean(known)) if known else None,
        signs=list({sign.code: sign for _, sign in signs}.values()),
    )
    return Profile(process.ocid, risk, opinion.flags, opinion.gaps, scores, signs)


def bids_of(process: Process) -> TenderBids | None:
    """Return the submitted bids of the most frequent currency, if they are enough."""
    priced = [bid for bid in process.submitted if bid.amount and bid.amount > 0]
    if not priced:
        return None
    currencies = [bid.currency for bid in priced]
    currency = max(sorted(set(map(str, currencies))), key=currencies.count)
    chosen = [bid for bid in priced if bid.currency == currency]
    if len(chosen) < LEAST_BIDS:
        return None
    tender = process.release.tender
    value = None if tender is None else tender.value
    estimate = None
    if value is not None and value.currency == currency and (value.amount or 0.0) > 0:
        estimate = value.amount
    return TenderBids(
        name=process.ocid,
        places=tuple(bid.position for bid in chosen),
        amounts=np.array([bid.amount for bid in chosen], dtype=np.float64),
        estimate=estimate,
    )
