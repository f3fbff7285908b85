"""One measurement of our own engine, in a process of its own; prints a line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.engine.evidence import mixed

from integritas.cli import measuring
from integritas.cli.figures import peak_rss_mb
from integritas.platform.logging import configure_logging

if TYPE_CHECKING:
    from integritas.bootstrap import Platform


async def measure(platform: Platform, asked: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of what was asked for."""
    what, runs = asked.what, asked.runs
    if what == "batched":
        rate = await measuring.transitions_in_batches(platform, runs)
        return {"transitions_per_s": rate}
    if what == "single":
        rate = await measuring.transitions_one_by_one(platform, runs)
        return {"transitions_per_s": rate}
    if what == "alone":
        return (await measuring.alone(platform, runs)).figures()
    if what == "rate":
        return (await measuring.at_rate(platform, runs, asked.rate)).figures()
    if what == "services":
        folder = os.environ.get("INTEGRITAS_DATA")
        submissions, source = mixed(runs, Path(folder) if folder else None)
        timings = await measuring.services(platform, submissions)
        return {**timings.figures(), "evidence": source}
    return (await measuring.trivial(platform, runs, asked.in_flight)).figures()


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
        "what", choices=["trivial", "alone", "rate", "services", "batched", "single"]
    )
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--in-flight", type=int, default=None)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--url", default=None)
    asked = parser.parse_args()
    configure_logging(level="warning")
    json.dump(asyncio.run(run(asked)), sys.stdout)


if __name__ == "__main__":
    main()
