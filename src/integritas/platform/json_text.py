"""JSON as it is stored: one encoder; data classes and read-only mappings count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

__all__ = ["json_bytes"]


def json_bytes(value: object) -> bytes:
    """Return the JSON (UTF-8) of a value; data classes and structures of them count.

    Raises:
        TypeError: it is not JSON.
    """
    return orjson.dumps(value, default=_plain)


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is not JSON")
