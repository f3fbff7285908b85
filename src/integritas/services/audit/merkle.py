"""The Merkle tree of RFC 6962 section 2 (RFC 9162 section 2.1), pure.

A tree over leaves `D[0:n]` is written as its size `n`; a subtree as the half-open range
of leaves it spans. Proofs are first *planned* as ranges (`inclusion_ranges`,
`consistency_ranges`); whoever keeps the tree hashes the ranges (`tiles.range_hash`).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Range",
    "consistency_holds",
    "consistency_ranges",
    "inclusion_holds",
    "inclusion_ranges",
    "leaf_hash",
    "node_hash",
    "root_of",
    "split",
]

Range: TypeAlias = tuple[int, int]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 of 0x00 and the entry."""
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of 0x01 and both children."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over subtrees of one size; the last may be smaller.

    Pairing level by level and carrying an odd last node up gives the split at the
    largest power of two that section 2.1 asks for.
    """
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        paired = [
            sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        if len(level) % 2:
            paired.append(level[-1])
        level = paired
    return level[0]


def split(size: int) -> int:
    """Return the largest power of two smaller than `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the subtrees whose hashes are the audit path, leaf's sibling first."""
    low, high = 0, size
    ranges: list[Range] = []
    while high - low > 1:
        middle = low + split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    ranges.reverse()
    return ranges


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Return the subtrees that prove `old` (at least 1) to be a prefix of `new`."""
    if old == new:
        return []
    low, high = 0, new
    ranges: list[Range] = []
    while high != old:
        middle = low + split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:
        ranges.append((low, high))
    ranges.reverse()
    return ranges


def inclusion_holds(
    leaf: bytes, index: int, size: int, hashes: Sequence[bytes], root: bytes
) -> bool:
    """Say whether the path leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != HASH_BYTES:
        return False
    position, last, digest = index, size - 1, leaf
    for sibling in hashes:
        if last == 0:
            return False
        if position & 1 or position == last:
            digest = node_hash(sibling, digest)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            digest = node_hash(digest, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and digest == root


def consistency_holds(
    old: int, new: int, old_root: bytes, new_root: bytes, hashes: Sequence[bytes]
) -> bool:
    """Say whether the proof shows `old` to be a prefix of `new` (2.1.4.2).

    A tree of no leaves is refused: it would prove nothing of the new one.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not hashes and old_root == new_root
    path = list(hashes)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    return bool(path) and _leads_to(path, old, new, (old_root, new_root))


def _leads_to(
    path: Sequence[bytes], old: int, new: int, roots: tuple[bytes, bytes]
) -> bool:
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    of_old = of_new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            of_old = node_hash(sibling, of_old)
            of_new = node_hash(sibling, of_new)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            of_new = node_hash(of_new, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and (of_old, of_new) == roots
