"""Signatures and the window: alike is alike, old is forgotten, memory is bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.spam import campaigns
from integritas.services.spam.campaigns import Seen, Sighting, Window
from integritas.services.spam.features import Document
from integritas.services.spam.fingerprint import (
    BANDS,
    PLACES,
    Signature,
    likeness,
    signature_of,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


def sign(text: str) -> Signature | None:
    body = text.encode()
    ends = np.array((0, len(body), len(body)), np.int32)
    return signature_of(Document(np.frombuffer(body, np.uint8), ends, ()))


def signed(text: str) -> Signature:
    found = sign(text)
    assert found is not None
    return found


def sighting(
    seq: int, signature: Signature | None, *, minutes: float = 0, campaign: str = "camp"
) -> Sighting:
    at = START + timedelta(minutes=minutes)
    return Sighting(seq, f"ev_{seq}", "web", "", at, signature, campaign)


WORDS = [f"word{a}{b}" for a in "abcdefghij" for b in "klmnopqrst"]


@pytest.mark.parametrize("changed", [0, 5, 20])
def test_likeness_estimates_the_share_of_common_triples(changed: int) -> None:
    other = WORDS[: 100 - changed] + [f"other{w}" for w in WORDS[:changed]]
    shared = 98 - changed if changed else 98
    expected = shared / (196 - shared)
    found = likeness(signed(" ".join(WORDS)), signed(" ".join(other)))
    assert abs(found - expected) < 0.2


def test_numbers_and_case_hide_nothing() -> None:
    text = "Pay {} euros until the {}th to keep your account Open"
    assert likeness(signed(text.format(7, 1)), signed(text.format(8315, 22))) == 1
    assert likeness(signed(text), signed(text.upper())) == 1


def test_a_short_text_has_no_signature() -> None:
    assert sign("see you at five then") is None
    assert sign("") is None


def test_a_window_forgets_what_is_old() -> None:
    window, signature = Window(), signed(" ".join(WORDS))
    for seq in range(1, 4):
        window.add(sighting(seq, signature))
    assert window.seen(signature, "ev_9", upto=3) is not None
    window.add(sighting(4, None, minutes=15 * 24 * 60))
    assert window.seen(signature, "ev_9", upto=4) is None


def test_what_is_learned_later_changes_no_earlier_answer() -> None:
    window, signature = Window(), signed(" ".join(WORDS))
    answers = {}
    for seq in range(1, 20):
        window.add(sighting(seq, signature))
        answers[seq] = window.seen(signature, "ev_9", upto=seq)
    assert answers[1] == Seen("camp", 1)
    assert answers[19] == Seen("camp", 18)  # itself not among them
    for seq, answer in answers.items():
        assert window.seen(signature, "ev_9", upto=seq) == answer


def test_a_message_asked_of_again_has_the_others_of_its_campaign() -> None:
    window, signature = Window(), signed(" ".join(WORDS))
    window.add(sighting(1, signature))
    window.add(sighting(2, signature))
    assert window.seen(signature, "ev_2", upto=2) == Seen("camp", 1)


def test_a_window_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "MOST", 50)  # else it takes 20,000
    window = Window()
    for seq in range(1, 200):
        noise = np.full(PLACES, seq, np.uint32)
        window.add(sighting(seq, noise, campaign=f"camp_{seq}"))
    assert len(window._kept) == len(window._by_seq) == 50
    assert len(window._by_evidence) == len(window._campaigns) == 50
    assert len(window._bands) == 50 * BANDS


def test_a_flood_of_one_message_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "MOST", 200)
    monkeypatch.setattr(campaigns, "_COUNTED", 20)
    window, signature = Window(), signed(" ".join(WORDS))
    for seq in range(1, 1_000):
        window.add(sighting(seq, signature))
    assert max(map(len, window._bands.values())) <= 40
    assert max(len(rate._seqs) for rate in window._rates.values()) <= 40
    assert window.seen(signature, "ev_0", upto=999) == Seen("camp", 200)
    window.add(sighting(1_000, None, minutes=15 * 24 * 60))
    assert not window._bands
    assert [len(members) for members in window._campaigns.values()] == [1]


def test_the_larger_of_two_campaigns_keeps_its_name() -> None:
    window = Window()
    for seq, name in enumerate(("old", "new", "new", "late"), start=1):
        window.add(sighting(seq, None, campaign=name))
    assert window.larger("old", "new") == ("new", "old")
    assert window.larger("late", "old") == ("late", "old")
    window.rename("old", "new")
    assert window.larger("new", "late") == ("new", "late")
    assert {one.campaign for one in window._by_seq.values()} == {"new", "late"}


_STEPS = st.lists(st.tuples(st.sampled_from("ajd"), st.integers(0, 9)), max_size=60)


@given(_STEPS)
def test_every_sighting_is_of_one_campaign(steps: list[tuple[str, int]]) -> None:
    window, seq, day = Window(), 0, 0
    for step, number in steps:
        names = sorted(window._campaigns)
        if step == "j" and len(names) > 1:
            at = number % (len(names) - 1)
            window.rename(names[at], names[at + 1])
        else:
            seq, day = seq + 1, day + (step == "d") * number
            at_minute = day * 24 * 60
            name = f"camp_{number}"
            window.add(sighting(seq, None, minutes=at_minute, campaign=name))
        members = [seq for some in window._campaigns.values() for seq in some]
        assert sorted(members) == sorted(window._by_seq)
        for name, some in window._campaigns.items():
            assert {window._by_seq[seq].campaign for seq in some} == {name}


@given(
    st.lists(st.tuples(st.integers(0, 120), st.sampled_from("ab")), max_size=80),
    st.integers(0, 80),
)
def test_floods_are_counted_as_of_a_cursor(
    sent: list[tuple[int, str]], upto: int
) -> None:
    window, minute, times = Window(), 0, []
    for seq, (pause, sender) in enumerate(sent, start=1):
        minute += pause // 12
        at = START + timedelta(minutes=minute)
        window.add(Sighting(seq, f"ev_{seq}", "web", sender, at, None, f"c_{seq}"))
        times.append((seq, minute, sender))
    expected = sum(
        seq <= upto and sender == "a" and minute - 60 < when
        for seq, when, sender in times
    )
    now = START + timedelta(minutes=minute)
    told = [f for f in window.floods("a", "web", now, upto=upto) if f[0] == "sender"]
    assert told == ([("sender", expected, 60)] if expected >= 20 else [])


def test_a_busy_channel_is_a_flood_only_beside_a_quiet_past() -> None:
    window = Window()
    for seq in range(1, 11):
        window.add(sighting(seq, None, minutes=seq * 10))
    for seq in range(11, 160):
        window.add(sighting(seq, None, minutes=200))
    at = START + timedelta(minutes=201)
    [flood] = window.floods("", "web", at, upto=200)
    assert (flood.source, flood.messages) == ("channel", 149)
    steady = Window()
    for seq in range(1, 1_000):
        steady.add(sighting(seq, None, minutes=seq / 15))
    now = START + timedelta(minutes=1_000 / 15)
    assert list(steady.floods("", "web", now, upto=1_000)) == []
