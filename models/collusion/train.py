"""Train the shipped collusion model: `python -m models.collusion.train`.

Reads `collusion/original-dataset.json` below the folder that INTEGRITAS_DATA names,
writes forest and manifest into the source tree. The same data gives the same bytes.
Measured as users will meet it: five folds, the bids of a tender in one fold, 20 times
over; decision threshold and calibration from inside the training folds.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from models.collusion.data import Labelled, read_labelled
from models.collusion.fitting import RECIPE, calibrate, export, fit, measure
from threadpoolctl import (  # type: ignore[import-untyped] # ships no types
    threadpool_limits,
)

from integritas.services.anticorruption.collusion.artifact import FORMAT, MANIFEST
from integritas.services.anticorruption.collusion.screens import FEATURES

VERSION = "2"
REPETITIONS = 20
HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "src/integritas/services/anticorruption/model"


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("INTEGRITAS_DATA"))
    parser.add_argument("--output", type=Path, default=SHIPPED)
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    arguments = parser.parse_args()
    if arguments.data is None:
        raise SystemExit("say where the data is: --data DIR, or set INTEGRITAS_DATA")
    data = read_labelled(Path(arguments.data) / "collusion/original-dataset.json")
    with threadpool_limits(1):  # sums in another order would give other bytes
        figures, unseen = measure(data, arguments.repetitions)
        print(json.dumps(figures))
        calibration = calibrate(unseen, data)
        write(arguments.output, data, figures, calibration)


def write(
    folder: Path, data: Labelled, figures: dict[str, Any], calibration: dict[str, float]
) -> None:
    """Write the forest and the manifest."""
    packed = io.BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **export(fit(data, seed=0)))
    content = packed.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    ends = np.quantile(data.rows, [0.0, 0.25, 0.5, 0.75, 1.0], axis=0)
    manifest = {
        "name": "collusion",
        "version": VERSION,
        "format": FORMAT,
        "licence": "Apache-2.0",
        "artifact": {"file": "forest.npz", "sha256": digest, "bytes": len(content)},
        "data": [
            {
                "file": "collusion/original-dataset.json",
                "sha256": data.sha256,
                "bids": len(data.rows),
                "tenders": data.tender_count,
                "collusive_bids": int(data.collusive.sum()),
                "source": "Brazilian car-wash case: García Rodríguez et al. (2022),"
                " Automation in Construction 133",
            }
        ],
        "recipe": RECIPE,
        "features": [
            {"name": feature.name, "quantiles": [round(float(v), 6) for v in column]}
            for feature, column in zip(FEATURES, ends.T, strict=True)
        ],
        "calibration": calibration,
        "measured": figures,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "forest.npz").write_bytes(content)
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    print(f"wrote {folder}: {len(content)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
