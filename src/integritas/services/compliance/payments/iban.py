"""IBANs (ISO 13616) as python-stdnum knows them, without asking it each time.

A payment's accounts are looked at eight times while it is judged; here the structure of
a country is compiled once and the checksum (ISO 7064, mod 97-10) taken of whole texts.
"""

from __future__ import annotations

import re
from functools import cache
from string import ascii_uppercase
from typing import Final

from stdnum import iban, numdb

__all__ = ["is_iban"]

_KNOWN: Final = numdb.get("iban")
_STRUCTURE: Final = re.compile(r"([1-9][0-9]*)!([nac])")
_CHARACTERS: Final = {"n": "[0-9]", "a": "[A-Z]", "c": "[A-Z0-9]"}
_DIGITS: Final = str.maketrans(
    {letter: str(value) for value, letter in enumerate(ascii_uppercase, 10)}
)


def is_iban(number: str) -> bool:
    """Say whether a number in capitals without separators is an IBAN.

    Its length, characters and checksum must be right, not its bank.
    """
    if not number.isascii():  # digits of other scripts count, as the library reads them
        return iban.is_valid(number, check_country=False)
    structure = _structure(number[:2])
    if structure is None or structure.fullmatch(number, 2) is None:
        return False
    return int((number[4:] + number[:4]).translate(_DIGITS)) % 97 == 1


@cache
def _structure(country: str) -> re.Pattern[str] | None:
    """Return what stands behind the letters of a country, None if it has no IBANs."""
    found = _KNOWN.info(country)[0] if country else ("", {})
    if "bban" not in found[1] or found[0] != country:
        return None
    account = _STRUCTURE.sub(
        lambda part: f"{_CHARACTERS[part[2]]}{{{part[1]}}}", found[1]["bban"]
    )
    return re.compile(f"[0-9]{{2}}{account}")
