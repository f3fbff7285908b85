"""The rules over payments, one file each; a new one is a file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from integritas.services.compliance.payments.rules.country import SanctionedCountry
from integritas.services.compliance.payments.rules.dormant import DormantAccount
from integritas.services.compliance.payments.rules.passing import PassedOn
from integritas.services.compliance.payments.rules.rounding import RoundAmount
from integritas.services.compliance.payments.rules.stranger import UnusualCounterparty
from integritas.services.compliance.payments.rules.structuring import Structuring
from integritas.services.compliance.payments.rules.velocity import Velocity

if TYPE_CHECKING:
    from integritas.services.compliance.payments.contract import Rule

__all__ = ["RULES"]

RULES: Final[tuple[Rule, ...]] = (
    SanctionedCountry(),
    Structuring(),
    RoundAmount(),
    Velocity(),
    DormantAccount(),
    UnusualCounterparty(),
    PassedOn(),
)
