"""Flags that a release decides: an innocent process, and one planted sign at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.api import EMPTY_REFERENCE, parse_settings
from integritas.services.anticorruption.features import Process, read_process
from integritas.services.anticorruption.indicators import INDICATORS
from integritas.services.anticorruption.indicators.contract import Flag, Gap
from integritas.services.anticorruption.ocds import check_release
from integritas.services.anticorruption.scoring import Calculation, Judge

Json = dict[str, Any]
Mutation = Callable[[Json], object]
CODES = [i.spec.code for i in INDICATORS if i.spec.code.startswith("I1")]


def eur(amount: float) -> Json:
    return {"amount": amount, "currency": "EUR"}


def bid(tenderer: str, amount: float, **more: object) -> Json:
    return {
        "status": "valid",
        "tenderers": [{"id": tenderer}],
        "value": eur(amount),
        **more,
    }


INNOCENT: Json = {
    "ocid": "ocds-innocent",
    "buyer": {"id": "city"},
    "parties": [
        {
            "id": "city",
            "contactPoint": {"telephone": "+49 30 1234567", "email": "a@city.example"},
            "address": {"streetAddress": "Market 1", "postalCode": "10115"},
        },
        {"id": "A", "contactPoint": {"telephone": "+49 40 7654321"}},
        {"id": "B", "address": {"streetAddress": "Mill Lane 7", "locality": "Kiel"}},
        {"id": "C", "contactPoint": {"email": "office@c.example"}},
    ],
    "tender": {
        "procurementMethod": "open",
        "value": eur(100_000.0),
        "tenderPeriod": {
            "startDate": "2024-03-01T00:00:00Z",
            "endDate": "2024-04-15T12:00:00Z",
        },
        "numberOfTenderers": 3,
        "items": [{"id": "1"}],
    },
    "bids": {"details": [bid("A", 91_237.5), bid("B", 97_411.2), bid("C", 108_994.1)]},
    "awards": [
        {
            "id": "a1",
            "status": "active",
            "date": "2024-05-20T00:00:00Z",
            "value": eur(91_237.5),
            "suppliers": [{"id": "A"}],
            "items": [{"id": "1"}],
        }
    ],
    "contracts": [
        {
            "id": "c1",
            "awardID": "a1",
            "value": eur(91_237.5),
            "dateSigned": "2024-06-10T00:00:00Z",
            "amendments": [{"id": "1"}],
            "implementation": {
                "transactions": [{"value": eur(50_000.0)}, {"value": eur(41_237.5)}]
            },
        }
    ],
}


def judged(code: str, release: Json) -> tuple[Flag, ...] | Gap:
    process = process_of(release)
    (rule,) = [i for i in INDICATORS if i.spec.code == code]
    return rule.of(parse_settings(f"[{code}]")).judge(process, EMPTY_REFERENCE)


def process_of(release: Json) -> Process:
    process = read_process(release)
    assert process is not None
    return process


def changed(mutation: Mutation) -> Json:
    release = copy.deepcopy(INNOCENT)
    mutation(release)
    return release


def test_the_innocent_process_is_valid() -> None:
    assert check_release(INNOCENT) == ()


@pytest.mark.parametrize("code", CODES)
def test_the_innocent_process_is_computed_and_not_flagged(code: str) -> None:
    assert judged(code, INNOCENT) == ()


def _no_call(r: Json) -> None:
    del r["tender"]["tenderPeriod"]


def _bare(r: Json) -> None:
    r["tender"] = {}
    r["awards"] = [{"status": "active", "date": "2024-05-20T00:00:00Z"}]


def _set(*path: str | int, value: object) -> Mutation:
    def mutate(release: Json) -> None:
        place: Any = release
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return mutate


PLANTED: list[tuple[str, Mutation, float]] = [
    ("I101", _no_call, 1.0),
    ("I102", _set("awards", 0, "date", value="2024-04-16T13:00:00Z"), 1.0),
    ("I103", _set("awards", 0, "date", value="2025-04-15T12:00:00Z"), 365.0),
    ("I104", _set("awards", 0, "date", value="2024-04-14T00:00:00Z"), 1.0),
    ("I105", _set("contracts", 0, "dateSigned", value="2024-05-01T00:00:00Z"), 1.0),
    ("I106", _set("contracts", 0, "value", value=eur(136_856.25)), 0.5),
    ("I107", _set("contracts", 0, "amendments", value=[{}, {}, {}, {}]), 4.0),
    ("I108", _set("awards", 0, "value", value=eur(150_000.0)), 0.5),
    ("I109", _set("awards", 0, "value", value=eur(100_050.0)), 0.0005),
    ("I110", _set("tender", "procurementMethod", value="limited"), 1.0),
    (
        "I111",
        _set(
            "bids",
            "details",
            value=[bid("A", 91_000.0), bid("B", 97_000.0), bid("C", 110_000.0)],
        ),
        1.0,
    ),
    (
        "I112",
        _set(
            "bids",
            "details",
            value=[bid("A", 91_237.0), bid("B", 93_973.0 + 1.11), bid("C", 95_798.85)],
        ),
        2.0,
    ),
    ("I113", _bare, 0.8),
    ("I114", _set("awards", 0, "suppliers", value=[{"id": "Z"}]), 1.0),
    ("I115", _set("bids", "details", 0, "status", value="disqualified"), 1.0),
    (
        "I116",
        _set(
            "contracts",
            0,
            "implementation",
            value={"transactions": [{"value": eur(182_475.0)}]},
        ),
        1.0,
    ),
    (
        "I117",
        _set("parties", 2, "contactPoint", value={"telephone": "0049 40 765 43 21"}),
        2.0,
    ),
]


def test_every_flag_of_its_own_release_is_planted() -> None:
    assert sorted(code for code, _, _ in PLANTED) == sorted(CODES)


@pytest.mark.parametrize(
    ("code", "mutation", "value"), PLANTED, ids=[code for code, _, _ in PLANTED]
)
def test_a_planted_sign_is_flagged_alone_and_in_a_set(
    code: str, mutation: Mutation, value: float
) -> None:
    release = changed(mutation)
    said = judged(code, release)
    assert isinstance(said, tuple)
    (flag,) = said
    assert flag.value == pytest.approx(value)
    assert 0.5 <= flag.strength <= 1.0
    assert flag.text
    calculation = Calculation(parse_settings(f"[{code}]"))
    calculation.add(process_of(release))
    calculation.add(process_of({**INNOCENT, "ocid": "other"}))
    document = calculation.conclude().document(meta=False)
    assert document == {"OCID": {"ocds-innocent": {code: pytest.approx(value)}}}


@pytest.mark.parametrize("code", CODES)
def test_an_empty_process_is_a_gap_or_no_flag(code: str) -> None:
    said = judged(code, {"ocid": "x"})
    assert isinstance(said, Gap), code


@pytest.mark.parametrize(
    ("code", "options", "mutation"),
    [
        ("I102", "threshold = 1", PLANTED[1][1]),
        ("I106", "threshold = 0.6", PLANTED[5][1]),
        ("I107", "threshold = 5", PLANTED[6][1]),
        ("I110", "procurement_methods = direct", PLANTED[9][1]),
        ("I113", "threshold = 0.9", _bare),
    ],
)
def test_settings_move_the_threshold(
    code: str, options: str, mutation: Mutation
) -> None:
    judge = Judge(parse_settings(f"[{code}]\n{options}"))
    assert judge.judge(process_of(changed(mutation)), EMPTY_REFERENCE).flags == []
