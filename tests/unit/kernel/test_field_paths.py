"""Field errors name the field, never the discriminator that chose the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import pytest
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from integritas.kernel.evidence import EvidenceIn
from integritas.kernel.validation import field_errors


class Body(BaseModel):
    evidence: list[EvidenceIn]


def paths_of(document: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Body.model_validate(document)
    return [error.path for error in field_errors(caught.value, path="items[1]")]


def test_kind_between_index_and_field_is_left_out() -> None:
    assert paths_of({"evidence": [{"kind": "message", "rw": "x", "raw": "y"}]}) == [
        "items[1].evidence[0].rw"
    ]


def test_field_named_like_a_kind_is_kept() -> None:
    found = paths_of({"evidence": [{"kind": "message", "raw": "y", "payment": 1}]})
    assert found == ["items[1].evidence[0].payment"]


@pytest.mark.parametrize("item", [{"kind": "gossip"}, {}])
def test_kind_itself_is_named(item: dict[str, str]) -> None:
    assert paths_of({"evidence": [item]}) == ["items[1].evidence[0].kind"]


@pytest.mark.parametrize(
    "nest", [lambda below: {"a": below}, lambda below: [below]], ids=["object", "list"]
)
def test_bottomless_document_is_named_by_its_field(
    nest: Callable[[object], object],
) -> None:
    deep: object = 1
    for _ in range(400):
        deep = nest(deep)
    release = {"ocid": "ocds-1", "deep": deep}
    found = paths_of({"evidence": [{"kind": "procurement", "release": release}]})
    assert found == ["items[1].evidence[0].release.deep"]


class Policy(BaseModel):
    model_config = ConfigDict(extra="forbid")
    payment: int = 0


def test_field_named_like_a_kind_at_the_top_is_kept() -> None:
    with pytest.raises(ValidationError) as caught:
        Policy.model_validate({"payment": "x"})
    [error] = field_errors(caught.value)
    assert error.path == "payment"


@pytest.mark.parametrize("steps", [{}, ()])
def test_what_is_wrong_is_not_said_in_words_of_python(steps: object) -> None:
    adapter = TypeAdapter(Annotated[tuple[int, ...], Field(min_length=1)])
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python(steps)
    [error] = field_errors(caught.value, path="steps")
    assert "list" in error.message.lower()
    assert "tuple" not in error.message.lower()


def test_whole_that_is_wrong_is_called_so() -> None:
    with pytest.raises(ValidationError) as caught:
        Policy.model_validate([])
    [error] = field_errors(caught.value)
    assert (error.path, error.remedy) == ("(whole)", "send a JSON object")


def test_error_without_a_remedy_of_its_own_takes_the_other() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(AnyUrl).validate_python("x")
    assert [e.remedy for e in field_errors(caught.value)] == [""]
    [error] = field_errors(caught.value, path="url", otherwise="look it up")
    assert error.remedy == "look it up"
