from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.evidence import Account, Message, Party, Payment, Procurement
from integritas.services.compliance.queries import (
    check_party,
    parse_birth_date,
    questions,
)
from integritas.services.compliance.screening import Query

if TYPE_CHECKING:
    from collections.abc import Callable

    from integritas.kernel.contracts import Dossier

PARTY = Party(
    schema="Person",
    properties={
        "name": ("Mikhail Orlov", "Mikhail Orlov"),
        "alias": ("Misha", " "),
        "birthDate": ("1971-03-12", "unknown"),
        "nationality": ("ru", "Atlantis"),
        "passportNumber": ("7712345678",),
    },
)
PAYMENT = Payment(
    debtor=Account("Jane Roe", country="de"),
    creditor=Account("Silver Heron"),
    amount=Decimal(1),
    currency="EUR",
    date=date(2026, 1, 1),
)


def test_a_party_is_asked_for_under_all_its_names(
    dossier: Callable[..., Dossier],
) -> None:
    (question,) = questions(dossier(PARTY))
    assert question.queries == tuple(
        Query(name, "Person", ("1971-03-12",), ("ru",), ("7712345678",))
        for name in ("Mikhail Orlov", "Misha")
    )
    assert question.path == "/properties/name"


def test_both_sides_of_a_payment_are_asked_for(dossier: Callable[..., Dossier]) -> None:
    debtor, creditor = questions(dossier(PAYMENT))
    assert debtor.queries == (Query("Jane Roe", countries=("de",)),)
    assert (debtor.path, creditor.path) == ("/debtor/name", "/creditor/name")
    assert (debtor.role, creditor.role) == ("Debtor", "Creditor")


def test_other_evidence_asks_nothing(dossier: Callable[..., Dossier]) -> None:
    other = dossier(Message(b"Mikhail Orlov"), Procurement({"ocid": "x"}))
    assert list(questions(other)) == []


def test_questions_come_in_the_order_of_evidence(
    dossier: Callable[..., Dossier],
) -> None:
    asked = questions(dossier(PAYMENT, PARTY))
    assert [q.evidence.id for q in asked] == ["ev_0", "ev_0", "ev_1"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1971-03-12", "1971-03-12"),
        ("1971-03-12T00:00:00Z", "1971-03-12"),
        ("1971-03", "1971-03"),
        (" 1971 ", "1971"),
        ("12 Mar 1971", None),
        ("1950-13-99", None),
        ("1971-02-30", None),
        ("0000", None),
        ("19711", None),
        ("", None),
    ],
)
def test_dates_may_be_partial(text: str, found: str | None) -> None:
    assert parse_birth_date(text) == found


def test_impossible_dates_of_a_party_are_named() -> None:
    dates = ("1971", "1950-13-99", "")
    party = Party("Person", {"name": ("A",), "birthDate": dates})
    (error,) = check_party(party)
    assert (error.path, bool(error.remedy)) == ("properties.birthDate[1]", True)
    assert check_party(Message(b"x")) == ()


def test_a_schema_that_is_none_of_a_party_is_named() -> None:
    (error,) = check_party(Party("Persn", {"name": ("A",)}))
    assert error.path == "schema"
    assert "Person" in error.remedy
    assert check_party(Party("Vessel", {"name": ("A",)})) == []
