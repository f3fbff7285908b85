"""Time and randomness: the injected kinds, and their wire form."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.clock import (
    ManualClock,
    SeededRandomness,
    SystemClock,
    SystemRandomness,
    format_time,
    parse_time,
)

ZONES = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 3),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 29),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=ZONES,
)


@given(MOMENTS)
def test_a_time_survives_its_wire_form(moment: datetime) -> None:
    assert parse_time(format_time(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_wire_forms_sort_as_times_do(one: datetime, other: datetime) -> None:
    assert (one < other) == (format_time(one) < format_time(other))


@given(MOMENTS)
def test_parsed_times_are_utc(moment: datetime) -> None:
    assert parse_time(format_time(moment)).tzinfo is UTC


def test_format_has_microseconds_and_z() -> None:
    moment = datetime(2026, 1, 31, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    assert format_time(moment) == "2026-01-31T12:00:00.000000Z"


def test_format_pads_early_years() -> None:
    assert format_time(datetime(5, 1, 1, tzinfo=UTC)) == "0005-01-01T00:00:00.000000Z"


def test_format_refuses_a_naive_time() -> None:
    with pytest.raises(ValueError, match="zone"):
        format_time(datetime(2026, 1, 1))  # noqa: DTZ001 - the point


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01t00:00:00z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01 00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T01:30:00+01:30", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-01-01T00:00:00.5Z", datetime(2026, 1, 1, 0, 0, 0, 500_000, UTC)),
        ("2026-01-01T00:00:00.1234567Z", datetime(2026, 1, 1, 0, 0, 0, 123_456, UTC)),
    ],
)
def test_parse_takes_rfc_3339(text: str, expected: datetime) -> None:
    assert parse_time(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00Z",
        "2026-W01-1T00:00:00Z",
        "20260101T000000Z",
        "2026-01-01T00:00:00,5Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:00+25:00",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "\uff12\uff10\uff12\uff16-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z\n",
    ],
)
def test_parse_refuses_all_else(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


@given(st.text(max_size=40))
def test_parse_fails_only_with_value_error(text: str) -> None:
    try:
        parsed = parse_time(text)
    except ValueError:
        return
    assert parsed.tzinfo is UTC


def test_manual_clock_stands_still() -> None:
    clock = ManualClock()
    assert clock.now() == clock.now() == datetime(2026, 1, 1, tzinfo=UTC)


def test_manual_clock_moves_both_readings() -> None:
    clock = ManualClock()
    clock.advance(2.5)
    assert clock.now() == datetime(2026, 1, 1, 0, 0, 2, 500_000, UTC)
    assert clock.monotonic() == 2.5


def test_manual_clock_goes_back_only_on_the_wall() -> None:
    clock = ManualClock()
    clock.advance(-1)
    assert clock.now() < datetime(2026, 1, 1, tzinfo=UTC)
    assert clock.monotonic() == 0


def test_system_clock_is_utc_and_goes_on() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() <= clock.monotonic()


@pytest.mark.parametrize("source", [SystemRandomness(), SeededRandomness(3)])
@given(low=st.floats(-1e6, 1e6), span=st.floats(0, 1e6))
def test_uniform_stays_within(
    source: SystemRandomness | SeededRandomness, low: float, span: float
) -> None:
    assert low <= source.uniform(low, low + span) <= low + span


def test_seeded_randomness_repeats() -> None:
    one, other = SeededRandomness(7), SeededRandomness(7)
    assert one.token_bytes(16) == other.token_bytes(16)
    assert one.uniform(0, 1) == other.uniform(0, 1)


def test_system_randomness_does_not_repeat() -> None:
    source = SystemRandomness()
    assert len(source.token_bytes(16)) == 16
    assert source.token_bytes(16) != source.token_bytes(16)


@pytest.mark.parametrize("size", [0, 1, 10, 16, 17, 5_000])
def test_system_randomness_is_as_long_as_asked(size: int) -> None:
    assert len(SystemRandomness().token_bytes(size)) == size


def test_what_is_fetched_ahead_is_handed_out_once_over_threads() -> None:
    source = SystemRandomness()
    with ThreadPoolExecutor(8) as threads:
        drawn = list(threads.map(lambda _: source.token_bytes(16), range(2_000)))
    assert len(set(drawn)) == len(drawn)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_draws_anew() -> None:
    source = SystemRandomness()
    source.token_bytes(1)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, source.token_bytes(16))
        os._exit(0)
    os.waitpid(child, 0)
    drawn = os.read(read, 16)
    os.close(read)
    os.close(write)
    assert len(drawn) == 16
    assert drawn != source.token_bytes(16)
