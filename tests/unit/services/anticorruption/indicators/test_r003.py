from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.scoring import Opinion

Build = Callable[..., dict[str, Any]]
Judged = Callable[..., Opinion]


def tender(start: str, end: str, **more: object) -> dict[str, Any]:
    return {"tenderPeriod": {"startDate": start, "endDate": end}, **more}


LONG = tender("2023-01-01T18:00:00Z", "2023-01-16T18:00:00Z")
SHORT = tender("2023-01-01T18:00:00Z", "2023-01-16T17:59:59Z")


def test_r003_flags_a_second_less_than_fifteen_days(
    release: Build, over_set: Build
) -> None:
    found = over_set("R003", [release("s", tender=SHORT), release("l", tender=LONG)])
    assert found["OCID"] == {"s": {"R003": 1.0}}


def test_r003_counts_days_across_zones(release: Build, over_set: Build) -> None:
    period = tender("2023-01-01T00:00:00+05:00", "2023-01-15T20:00:00Z")
    found = over_set("R003", [release("x", tender=period)])
    assert "OCID" not in found


@pytest.mark.parametrize(("threshold", "flagged"), [(14, False), (15, True)])
def test_r003_threshold_is_exclusive(
    release: Build, over_set: Build, threshold: int, flagged: bool
) -> None:
    found = over_set("R003", [release(tender=SHORT)], f"threshold = {threshold}")
    assert ("OCID" in found) is flagged


def test_r003_looks_at_the_methods_asked_for(release: Build, over_set: Build) -> None:
    releases = [
        release("o", tender={**SHORT, "procurementMethod": "open"}),
        release("d", tender={**SHORT, "procurementMethod": "direct"}),
        release("n", tender=SHORT),
    ]
    found = over_set("R003", releases, "procurement_methods = open|limited")
    assert set(found["OCID"]) == {"o"}


def test_r003_takes_days_from_the_method_details(
    release: Build, over_set: Build
) -> None:
    urgent = {**SHORT, "procurementMethodDetails": "Urgent"}
    options = "[R003.procurement_method_details]\nUrgent = 14"
    found = over_set(
        "R003", [release("u", tender=urgent), release("s", tender=SHORT)], options
    )
    assert set(found["OCID"]) == {"s"}


def test_r003_counts_an_end_before_the_start_as_short(
    release: Build, over_set: Build
) -> None:
    period = tender("2023-01-16T00:00:00Z", "2023-01-01T00:00:00Z")
    assert over_set("R003", [release("x", tender=period)])["OCID"]


@pytest.mark.parametrize(
    "period",
    [None, {}, tender("invalid", "2023-01-02T00:00:00Z"), tender("2023-01-01", "x")],
)
def test_r003_leaves_out_what_has_no_period(
    release: Build, over_set: Build, on_one: Judged, period: dict[str, Any] | None
) -> None:
    assert "OCID" not in over_set("R003", [release(tender=period)])
    assert "R003" in on_one("R003", release(tender=period)).gaps


def test_r003_judges_one_release_with_its_figures(
    release: Build, on_one: Judged
) -> None:
    ((_, flag),) = on_one("R003", release(tender=SHORT)).flags
    assert flag.pointer == "/tender/tenderPeriod"
    assert flag.figures["days"] == 14
    assert "14 whole days" in flag.text
    assert on_one("R003", release(tender=LONG)).flags == []


def test_r003_is_stronger_the_shorter_the_period(
    release: Build, on_one: Judged
) -> None:
    hours = tender("2023-01-01T18:00:00Z", "2023-01-02T00:00:00Z")
    ((_, worse),) = on_one("R003", release(tender=hours)).flags
    ((_, flag),) = on_one("R003", release(tender=SHORT)).flags
    assert 0.5 < flag.strength < worse.strength == 1.0
