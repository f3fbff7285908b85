"""The order of steps: every edge kept, the same each time, cycles named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.errors import InvalidDefinition
from integritas.workflows.api import build_graph


@st.composite
def dags(draw: st.DrawFn) -> dict[str, list[str]]:
    """Draw step names with edges that only lead forward, declared in any order."""
    names = [f"s{i}" for i in range(draw(st.integers(1, 12)))]
    edges = {
        name: draw(st.lists(st.sampled_from(names[:i]), unique=True)) if i else []
        for i, name in enumerate(names)
    }
    return {name: edges[name] for name in draw(st.permutations(names))}


@given(dags())
def test_every_step_comes_after_those_it_waits_for(dag: dict[str, list[str]]) -> None:
    graph = build_graph(dag)
    place = {graph.names[i]: n for n, i in enumerate(graph.order)}
    assert sorted(place) == sorted(dag)
    assert all(place[o] < place[name] for name, others in dag.items() for o in others)


@given(dags())
def test_before_is_after_the_other_way_round(dag: dict[str, list[str]]) -> None:
    graph = build_graph(dag)
    forth = {(j, i) for i, after in enumerate(graph.after) for j in after}
    back = {(i, j) for i, before in enumerate(graph.before) for j in before}
    assert forth == back


@given(dags())
def test_same_declaration_same_order(dag: dict[str, list[str]]) -> None:
    assert build_graph(dag) == build_graph(dict(dag))


@given(dags(), st.data())
def test_ready_steps_are_open_and_fed(
    dag: dict[str, list[str]], data: st.DataObject
) -> None:
    graph = build_graph(dag)
    done = frozenset(graph.order[: data.draw(st.integers(0, len(dag)))])
    ready = graph.ready(done)
    assert not done & set(ready)
    assert all(done.issuperset(graph.after[i]) for i in ready)
    assert ready or len(done) == len(dag)


def test_ties_keep_the_order_of_declaration() -> None:
    graph = build_graph({"b": [], "a": [], "c": ["a", "b"]})
    assert [graph.names[i] for i in graph.order] == ["b", "a", "c"]


def test_a_dependency_named_twice_counts_once() -> None:
    assert build_graph({"a": [], "b": ["a", "a"]}).after == ((), (0,))


def test_a_cycle_is_spelled_out() -> None:
    with pytest.raises(InvalidDefinition, match=r"a → b → c → a|b → c → a → b") as told:
        build_graph({"a": ["c"], "b": ["a"], "c": ["b"], "d": []})
    [error] = told.value.errors
    assert error.path.startswith("steps[")
    assert error.path.endswith("].after")
    assert error.remedy


def test_a_step_behind_a_cycle_is_not_part_of_it() -> None:
    with pytest.raises(InvalidDefinition) as told:
        build_graph({"last": ["a"], "a": ["b"], "b": ["a"]})
    assert "last" not in told.value.detail


def test_a_step_cannot_wait_for_itself() -> None:
    with pytest.raises(InvalidDefinition, match="a → a"):
        build_graph({"a": ["a"]})


def test_every_unknown_step_is_named() -> None:
    with pytest.raises(InvalidDefinition) as told:
        build_graph({"a": ["x"], "b": ["a", "y"]})
    assert [e.path for e in told.value.errors] == ["steps[0].after", "steps[1].after"]
    assert "'y'" in told.value.errors[1].message
    assert "a, b" in told.value.errors[1].remedy


def test_no_steps_no_order() -> None:
    assert build_graph({}).order == ()
