"""The walk through a graph by outcomes: order, failures, compensation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from integritas.workflows.backends.temporal.messages import Outcome, StepPlan
from integritas.workflows.backends.temporal.walk import Walk

OUTCOMES = [Outcome.SUCCEEDED, Outcome.SKIPPED, Outcome.FAILED]


def step(
    name: str, *after: str, on_failure: str = "fail", undoable: bool = False
) -> StepPlan:
    return StepPlan(
        name=name,
        signal=None,
        after=list(after),
        conditional=False,
        timeout_s=1.0,
        on_failure=on_failure,
        undoable=undoable,
    )


def begin(walk: Walk, ready: list[int]) -> list[int]:
    for index in ready:
        walk.begin(index)
    return ready


def test_a_step_waits_for_all_before_it() -> None:
    walk = Walk([step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c")])
    assert begin(walk, walk.first()) == [0]
    assert begin(walk, walk.settle(0, Outcome.SUCCEEDED)) == [1, 2]
    assert walk.settle(1, Outcome.SKIPPED) == []
    assert begin(walk, walk.settle(2, Outcome.SUCCEEDED)) == [3]
    assert not walk.at_rest()
    assert walk.settle(3, Outcome.SUCCEEDED) == []
    assert walk.at_rest()
    assert not walk.failing
    assert walk.states()["b"] == "skipped"


def test_a_failure_that_is_passed_over_goes_on() -> None:
    walk = Walk([step("a", on_failure="continue"), step("b", "a")])
    begin(walk, walk.first())
    assert walk.settle(0, Outcome.FAILED) == [1]
    assert walk.failed is None


def test_the_first_failure_is_named_and_nothing_begins_after_it() -> None:
    walk = Walk([step("a"), step("b"), step("c"), step("d", "c")])
    begin(walk, walk.first())
    assert walk.settle(1, Outcome.FAILED) == []
    assert walk.settle(0, Outcome.FAILED) == []
    assert not walk.at_rest()
    assert walk.settle(2, Outcome.SUCCEEDED) == []
    assert walk.at_rest()
    assert walk.failed == "b"
    assert walk.to_undo() == []


def test_what_will_not_be_tried_again_is_left_unsettled() -> None:
    walk = Walk([step("a"), step("b")])
    begin(walk, walk.first())
    walk.settle(0, Outcome.FAILED)
    assert walk.settle(1, "") == []
    assert walk.at_rest()
    assert walk.states() == {"a": "failed", "b": "pending"}


def test_one_step_that_compensates_is_enough_and_skipped_ones_are_not_undone() -> None:
    walk = Walk(
        [
            step("a", undoable=True),
            step("b", "a", undoable=True),
            step("c", "b", undoable=True),
            step("d", "c", on_failure="compensate"),
        ]
    )
    begin(walk, walk.first())
    begin(walk, walk.settle(0, Outcome.SUCCEEDED))
    begin(walk, walk.settle(1, Outcome.SKIPPED))
    begin(walk, walk.settle(2, Outcome.SUCCEEDED))
    walk.settle(3, Outcome.FAILED)
    assert walk.to_undo() == [2, 0]
    walk.undone(2, done=False)
    walk.undone(0, done=True)
    assert walk.not_undone == ["c"]
    assert walk.states()["a"] == "compensated"


@st.composite
def graphs(draw: st.DrawFn) -> list[StepPlan]:
    count = draw(st.integers(1, 8))
    return [
        step(
            f"s{i}",
            *(f"s{j}" for j in range(i) if draw(st.booleans())),
            on_failure=draw(st.sampled_from(["fail", "continue", "compensate"])),
            undoable=draw(st.booleans()),
        )
        for i in range(count)
    ]


@given(steps=graphs(), data=st.data())
def test_any_walk_respects_every_edge_and_comes_to_rest(
    steps: list[StepPlan], data: st.DataObject
) -> None:
    walk = Walk(steps)
    number = {each.name: i for i, each in enumerate(steps)}
    under_way, settled = set(begin(walk, walk.first())), set[int]()
    while under_way:
        assert not walk.at_rest()
        index = data.draw(st.sampled_from(sorted(under_way)))
        under_way.discard(index)
        failing = walk.failing
        ready = begin(walk, walk.settle(index, data.draw(st.sampled_from(OUTCOMES))))
        settled.add(index)
        assert not (failing and ready)
        for each in ready:
            assert {number[name] for name in steps[each].after} <= settled
        under_way.update(ready)
    assert walk.at_rest()
    if not walk.failing:
        assert settled == set(range(len(steps)))
    undo = walk.to_undo()
    assert all(walk.states()[steps[i].name] == "succeeded" for i in undo)
    place = {index: at for at, index in enumerate(undo)}
    for i in undo:
        for name in steps[i].after:
            assert place[i] < place.get(number[name], len(undo))
