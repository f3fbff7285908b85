"""Ids: their form, their order, their uniqueness."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.clock import ManualClock, SeededRandomness, SystemClock
from integritas.kernel.ids import ALPHABET, IdFactory, is_id, valid_tenant


def number_of(text: str) -> int:
    """Return the 128 bits of an id."""
    value = 0
    for character in text.partition("_")[2]:
        value = value * 32 + ALPHABET.index(character)
    return value


def test_alphabet_is_crockfords() -> None:
    assert len(ALPHABET) == 32
    assert not set("ILOU") & set(ALPHABET)


def test_id_has_prefix_and_26_characters(ids: IdFactory) -> None:
    made = ids.new("case")
    assert made.startswith("case_")
    assert len(made) == len("case_") + 26


def test_id_is_a_uuid_of_version_7(ids: IdFactory) -> None:
    value = number_of(ids.new("x"))
    assert value < 1 << 128
    assert (value >> 76) & 0xF == 7
    assert (value >> 62) & 0b11 == 0b10


def test_id_carries_the_milliseconds(ids: IdFactory, clock: ManualClock) -> None:
    clock.advance(1.234)
    assert number_of(ids.new("x")) >> 80 == int(clock.now().timestamp() * 1000)


@pytest.mark.parametrize(
    ("method", "prefix"),
    [
        ("case", "case"),
        ("submission", "sub"),
        ("evidence", "ev"),
        ("finding", "find"),
        ("approval", "appr"),
        ("run", "run"),
        ("event", "evt"),
        ("user", "user"),
        ("key", "key"),
    ],
)
def test_each_kind_has_its_prefix(ids: IdFactory, method: str, prefix: str) -> None:
    assert is_id(getattr(ids, method)(), prefix)


@given(st.lists(st.floats(-3_600, 3_600), max_size=50), st.integers())
def test_ids_ascend_whatever_the_clock_does(steps: list[float], seed: int) -> None:
    clock = ManualClock()
    factory = IdFactory(clock, SeededRandomness(seed))
    made = [factory.new("a")]
    for step in steps:
        clock.advance(step)
        made.append(factory.new("a"))
    assert made == sorted(set(made))


def test_ids_of_one_millisecond_count_up(ids: IdFactory) -> None:
    first, second = (number_of(ids.new("a")) for _ in range(2))
    assert second == first + 1


class _AllOnes(SeededRandomness):
    def token_bytes(self, size: int) -> bytes:
        return b"\xff" * size


def test_counting_up_has_room_above_the_highest_draw() -> None:
    factory = IdFactory(ManualClock(), _AllOnes(0))
    made = [factory.new("a") for _ in range(1_000)]
    assert made == sorted(set(made))
    assert all((number_of(one) >> 76) & 0xF == 7 for one in made)


def test_two_factories_do_not_collide(clock: ManualClock) -> None:
    factories = [IdFactory(clock, SeededRandomness(seed)) for seed in range(50)]
    made = {factory.new("a") for factory in factories for _ in range(20)}
    assert len(made) == 1_000


def test_threads_may_share_a_factory() -> None:
    factory = IdFactory(SystemClock(), SeededRandomness(1))
    made: list[list[str]] = [[] for _ in range(8)]

    def draw(into: list[str]) -> None:
        into.extend(factory.new("a") for _ in range(2_000))

    threads = [threading.Thread(target=draw, args=(into,)) for into in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one for part in made for one in part}) == 16_000
    assert all(part == sorted(part) for part in made)


def test_is_id_takes_what_the_factory_makes(ids: IdFactory) -> None:
    assert is_id(ids.case(), "case")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "case",
        "case_",
        "case_0",
        "run_01JF8R0000000000000000000A",
        "case-01JF8R0000000000000000000A",
        "case_81JF8R0000000000000000000A",
        "case_01JF8R0000000000000000000I",
        "case_01jf8r0000000000000000000a",
        "case_01JF8R0000000000000000000A\n",
        " case_01JF8R0000000000000000000A",
        "case_01JF8R0000000000000000000A0",
        "case_01JF8R000000000000000000\u06600A",
    ],
)
def test_is_id_refuses(text: str) -> None:
    assert not is_id(text, "case")


@pytest.mark.parametrize("text", ["a", "main", "acme-2", "a" + "b" * 62])
def test_tenant_names(text: str) -> None:
    assert valid_tenant(text)


@pytest.mark.parametrize(
    "text", ["", "A", "1a", "-a", "a_b", "a/b", "a b", "ä", "a\n", "a" * 64]
)
def test_tenant_names_refused(text: str) -> None:
    assert not valid_tenant(text)


@given(st.integers(0, 2**32), st.lists(st.integers(0, 1_500), max_size=4))
def test_many_ids_are_those_that_one_by_one_would_be(
    seed: int, sizes: list[int]
) -> None:
    at_once = IdFactory(ManualClock(), SeededRandomness(seed))
    singly = IdFactory(ManualClock(), SeededRandomness(seed))
    for size in sizes:
        expected = [singly.new("evt") for _ in range(size)]
        assert list(at_once.many("evt", size)) == expected
    assert at_once.new("evt") == singly.new("evt")
