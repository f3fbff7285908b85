"""Which evidence is about a person, and which is not."""

from __future__ import annotations

import base64
from datetime import date
from decimal import Decimal

import pytest

from integritas.kernel.evidence import (
    MAIL,
    Account,
    Content,
    Message,
    Party,
    Payment,
    Procurement,
)
from integritas.services.compliance.subjects import subject_matcher

ASKED = {
    "names": ["Jane Roe"],
    "accounts": ["DE89 3704 0044 0532 0130 00"],
    "emails": ["jane@example.org"],
    "identifiers": ["X1234567"],
}
BODY = base64.b64encode("Please call jane  ROE.".encode("utf-16-le")).decode()
HEADERS = "From: a@b.c\nContent-Type: text/plain; charset=utf-16-le\n"


def pay(name: str, number: str | None = None) -> Payment:
    to = Account(name, number)
    return Payment(Account("X"), to, Decimal(1), "EUR", date(2026, 1, 1))


@pytest.mark.parametrize(
    "content",
    [
        Party("Person", {"name": ("Roe, Jane",)}),
        Party("Person", {"name": ("J",), "alias": ("JANE ROE",)}),
        Party("Person", {"name": ("J",), "passportNumber": ("x1234567",)}),
        pay("ROE Jane"),
        pay("Somebody", "DE89370400440532013000"),
        Message(b"write to Jane@Example.org"),
        Message(b"jane\n   roe came"),
        Message(f"{HEADERS}Content-Transfer-Encoding: base64\n\n{BODY}".encode(), MAIL),
        Message(b"From: Jane Roe <j@x.y>\nSubject: hi\n\nhi", MAIL),
        Message(b"Content-Type: text/plain; charset=nonsense\n\njane roe", MAIL),
        Procurement({"ocid": "o", "buyer": {"name": "Jane Roe"}}),
    ],
)
def test_it_is_about_her(content: Content) -> None:
    assert subject_matcher(ASKED)(content)


@pytest.mark.parametrize(
    "content",
    [
        Party("Person", {"name": ("Jane Roebuck",)}),
        Party("Person", {"name": ("Roe",)}),
        pay("Jane"),
        Message(b"Jane came. Roe went."),
        Procurement({"ocid": "o"}),
    ],
)
def test_it_is_about_somebody_else(content: Content) -> None:
    assert not subject_matcher(ASKED)(content)


def test_looking_for_nothing_finds_nobody() -> None:
    nobody = subject_matcher({"names": ["..."], "accounts": [" "]})
    assert not nobody(pay("...", None))
    assert not nobody(Party("Person", {"name": ("x",)}))
