from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.anticorruption.timestamps import (
    NANOSECONDS_PER_DAY,
    least_span,
    parse_timestamp,
    whole_days,
)


def moment(text: str) -> int:
    found = parse_timestamp(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "2023-01-02T03:04:05Z",
        "2023-01-02t03:04:05z",
        "2023-01-02 03:04:05Z",
        "2023-01-02T05:04:05+02:00",
        "2023-01-01T22:04:05-05:00",
        "2023-01-02T03:04:05.000000000Z",
    ],
)
def test_parse_timestamp_knows_the_spellings_of_one_moment(text: str) -> None:
    assert moment(text) == moment("2023-01-02T03:04:05Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "invalid",
        "2023-01-02",
        "2023-01-02T03:04:05",
        "2023-13-02T03:04:05Z",
        "2023-02-30T03:04:05Z",
        "2023-01-02T24:00:00Z",
        "2023-01-02T03:60:00Z",
        "2023-01-02T03:04:61Z",
        "2023-01-02T03:04:05+24:00",
        "2023-01-02T03:04:05+01:60",
        "2023-01-02T03:04:05+0100",
        " 2023-01-02T03:04:05Z",
        "2023-01-02T03:04:05Zx",
        "0000-01-02T03:04:05Z",
        "२०२३-01-02T03:04:05Z",
    ],
)
def test_parse_timestamp_refuses_what_is_not_rfc3339(text: str) -> None:
    assert parse_timestamp(text) is None


def test_parse_timestamp_keeps_nanoseconds_and_drops_what_is_finer() -> None:
    whole = moment("2023-01-02T03:04:05Z")
    assert moment("2023-01-02T03:04:05.1234567899Z") - whole == 123_456_789


def test_parse_timestamp_counts_a_leap_second() -> None:
    assert moment("2016-12-31T23:59:60Z") == moment("2017-01-01T00:00:00Z")


@given(
    st.datetimes(
        min_value=datetime(2, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(9998, 1, 1),  # noqa: DTZ001 - as above
        timezones=st.integers(-23 * 60, 23 * 60).map(
            lambda minutes: timezone(timedelta(minutes=minutes))
        ),
    )
)
def test_parse_timestamp_agrees_with_datetime(when: datetime) -> None:
    span = when - datetime(1, 1, 1, tzinfo=UTC)
    micros = span // timedelta(microseconds=1)
    assert parse_timestamp(when.isoformat()) == micros * 1000


@pytest.mark.parametrize(
    ("span", "days"),
    [
        (0, 0),
        (NANOSECONDS_PER_DAY - 1, 0),
        (NANOSECONDS_PER_DAY, 1),
        (-1, 0),
        (-NANOSECONDS_PER_DAY, -1),
        (-NANOSECONDS_PER_DAY - 1, -1),
    ],
)
def test_whole_days_drops_the_broken_day_towards_zero(span: int, days: int) -> None:
    assert whole_days(1_000, 1_000 + span) == days


@given(st.integers(-9, 9), st.integers(-2, 2), st.integers(-9, 9))
def test_a_span_is_of_fewer_days_below_the_least_span(
    days: int, off: int, enough: int
) -> None:
    span = days * NANOSECONDS_PER_DAY + off
    assert (span < least_span(enough)) == (whole_days(0, span) < enough)


@pytest.mark.parametrize(
    "text",
    [
        "2023-W01-1T00:00:00Z",
        "2023-01-01T24:00:00Z",
        "2023-01-01T000000.0Z",
        "2023-02-30T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "٢٠٢٣-01-01T00:00:00Z",
    ],
)
def test_what_only_looks_like_the_common_form_is_none(text: str) -> None:
    assert parse_timestamp(text) is None


def test_what_was_parsed_before_is_the_same_again() -> None:
    text = "2023-01-01T00:00:59Z"
    assert (
        parse_timestamp(text)
        == parse_timestamp(text)
        == parse_timestamp("2023-01-01T00:00:59+00:00")
    )
