"""JSON as it is stored: one encoder; data classes and read-only mappings count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

__all__ = ["json_bytes", "json_texts"]

_NOTHING: Final = object()


def json_bytes(value: object) -> bytes:
    """Return the JSON (UTF-8) of a value; data classes and structures of them count.

    Raises:
        TypeError: it is not JSON.
    """
    return orjson.dumps(value, default=_plain)


def json_texts(
    values: Sequence[object], *, bare_none: bool = False
) -> list[str | None]:
    """Return each value's JSON; if `bare_none`, None stays None.

    Raises:
        TypeError: one of them is not JSON.
    """
    dumps, found, last, text = orjson.dumps, [], _NOTHING, None
    for value in values:
        if value is not last:  # rows of a batch share what is empty or their maker's
            last = value
            none = value is None and bare_none
            text = None if none else dumps(value, default=_plain).decode()
        found.append(text)
    return found


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is not JSON")
