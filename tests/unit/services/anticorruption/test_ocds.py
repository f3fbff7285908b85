from __future__ import annotations

from typing import Any

import pytest

from integritas.kernel.evidence import Procurement
from integritas.services.anticorruption.api import validate_release
from integritas.services.anticorruption.ocds import (
    MAX_ERRORS,
    check_release,
    choose_release,
)

OK: dict[str, Any] = {"ocid": "ocds-1"}


def paths(release: dict[str, Any]) -> list[str]:
    return [error.path for error in validate_release(Procurement(release))]


def record(**fields: object) -> Procurement:
    return Procurement({"ocid": "ocds-1", **fields}, form="record")  # type: ignore[dict-item]  # JSON


def test_a_sparse_release_is_valid() -> None:
    assert paths(OK) == []
    assert paths({**OK, "tender": None, "bids": {}, "awards": []}) == []


def test_unknown_fields_are_let_through() -> None:
    assert paths({**OK, "x_extension": {"amount": "12"}}) == []


@pytest.mark.parametrize("ocid", [None, "", 7])
def test_an_ocid_is_due(ocid: object) -> None:
    assert "release.ocid" in paths({"ocid": ocid, "id": "1"})


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("100", "must be a number, not the text '100'"),
        (True, "must be a number, not true or false"),
        (-1, "-1 is negative"),
        (float("nan"), "nan is no amount"),
        (float("inf"), "inf is no amount"),
        ([], "must be a number, not a list"),
    ],
)
def test_amounts_are_numbers_of_zero_or_more(amount: object, message: str) -> None:
    release = {**OK, "awards": [{}, {"value": {"amount": amount, "currency": "USD"}}]}
    (error,) = validate_release(Procurement(release))
    assert error.path == "release.awards[1].value.amount"
    assert error.message == message
    assert error.remedy


@pytest.mark.parametrize(
    ("release", "path"),
    [
        ({"tender": []}, "release.tender"),
        ({"tender": {"value": {"currency": 7}}}, "release.tender.value.currency"),
        ({"tender": {"numberOfTenderers": "3"}}, "release.tender.numberOfTenderers"),
        ({"tender": {"numberOfTenderers": -1}}, "release.tender.numberOfTenderers"),
        ({"tender": {"procuringEntity": "P"}}, "release.tender.procuringEntity"),
        (
            {"tender": {"tenderPeriod": {"endDate": "2023-01-01T00:00:00"}}},
            "release.tender.tenderPeriod.endDate",
        ),
        (
            {"tender": {"tenderPeriod": {"endDate": 2023}}},
            "release.tender.tenderPeriod.endDate",
        ),
        ({"date": "yesterday"}, "release.date"),
        ({"tag": "award"}, "release.tag"),
        ({"buyer": {"id": True}}, "release.buyer.id"),
        ({"bids": []}, "release.bids"),
        ({"bids": {"details": {}}}, "release.bids.details"),
        ({"bids": {"details": [None]}}, "release.bids.details[0]"),
        (
            {"bids": {"details": [{"tenderers": {"id": "A"}}]}},
            "release.bids.details[0].tenderers",
        ),
        ({"awards": {"0": {}}}, "release.awards"),
        ({"awards": [{"status": 1}]}, "release.awards[0].status"),
        (
            {"awards": [{"items": [{"classification": {"id": []}}]}]},
            "release.awards[0].items[0].classification.id",
        ),
        ({"parties": [{"roles": "buyer"}]}, "release.parties[0].roles"),
        ({"contracts": [{"dateSigned": "x"}]}, "release.contracts[0].dateSigned"),
        (
            {"planning": {"budget": {"amount": {"amount": "5"}}}},
            "release.planning.budget.amount.amount",
        ),
    ],
)
def test_a_wrong_type_is_named_by_its_path(release: dict[str, Any], path: str) -> None:
    assert paths({**OK, **release}) == [path]


@pytest.mark.parametrize(
    ("release", "path"),
    [
        ({"tender": {"awardCriteria": 5}}, "tender.awardCriteria"),
        ({"tender": {"documents": {}}}, "tender.documents"),
        (
            {"tender": {"amendments": [{"date": "2024"}]}},
            "tender.amendments[0].date",
        ),
        (
            {"awards": [{"items": [{"quantity": "2"}]}]},
            "awards[0].items[0].quantity",
        ),
        (
            {"contracts": [{"implementation": {"transactions": [{"value": 3}]}}]},
            "contracts[0].implementation.transactions[0].value",
        ),
        (
            {"parties": [{"address": {"postalCode": 10115}}]},
            "parties[0].address.postalCode",
        ),
        (
            {"parties": [{"contactPoint": {"telephone": 30}}]},
            "parties[0].contactPoint.telephone",
        ),
    ],
)
def test_what_few_indicators_read_is_told_and_does_not_stop_an_assessment(
    release: dict[str, Any], path: str
) -> None:
    (error,) = check_release({**OK, **release})
    assert error.path == path
    assert paths({**OK, **release}) == []


def test_an_empty_ocid_is_said_to_be_empty() -> None:
    (error,) = check_release({"ocid": ""})
    assert (error.path, error.message) == ("ocid", "is empty")


def test_numbers_may_stand_for_identifiers() -> None:
    assert paths({**OK, "buyer": {"id": 7}, "awards": [{"id": 1}]}) == []


def test_everything_wrong_is_told_up_to_a_limit() -> None:
    assert len(paths({**OK, "awards": [1] * (MAX_ERRORS * 2)})) == MAX_ERRORS


def test_check_release_gives_paths_within_the_release() -> None:
    (error,) = check_release({**OK, "awards": [7]})
    assert error.path == "awards[0]"


def test_a_record_needs_a_release() -> None:
    (error,) = validate_release(record())
    assert (error.path, error.message) == ("record", "has no release")


def test_a_record_is_checked_through() -> None:
    content = record(
        compiledRelease={"ocid": "ocds-1", "awards": 1},
        releases=[{"ocid": "ocds-1", "tender": 2}, {"url": "https://example.org/1"}],
    )
    found = [error.path for error in validate_release(content)]
    assert found == ["record.compiledRelease.awards", "record.releases[0].tender"]


def test_a_record_holds_one_process() -> None:
    (error,) = validate_release(record(compiledRelease={"ocid": "ocds-2"}))
    assert error.path == "record.compiledRelease.ocid"


def test_a_release_stands_for_itself() -> None:
    chosen = choose_release(Procurement(OK))
    assert chosen is not None
    assert (chosen.release, chosen.pointer) == (OK, "")


def test_a_compiled_release_stands_for_its_record() -> None:
    compiled = {"ocid": "ocds-1", "id": "c"}
    chosen = choose_release(record(compiledRelease=compiled, releases=[OK]))
    assert chosen is not None
    assert (chosen.release, chosen.pointer) == (compiled, "/compiledRelease")


def test_else_the_latest_release_does() -> None:
    releases = [
        {"ocid": "ocds-1", "date": "2023-01-02T00:00:00Z"},
        {"ocid": "ocds-1", "date": "2023-01-02T01:00:00+02:00"},
        {"ocid": "ocds-1"},
        {"url": "https://example.org/1", "date": "2024-01-01T00:00:00Z"},
    ]
    chosen = choose_release(record(releases=releases))
    assert chosen is not None
    assert chosen.pointer == "/releases/0"
    same_day = [releases[0], releases[0]]
    chosen = choose_release(record(releases=same_day))
    assert chosen is not None
    assert chosen.pointer == "/releases/1"


def test_linked_releases_cannot_stand_for_a_record() -> None:
    assert choose_release(record(releases=[{"url": "https://example.org/1"}])) is None
