from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.compliance.normalise import (
    MAX_CHARACTERS,
    MAX_TOKENS,
    fold,
    parse_name,
    skeleton,
    tokenise,
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Öncel ŁÓDŹ", ("oncel", "lodz")),
        ("AL-'ANIZI", ("al", "anizi")),
        ("S.A. de C.V.", ("sa", "de", "cv")),
        ("CLAMASAN S.A..", ("clamasan", "sa")),
        ("J. Smith", ("j", "smith")),
        ("Maria E. Lopez", ("maria", "e", "lopez")),
        ("Kum Song7", ("kum", "song", "7")),
        ("No. 007 One", ("no", "7", "1")),
        ("Smith & Sons", ("smith", "and", "sons")),
        ("Айрат Вахитов", ("ayrat", "vakhitov")),
        ("Θεόδωρος", ("theodoros",)),
        ("أحمد دغداغ", ("ahmd", "dghdagh")),
        ("İstanbul", ("istanbul",)),
    ],
)
def test_tokenise_makes_spellings_alike(text: str, tokens: tuple[str, ...]) -> None:
    assert tokenise(text) == tokens


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Acme Limited", "ltd"),
        ("Acme Private Limited", "ltd"),
        ("Acme Limited Liability Company", "llc"),
        ("Acme Open Joint Stock Company", "jsc"),
        ("OAO Acme", "jsc"),
        ("Acme Corporation", "corp"),
    ],
)
def test_legal_forms_are_written_one_way(text: str, form: str) -> None:
    assert set(tokenise(text)) == {"acme", form}


@pytest.mark.parametrize("text", ["", " ", ".", "😀🎉", "---", "\u200b"])
def test_text_without_letter_or_digit_has_no_tokens(text: str) -> None:
    assert parse_name(text).tokens == ()


def test_one_letter_is_a_name() -> None:
    assert parse_name("X").tokens == ("x",)


def test_numbers_are_told_apart() -> None:
    assert parse_name("Kum Song 7").numbers == {"7"}


def test_too_many_characters_are_cut_and_said() -> None:
    name = parse_name("a" * 10_000)
    assert name.cut
    assert len(name.tokens[0]) == MAX_CHARACTERS


def test_too_many_words_are_cut_and_said() -> None:
    name = parse_name("ab " * 100)
    assert name.cut
    assert len(name.tokens) == MAX_TOKENS


def test_an_ordinary_name_is_not_cut() -> None:
    assert not parse_name("Mikhail Orlov").cut


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("muhammad", "mohammed"),
        ("vasilyevich", "vasylievich"),
        ("haqqani", "hakkani"),
        ("yusuf", "yousef"),
    ],
)
def test_romanisations_share_a_skeleton(left: str, right: str) -> None:
    assert skeleton(left) == skeleton(right)


def test_other_names_do_not_share_a_skeleton() -> None:
    assert skeleton("orlov") != skeleton("petrov")


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="abcdefghij ABCDEFGHIJ", max_size=40))
def test_case_does_not_matter(text: str) -> None:
    assert tokenise(text.upper()) == tokenise(text.lower())


@given(st.text(alphabet="aeioucnyz ", max_size=40), st.sampled_from("̧̀́̂̈"))
def test_diacritics_do_not_matter(text: str, mark: str) -> None:
    marked = unicodedata.normalize(
        "NFC", "".join(c + mark if c != " " else c for c in text)
    )
    assert tokenise(marked) == tokenise(text)


@given(st.text())
def test_any_text_gives_clean_tokens(text: str) -> None:
    name = parse_name(text)
    assert len(name.tokens) <= MAX_TOKENS
    assert all(token and token == token.strip() for token in name.tokens)
