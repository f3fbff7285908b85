"""What the peers' measurements share: arguments, the work, the time limit, the answer.

The work is ours, step for step: intake, three services at the same time, decide; each
returns about 200 bytes of JSON. Nothing of the platform is imported here but figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from integritas.cli.figures import figures, peak_rss_mb

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SERVICES: Final = ("spam", "anticorruption", "compliance")
RESULT: Final = {"text": "x" * 180}


@dataclass(slots=True)
class Asked:
    """How many runs, for how long at most, and where a peer may keep its files."""

    runs: int
    limit_s: float
    folder: Path
    url: str | None


@dataclass(slots=True)
class Clock:
    """Times runs from the common start to their durable end."""

    began: float = 0.0
    taken_s: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def race(self, asked: Asked, run: Callable[[int], Awaitable[object]]) -> None:
        """Start all runs at once; stop waiting at the time limit."""
        self.began = time.perf_counter()

        async def one(number: int) -> None:
            await run(number)
            self.taken_s.append(time.perf_counter() - self.began)

        tasks = [asyncio.create_task(one(number)) for number in range(asked.runs)]
        ended, late = await asyncio.wait(tasks, timeout=asked.limit_s)
        self.errors = [repr(e) for task in ended if (e := task.exception()) is not None]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def answer(self, asked: Asked, **more: Any) -> None:  # noqa: ANN401 - JSON
        """Print the figures of the runs that ended, as a line of JSON."""
        ended = figures(self.taken_s, max(self.taken_s)) if self.taken_s else {}
        found = {
            **ended,
            "runs": asked.runs,
            "unfinished": asked.runs - len(self.taken_s),
            "errors": self.errors[:3],
            "peak_rss_mb": peak_rss_mb(),
            **more,
        }
        json.dump(found, sys.stdout)
        sys.stdout.flush()


def arguments() -> Asked:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--limit", type=float, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--url", default=None)
    given = parser.parse_args()
    return Asked(given.runs, given.limit, given.folder, given.url)
