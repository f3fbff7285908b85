from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.scoring import Opinion

Build = Callable[..., dict[str, Any]]
Judged = Callable[..., Opinion]


END = "2023-01-10T12:00:00Z"
LATE = "2023-01-10T12:00:01Z"
PERIOD = {"tenderPeriod": {"endDate": END}}


def test_r030_flags_a_late_winner(
    release: Build, bid: Build, award: Build, over_set: Build
) -> None:
    bids = [bid("A", date=LATE), bid("B", date=LATE), bid("C", date=END)]
    found = over_set("R030", [release("x", *bids, awards=[award("A")], tender=PERIOD)])
    assert found["OCID"] == {"x": {"R030": 1.0}}
    assert found["Tenderer"] == {"A": {"R030": 1.0}}
    assert found["Maps"]["ocid_tenderer_r030"] == {"x": ["A"]}


@pytest.mark.parametrize(
    "case",
    [
        (END, "valid", "active"),
        (LATE, "disqualified", "active"),
        (LATE, "valid", "cancelled"),
        (None, "valid", "active"),
    ],
)
def test_r030_needs_a_late_valid_bid_and_an_active_award(
    release: Build,
    bid: Build,
    award: Build,
    over_set: Build,
    case: tuple[str | None, str, str],
) -> None:
    date, status, award_status = case
    made = release(
        "x",
        bid("A", date=date, status=status),
        awards=[award("A", status=award_status)],
        tender=PERIOD,
    )
    assert "OCID" not in over_set("R030", [made])


def test_r030_flags_only_the_winners_among_joint_tenderers(
    release: Build, bid: Build, award: Build, over_set: Build
) -> None:
    made = release("x", bid("A+B", date=LATE), awards=[award("B+C")], tender=PERIOD)
    assert set(over_set("R030", [made])["Tenderer"]) == {"B"}


def test_r030_judges_one_release(
    release: Build, bid: Build, award: Build, on_one: Judged
) -> None:
    bids = [bid("B", date=END), bid("A", date=LATE)]
    made = release("x", *bids, awards=[award("A")], tender=PERIOD)
    ((_, flag),) = on_one("R030", made).flags
    assert flag.pointer == "/bids/details/1/date"
    assert LATE in flag.text
    assert END in flag.text
    lost = release("x", *bids, awards=[award("B")], tender=PERIOD)
    assert on_one("R030", lost).flags == []


def test_r030_says_which_date_it_lacks(
    release: Build, bid: Build, on_one: Judged
) -> None:
    assert "endDate" in on_one("R030", release("x", bid(date=LATE))).gaps["R030"]
    undated = release("x", bid(), tender=PERIOD)
    assert "no bid has a date" in on_one("R030", undated).gaps["R030"]
