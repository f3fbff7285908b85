"""What is remembered of a payment: one row for the payer, one for the payee.

Account numbers are kept as a hash (BLAKE2b, 128 bits) and names not at all: rules ask
whether two payments are of the same account, never whose it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from integritas.kernel.ids import EvidenceId
from integritas.services.compliance.normalise import parse_name
from integritas.services.compliance.payments.iban import is_iban

if TYPE_CHECKING:
    from integritas.kernel.evidence import Account, Payment

__all__ = ["Seen", "Side", "account_key", "countries_of", "seen_of"]

_SEPARATORS: Final = re.compile(r"[\s./-]+")


class Side(StrEnum):
    """On which side of a payment an account stood."""

    DEBTOR = "debtor"
    CREDITOR = "creditor"


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment as one of its accounts saw it; `other` is who stood opposite.

    `account` is empty where no number was given; `other` then stands for the name.
    `country` is that of the other side, empty if unknown.
    """

    evidence: EvidenceId
    side: Side
    account: str
    other: str
    country: str
    amount: Decimal
    currency: str
    date: date


def seen_of(evidence: EvidenceId, payment: Payment) -> tuple[Seen, Seen]:
    """Return what payer and payee saw."""
    debtor, creditor = payment.debtor, payment.creditor
    return (
        _seen(evidence, payment, Side.DEBTOR, debtor, creditor),
        _seen(evidence, payment, Side.CREDITOR, creditor, debtor),
    )


def account_key(number: str | None) -> str:
    """Return the hash an account number is known by, empty without a number."""
    text = _SEPARATORS.sub("", number or "").upper()
    return _hash(f"account {text}") if text else ""


def countries_of(account: Account) -> tuple[str, ...]:
    """Return the country given and that of the IBAN (ISO 13616), in lower case."""
    found = [account.country.lower()] if account.country else []
    number = _SEPARATORS.sub("", account.account or "").upper()
    if is_iban(number):
        found.append(number[:2].lower())
    return tuple(dict.fromkeys(found))


def _seen(
    evidence: EvidenceId, payment: Payment, side: Side, own: Account, other: Account
) -> Seen:
    return Seen(
        evidence=evidence,
        side=side,
        account=account_key(own.account),
        other=account_key(other.account) or _name_key(other.name),
        country=next(iter(countries_of(other)), ""),
        amount=payment.amount,
        currency=payment.currency,
        date=payment.date,
    )


def _name_key(name: str) -> str:
    return _hash(f"name {' '.join(sorted(parse_name(name).tokens))}")


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
