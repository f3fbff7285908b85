"""A step that is done once an item of a list, and its results gathered. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.workflows.registry import Codec

__all__ = ["MAX_ITEMS", "FanOut", "split_results"]

MAX_ITEMS: Final = 10_000


class FanOut:
    """Which items are to do, under way and done; results are gathered by index."""

    def __init__(self) -> None:
        """Know no items yet: those of the disk may come before the list."""
        self.items: Sequence[Any] = ()
        self._kept: dict[int, tuple[Any, bytes]] = {}
        self._lost: set[int] = set()
        self._todo: deque[int] = deque()
        self._busy = 0
        self._parallel = 0

    def open(self, items: Sequence[Any], parallel: int | None) -> None:
        """Take the list.

        Raises:
            ValueError: it is shorter than what was kept of an earlier one.
        """
        if self._kept and max(self._kept) >= len(items):
            raise ValueError(
                f"the list has {len(items)} items, and item {max(self._kept)} is done"
            )
        self.items, self._parallel = items, parallel or len(items)
        self._todo.extend(i for i in range(len(items)) if i not in self._kept)

    def next(self) -> int | None:
        """Return an item to begin, None if none is left or enough are under way."""
        while self._todo and self._busy < self._parallel:
            item = self._todo.popleft()
            if item not in self._kept:
                self._busy += 1
                return item
        return None

    def keep(self, item: int, result: Any, encoded: bytes) -> None:  # noqa: ANN401
        """Keep the result of an item."""
        self._kept[item] = (result, encoded)
        self._busy = max(0, self._busy - 1)

    def lose(self, item: int) -> None:
        """Give up an item that may be lacking: its result is null."""
        self._lost.add(item)
        self.keep(item, None, b"null")

    def drop(self) -> None:
        """Begin no more items."""
        self._todo.clear()

    @property
    def whole(self) -> bool:
        """Say whether every item is done."""
        return len(self._kept) == len(self.items)

    @property
    def succeeded(self) -> Sequence[int]:
        """Return the items that succeeded, in order."""
        return sorted(self._kept.keys() - self._lost)

    def results(self) -> list[Any]:
        """Return the results in the order of the items."""
        return [self._kept[i][0] for i in range(len(self.items))]

    def encoded(self) -> bytes:
        """Return the results as a JSON list."""
        parts = (self._kept[i][1] for i in range(len(self.items)))
        return b"[" + b",".join(parts) + b"]"


def split_results(document: bytes, codec: Codec) -> list[Any]:
    """Return the results of a list that `encoded` wrote."""
    return [
        None if each is None else codec.decode(orjson.dumps(each))
        for each in orjson.loads(document)
    ]
