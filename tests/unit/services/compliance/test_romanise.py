from __future__ import annotations

import pytest

from integritas.services.compliance.normalise import parse_name
from integritas.services.compliance.romanise import fold, ideographs, is_abjad
from integritas.services.compliance.scoring import compare


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("习近平", ("xi", "jinping")),
        ("김정은", ("kim", "chong", "un")),
        ("이재명", ("ri", "chae", "myong")),
        ("中国石油天然气", ("zhongguoshiyoutianranqi",)),
        ("გიორგი", ("giorgi",)),
        ("Олексій Миколайович", ("oleksiy", "mykolayovych")),
        ("Владимир", ("vladimir",)),
        ("नरेन्द्र मोदी", ("nrendr", "modi")),
    ],
)
def test_every_script_becomes_latin(text: str, tokens: tuple[str, ...]) -> None:
    assert parse_name(text).tokens == tokens


@pytest.mark.parametrize("text", ["😀", "★", "→"])
def test_signs_become_no_letters(text: str) -> None:
    assert not any(map(str.isalnum, fold(text)))


@pytest.mark.parametrize(
    "unseen",
    ["\0", "\u200b", "\u2060", "\u034f", "\ufe0f", "\ufeff", "\u3164", "\U000e0041"],
)
def test_what_is_not_seen_hides_no_name(unseen: str) -> None:
    hidden = unseen.join("Viktor Bout")
    assert parse_name(hidden).tokens == ("viktor", "bout")
    assert parse_name(unseen.join("毛泽东")) == parse_name("毛泽东")


def test_ideographs_are_kept_apart() -> None:
    assert ideographs("Xi 习近平 김") == "习近平김"
    assert ideographs("Xi") == ""


def test_another_ideograph_is_another_name() -> None:
    same = compare(parse_name("习近平"), parse_name("习近平")).score
    other = compare(parse_name("习近朋"), parse_name("习近平")).score
    assert other < same == 1.0


@pytest.mark.parametrize(
    ("text", "abjad"), [("سالم", True), ("בנימין", True), ("Salim", False)]
)
def test_scripts_without_vowels_are_known(text: str, *, abjad: bool) -> None:
    assert is_abjad(text) is abjad
