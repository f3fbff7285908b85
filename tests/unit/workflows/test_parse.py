"""Definitions in YAML and JSON: read, written, and everything wrong with them named."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.errors import (
    ContentTooLarge,
    FieldError,
    IntegritasError,
    InvalidDefinition,
)
from integritas.workflows.api import (
    Definition,
    OnFailure,
    Registry,
    RetryPolicy,
    Step,
    definition_document,
    parse_definition,
    read_definition,
)
from integritas.workflows.definitions import _SHIPPED

FULL = """
name: refund
version: 3
description: Pay back.
timeout_s: 3600
steps:
  - name: check
    operation: b.needs
    inputs: {amount: submission.amount}
    retry: {attempts: 5, base_s: 0.5, cap_s: 20, retry_on: [unavailable]}
    timeout_s: 2.5
  - name: approve
    signal: approved
    after: [check]
    timeout_s: 86400
    on_failure: continue
  - name: pay
    operation: a.do
    after: [approve]
    when: steps.approve != null
    on_failure: compensate
    compensate: a.undo
"""


def step(**fields: Any) -> dict[str, Any]:
    """Return a step that is right, but for `fields`."""
    return {"name": "one", "operation": "a.do", **fields}


def document(*steps: object, **fields: Any) -> dict[str, Any]:
    """Return a definition of these steps."""
    return {"name": "w", "steps": list(steps), **fields}


def refused(registry: Registry, text: object) -> tuple[FieldError, ...]:
    """Return what is wrong with a document."""
    with pytest.raises(InvalidDefinition) as told:
        parse_definition(text, registry)
    return told.value.errors


def test_every_field_is_read(registry: Registry) -> None:
    definition = read_definition(FULL, registry)
    assert definition == Definition(
        name="refund",
        version=3,
        description="Pay back.",
        timeout_s=3600.0,
        steps=(
            Step(
                "check",
                operation="b.needs",
                inputs={"amount": "submission.amount"},
                retry=RetryPolicy(5, 0.5, 20.0, ("unavailable",)),
                timeout_s=2.5,
            ),
            Step(
                "approve",
                signal="approved",
                after=("check",),
                timeout_s=86400.0,
                on_failure=OnFailure.CONTINUE,
            ),
            Step(
                "pay",
                operation="a.do",
                after=("approve",),
                when="steps.approve != null",
                on_failure=OnFailure.COMPENSATE,
                compensate="a.undo",
            ),
        ),
    )


def test_json_is_read_too(registry: Registry) -> None:
    text = json.dumps(yaml.safe_load(FULL))
    assert read_definition(text, registry) == read_definition(FULL, registry)


seconds = st.floats(0.001, 1e6)
retry = st.builds(
    RetryPolicy,
    attempts=st.integers(1, 100),
    base_s=seconds,
    cap_s=seconds,
    retry_on=st.lists(st.sampled_from(["unavailable", "error"])).map(tuple),
)


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    """Draw a definition that is right."""
    steps: list[Step] = []
    for i in range(draw(st.integers(1, 6))):
        called = draw(st.booleans())
        steps.append(
            Step(
                name=f"s{i}",
                operation=draw(st.sampled_from(["a.do", "b.do"])) if called else None,
                signal=None if called else draw(st.sampled_from(["go", "stop"])),
                after=tuple(
                    draw(st.lists(st.sampled_from([s.name for s in steps]), max_size=3))
                )
                if steps
                else (),
                when=draw(st.sampled_from([None, "submission.x == 1", "run.id != ''"])),
                inputs=draw(st.sampled_from([{}, {"x": "submission.x"}])),
                retry=draw(retry),
                timeout_s=draw(seconds),
                on_failure=draw(st.sampled_from(["fail", "continue"]).map(OnFailure)),
                compensate=draw(st.sampled_from([None, "a.undo"])),
            )
        )
    return Definition(
        "w",
        draw(st.integers(1, 2**31 - 1)),
        tuple(steps),
        draw(st.none() | seconds),
        draw(st.text("abc é☂\n", max_size=20)),
    )


@given(definition=definitions())
def test_a_definition_comes_back_from_json_and_yaml(definition: Definition) -> None:
    registry = Registry()
    from integritas.workflows.api import OperationSpec

    async def nothing(calls: object, /) -> list[object]:
        del calls
        return []

    for name in ("a.do", "a.undo", "b.do"):
        registry.register(OperationSpec(name, nothing))
    written = definition_document(definition)
    assert parse_definition(json.loads(json.dumps(written)), registry) == definition
    assert read_definition(yaml.safe_dump(written), registry) == definition


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"operation": "b.nope"}, "steps[0].operation", "unknown operation 'b.nope'"),
        ({"operation": "c.do"}, "steps[0].operation", "unknown service 'c.do'"),
        ({"compensate": "a.no"}, "steps[0].compensate", "unknown operation 'a.no'"),
        ({"operation": "b.needs"}, "steps[0].inputs.amount", "lacks input 'amount'"),
        ({"compensate": "b.needs"}, "steps[0].inputs.amount", "lacks input 'amount'"),
        ({"when": "1 +"}, "steps[0].when", "parse"),
        ({"when": "steps.a && foo"}, "steps[0].when", "unknown name foo"),
        ({"inputs": {"x": "case.id"}}, "steps[0].inputs.x", "unknown name case"),
        ({"on_failure": "compensate"}, "steps[0].on_failure", "no step says how"),
        ({"after": ["two"]}, "steps[0].after", "'two', which is not a step"),
        ({"after": ["one"]}, "steps[0].after", "cycle one → one"),
        ({"signal": "go"}, "steps[0]", "exactly one of"),
        ({"operation": None}, "steps[0]", "exactly one of"),
        ({"timeout_s": 0}, "steps[0].timeout_s", "greater than 0"),
        ({"timeout_s": -1}, "steps[0].timeout_s", "greater than 0"),
        ({"timeout_s": math.nan}, "steps[0].timeout_s", "finite"),
        ({"timeout_s": math.inf}, "steps[0].timeout_s", ""),
        ({"timeout_s": "soon"}, "steps[0].timeout_s", "number"),
        ({"retry": {"attempts": 0}}, "steps[0].retry.attempts", "greater than or"),
        ({"retry": {"attempts": 101}}, "steps[0].retry.attempts", "less than"),
        ({"retry": {"base_s": 0}}, "steps[0].retry.base_s", "greater than 0"),
        ({"retry": 3}, "steps[0].retry", "an object"),
        ({"on_failure": "explode"}, "steps[0].on_failure", "'continue'"),
        ({"name": "One"}, "steps[0].name", "pattern"),
        ({"name": "a:b"}, "steps[0].name", "pattern"),
        ({"operation": "do"}, "steps[0].operation", "pattern"),
        ({"after": "two"}, "steps[0].after", "a list"),
        ({"inputs": []}, "steps[0].inputs", "an object"),
        ({"when": ""}, "steps[0].when", "1 character"),
        ({"wehn": "true"}, "steps[0].wehn", "not permitted"),
    ],
)
def test_each_bad_field_has_path_message_and_remedy(
    registry: Registry, fields: dict[str, Any], path: str, message: str
) -> None:
    [error] = refused(registry, document(step(**fields)))
    assert error.path == path
    assert message in error.message
    assert error.remedy
    assert "debtor" not in error.remedy


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"version": 0}, "version"),
        ({"version": 2**31}, "version"),
        ({"version": "x"}, "version"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"name": ""}, "name"),
        ({"steps": []}, "steps"),
        ({"steps": [step()] * 1_001}, "steps"),
        ({"steps": None}, "steps"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_each_bad_field_of_the_whole_is_named(
    registry: Registry, fields: dict[str, Any], path: str
) -> None:
    [error] = refused(registry, {**document(step()), **fields})
    assert error.path == path
    assert error.remedy


def test_an_unknown_operation_comes_with_those_known(registry: Registry) -> None:
    [error] = refused(registry, document(step(operation="a.dont")))
    assert error.remedy == "use one of a.do, a.undo, b.do, b.needs"


def test_duplicate_names_are_refused(registry: Registry) -> None:
    errors = refused(registry, document(step(), step()))
    assert [(e.path, e.remedy) for e in errors] == [("steps[1].name", "rename one")]


def test_everything_wrong_is_said_at_once(registry: Registry) -> None:
    bad = [
        step(operation="x.y", when="zzz"),
        step(name="two", after=["gone"]),
    ]
    paths = [error.path for error in refused(registry, document(*bad))]
    assert paths == ["steps[0].operation", "steps[0].when", "steps[1].after"]


def test_an_unknown_step_is_named_whatever_else_is_wrong(registry: Registry) -> None:
    bad = [step(timeout_s=-1), step(name="two", after=["gone", "one"])]
    paths = [error.path for error in refused(registry, document(*bad))]
    assert paths == ["steps[0].timeout_s", "steps[1].after"]


def test_a_step_without_a_name_may_be_the_one_waited_for(registry: Registry) -> None:
    bad = [{"operation": "a.do"}, step(name="two", after=["gone"])]
    paths = [error.path for error in refused(registry, document(*bad))]
    assert paths == ["steps[0].name"]


@pytest.mark.parametrize("text", ["", "null", "[]", "just words", "3"])
def test_what_is_no_mapping_is_refused(registry: Registry, text: str) -> None:
    with pytest.raises(InvalidDefinition) as told:
        read_definition(text, registry)
    [error] = told.value.errors
    assert (error.path, error.remedy) == ("(whole)", "write a mapping of fields")


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2",
        "a: !!python/object/apply:os.system [ls]",
        "\x00",
        "a: 2026-13-45",
        "a: " + "1" * 5_000,
        "[" * 20_000,
        "name: w\nname: v",
        "a: &x 1\nb: *x",
        "? {a: 1}\n: 2",
    ],
)
def test_bad_yaml_is_refused_with_a_remedy(registry: Registry, text: str) -> None:
    with pytest.raises(InvalidDefinition, match="not YAML") as told:
        read_definition(text, registry)
    assert told.value.errors[0].remedy


def test_a_bomb_of_aliases_does_not_go_off(registry: Registry) -> None:
    lines = ["b0: &b0 {x: 1}"]
    lines += [f"b{i + 1}: &b{i + 1} {{<<: [*b{i}, *b{i}]}}" for i in range(60)]
    with pytest.raises(InvalidDefinition, match="aliases"):
        read_definition("\n".join(lines), registry)


def test_a_huge_document_is_refused_unread(registry: Registry) -> None:
    with pytest.raises(ContentTooLarge, match="262144"):
        read_definition("#" * 300_000, registry)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(IntegritasError):
        read_definition(text, Registry())


def test_what_is_shipped_is_there() -> None:
    assert _SHIPPED == ("case_assessment.yaml",)
