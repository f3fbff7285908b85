"""What the journal says a case must be, pure: entries in, expectations out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from integritas.cases.api import (
    DECIDED,
    OPENED,
    TRANSITIONED,
    Case,
    HistoryEntry,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from integritas.journal.api import Entry

__all__ = ["UNREADABLE", "Expected", "differences", "replay"]

UNREADABLE: Final = (KeyError, TypeError, ValueError)
"""What an entry raises that is not what the platform writes, when it is replayed."""


@dataclass(slots=True)
class Expected:
    """A case as its entries tell it; `moves` are (version, from, to, who)."""

    state: str
    version: int = 0
    verdict: tuple[Any, Any, Any] = (None, None, None)
    moves: list[tuple[int, str, str, str]] = field(default_factory=list)


def replay(entries: Iterable[Entry]) -> Expected | None:
    """Return what the entries on a case, in order, say of it; None if none opened it.

    Raises:
        KeyError, TypeError, ValueError: one is not what the platform writes.
    """
    case: Expected | None = None
    for entry in entries:
        data: Any = entry.data
        if entry.type == OPENED:
            case = Expected(data["state"])
        if case is None:
            continue
        if type(data.get("version")) is int:
            case.version = max(case.version, data["version"])
        if entry.type == TRANSITIONED:
            case.state = data["to"]
            move = (data["version"], data["from"], data["to"], entry.actor_id)
            case.moves.append(move)
        elif entry.type == DECIDED:
            case.verdict = (data["risk"], data["band"], data["outcome"])
    return case


def differences(
    expected: Expected,
    case: Case,
    history: Sequence[HistoryEntry],
) -> Iterator[tuple[str, str]]:
    """Yield (column, what is wrong) where a stored case is not what was told of it."""
    if case.state.value != expected.state:
        yield "state", f"is {case.state.value}, the journal says {expected.state}"
    if case.version != expected.version:
        yield "version", f"is {case.version}, the journal says {expected.version}"
    verdict = (case.risk, case.band, case.outcome.value if case.outcome else None)
    for name, found, told in zip(
        ("risk", "band", "outcome"), verdict, expected.verdict, strict=True
    ):
        if found != told:
            yield name, f"is {found}, the journal says {told}"
    yield from _moves(expected, history)


def _moves(
    expected: Expected, history: Sequence[HistoryEntry]
) -> Iterator[tuple[str, str]]:
    told = {move[0]: move[1:] for move in expected.moves}
    stored = {
        entry.version: (entry.from_state.value, entry.to_state.value, entry.actor_id)
        for entry in history
    }
    for version in sorted(told.keys() | stored.keys()):
        found, right = stored.get(version), told.get(version)
        if found is None:
            yield f"history[{version}]", "is missing"
        elif right is None:
            yield f"history[{version}]", "the journal does not know it"
        elif found != right:
            yield f"history[{version}]", f"is {found}, the journal says {right}"
