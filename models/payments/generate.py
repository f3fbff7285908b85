"""Accounts with habits, and payments that break them, all invented.

Real payments are not to be had: what the shipped model calls usual is what these
accounts do. A habit is a payee, a size and a rhythm; an account has several.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from integritas.kernel.ids import EvidenceId
from integritas.services.compliance.payments.seen import Seen, Side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

START = date(2024, 1, 1)
DAYS = 540


@dataclass(frozen=True)
class Habit:
    """One payee of an account: how often, how much, from where."""

    payee: str
    country: str
    every: float
    size: float
    spread: float
    round_share: float


def history(rng: Random, number: int) -> list[Seen]:
    """Return the payments of one account in the order of their dates."""
    home = rng.choice(("de", "fr", "gb", "pl", "it"))
    round_share = rng.choice((0.02, 0.1, 0.4))
    habits = [
        Habit(
            payee=f"{number}-{place}",
            country=home if rng.random() < 0.85 else rng.choice(("us", "ch", "cn")),
            every=rng.choice((7.0, 14.0, 30.0, 30.0, 60.0, 120.0)),
            size=math.exp(rng.gauss(6.5, 1.2)),
            spread=rng.choice((0.02, 0.2, 0.5)),
            round_share=round_share,
        )
        for place in range(rng.randint(2, 25))
    ]
    found = [seen for habit in habits for seen in _payments(rng, number, habit)]
    for place in range(rng.randint(0, 12)):  # payees of one payment
        once = Habit(
            payee=f"{number}-once-{place}",
            country=home,
            every=DAYS,
            size=math.exp(rng.gauss(5.5, 1.0)),
            spread=0.5,
            round_share=round_share,
        )
        found.append(_one(rng, number, once, rng.uniform(0, DAYS)))
    return sorted(found, key=lambda seen: seen.date)


def _payments(rng: Random, number: int, habit: Habit) -> list[Seen]:
    day, found = rng.uniform(0, habit.every), []
    while day < DAYS:
        found.append(_one(rng, number, habit, day))
        day += max(1.0, habit.every * rng.gauss(1.0, 0.15))
    return found


def _one(rng: Random, number: int, habit: Habit, day: float) -> Seen:
    when = START + timedelta(days=int(day))
    if when.weekday() > 4 and rng.random() < 0.95:
        when -= timedelta(days=when.weekday() - 4)
    amount = habit.size * math.exp(rng.gauss(0.0, habit.spread))
    exact = Decimal(round(amount * 100)) / 100
    if rng.random() < habit.round_share:
        exact = Decimal(max(100, round(amount / 100) * 100))
    return Seen(
        EvidenceId(f"{number}-{habit.payee}-{day:.3f}"),
        Side.DEBTOR,
        str(number),
        habit.payee,
        habit.country,
        exact,
        "EUR",
        when,
    )


# What breaks habits: the last payment of a history, made strange.


def large(rng: Random, seen: Seen, past: Sequence[Seen]) -> tuple[Seen, list[Seen]]:
    """Ten to fifty times the usual amount."""
    middle = sorted(s.amount for s in past)[len(past) // 2]
    factor = Decimal(rng.randint(10, 50))
    return replace(seen, amount=round(middle * factor, 2)), list(past)


def stranger(rng: Random, seen: Seen, past: Sequence[Seen]) -> tuple[Seen, list[Seen]]:
    """A new payee in a new country, three to ten times the usual amount."""
    middle = sorted(s.amount for s in past)[len(past) // 2]
    changed = replace(
        seen,
        other="stranger",
        country=rng.choice(("ae", "hk", "ng")),
        amount=round(middle * rng.randint(3, 10), 2),
    )
    return changed, list(past)


def burst(rng: Random, seen: Seen, past: Sequence[Seen]) -> tuple[Seen, list[Seen]]:
    """A dozen payments to a new payee within days."""
    more = [
        replace(
            seen,
            evidence=EvidenceId(f"{seen.evidence}-{place}"),
            other="stranger",
            date=seen.date - timedelta(days=rng.randint(0, 4)),
        )
        for place in range(rng.randint(10, 14))
    ]
    both = sorted([*past, *more], key=lambda s: s.date)
    return replace(seen, other="stranger"), both


def woken(rng: Random, seen: Seen, past: Sequence[Seen]) -> tuple[Seen, list[Seen]]:
    """Half a year of silence, then a new payee on a Sunday."""
    day = seen.date + timedelta(days=rng.randint(150, 250))
    day += timedelta(days=6 - day.weekday())
    return replace(seen, date=day, other="stranger"), list(past)


BREAKS: dict[str, Callable[[Random, Seen, Sequence[Seen]], tuple[Seen, list[Seen]]]] = {
    "large": large,
    "stranger": stranger,
    "burst": burst,
    "woken": woken,
}
