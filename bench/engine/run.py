"""`make bench`: our engine and its peers on the same work, in one run.

Every measurement is a process of its own on a fresh database. Peers and we take turns,
round after round, so that what else the machine does falls on all alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.engine import machine, page
from bench.engine.processes import Figures, Postgres, ours, peer, postgres

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE: Final = Path("docs/benchmarks.md")
SIZES: Final = (100, 1_000, 10_000, 100_000)
IN_FLIGHT: Final = 1_000


class Plan:
    """How much of everything: whole, or a smoke test of our own engine alone."""

    def __init__(self, asked: argparse.Namespace) -> None:
        """Take the arguments."""
        quick = self.quick = asked.quick
        self.runs = min(asked.runs, 50) if quick else asked.runs
        self.rounds = 1 if quick else asked.rounds
        self.peers = not (quick or asked.no_peers)
        self.limit_s = asked.limit
        self.sizes = [n for n in SIZES if n <= (100 if quick else asked.largest)]
        self.alone = 20 if quick else 300
        self.transitions = 400 if quick else 20_000
        self.on_temporal = min(self.runs, 300)
        self.open_loop_s = 1.0 if quick else 20.0


def say(text: str) -> None:
    """Tell what is going on."""
    print(text, file=sys.stderr, flush=True)


def table(plan: Plan, server: Postgres) -> dict[str, list[Figures]]:
    """Return the figures of every row, one for each round."""

    def on_postgres(measure: Callable[[str], Figures]) -> Figures:
        with server.database() as url:
            return measure(url)

    runs, limit_s = plan.runs, plan.limit_s
    rows: dict[str, Callable[[], Figures]] = {
        "Integritas, SQLite": lambda: ours("trivial", runs),
        "Integritas, Postgres": lambda: on_postgres(
            lambda url: ours("trivial", runs, url=url)
        ),
    }
    if plan.peers:
        rows |= {
            "DBOS, SQLite": lambda: peer("dbos", runs, limit_s),
            "DBOS, Postgres": lambda: on_postgres(
                lambda url: peer("dbos", runs, limit_s, url)
            ),
            "Temporal": lambda: peer("temporal", runs, limit_s),
            "Integritas on Temporal": lambda: ours("temporal", plan.on_temporal),
            "LangGraph, SQLite": lambda: peer("langgraph", runs, limit_s),
            "asyncio, nothing kept": lambda: peer("asyncio", runs, limit_s),
        }
    found: dict[str, list[Figures]] = {name: [] for name in rows}
    for number in range(plan.rounds):
        for name, measure in rows.items():
            say(f"round {number + 1} of {plan.rounds}: {name}")
            figures = measure()
            for error in figures.get("errors", ()):
                say(f"  a run failed: {error}")
            found[name].append(figures)
    return found


def capacity(rounds: list[Figures]) -> float:
    """Return the median of runs a second."""
    return float(statistics.median(each["runs_per_s"] for each in rounds))


def own(plan: Plan, runs_per_s: float, server: Postgres) -> dict[str, Any]:
    """Return what is measured of our engine alone."""
    half = max(1.0, runs_per_s / 2)
    found: dict[str, Any] = {}
    say("one run alone")
    found["alone"] = [ours("alone", plan.alone) for _ in range(plan.rounds)]
    say("the services")
    found["services"] = [ours("services", plan.runs) for _ in range(plan.rounds)]
    if not plan.quick:
        with server.database() as url:
            found["services_postgres"] = [ours("services", plan.runs, url=url)]
    say("where a case's time goes")
    found["floor"] = [ours("floor", plan.runs) for _ in range(plan.rounds)]
    say(f"an open loop at {half:.0f} runs a second")
    paced = int(half * plan.open_loop_s)
    found["open_loop"] = [ours("rate", paced, rate=half)]
    found["growth"] = []
    for size in plan.sizes:
        say(f"{size} runs, {IN_FLIGHT} in flight")
        found["growth"].append(ours("trivial", size, in_flight=IN_FLIGHT))
    say("transitions")
    for what in ("batched", "single"):
        found[what] = [ours(what, plan.transitions) for _ in range(plan.rounds)]
    return found


def measure(plan: Plan) -> dict[str, Any]:
    """Return everything that was measured, and on what."""
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        found: dict[str, Any] = {
            "machine": machine.described(),
            "postgres": server.settings,
            "sync_ms": machine.sync_ms(Path(folder)),
            "load_before": machine.load(),
            "rounds": plan.rounds,
            "runs": plan.runs,
            "limit_s": plan.limit_s,
            "in_flight": IN_FLIGHT,
        }
        found["table"] = table(plan, server)
        ready = capacity(found["table"]["Integritas, SQLite"])
        found["own"] = own(plan, ready, server)
        found["load_after"] = machine.load()
    return found


def main() -> None:
    """Parse arguments, measure, write the page, print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ours alone, tiny")
    parser.add_argument("--no-peers", action="store_true", help="ours alone")
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=120.0, help="seconds a peer has")
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--output", type=Path, default=PAGE)
    parser.add_argument("--json", type=Path, default=None, help="the raw figures too")
    asked = parser.parse_args()
    found = measure(Plan(asked))
    written = page.written(found, _command(asked))
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, indent=1), "utf-8")
    if not asked.quick:
        page.replace(asked.output, written)
    print(written)


def _command(asked: argparse.Namespace) -> str:
    """Return how to measure the same again; where files go is no part of it."""
    usual = {"runs": 1_000, "rounds": 3, "limit": 120.0, "largest": SIZES[-1]}
    words = [
        f"--{n} {getattr(asked, n):g}" for n in usual if getattr(asked, n) != usual[n]
    ]
    words += ["--no-peers"] if asked.no_peers else []
    words += ["--quick"] if asked.quick else []
    return "make bench" + (f' ARGS="{" ".join(words)}"' if words else "")


if __name__ == "__main__":
    main()
