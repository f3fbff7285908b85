"""What header fields say of each other, and that none of them can break it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.evidence import MAIL, Message
from integritas.services.spam.parsing import parse_message
from integritas.services.spam.signals import say
from integritas.services.spam.transport import transport_signals

HONEST = {
    "Received": "from mail.x.example (mail.x.example [10.0.0.1]) by here.example;"
    " Mon, 5 Jan 2026 10:00:20 +0100",
    "From": '"Ann" <ann@x.example>',
    "To": "bob@here.example",
    "Subject": "lunch",
    "Date": "Mon, 5 Jan 2026 09:00:00 GMT",
    "Message-ID": "<1@mail.x.example>",
}


def signals(**changed: str | None) -> set[str]:
    """Return the signals of an honest mail with some fields changed or taken away."""
    fields = HONEST | {name.replace("_", "-"): text for name, text in changed.items()}
    lines = [f"{name}: {text}\n" for name, text in fields.items() if text is not None]
    raw = ("".join(lines) + "\nhello").encode()
    return set(transport_signals(parse_message(Message(raw, MAIL))))


def test_an_honest_mail_fits_itself() -> None:
    assert signals() >= {
        "hops=1",
        "recipients=1",
        "sender=quoted",
        "zone=0",
        "skew=about its own",
        "message id=the sender's",
        "sender on the way=yes",
        "first server=its name",
        "date form=a, 0 a 0 0:0:0 a",
    }


@pytest.mark.parametrize(
    ("field", "text", "signal"),
    [
        ("Date", None, "date=none"),
        ("Date", "soon", "date=cannot be read"),
        ("Date", "Mon, 31 Feb 2026 09:00:00 GMT", "date=cannot be read"),
        ("Date", "Mon, 5 Jan 2026 09:00:00", "zone=none"),
        ("Date", "Mon, 5 Jan 2026 09:00:00 -1900", "zone=-19"),
        ("Date", "5 January 26 14:00:00 +0500", "skew=about its own"),
        ("Date", "Mon, 5 Jan 2026 14:30 +0530", "skew=about its own"),
        ("Date", "Mon, 5 Jan 2026 04:30:00 -0430", "skew=about its own"),
        ("Date", "Mon, 5 Jan 2026 10:30:00 GMT", "skew=in its future"),
        ("Date", "Mon, 5 Jan 2026 09:10:00 GMT", "skew=a little in its future"),
        ("Date", "Mon, 5 Jan 2026 08:30:00 GMT", "skew=an hour before"),
        ("Date", "Sun, 4 Jan 2026 18:00:00 GMT", "skew=a day before"),
        ("Date", "1 Jan 102 18:00:00 GMT", "skew=days before"),
        ("From", "ann@x.example", "sender=an address alone"),
        ("From", "Ann <ann@y.example>", "sender on the way=no"),
        ("From", "Ann <ann@y.example>", "message id=a server's on the way"),
        ("Message_ID", None, "message id=none"),
        ("Message_ID", "<1>", "message id=of no domain"),
        ("Message_ID", "<1@z.test>", "message id=another's"),
        ("To", None, "recipients=none"),
        ("To", "Undisclosed Recipients:;", "recipients=undisclosed"),
        ("To", "a@b.example, " * 9, "recipients=4"),
        ("Reply_To", "ann@mail.x.example", "reply to=its own"),
        ("Reply_To", "ann@y.example", "reply to=another"),
        ("Return_Path", "<ann@x.example>", "return path=yes"),
        ("Return_Path", "<bounce@y.example>", "return path=no"),
        ("Received", "by here.example", "first server=nothing"),
        ("Received", "from [10.0.0.1] by here", "first server=a number"),
        ("Received", "from home by here", "first server=a single word"),
        (
            "Received",
            "from x.example by h",
            "first server=a name that was not looked up",
        ),
        ("Received", "from x.example (y.test [10.0.0.1])", "first server=another name"),
    ],
)
def test_what_does_not_fit_is_told(field: str, text: str | None, signal: str) -> None:
    assert signal in signals(**{field: text})


def test_each_signal_has_a_sentence() -> None:
    assert all(
        say(signal) for signal in signals(Reply_To="a@b.c", Return_Path="<a@b.c>")
    )
    assert say("zone=-19") == "time zone of the date: -19"


_FIELDS = st.sampled_from(
    ["Received", "Date", "From", "To", "Reply-To", "Return-Path", "Message-ID"]
)
_DATES = [b"5 Jan 2026 9:00", b" +9999", b"99 Feb 0000 99:99:99 ", b"0000"]
_SIGNS = [b"@", b"<", b"; ", b"from ", b"(a [", b"[1.", b"\xff", b".", b"..", b" "]
_PIECES = st.sampled_from([*_DATES, *_SIGNS])


@given(st.lists(st.tuples(_FIELDS, st.lists(_PIECES, max_size=6)), max_size=12))
def test_no_field_breaks_it(fields: list[tuple[str, list[bytes]]]) -> None:
    lines = [name.encode() + b": " + b"".join(some) for name, some in fields]
    raw = b"\n".join([*lines, b"Subject: x", b"", b"hello"])
    for signal in transport_signals(parse_message(Message(raw, MAIL))):
        assert say(signal).isascii() or "\ufffd" in signal
