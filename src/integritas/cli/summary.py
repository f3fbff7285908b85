"""What the demo shows at its end: tables of cases, and what was caught."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.table import Table

from integritas.kernel.contracts import FindingKind
from integritas.kernel.ids import DEFAULT_TENANT, CaseId
from integritas.kernel.states import CaseState

if TYPE_CHECKING:
    from rich.console import Console

    from integritas.bootstrap import Platform
    from integritas.cases.api import Case, FindingRecord
    from integritas.kernel.contracts import VerificationReport
    from integritas.samples.api import Sample

__all__ = ["Result", "caught", "junk", "print_summary"]

_NO_BAND: Final = "not decided"


@dataclass(frozen=True, slots=True)
class Result:
    """A sample and the case that came of it."""

    sample: Sample
    case: Case


async def print_summary(
    console: Console,
    platform: Platform,
    results: Sequence[Result],
    notes: Sequence[str],
    report: VerificationReport,
) -> None:
    """Print the tables."""
    findings = {
        result.case.id: await platform.cases.findings(DEFAULT_TENANT, result.case.id)
        for result in results
    }
    console.print()
    console.print(_by_kind(results))
    console.print(_by_risk(results))
    console.print(_by_label(results, findings))
    console.print(_planted(results, findings))
    _print_caught(console, results, findings)
    for note in notes:
        console.print(f"• {note}", style="dim", highlight=False)
    _print_audit(console, report)


def _by_kind(results: Sequence[Result]) -> Table:
    states = [s for s in CaseState if any(r.case.state is s for r in results)]
    table = Table(title=f"{len(results)} cases by kind of evidence and state")
    table.add_column("evidence")
    for state in states:
        table.add_column(state.value, justify="right")
    table.add_column("all", justify="right")
    counts = Counter((", ".join(r.case.kinds), r.case.state) for r in results)
    for kinds in sorted({kinds for kinds, _ in counts}):
        row = [counts[kinds, state] for state in states]
        table.add_row(kinds, *map(_number, row), _number(sum(row)))
    table.add_section()
    totals = [sum(counts[k, s] for k, s in counts if s is state) for state in states]
    table.add_row("all", *map(_number, totals), _number(len(results)))
    return table


def _by_risk(results: Sequence[Result]) -> Table:
    table = Table(title="Cases by risk band and outcome")
    for name in ("band", "outcome"):
        table.add_column(name)
    table.add_column("cases", justify="right")
    table.add_column("highest risk", justify="right")
    counts: Counter[tuple[str, str]] = Counter()
    highest: dict[tuple[str, str], float] = {}
    for result in results:
        case = result.case
        key = (case.band or _NO_BAND, case.outcome.value if case.outcome else "-")
        counts[key] += 1
        highest[key] = max(highest.get(key, 0.0), case.risk or 0.0)
    for key in sorted(counts, key=lambda each: highest[each]):
        table.add_row(*key, _number(counts[key]), f"{highest[key]:.0f}")
    return table


def _by_label(
    results: Sequence[Result], findings: Mapping[CaseId, Sequence[FindingRecord]]
) -> Table:
    """Count, for each label that the source gave, what became of its cases."""
    table = Table(title="What the sources say of the items, and what became of them")
    table.add_column("label")
    for name in ("items", "junk", "hits", "red flags", "for a person", "closed"):
        table.add_column(name, justify="right")
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.sample.label or "none", []).append(result)
    for label in sorted(groups):
        group = groups[label]
        marks = [_marks(findings[r.case.id]) for r in group]
        closed = sum(r.case.state is CaseState.RESOLVED for r in group)
        table.add_row(
            label,
            _number(len(group)),
            *(
                _number(sum(name in m for m in marks))
                for name in ("spam", "hit", "flag")
            ),
            _number(len(group) - closed),
            _number(closed),
        )
    return table


def _planted(
    results: Sequence[Result], findings: Mapping[CaseId, Sequence[FindingRecord]]
) -> Table:
    table = Table(title="Planted cases")
    for name in ("case", "number", "expected", "state", "risk", "as expected"):
        table.add_column(name)
    for result in results:
        planted = result.sample.planted
        if planted is None:
            continue
        good = caught(planted.expect, findings[result.case.id])
        table.add_row(
            planted.name,
            result.case.number,
            planted.expect,
            result.case.state.value,
            f"{result.case.risk or 0:.0f}",
            "[green]yes[/green]" if good else "[red]NO[/red]",
        )
    return table


def _print_caught(
    console: Console,
    results: Sequence[Result],
    findings: Mapping[CaseId, Sequence[FindingRecord]],
) -> None:
    each = [(r.sample.label, _marks(findings[r.case.id])) for r in results]
    marks = Counter(mark for _, found in each for mark in found)
    planted = [
        caught(result.sample.planted.expect, findings[result.case.id])
        for result in results
        if result.sample.planted is not None
    ]
    console.print(
        f"Caught: {junk(each, 'discard', 'discarded')}, "
        f"{junk(each, 'quarantine', 'quarantined')}, "
        f"{marks['hit']} with watchlist hits, {marks['flag']} with red flags; "
        f"{sum(planted)} of {len(planted)} planted cases as expected",
        highlight=False,
    )


def junk(
    each: Iterable[tuple[str | None, frozenset[str]]], mark: str, done: str
) -> str:
    """Return how many cases of (label, marks) bear a mark, false alarms told apart."""
    labels = Counter(label for label, marks in each if mark in marks)
    unknown, right = labels.pop(None, 0), labels.pop("spam", 0)
    false = labels.total()
    told = [f"{false} falsely"] if false else []
    told += [f"{unknown} without a label"] if unknown else []
    of_them = f" ({', '.join(told)})" if told else ""
    return f"{right + unknown + false} {done} as junk{of_them}"


def caught(expect: str, findings: Sequence[FindingRecord]) -> bool:
    """Say whether what was expected of a planted case came of it."""
    marks = _marks(findings)
    if expect == "sanctions.hit":
        return "hit" in marks
    if expect == "no sanctions.hit":
        return "hit" not in marks
    if expect == "spam":
        return "spam" in marks
    if expect == "tip delivered":
        return "discard" not in marks
    if expect == "clean":
        return "flag" not in marks
    return expect in {record.finding.code for record in findings}


def _marks(findings: Sequence[FindingRecord]) -> frozenset[str]:
    marks = set()
    for record in findings:
        verdict = record.finding.data.get("verdict")
        if verdict in {"discard", "quarantine"}:
            marks |= {"spam", str(verdict)}
        if record.finding.kind is FindingKind.HIT:
            marks.add("hit")
        if record.finding.code.startswith("R") and record.finding.code[1:].isdigit():
            marks.add("flag")
    return frozenset(marks)


def _print_audit(console: Console, report: VerificationReport) -> None:
    root = base64.b64encode(report.root).decode()
    if report.sound:
        console.print(
            f"[green]Audit log verified[/green]: {report.size} entries of "
            f"{report.origin}, root {root}"
        )
    else:
        console.print(f"[red]Audit log NOT sound[/red]: {report.origin}")
        for difference in report.differences:
            console.print(f"  {difference.place}: {difference.message}")
    for note in report.notes:
        console.print(f"• {note}", style="dim", highlight=False)


def _number(value: int) -> str:
    return f"{value:,}" if value else "·"
