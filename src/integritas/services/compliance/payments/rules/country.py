"""Money that goes to, or comes from, a country under sanctions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, ClassVar, Final

import yaml

from integritas.kernel.contracts import Severity
from integritas.services.compliance.payments.contract import (
    Flag,
    Judgement,
    Spec,
    View,
)
from integritas.services.compliance.payments.seen import Side, countries_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SanctionedCountry", "sanctioned_countries"]

_SCORES: Final = {"embargo": 0.9, "restricted": 0.5}


@lru_cache(maxsize=1)
def sanctioned_countries() -> Mapping[str, Any]:
    """Return the shipped table: `version` and `countries` by code."""
    package = "integritas.services.compliance"
    source = resources.files(package).joinpath("data/countries.yaml")
    document: Mapping[str, Any] = yaml.safe_load(source.read_bytes())
    return document


@dataclass(frozen=True, slots=True)
class SanctionedCountry:
    """Flags either side's country, as given or as its IBAN says."""

    spec: ClassVar[Spec] = Spec(
        code="payment.sanctioned_country",
        title="Sanctioned country",
        formula=(
            "the country of a side, or of its IBAN, is in data/countries.yaml: embargo"
            " or restricted"
        ),
        defaults={"embargo": ["cu", "ir", "kp"], "restricted": ["by", "mm", "ru"]},
        why="Dealings with these countries are forbidden, or need a licence.",
        source="the acts named beside each country; FATF, high-risk jurisdictions",
        severity=Severity.HIGH,
        sides=(Side.DEBTOR,),
    )

    def judge(self, view: View) -> Judgement:
        """Flag the stricter of both sides."""
        table = sanctioned_countries()["countries"]
        found = [
            (_SCORES[table[code]["level"]], side, code)
            for side in Side
            for code in countries_of(getattr(view.payment, side))
            if code in table
        ]
        if not found:
            return None
        score, side, code = max(found)
        level, source = table[code]["level"], table[code]["source"]
        return Flag(
            text=f"The {side}'s country {code.upper()} is under {level} measures",
            score=score,
            pointer=f"/{side}/country",
            figures={"country": code, "level": level, "act": source},
            severity=Severity.HIGH if level == "embargo" else Severity.MEDIUM,
        )
