"""The generator of evasions: seeded, and undone by what reads messages."""

from __future__ import annotations

import pytest
from bench.spam.evasion import EVASIONS, HONEST, rewrite

from integritas.kernel.evidence import MAIL, Message
from integritas.services.spam.artifact import load_artifact
from integritas.services.spam.folding import fold
from integritas.services.spam.parsing import parse_message

MAILED = (
    "Received: from a\nFrom: x@y.example\nSubject: cheap offer\n"
    "Content-Type: text/plain\n\nGuaranteed winner, transfer money today\n"
)
GOOD = ["minutes", "meeting", "patch"]
NAMES = sorted({**EVASIONS, **HONEST})
TABLE = load_artifact().lookalikes


def read(raw: str) -> str:
    view = parse_message(Message(raw.encode("latin-1"), MAIL))
    return fold(view.shown, TABLE, most=4_000).text.decode().lower()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_message(name: str) -> None:
    once = rewrite(MAILED, [name], seed=3, good=GOOD, is_mail=True)
    assert rewrite(MAILED, [name], seed=3, good=GOOD, is_mail=True) == once


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"leet", "spaced"}))
@pytest.mark.parametrize("seed", range(5))
def test_what_a_reader_sees_is_still_read(name: str, seed: int) -> None:
    shown = read(rewrite(MAILED, [name], seed=seed, good=GOOD, is_mail=True))
    for word in ("cheap", "offer", "guaranteed", "winner", "transfer", "money"):
        assert word in shown, shown


@pytest.mark.parametrize("seed", range(5))
def test_hidden_words_are_not_read(seed: int) -> None:
    shown = read(rewrite(MAILED, ["hidden"], seed=seed, good=GOOD, is_mail=True))
    assert "meeting" not in shown
    assert "guaranteed" in shown


@pytest.mark.parametrize("names", [["leet"], ["spaced"], ["confusables", "spaced"]])
def test_most_spellings_are_undone(names: list[str]) -> None:
    words = ("guaranteed", "winner", "transfer", "money", "today")
    kept = sum(
        word in read(rewrite(MAILED, names, seed=seed, good=GOOD, is_mail=True))
        for seed in range(10)
        for word in words
    )
    assert kept >= 30


def test_stripping_drops_the_transport() -> None:
    raw = rewrite(MAILED, ["html"], seed=1, good=GOOD, is_mail=True, strip=True)
    assert raw.startswith("Subject: ")
    assert "Received" not in raw
