"""Operations by name."""

from __future__ import annotations

import pytest

from integritas.kernel.errors import InvalidDefinition
from integritas.workflows.api import (
    Definition,
    JsonCodec,
    OperationSpec,
    Registry,
    Step,
)
from integritas.workflows.plan import make_plan


def test_names_are_sorted(registry: Registry) -> None:
    assert registry.names() == ["a.do", "a.undo", "b.do", "b.needs"]


def test_a_name_is_taken_once(registry: Registry) -> None:
    spec = registry.get("a.do")
    with pytest.raises(InvalidDefinition, match=r"a\.do is registered already"):
        registry.register(spec)


def test_find_and_get(registry: Registry) -> None:
    assert registry.find("no.such") is None
    with pytest.raises(InvalidDefinition, match=r"no\.such"):
        registry.get("no.such")


@pytest.mark.parametrize("value", [None, 1, "x", [1, {"a": None}]])
def test_json_comes_back_as_it_was(value: object) -> None:
    codec = JsonCodec()
    assert codec.decode(codec.encode(value)) == value == codec.view(value)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        JsonCodec().encode(object())


def test_a_plan_looks_operations_up_once(registry: Registry) -> None:
    step = Step("one", operation="a.do", compensate="a.undo")
    plan = make_plan(
        Definition("w", 1, (step, Step("two", signal="go", after=("one",)))), registry
    )
    assert plan.specs == (registry.get("a.do"), None)
    assert plan.undo == (registry.get("a.undo"), None)
    assert plan.graph.after == ((), (0,))
    assert not plan.scoped


@pytest.mark.parametrize(
    "step", [Step("s", "a.do", when="true"), Step("s", "a.do", inputs={"x": "1"})]
)
def test_a_plan_knows_whether_expressions_look(registry: Registry, step: Step) -> None:
    assert make_plan(Definition("w", 1, (step,)), registry).scoped


def test_a_plan_without_its_operation_is_refused() -> None:
    definition = Definition("w", 1, (Step("s", operation="gone.do"),))
    with pytest.raises(InvalidDefinition, match=r"gone\.do"):
        make_plan(definition, Registry())


def test_an_operation_bounds_its_batches() -> None:
    async def call(calls: object, /) -> list[object]:
        del calls
        return []

    spec = OperationSpec("x.y", call)
    assert spec.max_batch > 1
    assert spec.concurrency >= 1
