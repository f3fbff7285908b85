"""What ships: weights, manifest and policy."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from models.spam.data import FOLDS

from integritas.services.spam.artifact import FORMAT, MANIFEST, POLICY
from integritas.services.spam.blending import LOOKS, WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.spam.data import Labelled
    from models.spam.train import Trained
    from numpy.typing import NDArray

__all__ = ["write"]

VERSION = "5"
WEIGHTS = "weights.npz"
HERE = Path(__file__).parent


def write(
    folder: Path,
    trained: Sequence[Trained],
    mail: Labelled,
    sms: Labelled,
    table: NDArray[np.uint8],
) -> None:
    """Write weights, manifest and policy; `table` holds look-alikes."""
    packed = io.BytesIO()
    arrays: dict[str, Any] = {
        item.recipe.view.value: item.model.weights for item in trained
    }
    np.savez_compressed(packed, allow_pickle=False, lookalikes=table, **arrays)
    content = packed.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    policy = json.loads((HERE / "lexicon.json").read_bytes())
    policy["thresholds"] = {i.recipe.view.value: i.thresholds for i in trained}
    manifest = {
        "name": "spam",
        "version": VERSION,
        "format": FORMAT,
        "licence": "Apache-2.0",
        "artifact": {"file": WEIGHTS, "sha256": digest, "bytes": len(content)},
        "data": [
            _source(mail, "spamassassin", "SpamAssassin public corpus", "Apache-2.0"),
            _source(
                sms,
                "sms",
                "UCI SMS Spam Collection (Almeida and Hidalgo 2011)",
                "CC BY 4.0",
            ),
        ],
        "features": {
            "grams": "distinct 3-5-grams of bytes (UTF-8) of headers, folded text and"
            " markup, cased",
            "words": "distinct words and word pairs of the folded text, lower case;"
            " words of header fields with the field's name",
            "signals": "structure, links, tricks, capitals, numbers",
            "lookalikes": "UTS #39 confusables and NFKD to ASCII",
            "weights": "int8, signed squares times scale",
        },
        "measured": f"{FOLDS} folds, near-duplicates in one fold",
        "views": {item.recipe.view.value: _said(item) for item in trained},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(content)
    for name, value in ((MANIFEST, manifest), (POLICY, policy)):
        text = json.dumps(value, indent=2, ensure_ascii=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    print(f"wrote {folder}: {len(content)} bytes, sha256 {digest}")


def _said(item: Trained) -> dict[str, Any]:
    """Return what the manifest says of a view."""
    recipe, model = item.recipe, item.model
    said: dict[str, Any] = {
        "bits": recipe.bits,
        "scale": float(model.levels[-1]),
        "bias": model.bias,
        "group_values": recipe.group_values,
        "calibration": dataclasses.asdict(model.calibration),
        "training": {
            "cost": recipe.cost,
            "smoothing": recipe.smoothing,
            "power": recipe.power,
            "weight_of_rewritten_copies": recipe.copy_weight,
            "rewritten_copies": recipe.copies,
            "weight_of_html_twins": recipe.twin_weight,
            "experts": [expert._asdict() for expert in recipe.experts],
        },
        "held_out": item.figures,
        "calibration_curve": item.curve,
    }
    if model.blend is not None:
        said["second_look"] = {
            "window": WINDOW,
            "bias": model.blend.bias,
            "weights": dict(zip(LOOKS, model.blend.weights, strict=True)),
            "weight_of_copies": recipe.second_look,
        }
    return said


def _source(data: Labelled, name: str, source: str, licence: str) -> dict[str, Any]:
    return {
        "file": f"messages/{name}.jsonl.gz",
        "sha256": data.sha256,
        "messages": len(data.raws),
        "near_duplicate_groups": len(np.unique(data.groups)),
        "source": source,
        "licence": licence,
    }
