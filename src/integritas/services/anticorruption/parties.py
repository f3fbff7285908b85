"""Marks of a party that tell two names for one hand: phone, mail, address, person."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integritas.services.anticorruption.release import Party

__all__ = ["marks_of", "people_of"]

_DIGITS: Final = 7
_FREE_MAIL: Final = frozenset({"info@gmail.com", "n/a", "none"})


def marks_of(party: Party) -> Iterator[tuple[str, str]]:
    """Yield the marks of a party as kind and normalised value, each once.

    A telephone is its last nine digits, an e-mail is in lower case, an address is
    street and postal code or place without accents, case and punctuation.
    """
    contact, address = party.contact_point, party.address
    if contact is not None:
        digits = re.sub(r"\D", "", contact.telephone or "")
        if len(digits) >= _DIGITS and len(set(digits)) > 1:
            yield "telephone", digits[-9:]
        mail = (contact.email or "").strip().lower()
        if "@" in mail and mail not in _FREE_MAIL:
            yield "e-mail", mail
    if address is not None and address.street_address:
        street = plain(address.street_address)
        place = plain(address.postal_code or address.locality or "")
        if any(letter.isdigit() for letter in street) or place:
            yield "address", f"{street}, {place}"


def people_of(party: Party) -> Iterator[tuple[str, str]]:
    """Yield role and name of the directors and owners of a party."""
    groups = (("director", party.directors), ("owner", party.beneficial_owners))
    for role, people in groups:
        for person in people or ():
            if person.name and plain(person.name):
                yield role, plain(person.name)


def plain(text: str) -> str:
    """Return a text without accents, case, punctuation and doubled spaces."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(
        c if c.isalnum() else " " for c in bare if not unicodedata.combining(c)
    )
    return " ".join(kept.split())
