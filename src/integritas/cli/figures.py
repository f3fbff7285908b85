"""Figures of what was timed. Light, so that a peer's process can use it too."""

from __future__ import annotations

import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["at_share", "figures", "peak_rss_mb"]


def at_share(ordered: Sequence[float], share: float) -> float:
    """Return the value below which that share of ascending values lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def figures(taken_s: Sequence[float], whole_s: float) -> dict[str, float]:
    """Return quantiles of seconds taken, in ms, and how many there were a second."""
    ordered = sorted(taken * 1_000 for taken in taken_s)
    return {
        "p50_ms": round(at_share(ordered, 0.50), 2),
        "p95_ms": round(at_share(ordered, 0.95), 2),
        "p99_ms": round(at_share(ordered, 0.99), 2),
        "runs_per_s": round(len(ordered) / whole_s, 1),
    }


def peak_rss_mb() -> float:
    """Return the most memory this process ever held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024**2 if sys.platform == "darwin" else 1024), 1)
