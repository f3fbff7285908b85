"""One measurement of our own engine, in a process of its own; prints a line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from bench.engine import floor
from bench.engine.evidence import mixed
from bench.engine.temporal_server import peak_of, serve

from integritas.cli import measuring
from integritas.cli.figures import peak_rss_mb
from integritas.platform.logging import configure_logging
from integritas.platform.runtime import loop_factory
from integritas.workflows.api import TemporalServer

if TYPE_CHECKING:
    from integritas.bootstrap import Platform


RATES: Final = {
    "batched": measuring.transitions_in_batches,
    "single": measuring.transitions_one_by_one,
}


async def measure(platform: Platform, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of what was asked for."""
    runs = asked.runs
    if asked.what in RATES:
        return {"transitions_per_s": await RATES[asked.what](platform, runs)}
    if asked.what == "temporal":
        return await on_temporal(platform, runs)
    if asked.what in {"services", "floor"}:
        folder = os.environ.get("INTEGRITAS_DATA")
        submissions, source = mixed(runs, Path(folder) if folder else None)
        if asked.what == "floor":
            return await floor.measured(platform, submissions)
        timings = await measuring.services(platform, submissions)
        return {**timings.figures(), "evidence": source}
    if asked.what == "rate":
        timings = await measuring.at_rate(platform, runs, asked.rate)
    else:
        at_once = 1 if asked.what == "alone" else asked.in_flight
        timings = await measuring.trivial(platform, runs, at_once)
    return timings.figures()


async def on_temporal(platform: Platform, runs: int) -> dict[str, Any]:
    """Return the figures of our definitions carried by a Temporal server."""
    with tempfile.TemporaryDirectory(prefix="integritas-bench-") as folder:
        process, address = serve(Path(folder))
        try:
            server = TemporalServer(address, "default", "ours")
            timings = await measuring.trivial(platform, runs, server=server)
            held = peak_of(process.pid)
        finally:
            process.terminate()
            process.wait(30)
    return {**timings.figures(), "server_rss_mb": held}


async def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Open the platform, measure, close it."""
    async with measuring.open_platform(asked.url) as platform:
        found = await measure(platform, asked)
    return {
        **found,
        "runs": asked.runs,
        "peak_rss_mb": peak_rss_mb(),
        "version": metadata.version("integritas"),
    }


def main() -> None:
    """Parse arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "what",
        choices=[
            "trivial",
            "alone",
            "rate",
            "services",
            "floor",
            "batched",
            "single",
            "temporal",
        ],
    )
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--in-flight", type=int, default=None)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--url", default=None)
    asked = parser.parse_args()
    configure_logging(level="warning")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:  # as `serve` does
        json.dump(runner.run(run(asked)), sys.stdout)


if __name__ == "__main__":
    main()
