"""Payments between invented parties, with account numbers that check."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from integritas.samples import vocabulary
from integritas.samples.sample import Item, Sample

if TYPE_CHECKING:
    from random import Random

__all__ = ["account", "iban", "payment", "payment_sample"]

# The national part of an IBAN (ISO 13616 registry): counts of digits (n) and of
# capital letters (a).
_FORMATS: Final = {
    "ae": "19n",
    "be": "12n",
    "bg": "4a14n",
    "br": "23n1a1n",
    "de": "18n",
    "es": "20n",
    "fr": "23n",
    "gb": "4a14n",
    "gr": "23n",
    "it": "1a22n",
    "nl": "4a10n",
    "pl": "24n",
    "ua": "25n",
}
_CURRENCIES: Final = {
    "ae": "AED",
    "bg": "BGN",
    "br": "BRL",
    "cn": "CNY",
    "gb": "GBP",
    "in": "INR",
    "ke": "KES",
    "ng": "NGN",
    "pl": "PLN",
    "ua": "UAH",
}
_PURPOSES: Final = (
    "Invoice {n}",
    "Inv. {n} / {month}",
    "Contract {n}, instalment {k}",
    "Rent {month}",
    "Refund of deposit {n}",
    "Consulting services {month}",
    "PO {n} final payment",
    "Training fee, order {n}",
    "Advance payment {n}",
)


_PERSONAL_PURPOSES: Final = ("Salary {month}", "Travel expenses {month}", "Fee {n}")


def iban(rng: Random, country: str) -> str:
    """Return an invented IBAN of a country with valid check digits (ISO 7064)."""
    national = "".join(
        "".join(rng.choice("0123456789" if kind == "n" else "DEMOX") for _ in range(n))
        for n, kind in (
            (int(count), kind)
            for count, kind in re.findall(r"(\d+)([na])", _FORMATS[country])
        )
    )
    head = country.upper()
    digits = "".join(str(int(sign, 36)) for sign in f"{national}{head}00")
    return f"{head}{98 - int(digits) % 97:02d}{national}"


def payment_sample(rng: Random, reference: str) -> Sample:
    """Return a sample of one payment to be screened."""
    item = payment(rng)
    title = f"Payment to {item['creditor']['name']}"
    return Sample(reference, "api", title, (item,), None, "generated", "not_listed")


def payment(rng: Random, *, creditor: vocabulary.Company | None = None) -> Item:
    """Return a payment in wire form: a company or a person pays a company or person."""
    when = vocabulary.moment(rng)
    debtor = vocabulary.company(rng)
    receiver: vocabulary.Company | vocabulary.Person = creditor or rng.choice(
        (vocabulary.company(rng), vocabulary.company(rng), vocabulary.person(rng))
    )
    to_person = isinstance(receiver, vocabulary.Person)
    purposes = _PERSONAL_PURPOSES if to_person else _PURPOSES
    cents = rng.choice((rng.randrange(4_000, 900_000), rng.randrange(10**6, 10**8)))
    return {
        "kind": "payment",
        "debtor": account(rng, debtor.name, debtor.country),
        "creditor": account(rng, receiver.name, receiver.country),
        "amount": f"{Decimal(cents) / 100:.2f}",
        "currency": _CURRENCIES.get(debtor.country, "EUR"),
        "date": f"{when:%Y-%m-%d}",
        "reference": rng.choice(purposes).format(
            n=rng.randint(10_000, 99_999), k=rng.randint(1, 6), month=f"{when:%B %Y}"
        ),
    }


def account(rng: Random, name: str, country: str) -> Item:
    """Return one side of a payment; plain digits where a country has no IBAN."""
    number = (
        iban(rng, country)
        if country in _FORMATS
        else "".join(rng.choice("0123456789") for _ in range(12))
    )
    return {"name": name, "account": number, "country": country}
