"""What the demo takes in: a sample is a submission with what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

__all__ = ["EXPECTATIONS", "Item", "Planted", "Sample"]

Item: TypeAlias = dict[str, Any]
"""An item of evidence in its wire form (`kernel.evidence.EvidenceIn`)."""

EXPECTATIONS: Final = frozenset(
    (
        "sanctions.hit",  # a watchlist hit
        "no sanctions.hit",  # none, although the name alone would match
        "spam",
        "tip delivered",  # not taken for spam: a person sees it
        "clean",  # no red flag
        *("R003", "R018", "R024", "R028", "R030", "R035", "R036", "R058"),
    )
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A planted case: its name, its story, and what should come of it.

    `expect` is one of `EXPECTATIONS`; an `R…` is a red flag with Cardinal's number.
    """

    name: str
    story: str
    expect: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A submission for the demo.

    `reference` is unique within a run and the same on every run with the same seed and
    folder; `evidence` holds items in their wire form. `source` is `generated`,
    `planted`, or the file of the data folder. `label` is what the source says of it:
    `spam`, `ham`, `listed`, `not_listed`, `clean`, a red flag such as `R018`, or None.
    """

    reference: str
    channel: str
    title: str
    evidence: tuple[Item, ...]
    planted: Planted | None
    source: str
    label: str | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Return the kinds of evidence in it, each once, in order."""
        return tuple(dict.fromkeys(str(item["kind"]) for item in self.evidence))
