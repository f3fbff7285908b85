"""JSON as it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

import pytest

from integritas.platform.json_text import json_bytes


@dataclass(frozen=True, slots=True)
class Point:
    """A thing with parts."""

    x: int
    tags: tuple[str, ...]
    data: MappingProxyType[str, int]


def test_data_classes_and_read_only_mappings_are_json() -> None:
    point = Point(1, ("a",), MappingProxyType({"b": 2}))
    assert json_bytes({"p": point}) == b'{"p":{"x":1,"tags":["a"],"data":{"b":2}}}'


@pytest.mark.parametrize("value", [Decimal(1), {1, 2}, object(), b"raw"])
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        json_bytes([value])
