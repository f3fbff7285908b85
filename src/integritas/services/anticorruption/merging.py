"""Releases of one contracting process, merged into a compiled release.

The routine of OCDS 1.1, https://standard.open-contracting.org/1.1/en/schema/merging/:
releases in the order of their dates; a later value replaces an earlier one, null
removes it; objects are merged field by field, lists of objects by `id`, other lists as
a whole.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from integritas.services.anticorruption.timestamps import parse_timestamp

if TYPE_CHECKING:
    from pydantic import JsonValue

__all__ = ["compiled_releases", "is_package", "merge_releases"]

# What tells of a release and not of the process; lists that are values of their own.
_OMITTED: Final = frozenset({"id", "date", "tag"})
_WHOLE_LISTS: Final = frozenset({"additionalProcurementCategories", "roles", "tag"})


def is_package(document: Mapping[str, Any]) -> bool:
    """Say whether a document holds releases or records and is none itself."""
    return "ocid" not in document and (
        isinstance(document.get("releases"), list)
        or isinstance(document.get("records"), list)
    )


def compiled_releases(
    document: Mapping[str, Any],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a compiled release for each process of a release, record or package.

    With each comes its path in the document: `records[3].compiledRelease`. Of several
    releases of one process the path is that of the first.
    """
    if is_package(document):
        yield from _of_releases(document.get("releases"), "releases")
        records = document.get("records")
        for place, record in enumerate(records if isinstance(records, list) else ()):
            if isinstance(record, Mapping):
                yield from _of_record(record, f"records[{place}]")
            else:
                yield f"records[{place}]", {}
    elif "compiledRelease" in document or isinstance(document.get("releases"), list):
        yield from _of_record(document, "")
    else:
        yield "", document


def merge_releases(releases: Sequence[Mapping[str, Any]]) -> dict[str, JsonValue]:
    """Return the compiled release of releases of one process, in any order.

    A release without a date counts as older than all that have one; of equal dates the
    later in the list wins.
    """
    ordered = sorted(releases, key=_moment)
    merged: dict[str, Any] = {}
    for release in ordered:
        told = {k: v for k, v in release.items() if k not in _OMITTED}
        _merge(merged, told)
    last = ordered[-1] if ordered else {}
    merged["tag"] = ["compiled"]
    if isinstance(last.get("date"), str):
        merged["date"] = last["date"]
        merged["id"] = f"{merged.get('ocid')}-{last['date']}"
    return merged


def _of_record(
    record: Mapping[str, Any], path: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    compiled = record.get("compiledRelease")
    dot = f"{path}." if path else ""
    if isinstance(compiled, Mapping):
        yield f"{dot}compiledRelease", compiled
        return
    releases = record.get("releases")
    embedded = [
        release
        for release in (releases if isinstance(releases, list) else ())
        if isinstance(release, Mapping) and "ocid" in release
    ]
    if embedded:
        merged = embedded[0] if len(embedded) == 1 else merge_releases(embedded)
        yield f"{dot}releases", merged
    else:
        yield path or "(whole)", {}


def _of_releases(
    releases: object, path: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    groups: dict[object, list[tuple[int, Mapping[str, Any]]]] = {}
    for place, release in enumerate(releases if isinstance(releases, list) else ()):
        told = release if isinstance(release, Mapping) else {}
        ocid = told.get("ocid")
        key = ocid if isinstance(ocid, str) else (place,)
        groups.setdefault(key, []).append((place, told))
    for found in groups.values():
        place, first = found[0]
        alone = len(found) == 1
        merged = first if alone else merge_releases([release for _, release in found])
        yield f"{path}[{place}]", merged


def _moment(release: Mapping[str, Any]) -> int:
    date = release.get("date")
    moment = parse_timestamp(date) if isinstance(date, str) else None
    return -1 if moment is None else moment


def _merge(into: dict[str, Any], later: Mapping[str, Any]) -> None:
    for key, value in later.items():
        before = into.get(key)
        if value is None:
            into.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(before, dict):
            _merge(before, value)
        elif (entries := _entries(key, value)) is not None:
            known = before if isinstance(before, list) else []
            into[key] = _merge_lists(known, entries)
        elif isinstance(value, Mapping):
            fresh: dict[str, Any] = {}
            _merge(fresh, value)
            into[key] = fresh
        else:
            into[key] = copy.deepcopy(value)


def _entries(key: str, value: object) -> list[Mapping[str, Any]] | None:
    """Return the entries of a list that is merged by id."""
    if not isinstance(value, list) or not value or key in _WHOLE_LISTS:
        return None
    by_id = all(isinstance(entry, Mapping) and "id" in entry for entry in value)
    return value if by_id else None


def _merge_lists(before: list[Any], later: list[Mapping[str, Any]]) -> list[Any]:
    known: dict[str, Any] = {
        str(entry.get("id")): entry for entry in before if isinstance(entry, Mapping)
    }
    for entry in later:
        name = str(entry.get("id"))
        if not isinstance(known.get(name), dict):
            known[name] = {}
        _merge(known[name], entry)
    return list(known.values())
