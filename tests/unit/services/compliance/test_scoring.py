from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integritas.services.compliance.normalise import parse_name
from integritas.services.compliance.rarity import weight
from integritas.services.compliance.scoring import Comparison, compare
from integritas.services.compliance.screening import MATCH_THRESHOLD

VOCABULARY = """
mikhail orlov petrov muhammad mohammed ali al bank trading ltd 7 j maria elena garcia
garcya vostok vostokmarine marine
"""
WORDS = st.sampled_from(VOCABULARY.split())
NAMES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


def score(left: str, right: str) -> float:
    return compared(left, right).score


def compared(left: str, right: str) -> Comparison:
    return compare(parse_name(left), parse_name(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Mikhail Orlov", "Orlov Mikhail"),
        ("Mikhail Orlov", "Mihail Orlov"),
        ("Mikhail Orlov", "Mikhail Petrovich Orlov"),
        ("Muhammad Hasan Zayd", "Mohammed Hassan Zaid"),
        ("Vostok Marine Trading LLC", "VOSTOK MARINE TRADING"),
        ("Vostok Marine", "Vostokmarine"),
        ("Rafael Enrique Bastardo", "Rafae Lenrique Bastardo"),
        ("Михаил Орлов", "Mikhail Orlov"),
        ("Gadaffi Mutassim", "Mutassim Gaddafi"),
    ],
)
def test_the_same_party_is_a_match(left: str, right: str) -> None:
    assert score(left, right) >= MATCH_THRESHOLD


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Mikhail Orlov", "Mikhail Petrov"),
        ("Jose Sharma", "Jose Garcia"),
        ("Kum Song 7", "Kum Song 3"),
        ("Atlas Trading Ltd", "Orion Trading Ltd"),
    ],
)
def test_another_party_is_no_match(left: str, right: str) -> None:
    assert score(left, right) < MATCH_THRESHOLD


@pytest.mark.parametrize("lone", ["Ali", "Orlov"])
def test_one_word_of_a_name_is_nobody(lone: str) -> None:
    both = parse_name(f"{lone} Khan")
    assert compare(parse_name(lone), both, "Person").score < MATCH_THRESHOLD


@given(NAMES, NAMES)
@example("ali ali", "ali")
@example("vostok marine", "vostokmarine ltd")
def test_score_is_symmetric(left: str, right: str) -> None:
    assert score(left, right) == score(right, left)


@given(NAMES, NAMES)
def test_score_lies_between_none_and_one(left: str, right: str) -> None:
    assert 0.0 <= score(left, right) <= 1.0


@given(st.text(min_size=1, max_size=60))
def test_an_identical_name_has_the_top_score(text: str) -> None:
    expected = 1.0 if parse_name(text).tokens else 0.0
    assert score(text, text) == pytest.approx(expected)


@given(NAMES)
def test_a_contradicting_word_costs_more_than_a_missing_one(name: str) -> None:
    missing = score(name, f"{name} zyxwvut")
    contradicted = score(f"{name} qqqqrrr", f"{name} zyxwvut")
    assert contradicted <= missing < 1.0


@pytest.mark.parametrize(("left", "right"), [("", "x"), ("😀", "😀"), ("", "")])
def test_nothing_to_compare_scores_nothing(left: str, right: str) -> None:
    assert score(left, right) == 0.0


def test_a_rare_word_weighs_more_than_a_common_one() -> None:
    assert weight("zyxwvut") > weight("muhammad") > weight("ltd")


def test_an_initial_weighs_less_than_a_name_and_a_number_more() -> None:
    assert weight("j") < weight("7") == weight("zyxwvut")


def test_initial_agrees_in_part() -> None:
    (first, _) = compared("J Smith", "John Smith").pairs
    assert 0.0 < first.agreement.likeness < 1.0


def test_parts_say_what_was_left_over() -> None:
    found = compared("Mikhail Orlov Junior", "Mikhail Orlov Stroganov")
    assert found.left_only == ("junior",)
    assert found.right_only == ("stroganov",)


def test_parts_follow_the_sides_given() -> None:
    found = compared("zzz common", "aaa common")
    assert (found.left_only, found.right_only) == (("zzz",), ("aaa",))


def test_other_order_is_said_and_costs_little() -> None:
    found = compared("Orlov Mikhail", "Mikhail Orlov")
    assert found.reordered
    assert 0.9 < found.score < 1.0


def test_other_numbers_are_said() -> None:
    assert compared("Plant 7", "Plant 8").numbers_differ
    assert not compared("Plant 7", "Plant").numbers_differ


def test_moved_spaces_are_one_run() -> None:
    found = compared("Raz Imusavi Khan", "Razi Musavi Khan")
    assert (found.left_only, found.right_only) == ((), ())
    assert found.score >= MATCH_THRESHOLD
