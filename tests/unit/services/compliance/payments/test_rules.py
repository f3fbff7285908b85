"""Each rule: what it flags, what it leaves, and when it cannot say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.contracts import Severity
from integritas.kernel.evidence import Account, Payment
from integritas.services.compliance.payments.contract import Flag, Gap, Rule, View
from integritas.services.compliance.payments.rules import RULES
from integritas.services.compliance.payments.rules.country import SanctionedCountry
from integritas.services.compliance.payments.rules.dormant import DormantAccount
from integritas.services.compliance.payments.rules.passing import PassedOn
from integritas.services.compliance.payments.rules.rounding import RoundAmount
from integritas.services.compliance.payments.rules.stranger import UnusualCounterparty
from integritas.services.compliance.payments.rules.structuring import Structuring
from integritas.services.compliance.payments.rules.velocity import Velocity
from integritas.services.compliance.payments.seen import Side

Pay = Callable[..., Payment]
See = Callable[..., View]
OTHER = "GB29NWBK60161331926819"


def flagged(rule: Rule, view: View) -> Flag:
    answer = rule.judge(view)
    assert isinstance(answer, Flag), answer
    assert 0 < answer.score <= 1
    assert answer.figures
    return answer


@pytest.mark.parametrize(
    ("country", "level", "severity"),
    [("kp", "embargo", Severity.HIGH), ("ru", "restricted", Severity.MEDIUM)],
)
def test_a_sanctioned_country_is_flagged(
    pay: Pay, view: See, country: str, level: str, severity: Severity
) -> None:
    flag = flagged(SanctionedCountry(), view(pay(to="1", country=country)))
    assert (flag.figures["level"], flag.severity) == (level, severity)
    assert flag.pointer == "/creditor/country"
    assert SanctionedCountry().judge(view(pay())) is None


def test_the_iban_tells_a_country_the_payment_hides(pay: Pay, view: See) -> None:
    hidden = replace(
        pay(), creditor=Account("Payee", "BY13NBRB3600900000002Z00AB00", "de")
    )
    assert flagged(SanctionedCountry(), view(hidden)).figures["country"] == "by"
    wrong = replace(pay(), creditor=Account("Payee", "BY00NBRB3600900000002Z00AB00"))
    assert SanctionedCountry().judge(view(wrong)) is None


def test_pieces_just_below_a_threshold_are_flagged(pay: Pay, view: See) -> None:
    pieces = [pay("9000", ago=1), pay("8500", ago=3)]
    flag = flagged(Structuring(), view(pay("9500"), *pieces))
    assert (flag.figures["payments"], flag.figures["total"]) == (3, "27000")
    assert Structuring().judge(view(pay("9500"), pieces[0])) is None
    assert Structuring().judge(view(pay("10000"), *pieces)) is None
    assert Structuring().judge(view(pay("4999"), *pieces)) is None
    old = [pay("9000", ago=10), pay("9000", ago=11)]
    assert Structuring().judge(view(pay("9500"), *old)) is None


def test_pieces_paid_into_one_account_are_flagged_there(pay: Pay, view: See) -> None:
    senders = [
        replace(pay("9000", ago=ago), debtor=Account("A", f"1234567{ago}"))
        for ago in (1, 2)
    ]
    seen = view(pay("9900"), *senders, side=Side.CREDITOR)
    assert "creditor's account" in flagged(Structuring(), seen).text


def test_other_currencies_are_not_compared(pay: Pay, view: See) -> None:
    answer = Structuring().judge(view(pay("9000", currency="XAF")))
    assert answer == Gap("not comparable: no threshold is set in XAF")
    mixed = [pay("9000", ago=1, currency="USD"), pay("9000", ago=2, currency="USD")]
    assert Structuring().judge(view(pay("9000"), *mixed)) is None


def test_round_amounts_are_flagged_where_they_are_not_usual(
    pay: Pay, view: See
) -> None:
    assert flagged(RoundAmount(), view(pay("9000"))).score == pytest.approx(0.3)
    unround = [pay("123.45", ago=ago) for ago in range(1, 6)]
    assert flagged(RoundAmount(), view(pay("9000"), *unround)).figures["known"] == 5
    rounds = [pay("2000", ago=ago) for ago in range(1, 6)]
    assert RoundAmount().judge(view(pay("9000"), *rounds)) is None
    assert RoundAmount().judge(view(pay("4000"))) is None
    assert RoundAmount().judge(view(pay("9000.01"))) is None


def test_a_burst_is_flagged_against_the_usual_week(pay: Pay, view: See) -> None:
    weekly = [pay(ago=ago) for ago in range(10, 70, 7)]
    burst = [pay(ago=ago) for ago in (0, 1, 1, 2, 3)]
    assert flagged(Velocity(), view(pay(), *weekly, *burst)).figures["payments"] == 6
    assert Velocity().judge(view(pay(), *weekly, *burst[:3])) is None
    assert Velocity().judge(view(pay(), *burst)) == Gap(
        "fewer than 4 weeks of the account are known"
    )
    busy = [pay(ago=ago) for ago in range(1, 60)]
    assert Velocity().judge(view(pay(), *busy)) is None


def test_an_account_that_slept_is_flagged(pay: Pay, view: See) -> None:
    assert flagged(DormantAccount(), view(pay(), pay(ago=200))).figures["days"] == 200
    assert DormantAccount().judge(view(pay(), pay(ago=200), pay(ago=100))) is None
    assert isinstance(DormantAccount().judge(view(pay())), Gap)


def test_a_new_payee_abroad_or_of_much_money_is_flagged(pay: Pay, view: See) -> None:
    known = [pay(f"{100 + ago}", ago=ago) for ago in range(1, 12)]
    rule = UnusualCounterparty()
    abroad = flagged(rule, view(pay("100", to=OTHER, country="gb"), *known))
    assert abroad.figures["new_country"] is True
    large = flagged(rule, view(pay("5000", to="123456789"), *known))
    assert "so much was never paid" in large.text
    both = flagged(rule, view(pay("5000", to=OTHER, country="gb"), *known))
    assert both.score > abroad.score
    assert rule.judge(view(pay("100", to="123456789"), *known)) is None
    assert rule.judge(view(pay("5000"), *known)) is None
    assert isinstance(rule.judge(view(pay("5000", to=OTHER), *known[:5])), Gap)


def test_money_passed_on_at_once_is_flagged(pay: Pay, view: See) -> None:
    own = pay().debtor
    came = replace(pay("5000", ago=1), debtor=Account("X", "777"), creditor=own)
    rule = PassedOn()
    assert flagged(rule, view(pay("4800"), came)).figures["received"] == "5000"
    assert rule.judge(view(pay("1000"), came)) is None
    assert rule.judge(view(pay("5100"), came)) is None
    assert rule.judge(view(pay("4800", to="777", country="de"), came)) is None
    late = replace(came, date=pay(ago=9).date)
    assert rule.judge(view(pay("4800"), late)) is None


def test_without_an_account_number_there_is_a_gap(pay: Pay, view: See) -> None:
    nameless = replace(pay("9000"), debtor=Account("Payer Ltd"))
    seen = view(nameless)
    gaps = [r for r in RULES if isinstance(r.judge(seen), Gap)]
    assert {r.spec.code for r in gaps} == {
        "payment.structuring",
        "payment.velocity",
        "payment.dormant_account",
        "payment.unusual_counterparty",
        "payment.passed_on",
    }


def test_every_rule_says_what_it_computes() -> None:
    codes = [rule.spec.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    for rule in RULES:
        spec = rule.spec
        assert all((spec.title, spec.formula, spec.defaults, spec.why, spec.source))
        assert spec.code.startswith("payment.")


@given(
    amounts=st.lists(st.decimals(0, 10**15, places=2), max_size=30),
    days=st.lists(st.integers(0, 399), min_size=30, max_size=30),
    now=st.decimals(0, 10**15, places=2),
)
def test_no_history_breaks_a_rule(
    pay: Pay, view: See, amounts: list[Decimal], days: list[int], now: Decimal
) -> None:
    past = [
        replace(pay(ago=ago), amount=amount)
        for amount, ago in zip(amounts, days, strict=False)
    ]
    seen = view(replace(pay(), amount=now), *past)
    for rule in RULES:
        answer = rule.judge(seen)
        if isinstance(answer, Flag):
            assert 0 < answer.score <= 1
