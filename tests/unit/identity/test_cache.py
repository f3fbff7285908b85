"""What the cache of principals remembers, and when it stops."""

from __future__ import annotations

from datetime import timedelta

from integritas.identity.cache import PrincipalCache
from integritas.identity.model import Principal
from integritas.kernel.clock import ManualClock
from integritas.kernel.contracts import Actor
from integritas.kernel.ids import TenantId
from integritas.kernel.states import ActorKind


def principal(clock: ManualClock, name: str = "ann", ttl_s: float = 900) -> Principal:
    return Principal(
        tenant=TenantId("main"),
        actor=Actor(name, ActorKind.PERSON),
        roles=frozenset(),
        permissions=frozenset(),
        expires_at=clock.now() + timedelta(seconds=ttl_s),
    )


def test_kept_principal_is_found(clock: ManualClock) -> None:
    cache, ann = PrincipalCache(clock), principal(clock)
    cache.keep(b"1", ann, cache.generation)
    assert cache.find(b"1") is ann
    assert cache.find(b"2") is None


def test_it_is_forgotten_in_time(clock: ManualClock) -> None:
    cache = PrincipalCache(clock, ttl_s=10)
    cache.keep(b"1", principal(clock), cache.generation)
    clock.advance(9.9)
    assert cache.find(b"1") is not None
    clock.advance(0.1)
    assert cache.find(b"1") is None


def test_default_time_is_at_most_thirty_seconds(clock: ManualClock) -> None:
    cache = PrincipalCache(clock)
    cache.keep(b"1", principal(clock), cache.generation)
    clock.advance(30)
    assert cache.find(b"1") is None


def test_expired_principal_is_not_found(clock: ManualClock) -> None:
    cache = PrincipalCache(clock, ttl_s=10)
    cache.keep(b"1", principal(clock, ttl_s=5), cache.generation)
    clock.advance(5)
    assert cache.find(b"1") is None


def test_it_drops_what_a_change_touched_and_no_more(clock: ManualClock) -> None:
    cache = PrincipalCache(clock)
    cache.keep(b"1", principal(clock, "ann"), cache.generation)
    cache.keep(b"2", principal(clock, "bob"), cache.generation)
    cache.drop(lambda p: p.actor.id == "ann")
    assert cache.find(b"1") is None
    assert cache.find(b"2") is not None


def test_what_was_read_before_a_drop_is_not_kept(clock: ManualClock) -> None:
    cache = PrincipalCache(clock)
    generation = cache.generation
    cache.drop(lambda _: False)
    cache.keep(b"1", principal(clock), generation)
    assert cache.find(b"1") is None


def test_it_holds_no_more_than_its_capacity(clock: ManualClock) -> None:
    cache = PrincipalCache(clock, capacity=2)
    for digest in (b"1", b"2", b"3"):
        cache.keep(digest, principal(clock), cache.generation)
    assert cache.find(b"1") is None
    assert cache.find(b"2") is not None
    assert cache.find(b"3") is not None
