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
from typing import TYPE_CHECKING, Any

import numpy as np
from models.spam.augment import good_words, html_twins, rewritten
from models.spam.data import FOLDS, Labelled, read_labelled
from models.spam.fitting import (
    Recipe,
    as_model,
    calibrate,
    curve,
    fit,
    matrix,
    metrics,
    second_look,
)
from models.spam.lookalikes import lookalikes
from numpy.typing import NDArray

from integritas.services.spam.artifact import FORMAT, MANIFEST, POLICY
from integritas.services.spam.blending import LOOKS, WINDOW, Blend
from integritas.services.spam.features import Document, View, document
from integritas.services.spam.parsing import MessageView
from integritas.services.spam.scoring import Calibration, LinearModel, Scorer

if TYPE_CHECKING:
    import scipy.sparse as sp  # type: ignore[import-untyped] # scipy ships no types

__all__ = ["RECIPES", "Material", "Trained", "material", "train_view", "write"]

VERSION = "3"
HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "src/integritas/services/spam/model"
# Values of head, text, markup, words, words of fields, signals.
RECIPES = (
    Recipe(View.MAIL, 20, (2, 1, 1, 2, 2, 1), cost=1.0),
    Recipe(
        View.BODY,
        20,
        (0, 1, 1, 2, 0, 1),
        cost=1.0,
        copy_weight=0.05,
        twin_weight=0.1,
        second_look=0.1,
    ),
    Recipe(View.TEXT, 18, (0, 2, 0, 1, 0, 1), cost=0.3, power=0.5),
    Recipe(View.PROSE, 19, (0, 1, 0, 2, 0, 1), cost=1.0),
)
# False positives that put a message in quarantine; and how far beyond the highest
# wanted message, in logits, junk must score to be discarded.
QUARANTINE_RATE = 0.005
DISCARD_MARGIN = 0.5


@dataclasses.dataclass(frozen=True)
class Trained:
    """The model of a view, and what the manifest and the policy say of it."""

    recipe: Recipe
    model: LinearModel
    said: dict[str, Any]
    thresholds: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Material:
    """What a view learns from: messages as sent, then copies of the same, in blocks.

    `weights` are what a message of each block counts, the first being sent; `junk` and
    `folds` are those of a block.
    """

    blocks: list[list[MessageView]]
    weights: list[float]
    junk: NDArray[np.bool_]
    folds: NDArray[np.int64]


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
    given = material(recipe, mail, sms)
    documents = [
        [document(view, recipe.view, table) for view in block] for block in given.blocks
    ]
    rows, each = _rows(recipe, given, documents)
    blocks = len(each) // len(given.junk)
    weights, bias = fit(
        rows, np.tile(given.junk, blocks), each, len(given.junk), recipe
    )
    model = as_model(weights, bias, recipe)
    said: dict[str, Any] = {
        "bits": recipe.bits,
        "scale": float(model.levels[-1]),
        "bias": bias,
        "group_values": recipe.group_values,
        "calibration": {"slope": 1.0, "offset": 0.0},
        "training": {
            "cost": recipe.cost,
            "smoothing": recipe.smoothing,
            "power": recipe.power,
            "weight_of_rewritten_copies": recipe.copy_weight,
            "weight_of_html_twins": recipe.twin_weight,
        },
    }
    if not measure and not recipe.second_look:
        return Trained(recipe, model, said, {"quarantine": 0.5, "discard": 1.0})
    raws = _unseen(recipe, given, documents, (rows, each))
    if recipe.second_look:
        raws, blend = _looked_again(recipe, given, raws)
        model = dataclasses.replace(model, blend=blend)
        said["second_look"] = {
            "window": WINDOW,
            "bias": blend.bias,
            "weights": dict(zip(LOOKS, blend.weights, strict=True)),
            "weight_of_copies": recipe.second_look,
        }
    # Prose is measured and calibrated on long texts alone; short ones only teach it.
    measured = len(mail.junk) if recipe.view is View.PROSE else len(given.junk)
    return _measured(recipe, model, said, (raws[:measured], given.junk[:measured]))


def _rows(
    recipe: Recipe, given: Material, documents: list[list[Document]]
) -> tuple[sp.csr_matrix, NDArray[np.float64]]:
    """Return the rows that the first look learns from, and what each counts."""
    chosen = [number for number, weight in enumerate(given.weights) if weight]
    rows = matrix([text for number in chosen for text in documents[number]], recipe)
    weights = [given.weights[number] for number in chosen]
    return rows, np.repeat(np.array(weights), len(given.junk))


def _unseen(
    recipe: Recipe,
    given: Material,
    documents: list[list[Document]],
    learnt: tuple[sp.csr_matrix, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Return what models say that saw neither a message nor one of its fold.

    A logit for each message; with a second look, what that weighs (`LOOKS`) for each
    message of every block.
    """
    rows, each = learnt
    blocks = len(each) // len(given.junk)
    junk = np.tile(given.junk, blocks)
    looked = documents if recipe.second_look else documents[:1]
    size = len(given.junk)
    found = np.zeros((len(looked) * size, len(LOOKS) if recipe.second_look else 1))
    for fold in np.unique(given.folds):
        taught = np.tile(given.folds != fold, blocks)
        weights, bias = fit(
            rows[taught],
            junk[taught],
            each[taught],
            int(taught[:size].sum()),
            recipe,
        )
        scorer = Scorer({recipe.view: as_model(weights, bias, recipe)})
        for number, block in enumerate(looked):
            for place in np.flatnonzero(given.folds == fold):
                text = block[place]
                found[number * size + place] = (
                    scorer.looks(text, recipe.view)
                    if recipe.second_look
                    else scorer.score(text, recipe.view).logit
                )
    return found if recipe.second_look else found[:, 0]


def _looked_again(
    recipe: Recipe, given: Material, looks: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Blend]:
    """Return logits of the messages as sent, across folds, and the blend of all."""
    size, blocks = len(given.junk), len(given.blocks)
    junk, folds = np.tile(given.junk, blocks), np.tile(given.folds, blocks)
    each = np.full(len(junk), recipe.second_look)
    each[:size] = 1.0
    logits = np.zeros(size)
    for fold in np.unique(folds):
        taught = folds != fold
        blend = second_look(looks[taught], junk[taught], each[taught])
        held = np.flatnonzero(given.folds == fold)
        logits[held] = [blend.logit(looks[place].tolist()) for place in held]
    return logits, second_look(looks, junk, each)


def _measured(
    recipe: Recipe,
    model: LinearModel,
    said: dict[str, Any],
    unseen: tuple[NDArray[np.float64], NDArray[np.bool_]],
) -> Trained:
    """Return the model calibrated, its figures and thresholds."""
    logits, junk = unseen
    calibration = Calibration(*calibrate(logits, junk))
    calibrated = calibration.slope * logits + calibration.offset
    probabilities = 1 / (1 + np.exp(-calibrated))
    figures = metrics(logits, probabilities, junk)
    print(f"{recipe.view:6} {json.dumps(figures)}", flush=True)
    said["calibration"] = dataclasses.asdict(calibration)
    said["held_out"] = figures
    said["calibration_curve"] = curve(probabilities, junk)
    model = dataclasses.replace(model, calibration=calibration)
    return Trained(recipe, model, said, _thresholds(calibrated, junk))


def material(recipe: Recipe, mail: Labelled, sms: Labelled) -> Material:
    """Return what a view learns from."""
    if recipe.view is View.TEXT:
        blocks = [sms.views, _copies(sms, is_mail=False)]
        return Material(blocks, [1.0, recipe.copy_weight], sms.junk, sms.folds)
    copies = _copies(mail, is_mail=True)
    if recipe.view is not View.PROSE:
        blocks, weights = [mail.views, copies], [1.0, recipe.copy_weight]
        if recipe.twin_weight:
            blocks.append(html_twins(mail.raws))
            weights.append(recipe.twin_weight)
        return Material(blocks, weights, mail.junk, mail.folds)
    blocks = [
        [*map(_as_prose, mail.views), *sms.views],
        [*map(_as_prose, copies), *_copies(sms, is_mail=False)],
    ]
    return Material(
        blocks,
        [1.0, recipe.copy_weight],
        np.concatenate([mail.junk, sms.junk]),
        np.concatenate([mail.folds, sms.folds]),
    )


def _copies(data: Labelled, *, is_mail: bool) -> list[MessageView]:
    good = good_words(data.views, data.junk.tolist())
    return rewritten(data.raws, good, is_mail=is_mail, seed=11)


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
