"""The walk through a graph by outcomes: order, failures, compensation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from integritas.workflows.backends.temporal.messages import Outcome, StepPlan
from integritas.workflows.backends.temporal.walk import Walk

OUTCOMES = [Outcome.SUCCEEDED, Outcome.SKIPPED, Outcome.FAILED]


def step(
    name: str,
    *after: str,
    on_failure: str = "fail",
    undoable: bool = False,
    fans: bool = False,
) -> StepPlan:
    return StepPlan(
        name=name,
        after=list(after),
        on_failure=on_failure,
        undoable=undoable,
        timeout_s=1.0,
        fans=fans,
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
    assert walk.to_undo() == [(2, None), (0, None)]
    walk.undone(2, None, done=False)
    walk.undone(0, None, done=True)
    assert walk.not_undone == ["compensate:c"]
    assert walk.states()["a"] == "compensated"
    assert walk.to_undo() == []


def test_items_are_undone_backwards_with_their_step() -> None:
    walk = Walk([step("a", fans=True, undoable=True), step("b", "a", undoable=True)])
    begin(walk, walk.first())
    for item in range(3):
        walk.settle_item(0, item, Outcome.SUCCEEDED)
    begin(walk, walk.settle(0, Outcome.SUCCEEDED))
    walk.settle(1, Outcome.SUCCEEDED)
    assert walk.whole
    walk.stop()
    assert walk.to_undo() == [(1, None), (0, 2), (0, 1), (0, 0)]


def test_an_item_that_may_not_be_lacking_fails_the_run_by_its_name() -> None:
    walk = Walk([step("a", fans=True, on_failure="compensate", undoable=True)])
    begin(walk, walk.first())
    walk.settle_item(0, 0, Outcome.SUCCEEDED)
    walk.settle_item(0, 1, Outcome.FAILED)
    assert walk.failing
    walk.settle(0, Outcome.FAILED)
    assert walk.failed == "a[1]"
    assert walk.to_undo() == [(0, 0)]


def test_an_item_that_may_be_lacking_is_passed_over() -> None:
    walk = Walk([step("a", fans=True, on_failure="continue")])
    begin(walk, walk.first())
    walk.settle_item(0, 0, Outcome.FAILED)
    assert not walk.failing


def test_a_stopped_run_names_no_step_that_fails_later() -> None:
    walk = Walk([step("a"), step("b")])
    begin(walk, walk.first())
    walk.stop()
    walk.settle(0, Outcome.FAILED)
    walk.settle(1, "")
    assert walk.failed is None
    assert walk.first() == []


def test_what_came_of_a_call_that_was_called_off_is_undone_too() -> None:
    steps = [step("a", undoable=True), step("b", undoable=True, fans=True)]
    walk = Walk(steps)
    begin(walk, walk.first())
    walk.settle_item(1, 0, Outcome.SUCCEEDED)
    walk.stop()
    walk.settle(0, "")
    walk.settle(1, "")
    assert walk.to_undo() == [(1, 0)]
    walk.learn({"a": Outcome.SUCCEEDED, "b[0]": Outcome.FAILED, "b[1]": "succeeded"})
    assert walk.to_undo() == [(1, 1), (1, 0), (0, None)]


def test_a_walk_goes_on_behind_what_is_known() -> None:
    steps = [step("a", undoable=True), step("b", "a", fans=True), step("c", "b")]
    walk = Walk(steps, {"a": Outcome.SUCCEEDED, "b[1]": Outcome.SUCCEEDED})
    assert walk.first() == [1]
    assert walk.item(1, 1) == Outcome.SUCCEEDED
    assert walk.item(1, 0) is None
    failed = Walk(
        [step("a", undoable=True), step("b", on_failure="compensate")],
        {
            "a": Outcome.SUCCEEDED,
            "b": Outcome.FAILED,
            "compensate:a": Outcome.SUCCEEDED,
        },
    )
    assert failed.failed == "b"
    assert failed.first() == []
    assert failed.to_undo() == []


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
    assert all(walk.states()[steps[i].name] == "succeeded" for i, _ in undo)
    place = {index: at for at, (index, _) in enumerate(undo)}
    for i, _ in undo:
        for name in steps[i].after:
            assert place[i] < place.get(number[name], len(undo))
