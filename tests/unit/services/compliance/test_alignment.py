from __future__ import annotations

import pytest

from integritas.services.compliance.agreement import Mode, agree
from integritas.services.compliance.alignment import align
from integritas.services.compliance.mandarin import pinyin
from integritas.services.compliance.normalise import parse_name


def left_over(left: str, right: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = align(parse_name(left), parse_name(right))
    return found.left_only, found.right_only


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Good Will", "Goodwill"),
        ("Nikolai Plat Ono Vich Patrushev", "Nikolai Platonovich Patrushev"),
        ("Mao Tse-tung", "Mao Zedong"),
        ("Hsi Chin-ping", "Xi Jinping"),
        ("PLA", "People's Liberation Army"),
        ("JC Juncker", "Jean-Claude Juncker"),
        ("Ted Doe", "Theodore Doe"),
        ("N. Orlov", "Nikolai Orlov"),
        ("Sergei Sergei Orlov", "Sergei Orlov"),
        ("فرناندو بيريز", "Fernando Pérez"),
        ("Володимир Зеленський", "Volodymyr Zelenskyy"),
        ("Zulkifli Bizn Hir", "Zulkifli Bin Hir"),
        ("Raz Imusavi Khan", "Razi Musavi Khan"),
    ],
)
def test_everything_finds_its_partner(left: str, right: str) -> None:
    assert left_over(left, right) == ((), ())
    assert left_over(right, left) == ((), ())


@pytest.mark.parametrize(
    ("left", "right", "rest"),
    [
        ("Mikhail Petrovich Orlov", "Mikhail Orlov", (("petrovich",), ())),
        ("A. Orlov", "Nikolai Orlov", (("a",), ("nikolai",))),
        ("Abdul Kabir Abdul Jan", "Abdul Kabir Dost Jan", (("abdul",), ("dost",))),
        ("Plant 7", "Plant 8", (("7",), ("8",))),
    ],
)
def test_what_has_no_partner_is_left_over(
    left: str, right: str, rest: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    assert left_over(left, right) == rest


def test_other_order_is_seen() -> None:
    assert align(parse_name("Orlov Mikhail"), parse_name("Mikhail Orlov")).reordered


@pytest.mark.parametrize(
    ("token", "reading"),
    [("hsi", "xi"), ("tsetung", "zedong"), ("chin", "jin"), ("jinping", "jinping")],
)
def test_wade_giles_is_read_as_pinyin(token: str, reading: str) -> None:
    assert reading in pinyin(token)


@pytest.mark.parametrize("token", ["orlov", "smith", "kim", "", "xyz"])
def test_what_is_no_mandarin_has_no_reading(token: str) -> None:
    assert not pinyin(token)


def test_a_reading_counts_only_among_chinese_names() -> None:
    assert agree("tan", "dan", Mode.MANDARIN).likeness > 0.9
    assert agree("tan", "dan").likeness < 0.9


def test_vowels_do_not_count_beside_arabic_letters() -> None:
    assert agree("frnandu", "fernando", Mode.ABJAD).likeness > 0.9
    assert agree("frnandu", "mustafa", Mode.ABJAD).likeness == 0.0


def test_equal_tokens_agree_in_full() -> None:
    assert agree("orlov", "orlov") == (1.0, 0, 1.0)
