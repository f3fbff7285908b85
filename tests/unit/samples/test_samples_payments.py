"""Account numbers check, amounts are exact."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

import pytest

from integritas.samples.api import generate
from integritas.samples.payments import iban, payment

# Lengths of the ISO 13616 registry, written down apart from the generator's table.
LENGTHS = {
    "ae": 23, "be": 16, "bg": 22, "br": 29, "de": 22, "es": 24, "fr": 27,
    "gb": 22, "gr": 27, "it": 27, "nl": 18, "pl": 28, "ua": 29,
}  # fmt: skip


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - tests must be repeatable


def checks(number: str) -> bool:
    turned = number[4:] + number[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1


def test_checker_knows_right_from_wrong() -> None:
    assert checks("GB82WEST12345698765432")  # the standard's own example
    assert not checks("GB82WEST12345698765423")


@pytest.mark.parametrize("country", sorted(LENGTHS))
def test_iban_has_valid_check_digits(country: str) -> None:
    for seed in range(50):
        number = iban(seeded(seed), country)

        assert checks(number)
        assert len(number) == LENGTHS[country]
        assert number[:2] == country.upper()


def test_accounts_of_generated_payments_check() -> None:
    payments = [
        item
        for sample in generate(2, 200)
        for item in sample.evidence
        if item["kind"] == "payment"
    ]

    assert len(payments) == 30
    for item in payments:
        for side in (item["debtor"], item["creditor"]):
            assert side["country"] not in LENGTHS or checks(side["account"])


@pytest.mark.parametrize("seed", range(20))
def test_amount_is_decimal_text_with_cents(seed: int) -> None:
    item = payment(seeded(seed))

    assert isinstance(item["amount"], str)
    assert Decimal(item["amount"]).as_tuple().exponent == -2
    assert Decimal(item["amount"]) > 0
    assert date.fromisoformat(item["date"]).year in {2025, 2026}
