"""The planted cases are what their stories say."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest

from integritas.kernel.evidence import parse_evidence
from integritas.samples.api import EXPECTATIONS, Sample, planted_samples
from integritas.samples.watchlist import (
    LISTED_BROKER,
    LISTED_COMPANY,
    LISTED_NAMESAKE,
    LISTED_PERSON,
)

CASES = planted_samples()


def case(name: str) -> Sample:
    return next(c for c in CASES if c.planted and c.planted.name == name)


def mail(name: str) -> Any:
    raw = case(name).evidence[0]["raw"]
    return email.message_from_string(raw, policy=email.policy.default)


def plain(name: str) -> str:
    return str(mail(name).get_body(("plain",)).get_content())


def properties(name: str, place: int = 0) -> dict[str, list[str]]:
    found: dict[str, list[str]] = case(name).evidence[place]["properties"]
    return found


def test_they_are_the_same_every_time() -> None:
    assert planted_samples() == CASES


def test_there_are_about_a_dozen_with_names_of_their_own() -> None:
    names = [c.planted.name for c in CASES if c.planted]

    assert len(set(names)) == len(CASES) == 17


@pytest.mark.parametrize("sample", CASES, ids=lambda sample: sample.reference)
def test_each_is_valid_and_tells_its_story(sample: Sample) -> None:
    for item in sample.evidence:
        parse_evidence(item)

    assert sample.planted is not None
    assert sample.planted.expect in EXPECTATIONS
    assert sample.title == sample.planted.story
    assert sample.reference == f"planted-{sample.planted.name}"
    assert sample.source == "planted"


def test_transliterated_name_has_no_latin_letter() -> None:
    name = properties("transliterated-name")["name"][0]

    assert not [sign for sign in name if sign.isascii() and sign.isalpha()]
    assert LISTED_PERSON.name == "GORELKINOV, Timofey Arkadyevich"
    assert "14 Mar 1968" in LISTED_PERSON.remarks
    assert properties("transliterated-name")["birthDate"] == ["1968-03-14"]


def test_broker_is_known_by_alias_only() -> None:
    name = properties("alias-in-a-tip", 1)["name"][0]
    given, family = name.split()

    assert given not in LISTED_BROKER.name
    assert f"{family.upper()}, {given}" in LISTED_BROKER.aliases
    assert name in plain("alias-in-a-tip")


def test_look_alike_is_not_the_listed_name() -> None:
    name = case("look-alike-creditor").evidence[0]["creditor"]["name"]
    listed = {LISTED_COMPANY.name, *LISTED_COMPANY.aliases}

    assert name.upper() not in listed
    assert name.upper()[:7] == LISTED_COMPANY.name[:7]


def test_namesake_differs_in_age_and_country() -> None:
    person = properties("innocent-namesake")

    assert all(
        part.upper() in LISTED_NAMESAKE.name.upper()
        for part in person["name"][0].split()
    )
    assert person["birthDate"][0][:4] not in LISTED_NAMESAKE.remarks
    assert person["nationality"] == ["ca"]
    assert LISTED_NAMESAKE.country == "Yemen"


def test_zero_width_spam_hides_its_words() -> None:
    text = plain("zero-width-spam")
    bare = text.replace("\u200b", "")

    assert "lottery" not in text
    assert "lottery" in bare
    assert "*" not in text
    assert "\u200b" in mail("zero-width-spam")["Subject"]


def test_hidden_text_stands_only_in_the_markup() -> None:
    markup = mail("hidden-text-spam").get_body(("html",)).get_content()

    assert "display:none" in markup
    assert "evaluation report" in markup
    assert "evaluation report" not in plain("hidden-text-spam")


def test_loud_tip_looks_like_spam() -> None:
    subject = mail("loud-tip")["Subject"]

    assert "URGENT!!!" in subject
    assert "$250,000 CASH" in subject
    assert "V2026/114" in plain("loud-tip")


def test_tip_with_payment_names_the_supplier_everywhere() -> None:
    message, party, payment = case("tip-with-payment").evidence
    supplier = party["properties"]["name"][0]

    assert message["kind"] == "message"
    assert supplier in plain("tip-with-payment").replace("\n", " ")
    assert payment["debtor"]["name"] == supplier
