"""Reporting thresholds by currency, and figures over amounts of one currency."""

from __future__ import annotations

from decimal import Decimal
from statistics import quantiles
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.compliance.payments.seen import Seen

__all__ = ["THRESHOLDS", "in_currency", "upper_fence"]

# From when a payment alone has to be reported or its customer identified.
THRESHOLDS: Final = {
    "AUD": Decimal(10_000),  # AML/CTF Act 2006 (Australia), section 43
    "CAD": Decimal(10_000),  # PCMLTFR (Canada), sections 7 and 33
    "EUR": Decimal(10_000),  # Regulation (EU) 2024/1624, article 19(1)(b)
    "USD": Decimal(10_000),  # 31 CFR 1010.311
}


def in_currency(seen: Sequence[Seen], currency: str) -> list[Seen]:
    """Return the payments in a currency: amounts of others are not comparable."""
    return [item for item in seen if item.currency == currency]


def upper_fence(amounts: Sequence[Decimal], *, reach: float = 3.0) -> float:
    """Return Q3 + reach (Q3 - Q1), Tukey's outer fence by default."""
    q1, _, q3 = quantiles([float(amount) for amount in amounts], n=4)
    return q3 + reach * (q3 - q1)
