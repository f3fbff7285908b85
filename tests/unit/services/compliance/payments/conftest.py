"""Payments of one account, said in a line."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.evidence import Account, Payment
from integritas.kernel.ids import EvidenceId
from integritas.services.compliance.payments.contract import View
from integritas.services.compliance.payments.seen import Seen, Side, seen_of

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = date(2026, 6, 1)
OWN = "DE89370400440532013000"


def paid(
    amount: str = "100.00",
    to: str = "FR1420041010050500013M02606",
    country: str = "fr",
    currency: str = "EUR",
    day: date = TODAY,
) -> Payment:
    """Return a payment of the account to somebody."""
    return Payment(
        debtor=Account("Payer Ltd", OWN, "de"),
        creditor=Account("Payee Ltd", to, country),
        amount=Decimal(amount),
        currency=currency,
        date=day,
    )


def view_of(payment: Payment, *past: Payment, side: Side = Side.DEBTOR) -> View:
    """Return a payment as an account sees it after earlier ones."""
    own = next(s for s in seen_of(EvidenceId("now"), payment) if s.side is side)
    found: list[Seen] = [
        seen
        for number, earlier in enumerate(past)
        for seen in seen_of(EvidenceId(f"ev{number}"), earlier)
        if seen.account == own.account
    ]
    return View(payment, own, sorted(found, key=lambda seen: seen.date))


@pytest.fixture(scope="session")
def pay() -> Callable[..., Payment]:
    """Return a maker of payments; `ago` counts days before the first of June 2026."""

    def make(amount: str = "100.00", ago: int = 0, **other: str) -> Payment:
        return paid(amount, day=TODAY - timedelta(days=ago), **other)

    return make


@pytest.fixture(scope="session")
def view() -> Callable[..., View]:
    """Return a maker of views."""
    return view_of
