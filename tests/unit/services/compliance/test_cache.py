from __future__ import annotations

from integritas.services.compliance.cache import Cache


def test_what_was_put_is_kept_and_counted() -> None:
    cache: Cache[str, int] = Cache(2)
    assert cache.get("a") is None
    cache.put("a", 1)
    assert (cache.get("a"), cache.hits, cache.misses) == (1, 1, 1)


def test_the_longest_unasked_is_forgotten() -> None:
    cache: Cache[str, int] = Cache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), len(cache)) == (1, None, 2)
