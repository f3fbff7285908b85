"""What makes two messages alike: MinHash over triples of words.

After Broder, "On the resemblance and containment of documents" (1997): the share of
equal places in two signatures estimates the share of word triples that two texts have
in common. Numbers count as their shapes, so that a changing amount or date hides
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from integritas.services.spam.hashing import chained, kernel, lowered, token_class

if TYPE_CHECKING:
    from integritas.services.spam.features import Document
    from integritas.services.spam.hashing import Bytes

__all__ = ["BANDS", "PLACES", "Signature", "bands", "likeness", "signature_of"]

PLACES: Final = 64
BANDS: Final = 16
LEAST_WORDS: Final = 6
"""Shorter texts are alike by chance: a signature says nothing of them."""
Signature = NDArray[np.uint32]

_MOST_WORDS: Final = 400
_FACTORS: Final = np.random.default_rng(27).integers(
    1, 2**63, PLACES, dtype=np.uint64
) | np.uint64(1)


def signature_of(text: Document) -> Signature | None:
    """Return the signature of a document's shown text, None if it is too short."""
    signature = np.full(PLACES, 0xFFFFFFFF, np.uint32)
    words = sketch(text.text, int(text.ends[0]), int(text.ends[1]), _FACTORS, signature)
    return signature if words >= LEAST_WORDS else None


def likeness(one: Signature, other: Signature) -> float:
    """Return the estimated share of word triples in common."""
    return float((one == other).mean())


def bands(signature: Signature) -> list[int]:
    """Return a number a band: texts that share one may be alike.

    Four places a band: of texts half alike two thirds share one, of texts seven tenths
    alike 99 in 100, of texts a fifth alike 3 in 100.
    """
    rows = signature.reshape(BANDS, PLACES // BANDS)
    return [hash((number, row.tobytes())) for number, row in enumerate(rows)]


@kernel
def sketch(
    text: Bytes, begin: int, end: int, factors: NDArray[np.uint64], out: Signature
) -> int:
    """Lower the places of a signature by each triple of words; return the words."""
    first = np.uint64(0)
    second = np.uint64(0)
    count = 0
    at = begin
    while at < end and count < _MOST_WORDS:
        kind = token_class(text[at])
        if kind == 0:
            at += 1
            continue
        value = np.uint64(0xCBF29CE484222325)
        before = np.uint8(0)
        while at < end and token_class(text[at]) == kind:
            code = lowered(text[at])
            if 48 <= code <= 57:
                code = np.uint8(48)
            if code != 48 or before != 48:
                value = chained(value, code)
            before = code
            at += 1
        count += 1
        if count > 2:
            triple = (first * np.uint64(3) + second) * np.uint64(5) + value
            triple ^= triple >> np.uint64(29)
            for place in range(len(out)):
                hashed = np.uint32((triple * factors[place]) >> np.uint64(32))
                out[place] = min(out[place], hashed)
        first, second = second, value
    return count
