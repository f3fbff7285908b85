"""Signatures and the window: alike is alike, old is forgotten, memory is bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from integritas.services.spam import campaigns
from integritas.services.spam.campaigns import Sighting, Window
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
    for seq in range(1, 4):
        window.add(sighting(seq, signature))
    assert window.seen(signature, "ev_9", upto=2) is None
    assert window.cursor == 3


def test_a_window_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "MOST", 50)  # else it takes 20,000
    window = Window()
    for seq in range(1, 200):
        noise = np.full(PLACES, seq, np.uint32)
        window.add(sighting(seq, noise, campaign=f"camp_{seq}"))
    assert len(window._kept) == len(window._by_seq) == 50
    assert len(window._bands) == 50 * BANDS


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
