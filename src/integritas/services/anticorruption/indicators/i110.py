"""I110: no reason is given for keeping competitors out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["UnreasonedLimitedMethod"]

_METHODS: Final = frozenset({"limited", "direct"})


@dataclass(frozen=True, slots=True)
class UnreasonedLimitedMethod(Alone):
    """Flags a limited or direct procedure without a rationale."""

    procurement_methods: frozenset[str]

    spec: ClassVar[Spec] = Spec(
        code="I110",
        title="Direct award without a reason",
        formula=(
            "tender.procurementMethod is limited or direct, and"
            " procurementMethodRationale is empty"
        ),
        value="1.0",
        groups=(Group.OCID,),
        fields=("tender.procurementMethod", "tender.procurementMethodRationale"),
        options=(
            Option(
                "procurement_methods",
                OptionKind.NAMES,
                "methods that need a reason",
                default=_METHODS,
            ),
        ),
        why=(
            "The law lets competitors be kept out for listed reasons; where none is"
            " given, none may exist."
        ),
        source=(
            f"{OCP}, procurement method; Fazekas and Kocsis, BJPS 50 (2020): procedure"
            " type"
        ),
        severity=Severity.MEDIUM,
        weight=0.5,
        alone="computed on the release itself",
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        if process.method is None:
            return Gap("tender.procurementMethod is not given")
        tender = process.release.tender
        if process.method not in self.procurement_methods or tender is None:
            return ()
        if (tender.procurement_method_rationale or "").strip():
            return ()
        text = f"The {process.method} method was used, and no reason is given"
        figures = {"method": process.method}
        return (Flag(1.0, 1.0, 1.0, "/tender/procurementMethod", text, figures),)
