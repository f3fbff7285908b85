"""What a verification holds a log against, and what it has found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from integritas.kernel.contracts import Difference, VerificationReport
from integritas.kernel.ids import TenantId
from integritas.services.audit.anchors import Anchor
from integritas.services.audit.handover import KeyChain
from integritas.services.audit.notes import ParsedCheckpoint
from integritas.services.audit.tiles import TileTree

__all__ = ["EXTERNAL", "Expectation", "LogCheck", "StoredHead"]

REPORTED: Final = 100
EXTERNAL: Final = 0


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the log is held against."""

    tenant: TenantId
    origin: str
    now: datetime
    keys: KeyChain
    anchor: Anchor | None = None
    checkpoints: tuple[ParsedCheckpoint, ...] = ()


@dataclass(slots=True)
class StoredHead:
    """A checkpoint's row, and what its note says if it can be believed."""

    row: Any
    place: str
    parsed: ParsedCheckpoint | None


@dataclass(slots=True)
class LogCheck:
    """What was found so far; `leaves` and `seqs` by index, for the journal's turn.

    A seq is None where the body is lost, and `EXTERNAL` for an entry from outside.
    `pruned` has the hash of each stub by index, `personal` the commitment by event of
    what is kept beside the log.
    """

    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tree: TileTree = field(default_factory=TileTree)
    leaves: list[bytes] = field(default_factory=list)
    seqs: list[int | None] = field(default_factory=list)
    tenants: set[bytes] = field(default_factory=set)
    latest: str = ""
    previous: str = ""
    times_known: bool = True
    jumps: list[str] = field(default_factory=list)
    pruned: dict[int, str] = field(default_factory=dict)
    personal: dict[str, str] = field(default_factory=dict)
    forked: bool = False

    @property
    def full(self) -> bool:
        """Say whether as many differences are noted as anyone will read."""
        return len(self.differences) >= REPORTED

    def differ(self, where: str, message: str) -> None:
        """Note a difference."""
        if not self.full:
            self.differences.append(Difference(where, message))

    def report(self, origin: str) -> VerificationReport:
        """Return the result."""
        if self.jumps:
            times = f"{len(self.jumps)} times, first" if len(self.jumps) > 1 else "once"
            self.notes.append(f"the clock went back {times} at {self.jumps[0]}")
        if self.full:
            self.notes.append(f"only the first {REPORTED} differences are listed")
        return VerificationReport(
            origin=origin,
            size=self.tree.size,
            root=self.tree.root(),
            differences=tuple(self.differences),
            notes=tuple(self.notes),
        )
