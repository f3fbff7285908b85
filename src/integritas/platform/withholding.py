"""What is kept back from a caller: cases they may not know of, in any document.

The door leaves in the request how to ask for the ids of such cases; a route that
answers with what names cases asks, and leaves out what mentions one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, TypeAlias, TypeVar

from fastapi import Depends, Request

__all__ = ["AskWithheld", "Withheld", "mentions", "visible_page"]

T = TypeVar("T")
K = TypeVar("K")

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


async def visible_page(
    ask: Callable[[K | None, int], Awaitable[Sequence[T]]],
    keep: Callable[[T], bool],
    key: Callable[[T], K],
    *,
    at: K | None,
    limit: int,
) -> tuple[Sequence[T], K | None]:
    """Return a page of what may be seen, and where the next begins, if there is one.

    `ask` returns up to so many items behind a place. A page that was filtered after it
    was cut would tell by its cursor that something was left out, and what.
    """
    shown: list[T] = []
    while len(shown) <= limit:
        found = await ask(at, limit + 1)
        shown += filter(keep, found)
        if len(found) <= limit:
            break
        at = key(found[-1])
    return shown[:limit], key(shown[limit - 1]) if len(shown) > limit else None
