"""The rules over payments as a catalogue and as a reference page.

`python -m integritas.services.compliance.payments.catalogue` prints the page that
stands in docs/reference/payment-rules.md; a test holds the two together.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, JsonValue

from integritas.services.compliance.payments.rules import RULES

if TYPE_CHECKING:
    from integritas.services.compliance.payments.contract import Spec

__all__ = ["PaymentRule", "PaymentRules", "payment_rules", "reference_page"]


class PaymentRule(BaseModel):
    """What a rule over payments declares of itself."""

    model_config = ConfigDict(frozen=True)

    code: str
    title: str
    formula: str
    defaults: dict[str, JsonValue]
    why: str
    source: str
    severity: str
    sides: tuple[str, ...]


class PaymentRules(BaseModel):
    """All rules; one page."""

    data: list[PaymentRule]
    next_cursor: str | None = None


def payment_rules() -> PaymentRules:
    """Return every rule in the order they are applied."""
    return PaymentRules(data=[_out(rule.spec) for rule in RULES])


def reference_page() -> str:
    """Return the reference page in Markdown."""
    return _HEAD + "".join(_section(rule) for rule in payment_rules().data)


def _out(spec: Spec) -> PaymentRule:
    return PaymentRule(
        code=spec.code,
        title=spec.title,
        formula=spec.formula,
        defaults=dict(spec.defaults),
        why=spec.why,
        source=spec.source,
        severity=spec.severity.value,
        sides=tuple(side.value for side in spec.sides),
    )


def _section(rule: PaymentRule) -> str:
    defaults = ", ".join(
        f"`{name}` = {json.dumps(value)}" for name, value in rule.defaults.items()
    )
    return (
        f"\n## {rule.code}: {rule.title}\n\n"
        f"- **Why it matters**: {rule.why}\n"
        f"- **Formula**: `{rule.formula}`\n"
        f"- **Defaults**: {defaults}\n"
        f"- **Looked at for**: {', '.join(rule.sides)}\n"
        f"- **Finding**: severity {rule.severity}\n"
        f"- **Source**: {rule.source}\n"
    )


_HEAD = """\
# Rules over payments

A flag is a reason to look, never a proof. Who pays and who is paid is screened against
the watchlists besides (`sanctions.hit`). Windows are those of the account, learned from
earlier payments; what cannot be computed is told in a `payment_coverage` finding. How
the rules and the model work together is told in [the guide](../guides/compliance.md).
This page is made of the rules' own declarations.
"""


if __name__ == "__main__":
    sys.stdout.write(reference_page())
