"""The spam model: data in, artifact and manifest out.

`make train` reads `messages/spamassassin.jsonl.gz` and `messages/sms.jsonl.gz` in the
folder that INTEGRITAS_DATA names, writes the artifact into the source tree. The same
data gives the same bytes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from models.spam.data import Labelled, read_labelled
from models.spam.fitting import (
    Expert,
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
from models.spam.material import Material, material
from models.spam.release import write

from integritas.services.spam.blending import LOOKS, Blend
from integritas.services.spam.features import View, document
from integritas.services.spam.scoring import Calibration, LinearModel, Scorer

if TYPE_CHECKING:
    import scipy.sparse as sp  # type: ignore[import-untyped] # scipy ships no types
    from numpy.typing import NDArray

__all__ = ["RECIPES", "Trained", "train_view"]

SHIPPED = Path(__file__).parents[2] / "src/integritas/services/spam/model"
# Values of head, text, markup, words, words of fields, signals.
RECIPES = (
    Recipe(
        View.MAIL,
        20,
        (2, 1, 1, 2, 2, 1),
        cost=1.0,
        experts=(Expert((0, 4, 5)), Expert((1, 2, 3, 5), 0.5)),
    ),
    Recipe(
        View.BODY,
        20,
        (0, 1, 1, 2, 0, 1),
        cost=1.0,
        copy_weight=0.05,
        copies=2,
        twin_weight=0.1,
        second_look=0.1,
    ),
    Recipe(
        View.TEXT,
        18,
        (0, 2, 0, 1, 0, 1),
        cost=0.3,
        power=0.5,
        experts=(Expert((1, 3, 5)), Expert((1, 3), 0.5)),
    ),
    Recipe(View.PROSE, 19, (0, 1, 0, 2, 0, 1), cost=1.0, second_look=0.1),
)
# False positives that put a message in quarantine; and how far beyond the highest
# wanted message, in logits, junk must score to be discarded.
QUARANTINE_RATE = 0.005
DISCARD_MARGIN = 0.5


@dataclasses.dataclass(frozen=True)
class Trained:
    """The model of a view, and what is said of it, if it was measured."""

    recipe: Recipe
    model: LinearModel
    figures: dict[str, float] = dataclasses.field(default_factory=dict)
    curve: list[dict[str, float]] = dataclasses.field(default_factory=list)
    thresholds: dict[str, float] = dataclasses.field(default_factory=dict)


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
    lesson = _Lesson(recipe, material(recipe, mail, sms), table)
    model = lesson.taught(np.ones(len(lesson.given.junk), np.bool_))
    if not (measure or recipe.second_look):
        return Trained(recipe, model)
    looks = lesson.unseen()
    if recipe.second_look:
        every = np.ones(len(looks), np.bool_)
        model = dataclasses.replace(model, blend=lesson.blend(looks, every))
    if not measure:
        return Trained(recipe, model)
    return _measured(recipe, model, lesson.logits(looks), lesson.given)


class _Lesson:
    """What a view learns from, and models taught parts of it."""

    def __init__(
        self, recipe: Recipe, given: Material, table: NDArray[np.uint8]
    ) -> None:
        self.recipe, self.given = recipe, given
        self.size = len(given.junk)
        self._documents = [
            [document(view, recipe.view, table) for view in block]
            for block in given.blocks
        ]
        used = [number for number, weight in enumerate(given.weights) if weight]
        taught = [text for number in used for text in self._documents[number]]
        self._rows: list[sp.csr_matrix] = [
            matrix(taught, recipe, expert) for expert in recipe.experts
        ]
        self._each = np.repeat([given.weights[number] for number in used], self.size)

    def taught(self, chosen: NDArray[np.bool_]) -> LinearModel:
        """Return the model, of one look, of some messages and their copies."""
        rows = np.tile(chosen, len(self._each) // self.size)
        junk = np.tile(self.given.junk, len(rows) // self.size)[rows]
        each, sent = self._each[rows], int(chosen.sum())
        weights, bias = np.zeros(1 << self.recipe.bits), 0.0
        for expert, features in zip(self.recipe.experts, self._rows, strict=True):
            own, start = fit(features[rows], junk, each, sent, self.recipe)
            weights += expert.share * own
            bias += expert.share * start
        return as_model(weights, bias, self.recipe)

    def unseen(self) -> NDArray[np.float64]:
        """Return what models say that saw neither a message nor one of its fold.

        A row a message: what a second look weighs of it (`LOOKS`), of every block;
        where there is none, the logit of each message as sent.
        """
        twice = bool(self.recipe.second_look)
        blocks = self._documents if twice else self._documents[:1]
        found = np.zeros((len(blocks) * self.size, len(LOOKS) if twice else 1))
        for fold in np.unique(self.given.folds):
            held = self.given.folds == fold
            view, scorer = self.recipe.view, self._scorer(~held)
            for number, block in enumerate(blocks):
                for place in np.flatnonzero(held):
                    text = block[place]
                    found[number * self.size + place] = (
                        scorer.looks(text, view)
                        if twice
                        else scorer.score(text, view).logit
                    )
        return found

    def logits(self, looks: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logit of each message as sent, by what did not see its fold."""
        if not self.recipe.second_look:
            return looks[:, 0]
        logits = np.zeros(self.size)
        for fold in np.unique(self.given.folds):
            held = self.given.folds == fold
            blend = self.blend(looks, np.tile(~held, len(self.given.blocks)))
            logits[held] = [blend.logit(row) for row in looks[: self.size][held]]
        return logits

    def blend(self, looks: NDArray[np.float64], chosen: NDArray[np.bool_]) -> Blend:
        """Return the second look, fitted to some of what `unseen` returned."""
        each = np.full(len(looks), self.recipe.second_look)
        each[: self.size] = 1.0
        junk = np.tile(self.given.junk, len(self.given.blocks))
        return second_look(looks[chosen], junk[chosen], each[chosen])

    def _scorer(self, chosen: NDArray[np.bool_]) -> Scorer:
        return Scorer({self.recipe.view: self.taught(chosen)})


def _measured(
    recipe: Recipe, model: LinearModel, logits: NDArray[np.float64], given: Material
) -> Trained:
    """Return the model calibrated, its figures and thresholds."""
    logits, junk = logits[: given.measured], given.junk[: given.measured]
    calibration = Calibration(*calibrate(logits, junk))
    calibrated = calibration.slope * logits + calibration.offset
    probabilities = 1 / (1 + np.exp(-calibrated))
    figures = metrics(logits, probabilities, junk)
    print(f"{recipe.view:6} {json.dumps(figures)}", flush=True)
    return Trained(
        recipe,
        dataclasses.replace(model, calibration=calibration),
        figures,
        curve(probabilities, junk),
        _thresholds(calibrated, junk),
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


if __name__ == "__main__":
    main()
