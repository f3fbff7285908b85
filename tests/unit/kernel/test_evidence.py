"""Evidence in its wire form: what is taken, what is refused, and with which words."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.errors import InvalidInput
from integritas.kernel.evidence import (
    MAIL,
    PLAIN_TEXT,
    Account,
    Content,
    EvidenceKind,
    Message,
    Party,
    Payment,
    Procurement,
    content_digest,
    kind_of,
    parse_content,
    parse_evidence,
    serialise_content,
)

PAYMENT: dict[str, Any] = {
    "kind": "payment",
    "debtor": {"name": "Ann", "account": "DE89", "country": "DE"},
    "creditor": {"name": "Bob"},
    "amount": "1200.00",
    "currency": "EUR",
    "date": "2026-01-31",
    "reference": "rent",
}
PARTY: dict[str, Any] = {
    "kind": "party",
    "schema": "Person",
    "properties": {"name": ["Ann"], "country": ["de"]},
}
RELEASE: dict[str, Any] = {"kind": "procurement", "release": {"ocid": "ocds-1"}}
MESSAGE: dict[str, Any] = {"kind": "message", "raw": "hello"}

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=10,
)
MESSAGES = st.builds(
    Message, raw=st.binary(), media_type=st.sampled_from([MAIL, PLAIN_TEXT])
)
DOCUMENTS = st.builds(
    lambda rest, ocid: {**rest, "ocid": ocid},
    st.dictionaries(TEXT, JSON, max_size=4),
    NAME,
)
PROCUREMENTS = st.builds(
    Procurement, document=DOCUMENTS, form=st.sampled_from(["release", "record"])
)
PARTIES = st.builds(
    lambda rest, names: Party("Person", {**rest, "name": ("x", *names)}),
    st.dictionaries(NAME, st.lists(TEXT, max_size=3).map(tuple), max_size=3),
    st.lists(TEXT, max_size=2),
)
ACCOUNTS = st.builds(
    Account,
    name=NAME,
    account=st.none() | NAME,
    country=st.none() | st.from_regex(r"[a-z]{2}", fullmatch=True),
)
PAYMENTS = st.builds(
    Payment,
    debtor=ACCOUNTS,
    creditor=ACCOUNTS,
    amount=st.decimals(0, 10**15, places=2, allow_nan=False),
    currency=st.from_regex(r"[A-Z]{3}", fullmatch=True),
    date=st.dates(),
    reference=TEXT,
)
CONTENTS = MESSAGES | PROCUREMENTS | PARTIES | PAYMENTS


@given(CONTENTS)
def test_content_survives_its_stored_form(content: Content) -> None:
    assert parse_content(serialise_content(content)) == content


@given(CONTENTS)
def test_digest_survives_the_stored_form(content: Content) -> None:
    kept = parse_content(serialise_content(content))
    assert content_digest(kept) == content_digest(content)


@given(CONTENTS, CONTENTS)
def test_digests_differ_as_contents_do(one: Content, other: Content) -> None:
    if isinstance(one, Message) and isinstance(other, Message):
        assert (one.raw == other.raw) == (content_digest(one) == content_digest(other))
    elif serialise_content(one) != serialise_content(other):
        assert content_digest(one) != content_digest(other)


@pytest.mark.parametrize(
    ("wire", "content", "kind"),
    [
        (MESSAGE, Message(b"hello"), EvidenceKind.MESSAGE),
        (RELEASE, Procurement({"ocid": "ocds-1"}), EvidenceKind.PROCUREMENT),
        (
            {"kind": "procurement", "record": {"ocid": "o"}},
            Procurement({"ocid": "o"}, "record"),
            EvidenceKind.PROCUREMENT,
        ),
        (
            PARTY,
            Party("Person", {"name": ("Ann",), "country": ("de",)}),
            EvidenceKind.PARTY,
        ),
        (
            PAYMENT,
            Payment(
                Account("Ann", "DE89", "de"),
                Account("Bob"),
                Decimal("1200.00"),
                "EUR",
                date(2026, 1, 31),
                "rent",
            ),
            EvidenceKind.PAYMENT,
        ),
    ],
)
def test_each_kind_is_parsed(
    wire: dict[str, Any], content: Content, kind: EvidenceKind
) -> None:
    parsed = parse_evidence(wire)
    assert parsed == content
    assert kind_of(parsed) is kind


BAD: list[tuple[object, str]] = [
    (None, "evidence"),
    (3, "evidence"),
    ([], "evidence"),
    ({}, "evidence.kind"),
    ({"kind": "letter"}, "evidence.kind"),
    ({**MESSAGE, "extra": 1}, "evidence.extra"),
    ({"kind": "message"}, "evidence.raw"),
    ({**MESSAGE, "raw_base64": "eA=="}, "evidence.raw"),
    ({"kind": "message", "raw": 5}, "evidence.raw"),
    ({"kind": "message", "raw_base64": "e A"}, "evidence.raw_base64"),
    ({"kind": "message", "raw_base64": "ü"}, "evidence.raw_base64"),
    ({"kind": "message", "raw_base64": "abc"}, "evidence.raw_base64"),
    ({**MESSAGE, "media_type": "text/html"}, "evidence.media_type"),
    ({"kind": "procurement"}, "evidence.release"),
    ({**RELEASE, "record": {"ocid": "x"}}, "evidence.release"),
    ({"kind": "procurement", "release": []}, "evidence.release"),
    ({"kind": "procurement", "release": {}}, "evidence.release.ocid"),
    ({"kind": "procurement", "release": {"ocid": 3}}, "evidence.release.ocid"),
    (
        {
            "kind": "procurement",
            "record": {"ocid": "a", "releases": [{}, {"x": float("nan")}]},
        },
        "evidence.record.releases[1].x",
    ),
    ({"kind": "procurement", "record": {"ocid": ""}}, "evidence.record.ocid"),
    (
        {"kind": "procurement", "release": {"ocid": "x", "t": "\ud800"}},
        "evidence.release",
    ),
    (
        {"kind": "procurement", "release": {"ocid": "x", "\udfff": 1}},
        "evidence.release",
    ),
    (
        {"kind": "procurement", "release": {"ocid": "x", "n": float("nan")}},
        "evidence.release.n",
    ),
    (
        {"kind": "procurement", "release": {"ocid": "x", "n": float("inf")}},
        "evidence.release.n",
    ),
    ({"kind": "party", "schema": "Person"}, "evidence.properties"),
    ({"kind": "party", "properties": {"name": ["x"]}}, "evidence.schema"),
    ({**PARTY, "schema": "person"}, "evidence.schema"),
    ({**PARTY, "schema": "A" * 50}, "evidence.schema"),
    ({**PARTY, "properties": {}}, "evidence.properties.name"),
    ({**PARTY, "properties": {"name": []}}, "evidence.properties.name"),
    ({**PARTY, "properties": {"name": ["", " "]}}, "evidence.properties.name"),
    ({**PARTY, "properties": {"name": "Ann"}}, "evidence.properties.name"),
    ({**PARTY, "properties": {"name": ["a", 3]}}, "evidence.properties.name[1]"),
    ({**PARTY, "properties": {"name": ["\ud800"]}}, "evidence.properties.name[0]"),
    ({**PARTY, "properties": {"name": ["x" * 10_001]}}, "evidence.properties.name[0]"),
    ({**PAYMENT, "debtor": {"name": ""}}, "evidence.debtor.name"),
    ({**PAYMENT, "debtor": {}}, "evidence.debtor.name"),
    ({**PAYMENT, "debtor": "Ann"}, "evidence.debtor"),
    ({**PAYMENT, "creditor": {"name": "x" * 2_001}}, "evidence.creditor.name"),
    (
        {**PAYMENT, "creditor": {"name": "B", "account": ""}},
        "evidence.creditor.account",
    ),
    (
        {**PAYMENT, "creditor": {"name": "B", "country": "DEU"}},
        "evidence.creditor.country",
    ),
    ({**PAYMENT, "creditor": {"name": "B", "iban": "x"}}, "evidence.creditor.iban"),
    ({**PAYMENT, "amount": "12,50"}, "evidence.amount"),
    ({**PAYMENT, "amount": "-1"}, "evidence.amount"),
    ({**PAYMENT, "amount": "NaN"}, "evidence.amount"),
    ({**PAYMENT, "amount": "Infinity"}, "evidence.amount"),
    ({**PAYMENT, "amount": "0.000000001"}, "evidence.amount"),
    ({**PAYMENT, "amount": "1" * 25}, "evidence.amount"),
    ({**PAYMENT, "amount": None}, "evidence.amount"),
    ({**PAYMENT, "currency": "eur"}, "evidence.currency"),
    ({**PAYMENT, "currency": "EUR\n"}, "evidence.currency"),
    ({**PAYMENT, "currency": 978}, "evidence.currency"),
    ({**PAYMENT, "date": "yesterday"}, "evidence.date"),
    ({**PAYMENT, "date": "2026-02-30"}, "evidence.date"),
    ({**PAYMENT, "date": 86_400}, "evidence.date"),
    ({**PAYMENT, "date": None}, "evidence.date"),
    ({**PAYMENT, "reference": "x" * 2_001}, "evidence.reference"),
]


@pytest.mark.parametrize(("wire", "path"), BAD)
def test_bad_evidence_names_field_and_remedy(wire: object, path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_evidence(wire)
    [error] = caught.value.errors
    assert error.path == path
    assert error.message
    assert error.remedy


@pytest.mark.parametrize("field", ["debtor", "creditor", "amount", "currency", "date"])
def test_a_missing_field_is_named(field: str) -> None:
    wire = {name: value for name, value in PAYMENT.items() if name != field}
    with pytest.raises(InvalidInput) as caught:
        parse_evidence(wire)
    [error] = caught.value.errors
    assert (error.path, error.remedy) == (f"evidence.{field}", "add the field")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_evidence({**PAYMENT, "amount": "x", "currency": "y", "date": "z"})
    paths = [error.path for error in caught.value.errors]
    assert paths == ["evidence.amount", "evidence.currency", "evidence.date"]


def test_paths_begin_where_the_caller_says() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_evidence({**PAYMENT, "amount": "x"}, path="evidence[2]")
    assert caught.value.errors[0].path == "evidence[2].amount"


def test_a_document_nested_beyond_reason_is_refused_in_few_words() -> None:
    deep: list[Any] = []
    for _ in range(3_000):
        deep = [deep]
    wire = {"kind": "procurement", "release": {"ocid": "x", "deep": deep}}
    with pytest.raises(InvalidInput) as caught:
        parse_evidence(wire)
    assert all(len(error.path) <= 300 for error in caught.value.errors)


@given(JSON)
def test_whatever_comes_is_parsed_or_refused(wire: object) -> None:
    with pytest.raises(InvalidInput):
        parse_evidence(wire)


@given(st.sampled_from([MESSAGE, RELEASE, PARTY, PAYMENT]), st.data())
def test_whatever_a_field_holds_is_parsed_or_refused(
    wire: dict[str, Any], data: st.DataObject
) -> None:
    field = data.draw(st.sampled_from(sorted(wire)))
    try:
        content = parse_evidence({**wire, field: data.draw(JSON)})
    except InvalidInput:
        return
    assert parse_content(serialise_content(content)) == content


def test_country_is_lower_case() -> None:
    payment = parse_evidence(PAYMENT)
    assert isinstance(payment, Payment)
    assert payment.debtor.country == "de"


def test_amount_is_exact() -> None:
    payment = parse_evidence({**PAYMENT, "amount": "0.10000000"})
    assert isinstance(payment, Payment)
    assert str(payment.amount) == "0.10000000"


def test_party_values_of_an_absent_property() -> None:
    party = parse_evidence(PARTY)
    assert isinstance(party, Party)
    assert party.values("name") == ("Ann",)
    assert party.values("birthDate") == ()


def test_nul_is_kept() -> None:
    party = parse_evidence({**PARTY, "properties": {"name": ["a\0b"]}})
    assert parse_content(serialise_content(party)) == party


@given(st.binary())
def test_bytes_arrive_as_they_were_sent(raw: bytes) -> None:
    wire = {"kind": "message", "raw_base64": base64.b64encode(raw).decode()}
    message = parse_evidence(wire)
    assert isinstance(message, Message)
    assert message.raw == raw


def test_base64_mail_is_sniffed() -> None:
    raw = base64.b64encode(b"Subject: caf\xe9\n\nhi").decode()
    message = parse_evidence({"kind": "message", "raw_base64": raw})
    assert message == Message(b"Subject: caf\xe9\n\nhi", MAIL)


def test_a_given_media_type_is_not_sniffed() -> None:
    wire = {"kind": "message", "raw": "Subject: x\n\ny", "media_type": PLAIN_TEXT}
    assert parse_evidence(wire) == Message(b"Subject: x\n\ny", PLAIN_TEXT)


def test_digest_of_a_message_is_that_of_its_bytes() -> None:
    message = Message(b"abc")
    assert content_digest(message).startswith("ba7816bf")
    assert content_digest(replace(message, media_type=MAIL)) == content_digest(message)
