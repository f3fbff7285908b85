"""The indicators as a catalogue and as a reference page, from their declarations.

`python -m integritas.services.anticorruption.catalogue` prints the page that stands in
docs/reference/indicators.md; a test holds the two together.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from integritas.services.anticorruption.indicators import INDICATORS

if TYPE_CHECKING:
    from integritas.services.anticorruption.indicators.contract import Spec
    from integritas.services.anticorruption.settings import Option

__all__ = ["IndicatorList", "IndicatorOut", "OptionOut", "catalogue", "reference_page"]


class OptionOut(BaseModel):
    """One option of an indicator; `default` is null where the set decides."""

    model_config = ConfigDict(frozen=True)

    name: str
    kind: str
    meaning: str
    default: str | None


class IndicatorOut(BaseModel):
    """What an indicator declares of itself."""

    model_config = ConfigDict(frozen=True)

    code: str
    title: str
    formula: str
    value: str
    groups: list[str]
    fields: list[str]
    options: list[OptionOut]
    why: str
    source: str
    severity: str
    weight: float
    alone: str


class IndicatorList(BaseModel):
    """All indicators; one page."""

    data: list[IndicatorOut]
    next_cursor: str | None = None


def catalogue() -> IndicatorList:
    """Return every registered indicator, by code."""
    return IndicatorList(data=[_out(indicator.spec) for indicator in INDICATORS])


def reference_page() -> str:
    """Return the reference page in Markdown."""
    return _HEAD + "".join(_section(entry) for entry in catalogue().data)


def _out(spec: Spec) -> IndicatorOut:
    return IndicatorOut(
        code=spec.code,
        title=spec.title,
        formula=spec.formula,
        value=spec.value,
        groups=[group.value for group in spec.groups],
        fields=list(spec.fields),
        options=[_option(option) for option in spec.options],
        why=spec.why,
        source=spec.source,
        severity=spec.severity.value,
        weight=spec.weight,
        alone=spec.alone,
    )


def _option(option: Option) -> OptionOut:
    default = option.default
    if isinstance(default, frozenset):
        shown: str | None = "|".join(sorted(default))
    elif default is None or isinstance(default, Mapping):
        shown = None
    else:
        shown = str(default)
    return OptionOut(
        name=option.name,
        kind=option.kind.value,
        meaning=option.meaning,
        default=shown,
    )


def _section(entry: IndicatorOut) -> str:
    lines = [
        f"\n## {entry.code}: {entry.title}\n",
        f"- **Why it matters**: {entry.why}",
        f"- **Formula**: `{entry.formula}`",
        f"- **Value**: {entry.value}",
        f"- **About**: {', '.join(entry.groups)}",
        f"- **Reads**: {', '.join(f'`{field}`' for field in entry.fields)}",
        f"- **A single release, without a set**: {entry.alone}",
        f"- **Finding**: severity {entry.severity}, score at most {entry.weight}",
        f"- **Source**: {entry.source}",
    ]
    if entry.options:
        lines += ["", "| option | kind | default | meaning |", "|---|---|---|---|"]
        lines += [_row(option) for option in entry.options]
    return "\n".join(lines) + "\n"


def _row(option: OptionOut) -> str:
    if option.default is None:
        default = "from the set" if option.kind != "table" else "none"
    else:
        default = f"`{option.default}`" if option.default else "all"
    escaped = default.replace("|", "\\|")
    return f"| `{option.name}` | {option.kind} | {escaped} | {option.meaning} |"


_HEAD = """\
# Red flags

Every indicator is a reason to look, never a proof. Definitions, options and results of
codes that begin with R are those of OCDS Cardinal 0.0.8; those that begin with I are
further flags of the Open Contracting Partnership's guide and the literature. How to run
them is told in [the guide](../guides/anticorruption.md). This page is made of the
indicators' own declarations.
"""


if __name__ == "__main__":
    sys.stdout.write(reference_page())
