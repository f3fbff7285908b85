"""LangGraph with its SQLite checkpointer: a graph of five nodes, one thread a run.

durability="sync": each superstep is checkpointed before the next begins. The saver's
own connection, in WAL; synchronous=FULL, so that its commits reach the disk as ours do.
"""

from __future__ import annotations

import asyncio
import operator
from importlib import metadata
from typing import Annotated, Any, TypedDict

import aiosqlite
from bench.engine.peer import RESULT, SERVICES, Asked, Clock, arguments
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph


def _merge(left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    return operator.or_(left, right)


class Case(TypedDict):
    """The state of a run: results by step."""

    results: Annotated[dict[str, Any], _merge]


def _node(name: str) -> Any:  # noqa: ANN401 - a node of LangGraph
    async def node(state: Case) -> dict[str, Any]:
        del state
        return {"results": {name: RESULT}}

    return node


def graph() -> Any:  # noqa: ANN401 - a graph not compiled yet
    """Return the case workflow."""
    built = StateGraph(Case)
    for name in ("intake", *SERVICES, "decide"):
        built.add_node(name, _node(name))
    built.add_edge(START, "intake")
    for name in SERVICES:
        built.add_edge("intake", name)
    built.add_edge(list(SERVICES), "decide")
    built.add_edge("decide", END)
    return built


async def main(asked: Asked) -> None:
    """Measure."""
    async with aiosqlite.connect(asked.folder / "langgraph.db") as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=FULL")
        saver = AsyncSqliteSaver(connection)
        await saver.setup()
        compiled = graph().compile(checkpointer=saver)

        async def run(number: int) -> object:
            config = {"configurable": {"thread_id": str(number)}}
            return await compiled.ainvoke({"results": {}}, config, durability="sync")

        clock = Clock()
        await clock.race(asked, run)
    clock.answer(
        asked,
        version=metadata.version("langgraph"),
        kept='AsyncSqliteSaver, WAL, synchronous=FULL, durability="sync"',
    )


if __name__ == "__main__":
    asyncio.run(main(arguments()))
