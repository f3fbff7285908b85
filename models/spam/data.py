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
LABELS = ("spam", "ham")
_LEAST = 20
_HASHES = 64
_BAND = 3
_ALIKE = 0.4


@dataclass(frozen=True)
class Labelled:
    """Messages in the order of the file, their labels (junk or not) and folds.

    Near-duplicates are of one group, which is within a fold.
    """

    raws: list[str]
    views: list[MessageView]
    junk: NDArray[np.bool_]
    folds: NDArray[np.int64]
    groups: NDArray[np.int64]
    sha256: str


def read_labelled(path: Path, media_type: str | None = None) -> Labelled:
    """Read `{id, label, raw}` lines; `label` is `spam` or `ham`.

    Raises:
        SystemExit: the file is not gzip, a line is none such, or there are too few
            messages of a kind.
    """
    content = path.read_bytes()
    try:
        lines = gzip.decompress(content).splitlines()
    except (OSError, EOFError, zlib.error) as error:
        raise SystemExit(f"{path}: compress it with gzip; {error}") from error
    rows = [_row(f"{path}, line {at}", line) for at, line in enumerate(lines, start=1)]
    labels, raws = [label for label, _ in rows], [raw for _, raw in rows]
    views = [parse_message(message_from_line(raw, media_type)) for raw in raws]
    groups = _near_duplicates([view.text for view in views])
    for label in LABELS:
        apart = {g for g, known in zip(groups, labels, strict=True) if known == label}
        if len(apart) < _LEAST:
            raise SystemExit(
                f"{path}: {len(apart)} messages of label {label} that are not nearly"
                f" the same: give {_LEAST} or more"
            )
    folds = [zlib.crc32(str(group).encode()) % FOLDS for group in groups]
    return Labelled(
        raws=raws,
        views=views,
        junk=np.array([label == "spam" for label in labels]),
        folds=np.array(folds),
        groups=np.array(groups),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _row(where: str, line: bytes) -> tuple[str, str]:
    """Return the label and the message of a line."""
    try:
        row = json.loads(line)
        label, raw = row["label"], row["raw"]
    except (ValueError, KeyError, TypeError) as error:
        said = "write {id, label, raw} as JSON"
        raise SystemExit(f"{where}: {said}; found {error!r}") from error
    if label not in LABELS:
        raise SystemExit(f"{where}: label is {label!r}, must be spam or ham")
    if not isinstance(raw, str):
        raise SystemExit(f"{where}: raw is no text")
    return label, raw


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
