"""What a workflow was told: signals by name, and to look again."""

from __future__ import annotations

from collections import Counter

__all__ = ["News"]


class News:
    """Counts what came, so that what came before it was waited for is not missed."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._looks = 0
        self._came: Counter[str] = Counter()

    def came(self, name: str) -> None:
        """Note a signal, or the end of a step's child."""
        self._came[name] += 1

    def look(self) -> None:
        """Note that everything is to be looked at again."""
        self._looks += 1

    def about(self, name: str | None = None) -> int:
        """Return a number that grows with news for all, or about a name."""
        return self._looks + (0 if name is None else self._came[name])
