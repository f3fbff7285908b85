"""Taking a person or firm out of what was learned, so that statistics go on counting.

A party keeps its part in each process under a name that says nothing; what described
it is gone. A person known by name alone, a director or owner, is taken out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from integritas.services.anticorruption.dataset import decode_body, encode_body
from integritas.services.anticorruption.parties import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PERSON", "erase_from"]

PERSON: Final = "person:"
"""What the node of a person begins with; the rest is the name without accents."""

_ONE: Final = ("buyer", "procuringEntity")
_MANY: Final = ("parties", "tenderers", "suppliers")
_PEOPLE: Final = ("directors", "beneficialOwners")


def erase_from(body: bytes, node: str, stand_in: str) -> bytes | None:
    """Return a stored release without a node, None if it does not name it."""
    document = msgspec.to_builtins(decode_body(body))
    found = False
    if node.startswith(PERSON):
        for party in document.get("parties") or ():
            found |= _forget_person(party, node.removeprefix(PERSON))
    else:
        for party in list(_parties(document)):
            if party.get("id") == node:
                party.clear()
                party["id"] = stand_in
                found = True
    return encode_body(document) if found else None


def _parties(entry: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Yield every mention of a party within a release."""
    if isinstance(entry, list):
        for each in entry:
            yield from _parties(each)
    elif isinstance(entry, dict):
        for key, value in entry.items():
            if key in _ONE and isinstance(value, dict):
                yield value
            elif key in _MANY and isinstance(value, list):
                yield from value
            else:
                yield from _parties(value)


def _forget_person(party: dict[str, Any], name: str) -> bool:
    found = False
    for role in _PEOPLE:
        people = party.get(role) or []
        kept = [each for each in people if plain(each.get("name") or "") != name]
        found |= len(kept) < len(people)
        party[role] = kept
    contact = party.get("contactPoint")
    if contact and plain(contact.get("name") or "") == name:
        party["contactPoint"] = None
        found = True
    return found
