"""Time and randomness as injected things.

Times are timezone-aware UTC datetimes with microseconds; on the wire and in SQLite
they are RFC 3339 text with a `Z` (docs/adr/0009).
"""

from __future__ import annotations

import os
import random
import re
import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

__all__ = [
    "Clock",
    "ManualClock",
    "Randomness",
    "SeededRandomness",
    "SystemClock",
    "SystemRandomness",
    "format_time",
    "parse_time",
]

# Section 5.6, with the space its note allows; more than microseconds is cut off.
_RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


class Clock(Protocol):
    """Tells the time; every component is given one."""

    def now(self) -> datetime:
        """Return the current time, UTC, timezone-aware."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never goes back."""
        ...


class Randomness(Protocol):
    """A source of random numbers; every component that needs one is given one."""

    def token_bytes(self, size: int) -> bytes:
        """Return `size` random bytes."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """Return a float drawn evenly from [low, high]."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return `time.monotonic()`, in seconds."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until told to move: for tests and replays."""

    def __init__(self, start: datetime | None = None) -> None:
        """Start at `start`, or at 2026-01-01T00:00:00Z."""
        self._now = start or datetime(2026, 1, 1, tzinfo=UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        """Return the time the clock was left at."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds advanced so far."""
        return self._monotonic

    def advance(self, seconds: float) -> None:
        """Move both readings forward (the wall clock also back, if negative)."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += max(seconds, 0.0)


class _Stock:
    """The operating system's randomness, fetched ahead.

    Each fetch gives up the interpreter lock, which a busy process has to wait for
    again: longer than for all else that an id costs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes, self._used = b"", 0
        if hasattr(os, "register_at_fork"):  # two processes must not draw the same
            os.register_at_fork(after_in_child=self._begin_anew)

    def take(self, size: int) -> bytes:
        with self._lock:
            start, end = self._used, self._used + size
            if end > len(self._bytes):
                self._bytes, start, end = os.urandom(_STOCK_BYTES), 0, size
            self._used = end
            return self._bytes[start:end]

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._bytes, self._used = b"", 0


_STOCK_BYTES: Final = 4_096
_SMALL: Final = 16
_STOCK: Final = _Stock()


class SystemRandomness:
    """The operating system's randomness."""

    def token_bytes(self, size: int) -> bytes:
        """Return `size` bytes fit for keys and salts.

        What is no longer than an id or a salt comes of bytes fetched ahead.
        """
        return _STOCK.take(size) if size <= _SMALL else secrets.token_bytes(size)

    def uniform(self, low: float, high: float) -> float:
        """Return a float drawn evenly from [low, high]."""
        return low + (high - low) * (secrets.randbits(53) / (1 << 53))


class SeededRandomness:
    """Repeatable randomness: for tests and generators, never for keys."""

    def __init__(self, seed: int) -> None:
        """Seed the generator."""
        self._random = random.Random(seed)  # noqa: S311 - repeatability is the point

    def token_bytes(self, size: int) -> bytes:
        """Return `size` repeatable bytes."""
        return self._random.randbytes(size)

    def uniform(self, low: float, high: float) -> float:
        """Return a repeatable float from [low, high]."""
        return self._random.uniform(low, high)


def format_time(moment: datetime) -> str:
    """Return RFC 3339 text in UTC with six digits of microseconds and `Z`.

    Raises:
        ValueError: `moment` has no time zone.
    """
    if moment.tzinfo is None:
        message = "a time needs a zone: got a naive datetime"
        raise ValueError(message)
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def parse_time(text: str) -> datetime:
    """Return the UTC datetime of RFC 3339 text.

    Raises:
        ValueError: not RFC 3339, or without an offset.
    """
    if _RFC_3339.fullmatch(text) is None:
        message = f"{text!r} is not a time such as 2026-01-31T12:00:00Z, with an offset"
        raise ValueError(message)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        message = f"{text!r} is out of range"
        raise ValueError(message) from error
