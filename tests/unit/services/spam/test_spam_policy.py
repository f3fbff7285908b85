"""Verdicts: thresholds from data, and tips that are never discarded."""

from __future__ import annotations

import json
from typing import Any, Literal
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.contracts import Severity
from integritas.kernel.errors import InvalidDefinition
from integritas.services.spam.features import View
from integritas.services.spam.parsing import MAX_SHOWN
from integritas.services.spam.policy import Policy, SpamVerdict, load_policy


def data(**changes: Any) -> bytes:
    document = {
        "name": "test",
        "version": "1",
        "thresholds": {
            view.value: {"quarantine": 0.6, "discard": 0.9} for view in View
        },
        "tip_words": {
            "allegation": {"en": ["brib"], "zh": ["贿赂"], "fr": ["pot-de-vin"]},
            "body": {"de": ["ministerium"]},
        },
        "currencies": ["€", "EUR"],
    }
    return json.dumps(document | changes).encode()


@pytest.fixture
def policy() -> Policy:
    return load_policy(data())


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [(0.0, "deliver"), (0.59, "deliver"), (0.6, "quarantine"), (0.9, "discard")],
)
def test_thresholds_decide(policy: Policy, probability: float, verdict: str) -> None:
    assert policy.judge(View.TEXT, probability, tip=False).verdict == verdict


@given(st.floats(0, 1), st.sampled_from(list(View)))
def test_a_tip_is_never_discarded(probability: float, view: View) -> None:
    judged = load_policy(data()).judge(view, probability, tip=True)
    assert judged.verdict is not SpamVerdict.DISCARD
    assert judged.protected == (probability >= 0.9)


@given(st.floats(0, 1), st.sampled_from(list(View)), st.floats(0, 1))
def test_what_was_looked_at_partly_is_never_discarded(
    probability: float, view: View, unknown: float
) -> None:
    judged = load_policy(data()).judge(
        view, probability, tip=False, unknown=unknown, partly=True
    )
    assert judged.verdict is not SpamVerdict.DISCARD
    assert judged.partly == judged.protected == (probability >= 0.9)


def test_a_protected_message_matters_more(policy: Policy) -> None:
    assert policy.judge(View.TEXT, 1.0, tip=True).severity is Severity.MEDIUM


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("He took BRIBES", "allegation"),
        ("受贿赂了", "allegation"),
        ("un pot-de-vin", "allegation"),
        ("im Ministerium", "body"),
        ("50,000 EUR in cash", "amount"),
        ("€ 5 million", "amount"),
        ("5 million €", "amount"),
    ],
)
def test_tip_marks_are_found(policy: Policy, text: str, kind: str) -> None:
    assert [mark.kind for mark in policy.tip_marks(text.encode())] == [kind]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    "text", ["Rüşvet verildi", "RÜŞVET", "İHALE", "ihale", "kay\u0131rma", "KAYIRMA"]
)
def test_letters_with_marks_are_the_same_however_they_are_written(
    form: Literal["NFC", "NFD"], text: str
) -> None:
    words = {"allegation": {"tr": ["rüşvet", "ihale", "kay\u0131rma"]}}
    policy = load_policy(data(tip_words=words))
    assert policy.tip_marks(normalize(form, text).encode())


@pytest.mark.parametrize("text", ["", "contribute", "europe 5", "nothing to see"])
def test_other_texts_have_no_marks(policy: Policy, text: str) -> None:
    assert policy.tip_marks(text.encode()) == ()


@pytest.mark.parametrize("gap", [" ", "\n", " \t\r\n ", "\x1c", "\x0b"])
def test_case_and_space_of_a_text_do_not_hide_marks(policy: Policy, gap: str) -> None:
    for end in ("", " für", " é"):  # ASCII is looked at in another way than the rest
        text = f"  BRIBES{gap}OF{gap}5,000{gap}EUR{gap}{end}"
        found = {mark.kind: mark.words for mark in policy.tip_marks(text.encode())}
        assert found == {"allegation": ("bribes",), "amount": ("5,000 eur",)}


def test_marks_are_looked_for_at_the_beginning_of_a_text(policy: Policy) -> None:
    assert policy.tip_marks(b"a " * (MAX_SHOWN // 2 - 4) + b"bribe") != ()
    assert policy.tip_marks(b"a " * (MAX_SHOWN // 2) + b"bribe") == ()


def test_version_names_the_bytes(policy: Policy) -> None:
    assert policy.version.startswith("test-1@")
    assert policy.version != load_policy(data(version="2")).version


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": "Not a name"}, "name"),
        ({"thresholds": {"mail": {"quarantine": 0.5, "discard": 0.9}}}, "(whole)"),
        (
            {"thresholds": {v: {"quarantine": 0.9, "discard": 0.5} for v in View}},
            "thresholds",
        ),
        ({"surprise": 1}, "surprise"),
        ({"currencies": []}, "currencies"),
    ],
)
def test_invalid_policies_name_the_field(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        load_policy(data(**changes))
    assert any(error.path.startswith(path) for error in caught.value.errors)


def test_policy_that_is_not_json_is_refused() -> None:
    with pytest.raises(InvalidDefinition, match=r"policy\.json is no spam policy"):
        load_policy(b"{")


@pytest.mark.parametrize(
    ("probability", "unknown", "verdict"),
    [
        (0.85, 0.1, SpamVerdict.QUARANTINE),
        (0.85, 0.5, SpamVerdict.DELIVER),
        (0.88, 0.5, SpamVerdict.QUARANTINE),
        (0.95, 0.5, SpamVerdict.DISCARD),
    ],
)
def test_a_model_that_knows_little_must_be_surer(
    probability: float, unknown: float, verdict: SpamVerdict
) -> None:
    strange = {view: {"share": 0.4, "quarantine": 0.87} for view in View}
    policy = load_policy(data(unfamiliar=strange))
    judged = policy.judge(View.TEXT, probability, tip=False, unknown=unknown)
    assert judged.verdict == verdict
    assert judged.unfamiliar == (verdict is SpamVerdict.DELIVER)
