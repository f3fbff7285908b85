"""Fixed pairs, their scores and reasons: a change of the matcher shows here first.

If a change is meant, raise SCORER_VERSION and write `pairs.json` anew, for review.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integritas.services.compliance.api import match_names
from integritas.services.compliance.scoring import SCORER_VERSION

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parent / "pairs.json").read_text(encoding="utf-8")
)


def test_the_golden_file_is_of_this_matcher() -> None:
    assert GOLDEN["matcher"] == SCORER_VERSION


@pytest.mark.parametrize(
    "pair", GOLDEN["pairs"], ids=lambda p: f"{p['left']}|{p['right']}"
)
def test_score_and_reasons_are_as_before(pair: dict[str, Any]) -> None:
    score, reasons = match_names(pair["left"], pair["right"])
    assert round(score, 4) == pair["score"]
    assert [reason.text for reason in reasons] == pair["reasons"]
