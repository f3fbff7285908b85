"""What is remembered of a payment: enough to compare, no names, no numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from integritas.kernel.evidence import Account, Payment
from integritas.kernel.ids import EvidenceId
from integritas.services.compliance.payments.catalogue import (
    payment_rules,
    reference_page,
)
from integritas.services.compliance.payments.seen import (
    Side,
    account_key,
    countries_of,
    seen_of,
)

PAGE = Path(__file__).parents[5] / "docs" / "reference" / "payment-rules.md"


def test_both_sides_see_it(pay: Callable[..., Payment]) -> None:
    debtor, creditor = seen_of(EvidenceId("ev1"), pay())
    assert (debtor.side, creditor.side) == (Side.DEBTOR, Side.CREDITOR)
    assert (debtor.account, debtor.other) == (creditor.other, creditor.account)
    assert (debtor.country, creditor.country) == ("fr", "de")


def test_no_name_and_no_number_is_kept(pay: Callable[..., Payment]) -> None:
    text = str([asdict(seen) for seen in seen_of(EvidenceId("ev1"), pay())])
    for secret in ("Payer", "Payee", "DE89", "FR14"):
        assert secret not in text


def test_an_account_is_known_however_it_is_written() -> None:
    assert account_key("DE89 3704 0044") == account_key("de8937040044")
    assert account_key("1") != account_key("2")
    assert account_key(None) == account_key("  ") == ""


def test_a_payee_without_a_number_is_known_by_name(
    pay: Callable[..., Payment],
) -> None:
    ones, others = (
        seen_of(EvidenceId("e"), Payment(pay().debtor, payee, *_rest(pay())))[0]
        for payee in (Account("ACME Ltd."), Account("acme limited"))
    )
    assert ones.other == others.other


def _rest(payment: Payment) -> tuple[Decimal, str, date]:
    return payment.amount, payment.currency, payment.date


def test_countries_come_from_the_payment_and_a_valid_iban() -> None:
    assert countries_of(Account("A", "DE89370400440532013000", "FR")) == ("fr", "de")
    assert countries_of(Account("A", "DE00370400440532013000")) == ()
    assert countries_of(Account("A")) == ()


def test_the_reference_page_is_made_of_the_declarations() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), (
        "run: python -m integritas.services.compliance.payments.catalogue"
        " > docs/reference/payment-rules.md"
    )
    assert len(payment_rules().data) == 7
