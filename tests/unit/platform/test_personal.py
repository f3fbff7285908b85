from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.platform import personal
from integritas.platform.personal import (
    PersonalKind,
    find_personal,
    redact,
)


def found(text: str, region: str | None = None) -> list[tuple[str, str]]:
    return [(f.kind.value, text[f.start : f.end]) for f in find_personal(text, region)]


@pytest.mark.parametrize(
    ("text", "kind", "piece"),
    [
        ("write to ana.lopez+x@example.org.", "email", "ana.lopez+x@example.org"),
        ("call +49 30 901820 now", "phone", "+49 30 901820"),
        ("to DE89 3704 0044 0532 0130 00 today", "iban", "DE89 3704 0044 0532 0130 00"),
        ("NL91ABNA0417164300", "iban", "NL91ABNA0417164300"),
        ("card 4111 1111 1111 1111 exp", "card", "4111 1111 1111 1111"),
        ("card 5555-5555-5555-4444 exp", "card", "5555-5555-5555-4444"),
        ("card 3782 822463 10005 exp", "card", "3782 822463 10005"),
        ("NIR 270107550826750", "national_id", "270107550826750"),  # Luhn holds too
        ("DNI 54362315K", "national_id", "54362315K"),
        ("CPF 390.533.447-05", "national_id", "390.533.447-05"),
        ("tax id 36574261809", "national_id", "36574261809"),
        ("date of birth: 12.03.1971", "birth_date", "12.03.1971"),
        ("born on March 12, 1971 in", "birth_date", "March 12, 1971"),
        ("from 203.0.113.7 at", "ip_address", "203.0.113.7"),
        ("from fe::be at", "ip_address", "fe::be"),
        ("from 2001:db8::8a2e:370:7334 at", "ip_address", "2001:db8::8a2e:370:7334"),
    ],
)
def test_personal_data_is_found_where_it_stands(
    text: str, kind: str, piece: str
) -> None:
    assert found(text) == [(kind, piece)]


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 01",  # wrong check digits
        "4111 1111 1111 1112",
        "tracking 3879109670288308",  # Luhn holds, but nobody issues such
        "DNI 54362315A",
        "order 36574261809",  # a valid checksum, but nothing says it is an id
        "meeting on 12.03.1971",
        "version 1.2.3.4.5, ratio 10:30:45",
        "user@localhost",
        "EUR 1,200.00 on 2026-01-31",
        "",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_national_number_needs_its_region() -> None:
    assert found("ring 030 901820", None) == []
    assert found("ring 030 901820", "DE") == [("phone", "030 901820")]


def test_redaction_keeps_the_rest() -> None:
    text = "Ana <ana@example.org>, IBAN NL91ABNA0417164300."
    assert redact(text, find_personal(text)) == "Ana <[email]>, IBAN [iban]."


def test_numbers_of_an_iban_are_no_phone_number() -> None:
    text = "IBAN DE89 3704 0044 0532 0130 00, tel. 030 901820"
    assert [kind for kind, _ in found(text, "DE")] == ["iban", "phone"]


@given(st.text(max_size=200))
def test_pieces_are_in_order_and_apart(text: str) -> None:
    pieces = find_personal(text)
    assert all(0 <= p.start < p.end <= len(text) for p in pieces)
    assert all(a.end <= b.start for a, b in pairwise(pieces))
    assert all(isinstance(p.kind, PersonalKind) for p in pieces)


# What is searched for, said plainly; the patterns in use are written for speed.
_HEX = "[0-9a-fA-F]{0,4}"
PLAIN = {
    "_IBAN": r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{2,4}){3,8}\b",
    "_CARD": r"(?<![\w.+-])(?<!\d )\d(?:[ -]?\d){12,18}(?![\w-])(?! \d)",
    "_IP": r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}"
    rf"|{_HEX}(?::{_HEX}){{2,7}})(?![\w:]|\.\d)",
    "_BORN": r"(?i)\b(?:born|birth|birthdate|birthday|d\.?o\.?b\.?|geboren|geb\.|né|née"
    r"|nacid[oa]|nascid[oa]|nacimiento|naissance|geburtsdatum)\b[^\d\n]{0,24}?"
    r"(\d{4}-\d{2}-\d{2}|\d{1,2}[./ -]\d{1,2}[./ -]\d{2,4}"
    r"|\d{1,2}\.? \w{3,9} \d{4}|\w{3,9} \d{1,2}, \d{4})",
    "_NUMBER": r"(?<![\w.+/-])(?:\d{1,6}(?: \d{2,5}){1,6}"
    r"|[A-Z0-9]{1,18}(?:[./+-][A-Z0-9]{1,9}){0,4})(?!\w)",
}
EMAIL = r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?![\w@])"
PIECES = st.sampled_from(
    [
        "born",
        "Née ",
        "d.o.b.",
        "geb.",
        "1.2.3.4",
        "::1",
        "fe80::1",
        "a@b.com",
        "@x.yy",
        "@@",
        "DE89",
        "3704",
        "0044",
        "0532",
        "4111 1111 1111 1111",
        "1980-01-02",
        "March 12, 1971",
        "12345678Z",
        "+34 600",
        "_",
        "é",
        "٣",
        " ",
        "\n",
        ".",
        "-",
        ":",
        "1",
        "23",
        "A",
        "x",
    ]
)


@given(st.lists(PIECES | st.characters(), max_size=30).map("".join))
def test_the_fast_patterns_find_what_the_plain_ones_do(text: str) -> None:
    for name, plain in PLAIN.items():
        expected = [(m.span(), m.groups()) for m in re.finditer(plain, text)]
        fast = getattr(personal, name).finditer(text)
        assert [(m.span(), m.groups()) for m in fast] == expected, name
    emails = [m.span() for m in re.finditer(EMAIL, text)]
    assert list(personal._emails(text)) == emails
