"""The demo's summary counts what was right apart from what was not."""

from __future__ import annotations

from integritas.cli.summary import junk

DISCARDED, QUARANTINED = frozenset({"spam", "discard"}), frozenset({"quarantine"})
EACH = [
    ("spam", DISCARDED),
    ("spam", DISCARDED),
    ("spam", QUARANTINED),
    ("ham", QUARANTINED),
    ("ham", QUARANTINED),
    (None, QUARANTINED),
    ("ham", frozenset[str]()),
]


def test_false_alarms_are_told_apart() -> None:
    assert junk(EACH, "quarantine", "quarantined") == (
        "4 quarantined as junk (2 falsely, 1 without a label)"
    )


def test_nothing_false_nothing_told() -> None:
    assert junk(EACH, "discard", "discarded") == "2 discarded as junk"
    assert junk([], "discard", "discarded") == "0 discarded as junk"
