"""Labelled messages for training: reading them, and keeping near-duplicates together.

Near-duplicates are found by MinHash (Broder 1997) over word triples; what may be alike
shares a fold, so no model is measured on a message it has as good as seen.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from integritas.kernel.evidence import message_from_line
from integritas.services.spam.parsing import MessageView, parse_message

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FOLDS", "Labelled", "read_labelled"]

FOLDS = 4
_HASHES = 64
_BAND = 3
_ALIKE = 0.4


@dataclass(frozen=True)
class Labelled:
    """Messages in the order of the file, their labels (junk or not) and folds."""

    raws: list[str]
    views: list[MessageView]
    junk: NDArray[np.bool_]
    folds: NDArray[np.int64]
    sha256: str
    groups: int


def read_labelled(path: Path, media_type: str | None = None) -> Labelled:
    """Read `{id, label, raw}` lines; `label` is `spam` or `ham`."""
    content = path.read_bytes()
    rows = [json.loads(line) for line in gzip.decompress(content).splitlines()]
    labels = [row["label"] for row in rows]
    strange = set(labels) - {"spam", "ham"}
    if strange:
        raise SystemExit(f"{path}: label must be spam or ham, found {sorted(strange)}")
    raws = [row["raw"] for row in rows]
    views = [parse_message(message_from_line(raw, media_type)) for raw in raws]
    groups = _near_duplicates([view.text for view in views])
    folds = [zlib.crc32(str(group).encode()) % FOLDS for group in groups]
    return Labelled(
        raws=raws,
        views=views,
        junk=np.array([label == "spam" for label in labels]),
        folds=np.array(folds),
        sha256=hashlib.sha256(content).hexdigest(),
        groups=len(set(groups)),
    )


def _near_duplicates(texts: list[str]) -> list[int]:
    """Return for each text the number of its group."""
    signatures = _signatures(texts)
    parents = list(range(len(texts)))

    def root(item: int) -> int:
        while parents[item] != item:
            parents[item] = parents[parents[item]]
            item = parents[item]
        return item

    for band in range(0, _HASHES, _BAND):
        seen: dict[bytes, int] = {}
        for item, signature in enumerate(signatures):
            other = seen.setdefault(signature[band : band + _BAND].tobytes(), item)
            if other != item and (signature == signatures[other]).mean() >= _ALIKE:
                parents[root(item)] = root(other)
    return [root(item) for item in range(len(texts))]


def _signatures(texts: list[str]) -> NDArray[np.uint64]:
    random = np.random.default_rng(0)
    factors = random.integers(1, 2**61, _HASHES, dtype=np.uint64) | np.uint64(1)
    signatures = np.empty((len(texts), _HASHES), np.uint64)
    for number, text in enumerate(texts):
        words = re.findall(r"\w+", text.lower())[:600]
        triples = [
            zlib.crc32(" ".join(words[at : at + 3]).encode("utf-8", "replace"))
            for at in range(max(1, len(words) - 2))
        ]
        hashed = np.array(triples, np.uint64)[:, None] * factors
        signatures[number] = (hashed >> np.uint64(16)).min(axis=0)
    return signatures
