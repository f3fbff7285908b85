"""The floor: the same steps as bare coroutines, nothing kept."""

from __future__ import annotations

import asyncio
import platform

from bench.engine.peer import RESULT, SERVICES, Asked, Clock, arguments


async def step(name: str) -> dict[str, str]:
    """Do nothing, as a step."""
    del name
    return RESULT


async def case(number: int) -> object:
    """Carry one run."""
    del number
    await step("intake")
    await asyncio.gather(*(step(name) for name in SERVICES))
    return await step("decide")


async def main(asked: Asked) -> None:
    """Measure."""
    clock = Clock()
    await clock.race(asked, case)
    clock.answer(asked, version=platform.python_version(), kept="nothing")


if __name__ == "__main__":
    asyncio.run(main(arguments()))
