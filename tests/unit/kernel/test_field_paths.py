"""Field errors name the field, never the discriminator that chose the model."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import BaseModel, ValidationError

from integritas.kernel.evidence import EvidenceIn, field_errors


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
