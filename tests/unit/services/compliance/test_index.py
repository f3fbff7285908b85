from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from integritas.services.compliance.index import NameIndex
from integritas.services.compliance.normalise import parse_name

NAMES = [
    "Mikhail Petrovich Orlov",
    "Vostok Marine Trading LLC",
    "Silver Heron",
    "Maria Elena Garcia Luna",
    "Kum Song 7",
    "Limited",
    "Zhang Wei",
]
INDEX = NameIndex([parse_name(name) for name in NAMES])


def nearest(text: str) -> str | None:
    rows = INDEX.candidates(parse_name(text), 2)
    return NAMES[rows[0]] if rows else None


def test_a_typo_is_found() -> None:
    assert nearest("Mikhial Orolv") == NAMES[0]


def test_another_romanisation_is_found() -> None:
    assert nearest("Michail Orlow") == NAMES[0]


def test_a_name_of_light_words_only_is_found() -> None:
    assert nearest("Ltd") == "Limited"


def test_a_name_without_tokens_finds_nothing() -> None:
    assert nearest("😀") is None


def test_nothing_in_common_finds_nothing() -> None:
    assert nearest("jjj") is None


def test_an_empty_index_finds_nothing() -> None:
    assert NameIndex([]).candidates(parse_name("Orlov"), 5) == []


def test_the_limit_is_per_channel() -> None:
    assert len(INDEX.candidates(parse_name("Maria Orlov Heron"), 1)) <= 2


@given(st.sampled_from(NAMES), st.randoms(use_true_random=False))
def test_every_name_finds_itself_in_any_order(name: str, random: Random) -> None:
    words = name.split()
    random.shuffle(words)
    assert nearest(" ".join(words)) == name
