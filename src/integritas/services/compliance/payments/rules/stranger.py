"""A large payment, or one abroad, to somebody the account never paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from integritas.kernel.contracts import Severity
from integritas.services.compliance.payments.amounts import in_currency, upper_fence
from integritas.services.compliance.payments.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    View,
)
from integritas.services.compliance.payments.seen import Side

__all__ = ["UnusualCounterparty"]


@dataclass(frozen=True, slots=True)
class UnusualCounterparty:
    """Flags a new payee where the amount or the country is new too."""

    known: int = 10

    spec: ClassVar[Spec] = Spec(
        code="payment.unusual_counterparty",
        title="Unusual counterparty",
        formula=(
            "the payee is new to an account of at least 10 known payments, and either"
            " its country is new too, or amount > Q3 + 3 (Q3 - Q1) of the payments in"
            " this currency"
        ),
        defaults={"known": 10, "fence": 3.0},
        why="Fraud by changed invoices pays a new account much money, often abroad.",
        source=(
            "FBI IC3, Business email compromise; Tukey, Exploratory Data Analysis,"
            " 1977, outer fence"
        ),
        severity=Severity.MEDIUM,
        sides=(Side.DEBTOR,),
    )

    def judge(self, view: View) -> Judgement:
        """Compare payee, country and amount with those known."""
        own = view.own
        if not own.account:
            return Gap(f"the {own.side} has no account number")
        known = view.same_side()
        if len(known) < self.known:
            return Gap(f"fewer than {self.known} payments of the account are known")
        if any(seen.other == own.other for seen in known):
            return None
        abroad = bool(own.country) and own.country not in {s.country for s in known}
        alike = [seen.amount for seen in in_currency(known, own.currency)]
        fence = upper_fence(alike) if len(alike) >= self.known else None
        large = fence is not None and float(own.amount) > fence
        if not abroad and not large:
            return None
        news = [
            word
            for word, new in (("its country is new too", abroad), ("so much", large))
            if new
        ]
        return Flag(
            text=(
                "The payee is new to the account, and "
                + " and ".join(news).replace("so much", "so much was never paid")
            ),
            score=0.7 if abroad and large else 0.5,
            pointer="/creditor/account",
            figures={
                "country": own.country,
                "new_country": abroad,
                "fence": None if fence is None else round(fence, 2),
                "known": len(known),
            },
        )
