"""The tree against the published vectors and a naive reference."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.audit.merkle import (
    EMPTY_ROOT,
    consistency_holds,
    consistency_ranges,
    inclusion_holds,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root_of,
    split,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LEAVES = [leaf_hash(f"entry {number}".encode()) for number in range(300)]
OTHER = sha256(b"other").digest()


def reference(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    joined = reference(leaves[:k]) + reference(leaves[k:])
    return sha256(b"\x01" + joined).digest()


def inclusion(index: int, size: int) -> list[bytes]:
    return [reference(LEAVES[a:b]) for a, b in inclusion_ranges(index, size)]


def consistency(old: int, new: int) -> list[bytes]:
    return [reference(LEAVES[a:b]) for a, b in consistency_ranges(old, new)]


def test_leaf_and_node_hashes_are_domain_separated() -> None:
    assert leaf_hash(b"x") == sha256(b"\x00x").digest()
    assert node_hash(b"a", b"b") == sha256(b"\x01ab").digest()


def test_root_of_no_leaves_is_the_hash_of_nothing() -> None:
    assert root_of([]) == EMPTY_ROOT == sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 301))
def test_root_equals_the_reference_at_every_size(size: int) -> None:
    assert root_of(LEAVES[:size]) == reference(LEAVES[:size])


@pytest.mark.parametrize(
    ("size", "expected"), [(2, 1), (3, 2), (4, 2), (5, 4), (256, 128), (257, 256)]
)
def test_split_is_the_largest_smaller_power_of_two(size: int, expected: int) -> None:
    assert split(size) == expected


@given(
    st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n)))
)
def test_every_inclusion_proof_holds(pair: tuple[int, int]) -> None:
    index, size = pair
    root = reference(LEAVES[:size])
    assert inclusion_holds(LEAVES[index], index, size, inclusion(index, size), root)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_every_consistency_proof_holds(pair: tuple[int, int]) -> None:
    old, new = pair
    roots = reference(LEAVES[:old]), reference(LEAVES[:new])
    assert consistency_holds(old, new, *roots, consistency(old, new))


@pytest.mark.parametrize("place", range(9))
def test_a_changed_hash_breaks_an_inclusion_proof(place: int) -> None:
    proof = inclusion(7, 300)
    root = reference(LEAVES)
    assert len(proof) == 9
    proof[place] = OTHER
    assert not inclusion_holds(LEAVES[7], 7, 300, proof, root)


def test_an_inclusion_proof_of_another_place_does_not_hold() -> None:
    proof = inclusion(7, 300)
    assert not inclusion_holds(LEAVES[7], 6, 300, proof, reference(LEAVES))


def test_an_inclusion_proof_of_the_wrong_length_does_not_hold() -> None:
    proof, root = inclusion(7, 300), reference(LEAVES)
    assert not inclusion_holds(LEAVES[7], 7, 300, proof[:-1], root)
    assert not inclusion_holds(LEAVES[7], 7, 300, [*proof, OTHER], root)


@pytest.mark.parametrize("index", [-1, 300, 301])
def test_an_index_outside_the_tree_does_not_hold(index: int) -> None:
    assert not inclusion_holds(LEAVES[7], index, 300, [], reference(LEAVES))


@pytest.mark.parametrize("old", [100, 128, 200, 256])
def test_a_changed_hash_breaks_a_consistency_proof(old: int) -> None:
    roots = reference(LEAVES[:old]), reference(LEAVES)
    proof = consistency(old, 300)
    for place in range(len(proof)):
        broken = [*proof[:place], OTHER, *proof[place + 1 :]]
        assert not consistency_holds(old, 300, *roots, broken)


def test_a_consistency_proof_of_equal_sizes_is_empty() -> None:
    root = reference(LEAVES[:5])
    assert consistency_holds(5, 5, root, root, [])
    assert not consistency_holds(5, 5, root, root, [OTHER])
    assert not consistency_holds(5, 5, root, OTHER, [])


@pytest.mark.parametrize(("old", "new"), [(0, 5), (0, 0), (6, 5), (-1, 5)])
def test_consistency_of_such_sizes_is_refused(old: int, new: int) -> None:
    assert not consistency_holds(old, new, EMPTY_ROOT, EMPTY_ROOT, [])


def test_a_consistency_proof_of_the_wrong_length_does_not_hold() -> None:
    roots = reference(LEAVES[:100]), reference(LEAVES)
    proof = consistency(100, 300)
    assert not consistency_holds(100, 300, *roots, proof[:-1])
    assert not consistency_holds(100, 300, *roots, [*proof, OTHER])
    assert not consistency_holds(100, 300, *roots, [])


def vectors(data_dir: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((data_dir / "tlog" / name).read_text())
    assert len(found) == 98
    return found


@pytest.mark.data
def test_inclusion_vectors(data_dir: Path) -> None:
    for vector in vectors(data_dir, "inclusion.json"):
        holds = inclusion_holds(
            base64.b64decode(vector["leafHash"]),
            vector["leafIdx"],
            vector["treeSize"],
            [base64.b64decode(text) for text in vector["proof"] or []],
            base64.b64decode(vector["root"]),
        )
        assert holds is not vector["wantErr"], vector["name"]


@pytest.mark.data
def test_consistency_vectors(data_dir: Path) -> None:
    for vector in vectors(data_dir, "consistency.json"):
        holds = consistency_holds(
            vector["size1"],
            vector["size2"],
            base64.b64decode(vector["root1"]),
            base64.b64decode(vector["root2"]),
            [base64.b64decode(text) for text in vector["proof"] or []],
        )
        assert holds is not vector["wantErr"], vector["name"]
