"""The labelled bids: 70 tenders of the Brazilian car-wash case."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from integritas.services.anticorruption.collusion.bids import read_bids
from integritas.services.anticorruption.collusion.screens import features_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LABEL", "Labelled", "read_labelled"]

LABEL = "Collusive_competitor"


@dataclass(frozen=True)
class Labelled:
    """A row a bid, in the order of the file: features, label, tender."""

    rows: NDArray[np.float64]
    collusive: NDArray[np.bool_]
    tenders: NDArray[np.int64]
    sha256: str

    @property
    def tender_count(self) -> int:
        """Return how many tenders there are."""
        return len(set(self.tenders.tolist()))


def read_labelled(path: Path) -> Labelled:
    """Read bids with the columns of `original-dataset.json`, label included.

    The features are made by the code that serves; the file's screens are not used.
    """
    content = path.read_bytes()
    entries = json.loads(content)
    reading = read_bids(entries)
    if reading.rejects:
        raise SystemExit(f"{path}: {reading.rejects[0]}")
    rows = np.zeros((len(entries), 0))
    for tender in reading.tenders:
        if tender.estimate is None:
            raise SystemExit(f"{path}: tender {tender.name} has no estimate")
        found, _ = features_of(tender.amounts, tender.estimate)
        if not rows.size:
            rows = np.zeros((len(entries), found.shape[1]))
        rows[list(tender.places)] = found
    return Labelled(
        rows=rows,
        collusive=np.array([bool(entry[LABEL]) for entry in entries]),
        tenders=np.array([int(entry["Tender"]) for entry in entries]),
        sha256=hashlib.sha256(content).hexdigest(),
    )
