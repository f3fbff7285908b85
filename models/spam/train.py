"""The spam model: data in, artifact and manifest out.

`make train` reads `messages/spamassassin.jsonl.gz` and `messages/sms.jsonl.gz` in the
folder that INTEGRITAS_DATA names, writes the artifact into the source tree. The same
data gives the same bytes.
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
from models.spam.augment import good_words, rewritten
from models.spam.data import FOLDS, Labelled, read_labelled
from models.spam.fitting import (
    Recipe,
    calibrate,
    curve,
    fit,
    matrix,
    metrics,
    out_of_fold,
)
from models.spam.lookalikes import lookalikes
from numpy.typing import NDArray

from integritas.services.spam.artifact import FORMAT, MANIFEST, POLICY
from integritas.services.spam.features import View
from integritas.services.spam.parsing import MessageView
from integritas.services.spam.scoring import Calibration, quantise

__all__ = ["RECIPES", "Trained", "material", "train_view", "write"]

VERSION = "2"
HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "src/integritas/services/spam/model"
# Values of head, text, markup, words, words of fields, signals.
RECIPES = (
    Recipe(View.MAIL, 20, (2, 1, 1, 2, 2, 1), cost=1.0, copies=1),
    Recipe(View.BODY, 20, (0, 1, 1, 2, 0, 1), cost=1.0, copies=0),
    Recipe(View.TEXT, 18, (0, 2, 0, 1, 0, 1), cost=0.3, power=0.5, copies=1),
    Recipe(View.PROSE, 19, (0, 1, 0, 2, 0, 1), cost=1.0, copies=1),
)
# False positives that put a message in quarantine; and how far beyond the highest
# wanted message, in logits, junk must score to be discarded.
QUARANTINE_RATE = 0.005
DISCARD_MARGIN = 0.5


@dataclasses.dataclass(frozen=True)
class Trained:
    """Quantised weights of a view, and what the manifest and the policy say of it."""

    recipe: Recipe
    weights: NDArray[np.int8]
    said: dict[str, Any]
    thresholds: dict[str, float]


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
    table = lookalikes()
    trained = [train_view(recipe, mail, sms, table) for recipe in RECIPES]
    write(arguments.output, trained, mail, sms, table)


def train_view(
    recipe: Recipe,
    mail: Labelled,
    sms: Labelled,
    table: NDArray[np.uint8],
    *,
    measure: bool = True,
) -> Trained:
    """Return the model of a view; without `measure` it is not calibrated."""
    views, junk, folds = material(recipe, mail, sms)
    rows = matrix(views, recipe, table)
    copied = np.tile(junk, recipe.copies + 1)
    weights, bias = fit(rows, copied, recipe, recipe.copies)
    stored, scale = quantise(weights.astype(np.float32))
    said = {
        "bits": recipe.bits,
        "scale": scale,
        "bias": bias,
        "group_values": recipe.group_values,
        "calibration": {"slope": 1.0, "offset": 0.0},
        "training": {
            "cost": recipe.cost,
            "smoothing": recipe.smoothing,
            "power": recipe.power,
            "rewritten_copies": recipe.copies,
            "weight_of_copies": recipe.copy_weight,
        },
    }
    if not measure:
        return Trained(recipe, stored, said, {"quarantine": 0.5, "discard": 1.0})
    # Prose is measured and calibrated on long texts alone; short ones only teach it.
    measured = len(mail.junk) if recipe.view is View.PROSE else len(junk)
    spread = np.tile(folds, recipe.copies + 1)
    unseen = out_of_fold(rows, copied, spread, recipe, len(junk))[:measured]
    junk = junk[:measured]
    calibration = Calibration(*calibrate(unseen, junk))
    calibrated = calibration.slope * unseen + calibration.offset
    probabilities = 1 / (1 + np.exp(-calibrated))
    figures = metrics(unseen, probabilities, junk)
    print(f"{recipe.view:6} {json.dumps(figures)}", flush=True)
    said["calibration"] = dataclasses.asdict(calibration)
    said["held_out"] = figures
    said["calibration_curve"] = curve(probabilities, junk)
    return Trained(recipe, stored, said, _thresholds(calibrated, junk))


def material(
    recipe: Recipe, mail: Labelled, sms: Labelled
) -> tuple[list[MessageView], NDArray[np.bool_], NDArray[np.int64]]:
    """Return messages (rewritten copies behind them), labels and folds of a view."""
    if recipe.view is View.TEXT:
        return [*sms.views, *_copies(sms, recipe, is_mail=False)], sms.junk, sms.folds
    views = [*mail.views, *_copies(mail, recipe, is_mail=True)]
    if recipe.view is not View.PROSE:
        return views, mail.junk, mail.folds
    size = len(mail.views)
    copies = _copies(sms, recipe, is_mail=False)
    mixed: list[MessageView] = []
    for number in range(recipe.copies + 1):
        mixed += [
            _as_prose(view) for view in views[number * size : (number + 1) * size]
        ]
        mixed += [*sms.views, *copies][
            number * len(sms.views) : (number + 1) * len(sms.views)
        ]
    junk = np.concatenate([mail.junk, sms.junk])
    return mixed, junk, np.concatenate([mail.folds, sms.folds])


def _copies(data: Labelled, recipe: Recipe, *, is_mail: bool) -> list[MessageView]:
    good = good_words(data.views, data.junk.tolist())
    return [
        view
        for seed in range(recipe.copies)
        for view in rewritten(data.raws, good, is_mail=is_mail, seed=11 + seed)
    ]


def _as_prose(view: MessageView) -> MessageView:
    return MessageView(
        is_mail=False,
        block=b"",
        fields=(),
        parts=(),
        subject="",
        shown=view.shown,
    )


def _thresholds(
    calibrated: NDArray[np.float64], junk: NDArray[np.bool_]
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
    trained: list[Trained],
    mail: Labelled,
    sms: Labelled,
    table: NDArray[np.uint8],
) -> None:
    """Write weights, manifest and policy."""
    packed = io.BytesIO()
    arrays: dict[str, Any] = {item.recipe.view.value: item.weights for item in trained}
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
        "artifact": {"file": "weights.npz", "sha256": digest, "bytes": len(content)},
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
        "views": {item.recipe.view.value: item.said for item in trained},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.npz").write_bytes(content)
    for name, value in ((MANIFEST, manifest), (POLICY, policy)):
        text = json.dumps(value, indent=2, ensure_ascii=False)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    print(f"wrote {folder}: {len(content)} bytes, sha256 {digest}")


def _source(data: Labelled, name: str, source: str, licence: str) -> dict[str, Any]:
    return {
        "file": f"messages/{name}.jsonl.gz",
        "sha256": data.sha256,
        "messages": len(data.raws),
        "near_duplicate_groups": data.groups,
        "source": source,
        "licence": licence,
    }


if __name__ == "__main__":
    main()
