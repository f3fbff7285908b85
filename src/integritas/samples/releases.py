"""Generated OCDS 1.1 releases with the bids extension.

A `Shape` says what a contracting process looks like where red flags look: method,
period, bids relative to the winner's. Ordinary shapes raise no flag of OCDS Cardinal
(https://cardinal.readthedocs.io/en/latest/cli/indicators/), a flawed one its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from integritas.samples import vocabulary
from integritas.samples.sample import Item, Sample

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

__all__ = ["FLAWS", "Bid", "Shape", "build_release", "ordinary_shape", "release_sample"]

_FLAWED_SHARE = 0.12
_CONTESTS: Final = frozenset({"open", "selective"})
_REASON: Final = "Value below the threshold of the procurement act"
_SUBJECTS: Final = (
    # title, CPV code, CPV text, category, least and most in thousands
    ("Resurfacing of {street}", "45233223", "Resurfacing works", "works", 120, 2_400),
    ("School meals for {town}", "55524000", "School catering", "services", 60, 900),
    ("Hospital beds, lot {n}", "33192120", "Hospital beds", "goods", 40, 600),
    ("Street lighting in {town}", "34993000", "Road lights", "goods", 80, 1_100),
    (
        "Laptops for schools",
        "30213100",
        "Portable computers",
        "goods",
        30,
        400,
    ),
    (
        "Refuse, area {n}",
        "90511000",
        "Refuse collection",
        "services",
        90,
        950,
    ),
    ("Extension of the clinic", "45215100", "Health buildings", "works", 400, 6_000),
    ("Water meters, batch {n}", "38421100", "Water meters", "goods", 25, 300),
    ("Winter road service {n}", "90620000", "Snow clearing", "services", 50, 420),
    ("Bridge over the {town} canal", "45221111", "Road bridges", "works", 700, 9_000),
)


@dataclass(frozen=True, slots=True)
class Bid:
    """A bid: its price relative to the winner's, its status, hours after the deadline.

    `after_h` is negative for a bid in time.
    """

    ratio: str
    status: str = "valid"
    after_h: int = -30


@dataclass(frozen=True, slots=True)
class Shape:
    """A contracting process; the first bid wins."""

    bids: tuple[Bid, ...]
    method: str = "open"
    period_days: int = 35


_WINNER = Bid("1")
_OTHERS = (Bid("1.09", after_h=-52), Bid("1.17", after_h=-7))

FLAWS: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "R003": Shape((_WINNER, *_OTHERS), period_days=4),
        "R018": Shape((_WINNER,)),
        "R024": Shape((_WINNER, Bid("1.003", after_h=-29), Bid("1.14"))),
        "R028": Shape((_WINNER, Bid("1.0875", after_h=-5), Bid("1.0875", after_h=-4))),
        "R030": Shape((Bid("1", after_h=41), *_OTHERS)),
        "R035": Shape(
            (
                _WINNER,
                Bid("1.06", "disqualified", -50),
                Bid("1.11", "disqualified", -26),
                Bid("1.19", "disqualified", -3),
            )
        ),
        "R036": Shape((_WINNER, Bid("0.87", "disqualified", -44), *_OTHERS)),
        "R058": Shape((_WINNER, Bid("2.35", after_h=-20), Bid("2.62", after_h=-9))),
    }
)


def release_sample(rng: Random, reference: str) -> Sample:
    """Return a sample of one release; its label is `clean` or the flag it raises."""
    label = "clean"
    shape = ordinary_shape(rng)
    if rng.random() < _FLAWED_SHARE:
        label = rng.choice(sorted(FLAWS))
        shape = FLAWS[label]
    release = build_release(rng, shape)
    title = release["tender"]["title"]
    item: Item = {"kind": "procurement", "release": release}
    return Sample(reference, "bulk", title, (item,), None, "generated", label)


def ordinary_shape(rng: Random) -> Shape:
    """Return a process with nothing to flag: competition, time, a fair distance."""
    if rng.random() < 0.1:
        return Shape((_WINNER,), method="direct", period_days=20)
    step = Decimal(1) + Decimal(rng.randint(600, 1_300)) / 10_000
    bids = [Bid("1", after_h=-rng.randint(1, 200))]
    for _ in range(rng.randint(1, 5)):
        bids.append(Bid(str(step), after_h=-rng.randint(1, 200)))
        step += Decimal(rng.randint(110, 800)) / 10_000
    if len(bids) > 2 and rng.random() < 0.3:
        bids.append(Bid(str(step), "disqualified", -rng.randint(1, 200)))
    return Shape(
        tuple(bids),
        method=rng.choice(("open", "open", "open", "selective")),
        period_days=rng.randint(21, 60),
    )


@dataclass(frozen=True, slots=True)
class _Process:
    """What the parts of one release share."""

    ocid: str
    title: str
    category: str
    classification: dict[str, str]
    entity: dict[str, str]
    bidders: tuple[dict[str, str], ...]
    price: Decimal
    currency: str
    opens: datetime
    closes: datetime
    awarded: datetime
    signed: datetime


def build_release(rng: Random, shape: Shape) -> dict[str, Any]:
    """Return a complete release of a shape; amounts are JSON numbers, as OCDS says."""
    process = _draw(rng, shape)
    bids = _bids(process, shape)
    winner = process.bidders[0]
    return {
        "ocid": process.ocid,
        "id": f"{process.ocid}-{process.signed:%Y%m%d}",
        "date": _stamp(process.signed + timedelta(days=2)),
        "tag": ["award", "contract"],
        "initiationType": "tender",
        "language": "en",
        "parties": _parties(rng, process),
        "buyer": process.entity,
        "tender": _tender(process, shape),
        "bids": {
            "statistics": [{"id": "1", "measure": "bids", "value": len(bids)}],
            "details": bids,
        },
        "awards": [
            {
                "id": f"{process.ocid}-award-1",
                "title": process.title,
                "status": "active",
                "date": _stamp(process.awarded),
                "value": _money(process.price, process.currency),
                "suppliers": [winner],
                "items": [_item(process)],
            }
        ],
        "contracts": [
            {
                "id": f"{process.ocid}-contract-1",
                "awardID": f"{process.ocid}-award-1",
                "title": process.title,
                "status": "active",
                "dateSigned": _stamp(process.signed),
                "period": {
                    "startDate": _stamp(process.signed + timedelta(days=14)),
                    "endDate": _stamp(process.signed + timedelta(days=379)),
                },
                "value": _money(process.price, process.currency),
            }
        ],
    }


def _draw(rng: Random, shape: Shape) -> _Process:
    title, code, text, category, least, most = rng.choice(_SUBJECTS)
    opens = vocabulary.moment(rng).replace(hour=9, minute=0, second=0)
    opens -= timedelta(days=150)
    closes = opens + timedelta(days=shape.period_days, hours=3)
    awarded = closes + timedelta(days=rng.randint(12, 45))
    number = rng.randrange(10**6, 10**7)
    country = rng.choice(("gb", "de", "fr", "es", "it", "gr"))
    bidders: dict[str, dict[str, str]] = {}
    while len(bidders) < len(shape.bids):
        name = vocabulary.company(rng, country).name
        identity = f"XX-DEMO-{rng.randrange(10**5, 10**6)}"
        bidders.setdefault(name, {"id": identity, "name": name})
    return _Process(
        ocid=f"ocds-demo00-{number}",
        title=title.format(
            street=vocabulary.street_address(rng).split(" ", 1)[1],
            town=vocabulary.town(rng),
            n=rng.randint(1, 24),
        ),
        category=category,
        classification={"scheme": "CPV", "id": code, "description": text},
        entity={"id": f"XX-BODY-{number % 9973}", "name": vocabulary.buyer(rng)},
        bidders=tuple(bidders.values()),
        price=Decimal(rng.randrange(least * 1_000, most * 1_000)),
        currency="GBP" if country == "gb" else "EUR",
        opens=opens,
        closes=closes,
        awarded=awarded,
        signed=awarded + timedelta(days=rng.randint(11, 30)),
    )


def _bids(process: _Process, shape: Shape) -> list[dict[str, Any]]:
    return [
        {
            "id": str(number),
            "date": _stamp(process.closes + timedelta(hours=bid.after_h)),
            "status": bid.status,
            "tenderers": [bidder],
            "value": _money(process.price * Decimal(bid.ratio), process.currency),
        }
        for number, (bid, bidder) in enumerate(
            zip(shape.bids, process.bidders, strict=True), start=1
        )
    ]


def _tender(process: _Process, shape: Shape) -> dict[str, Any]:
    return {
        "id": f"{process.ocid}-tender",
        "title": process.title,
        "status": "complete",
        "procuringEntity": process.entity,
        "procurementMethod": shape.method,
        **(
            {} if shape.method in _CONTESTS else {"procurementMethodRationale": _REASON}
        ),
        "mainProcurementCategory": process.category,
        "awardCriteria": "priceOnly",
        "submissionMethod": ["electronicSubmission"],
        "value": _money(process.price * Decimal("1.08"), process.currency),
        "tenderPeriod": {
            "startDate": _stamp(process.opens),
            "endDate": _stamp(process.closes),
        },
        "numberOfTenderers": len(process.bidders),
        "tenderers": list(process.bidders),
        "items": [_item(process)],
    }


def _parties(rng: Random, process: _Process) -> list[dict[str, Any]]:
    body = {
        **process.entity,
        "roles": ["buyer", "procuringEntity"],
        "address": {"streetAddress": vocabulary.street_address(rng)},
    }
    firms = [
        {
            **bidder,
            "identifier": {"scheme": "XX-DEMO", "id": bidder["id"][8:]},
            "roles": ["tenderer", "supplier"] if number == 0 else ["tenderer"],
            "address": {
                "streetAddress": vocabulary.street_address(rng),
                "locality": vocabulary.town(rng),
            },
        }
        for number, bidder in enumerate(process.bidders)
    ]
    return [body, *firms]


def _item(process: _Process) -> dict[str, Any]:
    return {
        "id": "1",
        "description": process.title,
        "classification": process.classification,
        "quantity": 1,
    }


def _money(amount: Decimal, currency: str) -> dict[str, Any]:
    return {"amount": float(round(amount, 2)), "currency": currency}


def _stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
