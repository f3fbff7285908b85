"""A bounded cache that forgets what was asked for longest ago, and counts."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Cache"]

K = TypeVar("K")
V = TypeVar("V")


class Cache(Generic[K, V]):
    """At most `size` answers; safe to share between threads."""

    def __init__(self, size: int) -> None:
        """Start empty."""
        self._size = size
        self._answers: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Return how many answers are kept."""
        return len(self._answers)

    def get(self, key: K) -> V | None:
        """Return the answer, None if it is not kept."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is None:
                self.misses += 1
                return None
            self.hits += 1
            self._answers.move_to_end(key)
            return answer

    def put(self, key: K, answer: V) -> None:
        """Keep an answer, and forget the oldest if there are too many."""
        with self._lock:
            self._answers[key] = answer
            self._answers.move_to_end(key)
            if len(self._answers) > self._size:
                self._answers.popitem(last=False)
