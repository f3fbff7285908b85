"""The table of look-alikes: code points to the ASCII letter they are read as.

From Unicode Technical Standard 39 (confusables), compatibility decomposition (NFKD) and
the general category (format characters and marks are not seen).
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np
from confusable_homoglyphs.confusables import (  # type: ignore[import-untyped] # ships no types
    confusables_data,
)

from integritas.services.spam.folding import LOOKALIKES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["lookalikes"]

_UNSEEN = frozenset((0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800))
_KEPT = frozenset("£€¥¢©®™°§´¨“”‘’–—…•·×÷")  # signs that say something as they are
# Read as Latin, yet not in the data, or there under another letter.
_MORE = {"г": "r", "κ": "k", "ν": "v", "ո": "n", "ҽ": "e", "ҳ": "x", "ϳ": "j", "ү": "y",
         "Ү": "Y", "ᴢ": "z", "ᴀ": "a", "ь": "b", "Ь": "b", "ӏ": "l",
         "ѵ": "v"}  # fmt: skip
_SPACES = 32


def lookalikes() -> NDArray[np.uint8]:
    """Return the table: an ASCII code, 1 for what is not seen, 0 for all else."""
    table = np.zeros(LOOKALIKES, np.uint8)
    for point in range(128, LOOKALIKES):
        if not 0xD800 <= point < 0xE000:
            table[point] = _read_as(chr(point))
    return table


def _read_as(char: str) -> int:
    category = unicodedata.category(char)
    if category in ("Cf", "Mn", "Me") or ord(char) in _UNSEEN:
        return 1
    if category == "Zs":
        return _SPACES
    if char in _KEPT:
        return 0
    return _letter_like(char)


def _letter_like(char: str) -> int:
    if char in _MORE:
        return ord(_MORE[char])
    plain = unicodedata.normalize("NFKD", char)[0]
    if plain.isascii() and plain.isalnum():
        return ord(plain)
    for other in confusables_data.get(char, ()):
        target = unicodedata.normalize("NFKD", other["c"])
        if len(target) == 1 and target.isascii() and target.isalnum():
            return ord(target)
    return 0
