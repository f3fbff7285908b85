from __future__ import annotations

from pathlib import Path

import pytest

from integritas.services.anticorruption.catalogue import catalogue, reference_page
from integritas.services.anticorruption.indicators import INDICATORS

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "indicators.md"


def test_catalogue_holds_every_registered_indicator() -> None:
    listed = [entry.code for entry in catalogue().data]
    assert listed == [indicator.spec.code for indicator in INDICATORS]


def test_the_reference_page_is_made_of_the_declarations() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_page(), (
        "run: python -m integritas.services.anticorruption.catalogue"
        " > docs/reference/indicators.md"
    )


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda i: str(i.spec.code))
def test_every_indicator_is_documented(indicator: type) -> None:
    spec = indicator.spec  # type: ignore[attr-defined]  # an Indicator
    section = reference_page().split(f"## {spec.code}: ")[1].split("\n## ")[0]
    for text in (spec.title, spec.formula, spec.why, spec.source, spec.alone):
        assert text in section
    for option in spec.options:
        assert f"`{option.name}`" in section
        assert option.meaning in section


def test_defaults_are_shown_as_a_settings_file_would_write_them() -> None:
    options = {
        (entry.code, option.name): option.default
        for entry in catalogue().data
        for option in entry.options
    }
    assert options["R018", "procurement_methods"] == "open|selective"
    assert options["R003", "threshold"] == "15"
    assert options["R024", "threshold"] is None
    assert "`open\\|selective`" in reference_page()
