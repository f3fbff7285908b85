"""Releases taken by the block give what they give one by one."""

from __future__ import annotations

import io
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.anticorruption.api import (
    Calculation,
    Reject,
    Settings,
    parse_settings,
)
from integritas.services.anticorruption.bulk import Reading
from integritas.services.anticorruption.features import read_process
from integritas.services.anticorruption.plain import read_plain

Json = dict[str, Any]

EVERY = """[R003]
[R018]
[R024]
[R025]
[R028]
[R030]
[R035]
[R036]
[R038]
[R048]
[R058]
"""
CHOICES = (
    EVERY,
    "[R038]\nminimum_submitted_bids = 1\n",
    "[R048]\nminimum_contracting_processes = 1\ndigits = 1\n",
    "price_comparison_procurement_methods = Open call\n" + EVERY,
    "no_price_comparison_procurement_methods = Small works\n" + EVERY,
    "currency = EUR\n" + EVERY,
    "[exclusions]\nprocurement_method_details = Small works\n" + EVERY,
    EVERY.replace("[R003]", "[R003]\nthreshold = 1\nprocurement_methods = open")
    + "[R003.procurement_method_details]\nSmall works = 40\n",
    EVERY.replace("[R035]", "[R035]\nthreshold = 2").replace(
        "[R018]", "[R018]\nprocurement_methods = open|direct"
    ),
    "[R003]\n[R018]\n",
)
DATES = ("2023-01-01T00:00:00Z", "2023-01-09T12:00:00+02:00", "2023-02-20T23:59:59Z")


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """Draw an object in which any of the fields may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


PARTY = some(id=st.sampled_from(["A", "B", "C", "D", ""]))
PARTIES = st.lists(PARTY, max_size=3)
DATE = st.sampled_from([*DATES, None])
PERIOD = some(startDate=DATE, endDate=DATE)
MONEY = some(
    amount=st.sampled_from([0, 1, 2.5, 100, 100.5]),
    currency=st.sampled_from(["USD", "USD", "EUR"]),
)
ITEM = some(classification=some(id=st.sampled_from(["1234", "1999", "5", ""])))
RELEASE = some(
    buyer=PARTY,
    tag=st.just(["compiled"]),
    tender=some(
        status=st.sampled_from(["active", "active", "cancelled"]),
        procurementMethod=st.sampled_from(["open", "direct", "limited"]),
        procurementMethodDetails=st.sampled_from(["Open call", "Small works"]),
        tenderPeriod=PERIOD,
        numberOfTenderers=st.sampled_from([0, 1, 2]),
        procuringEntity=PARTY,
    ),
    bids=some(
        details=st.lists(
            some(
                status=st.sampled_from(
                    ["valid", "valid", "disqualified", "withdrawn", "pending"]
                ),
                tenderers=PARTIES,
                value=MONEY,
                date=DATE,
            ),
            max_size=5,
        )
    ),
    awards=st.lists(
        some(
            status=st.sampled_from(["active", "active", "cancelled", "pending"]),
            suppliers=PARTIES,
            items=st.lists(ITEM, max_size=2),
        ),
        max_size=3,
    ),
)
SETS = st.lists(RELEASE, min_size=1, max_size=12).map(
    lambda found: [{"ocid": f"o{number}", **one} for number, one in enumerate(found)]
)


def settle(calculation: Calculation) -> tuple[object, ...]:
    ledger = calculation.conclude()
    shares = {
        what: {who: (share.part, share.whole) for who, share in of.items()}
        for what, of in ledger.shares.items()
        if of
    }
    kept = (repr(ledger.margins), shares, ledger.varieties, ledger.processes)
    return (json.dumps(ledger.document(), sort_keys=True), *kept)


def begin(settings: Settings) -> Calculation:
    calculation = Calculation(settings)
    calculation.ledger.currency = settings.currency or "USD"
    return calculation


def one_by_one(releases: list[Json], settings: Settings) -> tuple[object, ...]:
    calculation = begin(settings)
    for release in releases:
        process = read_process(release)
        assert process is not None
        calculation.add(process)
    return settle(calculation)


def at_once(releases: list[Json], settings: Settings) -> tuple[object, ...]:
    calculation = begin(settings)
    assert calculation.by_block
    block = read_plain([orjson.dumps(release) for release in releases], limit=100_000)
    assert block is not None
    calculation.add_block(block)
    return settle(calculation)


@given(SETS, st.sampled_from(CHOICES))
def test_a_block_gives_what_its_releases_give(releases: list[Json], ini: str) -> None:
    settings = parse_settings(ini)
    assert at_once(releases, settings) == one_by_one(releases, settings)


@given(SETS)
def test_mixed_currencies_are_told_alike(releases: list[Json]) -> None:
    lines = [orjson.dumps(release) for release in releases]

    def told(*, by_block: bool) -> list[Reject]:
        rejects: list[Reject] = []
        calculation = begin(parse_settings(EVERY))
        reading = Reading(calculation, rejects.append)
        if by_block:
            reading.follow(io.BytesIO(b"\n".join(lines)))
        else:  # a date that is none keeps a line from being part of a block
            for line in lines:
                reading.follow(io.BytesIO(line.replace(b"{", b'{"date":"x",', 1)))
        reading.pieces.close()
        return [reject for reject in rejects if reject.path != "date"]

    assert told(by_block=True) == told(by_block=False)


@pytest.mark.parametrize(
    "line",
    [
        b'{"ocid":""}',
        b'{"ocid":"a","tag":["tender"]}',
        b'{"ocid":"a","releases":[]}',
        b'{"ocid":"a","compiledRelease":{}}',
        b'{"ocid":"a","date":"yesterday"}',
        b'{"ocid":"a","bids":{"details":[{"date":""}]}}',
        b'{"ocid":"a","awards":[{"contractPeriod":{"endDate":"2023"}}]}',
        b'{"ocid":"a","contracts":[{"dateSigned":"2023"}]}',
        b'{"ocid":"a","contracts":[{"amendments":[{"date":"2023"}]}]}',
        b'{"ocid":"a","tender":{"amendments":[{"date":"2023"}]}}',
        b'{"ocid":"a","tender":{"numberOfTenderers":1.5}}',
        b'{"ocid":"a","tender":{"awardPeriod":{"endDate":"soon"}}}',
        b'{"ocid":"\xff"}',
        b'{"ocid":"a","other":"\xff"}',
        b'{"ocid":"a","parties":[{"name":7}]}',
        b'{"ocid":"' + b"a" * 1_000 + b'"}',
        b"",
        b"{",
    ],
)
def test_a_line_that_is_not_plainly_valid_makes_no_block(line: bytes) -> None:
    assert read_plain([b'{"ocid":"a"}', line], limit=500) is None


def test_a_run_with_maps_or_other_indicators_takes_no_blocks() -> None:
    settings = parse_settings("currency = USD\n[R028]\n")
    assert Calculation(settings).by_block
    assert not Calculation(settings, with_maps=True).by_block
    assert not Calculation(parse_settings("currency = USD\n[R028]\n[I201]\n")).by_block
    undecided = Calculation(parse_settings("[R036]\n"))
    assert not undecided.by_block
