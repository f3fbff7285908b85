"""The 50 % rule: chains, paths, circles, and the laws behind them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.compliance.ftm import read_ftm
from integritas.services.compliance.ownership import (
    Edge,
    Owned,
    owned_by_listed,
    reached_by_listed,
)

NODES = st.sampled_from("abcdefL")
EDGES = st.lists(st.builds(Edge, NODES, NODES, st.floats(0, 1)), max_size=20)


def shares(*edges: tuple[str, str, float], listed: str = "L") -> dict[str, float]:
    found = owned_by_listed([Edge(*edge) for edge in edges], set(listed))
    return {asset: owned.share for asset, owned in found.items()}


def test_shares_multiply_along_a_chain() -> None:
    assert shares(("L", "a", 0.8), ("a", "b", 0.5)) == {"a": 0.8, "b": 0.4}


def test_paths_and_owners_add_up() -> None:
    found = shares(("L", "a", 0.5), ("L", "b", 0.5), ("a", "c", 0.5), ("b", "c", 0.5))
    assert found["c"] == 0.5
    two = [Edge("L", "a", 0.3), Edge("M", "a", 0.2), Edge("x", "a", 0.5)]
    assert owned_by_listed(two, {"L", "M"}) == {"a": Owned(0.5, ("L", "M"))}


def test_circles_come_to_an_end() -> None:
    found = shares(("L", "a", 0.5), ("b", "a", 0.5), ("a", "b", 1.0))
    assert found == pytest.approx({"a": 1.0, "b": 1.0})
    assert shares(("a", "b", 1.0), ("b", "a", 1.0)) == {}
    assert shares(("a", "a", 1.0), ("L", "a", 0.4)) == {"a": 0.4}


def test_an_edge_told_twice_counts_once() -> None:
    assert shares(("L", "a", 0.3), ("L", "a", 0.4)) == {"a": 0.4}


def test_a_listed_owner_counts_in_full_however_it_is_owned() -> None:
    assert shares(("x", "L", 0.1), ("L", "a", 0.6)) == {"a": 0.6}


@given(edges=EDGES)
def test_a_share_is_a_share_and_has_owners(edges: list[Edge]) -> None:
    for owned in owned_by_listed(edges, {"L"}).values():
        assert 0 < owned.share <= 1
        assert owned.owners == ("L",)


@given(edges=EDGES, more=st.builds(Edge, NODES, NODES, st.floats(0, 1)))
def test_more_ownership_never_takes_any_away(edges: list[Edge], more: Edge) -> None:
    before = owned_by_listed(edges, {"L"})
    after = owned_by_listed([*edges, more], {"L"})
    for asset, owned in before.items():
        assert after[asset].share >= owned.share - 1e-6


def test_who_is_reached_counts_in_full_of_what_it_owns() -> None:
    edges = [Edge("L", "a", 0.5), Edge("a", "b", 0.5), Edge("b", "c", 0.49)]
    assert reached_by_listed(edges, {"L"}) == {"a": ("L",), "b": ("a",)}
    together = [*edges, Edge("a", "c", 0.01)]
    assert reached_by_listed(together, {"L"})["c"] == ("a", "b")
    assert reached_by_listed([Edge("a", "b", 1.0), Edge("b", "a", 1.0)], {"L"}) == {}


@given(edges=EDGES, more=st.builds(Edge, NODES, NODES, st.floats(0, 1)))
def test_more_ownership_never_sets_anybody_free(edges: list[Edge], more: Edge) -> None:
    before = reached_by_listed(edges, {"L"})
    assert before.keys() <= reached_by_listed([*edges, more], {"L"}).keys()
    direct = {e.asset for e in edges if e.owner == "L" != e.asset and e.share >= 0.5}
    assert direct <= before.keys()


def test_entries_say_who_owns_them(tmp_path: Path) -> None:
    def line(uid: str, schema: str, **properties: Any) -> str:
        return json.dumps({"id": uid, "schema": schema, "properties": properties})

    path = tmp_path / "e.json"
    path.write_text(
        "\n".join(
            [
                line("P", "Person", name=["Ivan"], topics=["sanction"]),
                line("A", "Company", name=["Alpha"]),
                line("B", "Company", name=["Beta"]),
                line("C", "Company", name=["Gamma"]),
                line("D", "Company", name=["Delta"]),
                line("o1", "Ownership", owner=["P"], asset=["A"], percentage=["80 %"]),
                line("o2", "Ownership", owner=["A"], asset=["B"], percentage=["75,5"]),
                line("o4", "Ownership", owner=["A"], asset=["D"], percentage=["55"]),
                line("o3", "Ownership", owner=["P"], asset=["C"], percentage=["some"]),
            ]
        )
    )
    _, entries = read_ftm(path)
    assert {entry.uid: entry.programmes for entry in entries} == {
        "P": ("sanction",),
        "A": ("50 % rule: 80.0% of P",),
        "B": ("50 % rule: 60.4% of P",),
        "C": (),
        "D": ("50 % rule: half or more through A (44.0% in all)",),
    }
