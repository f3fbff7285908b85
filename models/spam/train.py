"""Train the shipped spam model: `python -m models.spam.train`.

Reads `messages/spamassassin.jsonl.gz` and `messages/sms.jsonl.gz` below the folder that
INTEGRITAS_DATA names, writes the artifact into the source tree. The same data gives the
same bytes.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from models.spam.data import FOLDS, Labelled, read_labelled
from models.spam.fitting import Recipe, calibrate, fit, matrix, metrics, out_of_fold
from threadpoolctl import (  # type: ignore[import-untyped] # ships no types
    threadpool_limits,
)

from integritas.services.spam.artifact import FORMAT, MANIFEST, POLICY
from integritas.services.spam.features import View
from integritas.services.spam.parsing import MessageView
from integritas.services.spam.scoring import Calibration, quantise

VERSION = "1"
HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "src/integritas/services/spam/model"
RECIPES = (
    Recipe(View.MAIL, 20, (1.0, 1.0, 1.0), nb=True, cost=1000, iterations=60),
    Recipe(View.BODY, 19, (1.0, 1.0, 1.0), nb=True, cost=1000, iterations=60),
    Recipe(View.TEXT, 18, (1.0, 3.0, 3.0), nb=False, cost=100, iterations=150),
    Recipe(View.PROSE, 19, (1.0, 2.0, 2.0), nb=False, cost=100, iterations=100),
)
# False positives that put a message in quarantine; and how far beyond the highest
# wanted message, in logits, junk must score to be discarded.
QUARANTINE_RATE = 0.005
DISCARD_MARGIN = 0.5


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("INTEGRITAS_DATA"))
    parser.add_argument("--output", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    if arguments.data is None:
        raise SystemExit("say where the data is: --data DIR, or set INTEGRITAS_DATA")
    folder = Path(arguments.data) / "messages"
    mail = read_labelled(folder / "spamassassin.jsonl.gz")
    sms = read_labelled(folder / "sms.jsonl.gz", "text/plain")
    with threadpool_limits(1):  # sums in another order would give other bytes
        trained = [train_view(recipe, mail, sms) for recipe in RECIPES]
    write(arguments.output, trained, mail, sms)


def train_view(
    recipe: Recipe, mail: Labelled, sms: Labelled
) -> tuple[Recipe, np.ndarray[Any, np.dtype[np.int8]], dict[str, Any]]:
    """Return the quantised weights of a view and what the manifest says of it."""
    data = _material(recipe.view, mail, sms)
    rows = matrix(data.views, recipe)
    logits = out_of_fold(rows, data.junk, data.folds, recipe)
    # Prose is measured and calibrated on long texts alone; short ones only teach it.
    measured = slice(0, len(mail.views)) if recipe.view is View.PROSE else slice(None)
    unseen, junk = logits[measured], data.junk[measured]
    calibration = Calibration(*calibrate(unseen, junk))
    calibrated = calibration.slope * unseen + calibration.offset
    probabilities = 1 / (1 + np.exp(-calibrated))
    weights, bias = fit(rows, data.junk, recipe)
    stored, scale = quantise(weights.astype(np.float32))
    figures = metrics(unseen, probabilities, junk)
    print(f"{recipe.view:6} {json.dumps(figures)}")
    return (
        recipe,
        stored,
        {
            "bits": recipe.bits,
            "scale": scale,
            "bias": bias,
            "group_values": recipe.group_values,
            "calibration": dataclasses.asdict(calibration),
            "training": {
                "log_count_ratios": recipe.nb,
                "cost": recipe.cost,
                "iterations": recipe.iterations,
            },
            "held_out": figures,
            "thresholds": _thresholds(calibrated, junk),
        },
    )


def _material(view: View, mail: Labelled, sms: Labelled) -> Labelled:
    if view is View.TEXT:
        return sms
    if view is View.PROSE:
        prose = [MessageView(False, (), (), v.text, v.urls) for v in mail.views]
        return Labelled(
            views=prose + sms.views,
            junk=np.concatenate([mail.junk, sms.junk]),
            folds=np.concatenate([mail.folds, sms.folds]),
            sha256=mail.sha256,
            groups=mail.groups + sms.groups,
        )
    return mail


def _thresholds(
    calibrated: np.ndarray[Any, np.dtype[np.float64]],
    junk: np.ndarray[Any, np.dtype[np.bool_]],
) -> dict[str, float]:
    wanted = np.sort(calibrated[~junk])[::-1]
    quarantine = wanted[int(QUARANTINE_RATE * len(wanted))]
    discard = max(wanted[0], quarantine) + DISCARD_MARGIN
    return {
        "quarantine": round(float(1 / (1 + np.exp(-quarantine))), 6),
        "discard": round(float(1 / (1 + np.exp(-discard))), 6),
    }


def write(
    folder: Path,
    trained: list[tuple[Recipe, np.ndarray[Any, np.dtype[np.int8]], dict[str, Any]]],
    mail: Labelled,
    sms: Labelled,
) -> None:
    """Write weights, manifest and policy."""
    packed = io.BytesIO()
    arrays = {recipe.view.value: weights for recipe, weights, _ in trained}
    np.savez_compressed(packed, allow_pickle=False, **arrays)
    content = packed.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    policy = json.loads((HERE / "lexicon.json").read_bytes())
    policy["thresholds"] = {
        recipe.view.value: said.pop("thresholds") for recipe, _, said in trained
    }
    manifest = {
        "name": "spam",
        "version": VERSION,
        "format": FORMAT,
        "licence": "Apache-2.0",
        "artifact": {
            "file": "weights.npz",
            "sha256": digest,
            "bytes": len(content),
        },
        "data": [
            {
                "file": "messages/spamassassin.jsonl.gz",
                "sha256": mail.sha256,
                "messages": len(mail.views),
                "near_duplicate_groups": mail.groups,
                "source": "SpamAssassin public corpus",
                "licence": "Apache-2.0",
            },
            {
                "file": "messages/sms.jsonl.gz",
                "sha256": sms.sha256,
                "messages": len(sms.views),
                "near_duplicate_groups": sms.groups,
                "source": "UCI SMS Spam Collection (Almeida and Hidalgo 2011)",
                "licence": "CC BY 4.0",
            },
        ],
        "features": {
            "grams": "distinct 3-5-grams of bytes (UTF-8) of headers and parts, cased",
            "words": "distinct words and word pairs of the visible text, lower case",
            "signals": "structure, links, capitals, numbers",
            "weights": "int8, signed squares times scale",
        },
        "measured": f"{FOLDS} folds, near-duplicates in one fold",
        "views": {recipe.view.value: said for recipe, _, said in trained},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.npz").write_bytes(content)
    for name, value in ((MANIFEST, manifest), (POLICY, policy)):
        text = json.dumps(value, indent=2, ensure_ascii=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    print(f"wrote {folder}: {len(content)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()
