"""What is kept back from a caller: cases they may not know of, in any document.

The door leaves in the request how to ask for the ids of such cases; a route that
answers with what names cases asks, and leaves out what mentions one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeAlias

from fastapi import Depends, Request

__all__ = ["AskWithheld", "Withheld", "mentions"]

AskWithheld: TypeAlias = Callable[[], Awaitable[frozenset[str]]]
"""Returns the ids of the cases that the caller may not know of."""


async def _withheld(request: Request) -> frozenset[str]:
    """Ask as the door said; behind no door nothing is withheld: processes ask."""
    ask: AskWithheld | None = getattr(request.state, "withheld", None)
    return frozenset() if ask is None else await ask()


Withheld: TypeAlias = Annotated[frozenset[str], Depends(_withheld)]


def mentions(value: object, withheld: frozenset[str]) -> bool:
    """Say whether a JSON value holds one of the ids, as a text of its own."""
    if not withheld:
        return False
    if isinstance(value, str):
        return value in withheld
    if isinstance(value, Mapping):
        return any(
            mentions(key, withheld) or mentions(inner, withheld)
            for key, inner in value.items()
        )
    if isinstance(value, list | tuple):
        return any(mentions(inner, withheld) for inner in value)
    return False
