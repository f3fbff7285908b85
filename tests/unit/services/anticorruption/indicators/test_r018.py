from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.scoring import Opinion

Build = Callable[..., dict[str, Any]]
Judged = Callable[..., Opinion]


def tender(method: str | None, number: object) -> dict[str, Any]:
    return {"procurementMethod": method, "numberOfTenderers": number}


@pytest.mark.parametrize(
    ("method", "number", "flagged"),
    [
        ("open", 1, True),
        ("selective", 1, True),
        ("limited", 1, False),
        ("direct", 1, False),
        (None, 1, False),
        ("open", 0, False),
        ("open", 2, False),
        ("open", 1.0, False),
        ("open", "1", False),
    ],
)
def test_r018_flags_one_tenderer_in_a_contest(
    release: Build, over_set: Build, method: str | None, number: object, flagged: bool
) -> None:
    found = over_set("R018", [release("x", tender=tender(method, number))])
    assert ("OCID" in found) is flagged


def test_r018_looks_at_the_methods_asked_for(release: Build, over_set: Build) -> None:
    releases = [release(m, tender=tender(m, 1)) for m in ("open", "limited")]
    found = over_set("R018", releases, "procurement_methods = limited")
    assert set(found["OCID"]) == {"limited"}


def test_r018_looks_at_all_methods_if_the_list_is_empty(
    release: Build, over_set: Build
) -> None:
    found = over_set(
        "R018", [release("x", tender=tender(None, 1))], "procurement_methods ="
    )
    assert found["OCID"] == {"x": {"R018": 1.0}}


def test_r018_judges_one_release(release: Build, on_one: Judged) -> None:
    ((_, flag),) = on_one("R018", release(tender=tender("open", 1))).flags
    assert flag.pointer == "/tender/numberOfTenderers"
    assert on_one("R018", release(tender=tender("open", 4))).flags == []


@pytest.mark.parametrize(
    ("method", "number", "why"),
    [
        ("direct", 1, "direct"),
        (None, 1, "not given"),
        ("open", None, "numberOfTenderers"),
    ],
)
def test_r018_says_what_it_lacks(
    release: Build, on_one: Judged, method: str | None, number: object, why: str
) -> None:
    assert why in on_one("R018", release(tender=tender(method, number))).gaps["R018"]
