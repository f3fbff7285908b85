"""Every tree size to 1,000: roots, tiles and proofs against a naive reference."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

from integritas.services.audit.merkle import (
    consistency_holds,
    consistency_ranges,
    inclusion_holds,
    inclusion_ranges,
    leaf_hash,
)
from integritas.services.audit.tiles import TileNodes, TileTree, range_hash

SIZES = 1_000
LEAVES = [leaf_hash(b"entry %d" % number) for number in range(SIZES)]


@cache
def reference(start: int, end: int) -> bytes:
    """RFC 6962 section 2.1, word for word, over LEAVES[start:end]."""
    if end - start == 1:
        return LEAVES[start]
    k = 1
    while k * 2 < end - start:
        k *= 2
    middle = start + k
    joined = reference(start, middle) + reference(middle, end)
    return sha256(b"\x01" + joined).digest()


def path(index: int, start: int, end: int) -> list[bytes]:
    """RFC 6962 section 2.1.1, word for word: PATH(m, D[n])."""
    if end - start == 1:
        return []
    k = 1
    while k * 2 < end - start:
        k *= 2
    middle = start + k
    if index < middle:
        return [*path(index, start, middle), reference(middle, end)]
    return [*path(index, middle, end), reference(start, middle)]


def subproof(old: int, start: int, end: int, *, known: bool) -> list[bytes]:
    """RFC 6962 section 2.1.2, word for word: SUBPROOF(m, D[n], b)."""
    if old == end:
        return [] if known else [reference(start, end)]
    k = 1
    while k * 2 < end - start:
        k *= 2
    middle = start + k
    if old <= middle:
        return [*subproof(old, start, middle, known=known), reference(middle, end)]
    return [*subproof(old, middle, end, known=False), reference(start, middle)]


def test_every_size_has_the_root_and_the_proofs_of_the_reference() -> None:
    tree = TileTree()
    tiles: dict[tuple[int, int], TileNodes] = {}

    def source(level: int, index: int) -> TileNodes:
        return tiles[level, index]

    for size in range(1, SIZES + 1):
        for tile in tree.extend(LEAVES[size - 1 : size]):
            tiles[tile.level, tile.index] = TileNodes(tile.hashes)
        root = tree.root()
        assert root == reference(0, size), size
        for index in {0, size // 3, size // 2, size - 1}:
            hashes = [range_hash(*r, source) for r in inclusion_ranges(index, size)]
            assert hashes == path(index, 0, size), (index, size)
            assert inclusion_holds(LEAVES[index], index, size, hashes, root)
        for old in {1, size // 3 or 1, size // 2 or 1, size}:
            hashes = [range_hash(*r, source) for r in consistency_ranges(old, size)]
            assert hashes == subproof(old, 0, size, known=True), (old, size)
            assert consistency_holds(old, size, reference(0, old), root, hashes)
