"""What the transport of a mail says: whether its header fields fit each other.

Programs that send junk forge fields one by one: a date in the future or in a zone that
is none, a Message-ID of another domain, a first server that calls itself by a number.
RFC 5322 (fields, dates), RFC 5321 (trace fields).
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.spam.parsing import MessageView

__all__ = ["transport_signals"]

_ORDERED: Final = frozenset(
    (
        b"received",
        b"from",
        b"to",
        b"subject",
        b"date",
        b"message-id",
        b"mime-version",
        b"content-type",
        b"x-mailer",
        b"reply-to",
    )
)
_LONGEST: Final = 1_000  # bytes of a field that are looked at
_HOPS: Final = 30
_MOST_RECIPIENTS: Final = 4
_MINUTE: Final = 60
_HOUR: Final = 3_600
# How long before the first server had it a mail says it was written: up to, in seconds.
_SKEWS: Final = (
    (-_HOUR, "in its future"),
    (-2 * _MINUTE, "a little in its future"),
    (10 * _MINUTE, "about its own"),
    (_HOUR + 100, "an hour before"),
    (24 * _HOUR, "a day before"),
)

_DOMAIN: Final = re.compile(rb"@([\w.-]+)")
_NUMERIC: Final = re.compile(rb"\[?\d+\.")
_GREETING: Final = re.compile(rb"\s*from\s+(\S+)", re.IGNORECASE)
_REVERSED: Final = re.compile(rb"\(([\w.-]+)\s*\[")
_DATE: Final = re.compile(
    rb"\s*(?:[A-Za-z]+,?\s*)?(\d{1,2})\s+([A-Za-z]{3})[a-z]*\s+(\d{2,4})"
    rb"\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s*(?:([+-]\d{2})(\d\d)|([A-Z]{1,4}))?"
)
_SHAPES: Final = bytes(
    48 if 48 <= code <= 57 else 97 if chr(code).isalpha() and code < 128 else code
    for code in range(256)
)
_AGAIN: Final = re.compile(rb"(?<=0)0+|(?<=a)a+")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        b"jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
_ZONES: Final = {
    b"UT": 0, b"UTC": 0, b"GMT": 0, b"Z": 0, b"EST": -5, b"EDT": -4, b"CST": -6,
    b"CDT": -5, b"MST": -7, b"MDT": -6, b"PST": -8, b"PDT": -7,
}  # fmt: skip


class _Moment(NamedTuple):
    """A time in seconds, and the hours of its zone, None where it names none."""

    seconds: int
    zone: int | None


def transport_signals(message: MessageView) -> list[str]:
    """Return the signals of a mail's header fields."""
    first: dict[bytes, bytes] = {}
    hops: list[bytes] = []
    names: list[bytes] = []
    for name, value in message.fields:
        if name == b"received":
            hops.append(value[:_LONGEST])
        elif name == b"return-path":
            first.setdefault(name, value[:_LONGEST])
            continue
        elif name in _ORDERED:
            first.setdefault(name, value[:_LONGEST])
        else:
            continue
        names.append(name)
    sender = first.get(b"from", b"")
    return [
        "order=" + b" ".join(names)[-60:].decode(),
        f"hops={min(9, len(hops))}",
        *_addresses(first, sender),
        *_sent(first.get(b"date"), hops),
        *_servers(hops[-_HOPS:], _domain(sender), first.get(b"message-id")),
    ]


def _addresses(first: dict[bytes, bytes], sender: bytes) -> list[str]:
    """Return how sender, answers and recipients are written, and if they fit."""
    to, answers = first.get(b"to"), _domain(first.get(b"reply-to", b""))
    if to is None:
        recipients = "none"
    elif b"undisclosed" in to.lower():
        recipients = "undisclosed"
    else:
        recipients = str(min(_MOST_RECIPIENTS, to.count(b"@")))
    form = "quoted" if sender.startswith(b'"') else "plain"
    found = [
        f"recipients={recipients}",
        f"sender={form if b'<' in sender else 'an address alone'}",
    ]
    if answers:
        same = _owner(answers) == _owner(_domain(sender))
        found.append(f"reply to={'its own' if same else 'another'}")
    if b"return-path" in first:
        ends = (
            sender[-12:].strip(b"<> \n"),
            first[b"return-path"][-12:].strip(b"<> \n"),
        )
        found.append(f"return path={'yes' if ends[0] == ends[1] else 'no'}")
    return found


def _sent(said: bytes | None, hops: Sequence[bytes]) -> list[str]:
    """Return how the date is written, and whether the first server's fits it."""
    if said is None:
        return ["date=none"]
    form = _AGAIN.sub(b"", said[:60].translate(_SHAPES))
    found = [f"date form={form[:40].decode('ascii', 'replace')}"]
    sent = _moment(said)
    if sent is None:
        return [*found, "date=cannot be read"]
    found.append(f"zone={'none' if sent.zone is None else sent.zone}")
    for hop in reversed(hops):
        taken = _moment(hop.rpartition(b";")[2])
        if taken is not None:
            late = taken.seconds - sent.seconds
            skew = next((name for least, name in _SKEWS if late < least), "days before")
            return [*found, f"skew={skew}"]
    return found


def _servers(
    hops: Sequence[bytes], sender: bytes, message_id: bytes | None
) -> list[str]:
    """Return whether sender and Message-ID are of the servers on the way."""
    way = b"\n".join(hops).lower()
    found = [f"message id={_origin(message_id, sender, way)}"]
    if not hops:
        return found
    own = bool(sender) and _owner(sender) in way
    found.append(f"sender on the way={'yes' if own else 'no'}")
    greeting, known = _GREETING.match(hops[-1]), _REVERSED.search(hops[-1])
    if greeting is None:
        named = "nothing"
    elif _NUMERIC.match(greeting[1]):
        named = "a number"
    elif b"." not in greeting[1]:
        named = "a single word"
    elif known is None:
        named = "a name that was not looked up"
    else:
        same = _owner(greeting[1].lower()) == _owner(known[1].lower())
        named = "its name" if same else "another name"
    return [*found, f"first server={named}"]


def _origin(message_id: bytes | None, sender: bytes, way: bytes) -> str:
    if message_id is None:
        return "none"
    domain = _domain(message_id)
    if not domain:
        return "of no domain"
    owner = _owner(domain)
    if owner == _owner(sender):
        return "the sender's"
    return "a server's on the way" if owner in way else "another's"


def _domain(value: bytes) -> bytes:
    found = _DOMAIN.search(value)
    return found[1].lower().rstrip(b".") if found else b""


def _owner(domain: bytes) -> bytes:
    """Return the last two labels of a domain."""
    return b".".join(domain.rsplit(b".", 2)[-2:])


def _moment(text: bytes) -> _Moment | None:
    """Return the time that a date says, None if it is none."""
    found = _DATE.match(text)
    if found is None:
        return None
    day, name, year, hour, minute, second, zone, minutes, letters = found.groups()
    month = _MONTHS.get(name.lower())
    if month is None:
        return None
    in_full = int(year) + (0 if len(year) > 2 else 2000 if int(year) < 50 else 1900)
    try:
        days = date(in_full, month, int(day)).toordinal()
    except ValueError:
        return None
    hours = int(zone) if zone else _ZONES.get(letters)
    away = 0 if hours is None else hours * _HOUR
    if zone:
        away += int(minutes) * (-_MINUTE if zone[:1] == b"-" else _MINUTE)
    clock = int(hour) * _HOUR + int(minute) * _MINUTE + int(second or 0)
    return _Moment(days * 24 * _HOUR + clock - away, hours)
