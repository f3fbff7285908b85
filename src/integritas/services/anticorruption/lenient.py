"""Reading a release that is not all valid: a field of the wrong type counts as absent.

That is how OCDS Cardinal reads, so a sparse or partly broken release still tells what
it can. Positions in lists are kept, so they make JSON pointers.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Mapping
from typing import (
    Annotated,
    Any,
    Final,
    TypeAlias,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from integritas.services.anticorruption.release import Release

__all__ = ["read_leniently"]

_Reader: TypeAlias = Callable[[object], Any]


def read_leniently(document: Mapping[str, Any]) -> Release | None:
    """Return the release with all that has the right type, None without an ocid."""
    if not isinstance(document.get("ocid"), str):
        return None
    release: Release = _PLAN(document)
    return release


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _label(value: object) -> str | int | None:
    return value if isinstance(value, str) else _count(value)


def _count(value: object) -> int | None:
    """Take a whole number of 64 bits: no larger one counts, or can be stored."""
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def _amount(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        amount = float(value)
    except OverflowError:  # a whole number beyond any float is no amount
        return None
    return amount if math.isfinite(amount) else None


def _texts(value: object) -> list[str]:
    return [v for v in value if isinstance(v, str)] if isinstance(value, list) else []


def _struct(kind: type[msgspec.Struct]) -> _Reader:
    hints = get_type_hints(kind, include_extras=True)
    plan = tuple(
        (field.encode_name, field.name, _reader(hints[field.name]))
        for field in msgspec.structs.fields(kind)
    )

    def read(value: object) -> msgspec.Struct:
        given = value if isinstance(value, Mapping) else {}
        found = {
            name: take(given[key])
            for key, name, take in plan
            if given.get(key) is not None
        }
        return kind(**found)

    return read


def _list(kind: type[msgspec.Struct]) -> _Reader:
    entry = _struct(kind)

    def read(value: object) -> list[msgspec.Struct] | None:
        return [entry(item) for item in value] if isinstance(value, list) else None

    return read


def _reader(hint: object) -> _Reader:
    parts = _parts(hint)
    first = parts[0]
    if get_origin(first) is list:
        (entry,) = get_args(first)
        return _texts if entry is str else _list(entry)
    if isinstance(first, type) and issubclass(first, msgspec.Struct):
        return _struct(first)
    return _READERS[frozenset(parts)]


def _parts(hint: object) -> list[Any]:
    """Return what a union holds, without None and annotations."""
    options = get_args(hint) if isinstance(hint, types.UnionType) else ()
    options = options or (get_args(hint) if _is_union(hint) else (hint,))
    bare = [get_args(o)[0] if get_origin(o) is Annotated else o for o in options]
    return [option for option in bare if option is not types.NoneType]


def _is_union(hint: object) -> bool:
    return type(hint).__name__ == "_UnionGenericAlias"


def _as_is(value: object) -> object:
    return value


_READERS: Final[Mapping[frozenset[type], _Reader]] = {
    frozenset({str}): _text,
    frozenset({str, int}): _label,
    frozenset({int, float}): _count,
    frozenset({float}): _amount,
    frozenset({object}): _as_is,
}
_PLAN: Final = _struct(Release)
