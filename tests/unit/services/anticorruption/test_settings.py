from __future__ import annotations

import pytest

from integritas.kernel.errors import InvalidInput
from integritas.services.anticorruption.api import DEFAULT_SETTINGS, parse_settings
from integritas.services.anticorruption.indicators import OPTIONS


def errors_of(text: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        parse_settings(text, source="s.ini")
    return [(error.path, error.message) for error in caught.value.errors]


def test_default_settings_enable_every_indicator() -> None:
    assert set(DEFAULT_SETTINGS.sections) == set(OPTIONS)


def test_a_section_enables_its_indicator_and_no_other() -> None:
    assert set(parse_settings("[R024]\n\n[R058]").sections) == {"R024", "R058"}


def test_an_empty_file_enables_nothing() -> None:
    assert not parse_settings("; only a comment\n# another\n").sections


def test_options_are_read_by_kind() -> None:
    settings = parse_settings(
        "[R003]\nthreshold = 10\nprocurement_methods = open|selective\n"
        "[R003.procurement_method_details]\nUrgent works = 5\n[R024]\nthreshold=0.25\n"
    )
    assert settings.integer("R003", "threshold", 15) == 10
    assert settings.names("R003", "procurement_methods", frozenset()) == {
        "open",
        "selective",
    }
    assert settings.table("R003", "procurement_method_details") == {"Urgent works": 5}
    assert settings.number("R024", "threshold") == 0.25


def test_a_table_enables_its_indicator() -> None:
    settings = parse_settings("[R003.procurement_method_details]\nx = 5")
    assert set(settings.sections) == {"R003"}


def test_keys_at_the_top_hold_for_all() -> None:
    settings = parse_settings(
        "currency = USD\nno_price_comparison_procurement_methods = A|B\n"
        "price_comparison_procurement_methods = C\n"
        "[exclusions]\nprocurement_method_details = D|\n"
    )
    assert settings.currency == "USD"
    assert settings.uncompared_methods == {"A", "B"}
    assert settings.compared_methods == {"C"}
    assert settings.excluded_methods == {"D"}


def test_sections_of_the_prepare_command_change_nothing() -> None:
    text = "[defaults]\ncurrency = USD\n[codelists.bid_status]\nqualified = valid\n"
    settings = parse_settings(text + "[R018]")
    assert settings.currency is None
    assert set(settings.sections) == {"R018"}


def test_a_number_may_be_followed_by_a_comment() -> None:
    settings = parse_settings("[R025]\npercentile = 60 # default is 75\n")
    assert settings.integer("R025", "percentile", 75) == 60


def test_quotes_and_a_byte_order_mark_are_taken_off() -> None:
    assert parse_settings('\ufeffcurrency = "EUR"').currency == "EUR"


def test_a_repeated_section_is_one_section() -> None:
    settings = parse_settings("[R038]\nthreshold = 0.5\n[R018]\n[R038]\n")
    assert settings.number("R038", "threshold") == 0.5


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("[R999]", "s.ini:1 R999", "is no known section"),
        ("[R018.x]\na = 1", "s.ini:1 R018.x", "is no known section"),
        ("[R028]\nx = 1", "s.ini:2 R028.x", "is no known key"),
        ("curency = USD", "s.ini:1 curency", "is no known key"),
        ("[exclusions]\nx = 1", "s.ini:2 exclusions.x", "is no known key"),
        ("[defaults]\nx = 1", "s.ini:2 defaults.x", "is no known key"),
        (
            "[R003]\nprocurement_method_details = 5",
            "s.ini:2 R003.procurement_method_details",
            "is no known key",
        ),
        (
            "[R003]\nthreshold = soon",
            "s.ini:2 R003.threshold",
            "'soon' is not a whole number",
        ),
        (
            "[R035]\nthreshold = 1.5",
            "s.ini:2 R035.threshold",
            "'1.5' is not a whole number",
        ),
        ("[R024]\nthreshold = nan", "s.ini:2 R024.threshold", "'nan' is not a number"),
        ("[R035]\nthreshold = -1", "s.ini:2 R035.threshold", "-1 is out of range"),
        ("[R025]\npercentile = 101", "s.ini:2 R025.percentile", "101 is out of range"),
        (
            "[R024]\nthreshold = 1\nthreshold = 2",
            "s.ini:3 R024.threshold",
            "is given twice",
        ),
        ("[R024]\nthreshold", "s.ini:2 R024.threshold", "'' is not a number"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, path: str, message: str) -> None:
    assert errors_of(text) == [(path, message)]


def test_all_mistakes_are_told_at_once() -> None:
    assert len(errors_of("[R999]\n[R024]\nx = 1\nthreshold = y")) == 3


def test_a_mistake_says_what_to_use_instead() -> None:
    with pytest.raises(InvalidInput, match="use percentile, threshold"):
        parse_settings("[R025]\npercent = 5")
    with pytest.raises(InvalidInput, match=r"\[R028\] takes no keys"):
        parse_settings("[R028]\npercent = 5")
