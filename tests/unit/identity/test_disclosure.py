"""Who sees how much of personal data: the table, its page, and what is shown."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.identity.disclosure import DISCLOSURE, Datum, Form, view_of
from integritas.identity.masking import mask_finding, mask_result
from integritas.identity.policy import Role
from integritas.kernel.contracts import Finding, FindingKind, Reason, Severity, Subject
from integritas.kernel.ids import EvidenceId

PAGE = Path(__file__).parents[3] / "docs/reference/personal-data.md"
ORDER = list(Form)
TEXT = "Ana, ana.lopez@example.org, +49 30 901820, IBAN DE89 3704 0044 0532 0130 00"
NAME = "Zebulon Quartermain"
HIT = Finding(
    code="sanctions.hit",
    severity=Severity.HIGH,
    score=0.9,
    subject=Subject(evidence=EvidenceId("ev_1")),
    title="party resembles own entry 7",
    reasons=(
        Reason("agrees: zebulon, quartermain", 0.9, {"quotes": "name"}),
        Reason("born on 1971-03-12, as listed", 0.3, {"quotes": "birth_date"}),
        Reason("country de is listed too", 0.05),
    ),
    kind=FindingKind.HIT,
    data={
        "list": "own",
        "uid": "7",
        "name": NAME,
        "party": "hash",
        "fields": [
            {"field": "name", "case": NAME, "list": NAME},
            {"field": "birth date", "case": "1971-03-12", "list": "1971"},
            {"field": "identifier", "case": "54362315K", "list": ""},
            {"field": "country", "case": "de", "list": "de"},
        ],
    },
)


@pytest.mark.parametrize(
    ("role", "datum", "value", "shown"),
    [
        (Role.VIEWER, Datum.NAME, NAME, "[name]"),
        (Role.AUDITOR, Datum.NAME, NAME, "Z. Q."),
        (Role.ANALYST, Datum.NAME, NAME, NAME),
        (Role.AUDITOR, Datum.BIRTH_DATE, "12.03.1971", "1971"),
        (Role.AUDITOR, Datum.BIRTH_DATE, "12.03.71", "[birth_date]"),
        (Role.ANALYST, Datum.CONTACT, "ana.lopez@example.org", "a…@example.org"),
        (Role.ANALYST, Datum.ACCOUNT, "DE89 3704 0044 0532 0130 00", "…3000"),
        (Role.ANALYST, Datum.IDENTIFIER, "1234567", "[identifier]"),
        (Role.ANALYST, Datum.IDENTIFIER, "54362315K", "…315K"),
        (Role.SERVICE, Datum.ACCOUNT, "", ""),
        (Role.AUDITOR, Datum.TEXT, "a tip on somebody", "[text]"),
    ],
)
def test_each_form_shows_what_it_says(
    role: Role, datum: Datum, value: str, shown: str
) -> None:
    assert view_of([role]).value(datum, value) == shown


def test_pieces_in_prose_have_their_own_forms() -> None:
    shown = view_of([Role.ANALYST]).value(Datum.TEXT, TEXT)
    assert shown == "Ana, a…@example.org, …1820, IBAN …3000"
    assert view_of([Role.VIEWER]).text(TEXT) == "Ana, [email], [phone], IBAN [iban]"


def test_who_edits_a_title_sees_it_as_it_stands() -> None:
    assert view_of([Role.ANALYST]).remark(TEXT) == TEXT
    assert view_of([Role.AUDITOR]).remark(TEXT) != TEXT


def test_a_hit_tells_a_viewer_of_nobody() -> None:
    shown = mask_finding(view_of([Role.VIEWER]), HIT)
    assert "uartermain" not in repr(shown)
    assert "1971" not in repr(shown)
    assert [reason.text for reason in shown.reasons] == [
        "agrees: [name]",
        "born on [birth_date], as listed",
        "country de is listed too",
    ]
    assert "party" not in shown.data
    assert (shown.score, shown.data["uid"]) == (HIT.score, "7")


def test_an_auditor_can_tell_values_apart_and_no_more() -> None:
    shown = repr(mask_finding(view_of([Role.AUDITOR]), HIT))
    assert "Z. Q." in shown
    assert "1971" in shown
    assert not {"uartermain", "03-12", "54362315"} & set(re.split(r"\W", shown))


def test_an_analyst_sees_both_sides_of_a_hit() -> None:
    shown = mask_finding(view_of([Role.ANALYST]), HIT)
    assert shown.reasons == HIT.reasons
    assert NAME in repr(shown.data)
    assert "54362315K" not in repr(shown.data)


def test_words_that_a_reason_quotes_are_text() -> None:
    data = {"quotes": "text"}
    said = ("“zebulon” speaks for junk", "has tip-like content (names: Quartermain)")
    finding = {"code": "spam", "reasons": [{"text": t, "data": data} for t in said]}
    result = {"findings": [finding], "count": 1}
    shown = mask_result(view_of([Role.VIEWER]), result)
    texts = [reason["text"] for reason in shown["findings"][0]["reasons"]]
    assert texts == ["[text] speaks for junk", "has tip-like content [text]"]
    same = mask_result(view_of([Role.ANALYST]), result)
    assert [r["text"] for r in same["findings"][0]["reasons"]] == [*said]


def test_nobody_sees_more_than_an_investigator() -> None:
    most = view_of([Role.ANALYST]).forms
    for role, datum in product(Role, Datum):
        form = DISCLOSURE[role].forms[datum]
        assert ORDER.index(form) <= ORDER.index(most[datum])


@given(st.frozensets(st.sampled_from(Role)), st.sampled_from(Datum))
def test_of_several_roles_the_most_open_form_counts(
    roles: frozenset[Role], datum: Datum
) -> None:
    forms = [Form.HIDDEN, *(DISCLOSURE[role].forms[datum] for role in roles)]
    assert view_of(roles).forms[datum] is max(forms, key=ORDER.index)
    assert view_of([*roles, "unheard-of"]) == view_of(roles)


def test_reference_page_shows_the_table() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]+) \|(.+)\|$", PAGE.read_text(), re.MULTILINE
    )
    shown = {
        role: (purpose.strip(), [cell.strip() for cell in cells.split("|")])
        for role, purpose, cells in rows
    }
    assert shown == {
        role.value: (sight.purpose, [sight.forms[datum].value for datum in Datum])
        for role, sight in DISCLOSURE.items()
    }
