"""What other packages may import: input for the demo, generated or from a folder.

All content that is not read from a folder is invented: no person, company or address
of it exists, domains are reserved ones (RFC 2606), machines carry documentation
addresses (RFC 5737).
"""

from __future__ import annotations

from integritas.samples.folder import FolderReading, missing_kinds, read_folder
from integritas.samples.generator import (
    FOLDER_COUNT,
    GENERATED_COUNT,
    generate,
    mix,
)
from integritas.samples.planted import planted_samples
from integritas.samples.sample import EXPECTATIONS, Item, Planted, Sample
from integritas.samples.watchlist import PROGRAMME, synthetic_watchlist

__all__ = [
    "EXPECTATIONS",
    "FOLDER_COUNT",
    "GENERATED_COUNT",
    "PROGRAMME",
    "FolderReading",
    "Item",
    "Planted",
    "Sample",
    "generate",
    "missing_kinds",
    "mix",
    "planted_samples",
    "read_folder",
    "synthetic_watchlist",
]
