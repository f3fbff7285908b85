"""`integritas bench`: how fast the engine is on this machine."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
import typer

from integritas.cli.measuring import (
    generated,
    open_platform,
    services,
    transitions_in_batches,
    trivial,
)
from integritas.platform.logging import configure_logging
from integritas.platform.runtime import loop_factory

__all__ = ["app"]

TRANSITIONS = 20_000

app = typer.Typer(help="Measure.", no_args_is_help=True)


@app.callback()
def bench() -> None:
    """Measure the platform on this machine."""


@app.command()
def engine(
    *,
    runs: Annotated[int, typer.Option(min=1, help="Runs started at once.")] = 1_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure five-step workflows, trivial and with the services; transitions too.

    Each figure is from the first submission to the durable end, on a fresh SQLite file.
    """
    configure_logging(level="warning")
    with asyncio.Runner(loop_factory=loop_factory()) as runner:  # as `serve` does
        rows = {
            "trivial": runner.run(_trivial(runs)),
            "services": runner.run(_all(runs)),
        }
        transitions_per_s = runner.run(_transitions())
    if as_json:
        document = {**rows, "transitions_per_s": transitions_per_s}
        typer.echo(orjson.dumps(document).decode())
        return
    for name, row in rows.items():
        shown = ", ".join(f"{key} {value:,.1f}" for key, value in row.items())
        typer.echo(f"{name:<10} {shown}")
    typer.echo(f"{'lifecycle':<10} {transitions_per_s:,.0f} transitions/s")


async def _trivial(runs: int) -> dict[str, float]:
    async with open_platform() as platform:
        return (await trivial(platform, runs)).figures()


async def _all(runs: int) -> dict[str, float]:
    async with open_platform() as platform:
        timings = await services(platform, generated(runs))
    timings.lag_s.clear()  # the log's lag is for `make bench`
    return timings.figures()


async def _transitions() -> float:
    async with open_platform() as platform:
        return await transitions_in_batches(platform, TRANSITIONS)
