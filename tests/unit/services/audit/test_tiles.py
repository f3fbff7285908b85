"""Tiles: growing, hashing ranges, paths."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integritas.kernel.errors import InvalidInput
from integritas.services.audit.merkle import (
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    root_of,
)
from integritas.services.audit.tiles import (
    WIDTH,
    TileAddress,
    TileNodes,
    TileTree,
    edge_addresses,
    join,
    parse_path,
    range_hash,
    tile_path,
    unjoin,
)

LEAVES = [leaf_hash(str(number).encode()) for number in range(70_000)]


class Tiles:
    """Keeps tiles as a store would."""

    def __init__(self) -> None:
        self.tree = TileTree()
        self.kept: dict[tuple[int, int], bytes] = {}

    def append(self, count: int) -> None:
        start = self.tree.size
        for tile in self.tree.extend(LEAVES[start : start + count]):
            before = self.kept.get((tile.level, tile.index), b"")
            assert tile.hashes.startswith(before), "a tile only grows"
            self.kept[tile.level, tile.index] = tile.hashes

    def source(self, level: int, index: int) -> TileNodes:
        return TileNodes(self.kept[level, index])


@cache
def tiles_of_70000() -> Tiles:
    tiles = Tiles()
    for _ in range(70):
        tiles.append(1_000)
    return tiles


@pytest.mark.parametrize("size", [*range(600), 1_000])
def test_root_equals_that_of_the_leaves_at_every_size(size: int) -> None:
    tiles = Tiles()
    tiles.append(size)
    assert tiles.tree.root() == root_of(LEAVES[:size])


@given(st.lists(st.integers(0, 700), max_size=8))
@settings(max_examples=30)
def test_batches_of_any_size_lead_to_the_same_tiles(batches: list[int]) -> None:
    piecemeal, at_once = Tiles(), Tiles()
    for count in batches:
        piecemeal.append(count)
    at_once.append(sum(batches))
    assert piecemeal.kept == at_once.kept
    assert piecemeal.tree.root() == at_once.tree.root()


def test_a_tree_goes_on_from_its_edge() -> None:
    large = tiles_of_70000()
    edge = [
        large.kept[level, index] if width else b""
        for level, index, width in edge_addresses(70_000)
    ]
    again = TileTree(70_000, edge)
    assert again.root() == root_of(LEAVES)
    again.extend(LEAVES[:5])
    assert again.root() == root_of([*LEAVES, *LEAVES[:5]])


def test_tiles_of_70000_are_those_of_the_specification() -> None:
    large = tiles_of_70000()
    widths = [len(hashes) // 32 for _, hashes in sorted(large.kept.items())]
    assert widths == [WIDTH] * 273 + [112, 256, 17, 1]
    assert edge_addresses(70_000) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert [tile.level for tile in large.tree.partial()] == [0, 1, 2]


def test_a_tree_of_256_has_one_full_tile_and_one_hash_above() -> None:
    tiles = Tiles()
    tiles.append(256)
    widths = {key: len(h) // 32 for key, h in tiles.kept.items()}
    assert widths == {(0, 0): 256, (1, 0): 1}
    assert edge_addresses(256) == [(0, 1, 0), (1, 0, 1)]


@given(
    st.integers(1, 70_000).flatmap(
        lambda n: st.tuples(st.integers(0, n - 1), st.just(n))
    )
)
@settings(max_examples=30)
def test_ranges_of_proofs_hash_alike(pair: tuple[int, int]) -> None:
    large = tiles_of_70000()
    index, size = pair
    spans = inclusion_ranges(index, size) + consistency_ranges(index + 1, size)
    for start, end in spans:
        if end - start <= 4_096:
            assert range_hash(start, end, large.source) == root_of(LEAVES[start:end])


@pytest.mark.parametrize(
    ("address", "path"),
    [
        (TileAddress(0, 0, 256), "0/000"),
        (TileAddress(1, 1_234_067, 256), "1/x001/x234/067"),
        (TileAddress(63, 999, 5), "63/999.p/5"),
        (TileAddress(None, 1_000, 255), "entries/x001/000.p/255"),
    ],
)
def test_paths_are_those_of_the_specification(address: TileAddress, path: str) -> None:
    assert tile_path(address) == path
    assert parse_path(path) == address


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "0/0",
        "0/1000",
        "64/000",
        "01/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/05",
        "0/x000/001",
        "0/001/002",
        "-1/000",
        "entries/../000",
        "0/000/",
        "0/\u0660\u0660\u0660",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidInput, match="tile path"):
        parse_path(path)


@given(st.integers(0, 10**12), st.integers(0, 63), st.integers(1, 256))
def test_paths_survive_the_way_there_and_back(
    index: int, level: int, width: int
) -> None:
    address = TileAddress(level, index, width)
    assert parse_path(tile_path(address)) == address


def test_hashes_survive_the_way_into_bytes_and_back() -> None:
    assert unjoin(join(LEAVES[:3])) == LEAVES[:3]
    assert unjoin(b"") == []
    assert unjoin(sha256(b"").digest() + b"x")[1] == b"x"
