"""The definition of the guide is one that is read, and has every field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from integritas.workflows.api import Call, OperationSpec, Registry, read_definition
from integritas.workflows.wire import DefinitionIn, RetryIn, StepIn

GUIDE = Path(__file__).parents[3] / "docs/guides/workflows.md"


@pytest.fixture
def example() -> str:
    """Return the example of the guide."""
    found = re.search(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found.group(1)


async def nothing(calls: Sequence[Call], /) -> Sequence[None]:
    """Answer each call with null."""
    return [None for _ in calls]


def test_the_example_is_read(example: str) -> None:
    registry = Registry()
    for name in ("compliance.screen", "ledger.pay", "ledger.take_back", "mail.send"):
        registry.register(OperationSpec(name, nothing))
    definition = read_definition(example, registry)
    assert [step.name for step in definition.steps] == [
        "check",
        "cool_down",
        "office_hours",
        "documents",
        "approve",
        "pay",
        "tell",
    ]


def test_the_example_has_every_field(example: str) -> None:
    document = yaml.safe_load(example)
    steps = document["steps"]
    assert set(document) == set(DefinitionIn.model_fields)
    assert {key for step in steps for key in step} == set(StepIn.model_fields)
    assert set(steps[0]["retry"]) == set(RetryIn.model_fields)


def test_the_guide_states_the_limit_of_size() -> None:
    assert "262,144 characters" in GUIDE.read_text("utf-8")
