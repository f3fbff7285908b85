from __future__ import annotations

import pytest

from integritas.services.compliance.countries import country_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ru", "ru"),
        ("RU", "ru"),
        ("Russian Federation", "ru"),
        ("Korea, North", "kp"),
        ("Türkiye", "tr"),
        ("Democratic People's Republic of Korea", "kp"),
        ("uk", "gb"),
        ("tv", "tv"),
    ],
)
def test_names_and_codes_become_codes(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize("text", ["", None, "Atlantis", "undetermined", "r1", "x"])
def test_what_is_unknown_is_no_country(text: str | None) -> None:
    assert country_code(text) is None
