"""Figures over all folds, ours and the peers', with intervals.

Each message is scored by what was taught on the other folds; logits of folds are
pooled, as one fold has too little wanted mail for one false positive in a thousand.
Intervals are percentiles over resampled groups of near-duplicates (Efron's bootstrap).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from bench.spam.beside import Ours, part, row, stripped, taught_peers
from models.spam.fitting import metrics
from models.spam.lookalikes import lookalikes
from models.spam.train import RECIPES, train_view

from integritas.services.spam.features import View
from integritas.services.spam.scoring import Scorer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.spam.peers import Scores
    from models.spam.data import Labelled
    from numpy.typing import NDArray

__all__ = ["pooled"]

RESAMPLED: Final = 1_000
SET_ASIDE: Final = 10
"""Junk that a filter finds the least suspicious: what it costs is told apart."""
FIGURES: Final = (
    "1-ROCA_percent",
    "recall_at_0.001",
    "recall_at_0.005",
    "recall_at_0.01",
)


def pooled(view: View, mail: Labelled, sms: Labelled, *, chosen: Sequence[str]) -> None:
    """Print ranking figures of a view over all folds."""
    data = sms if view is View.TEXT else mail
    said: dict[str, NDArray[np.float64]] = {}
    for fold in np.unique(data.folds):
        held = data.folds == fold
        raws = part(data, held).raws
        if view is View.BODY:
            raws = [stripped(raw) for raw in raws]
        for name, peer in _taught(view, mail, sms, ~held, chosen).items():
            said.setdefault(name, np.zeros(len(held)))[held] = peer.scores(raws)
    junk = data.junk
    print(
        f"## {view}, all folds: {int(junk.sum())} junk, {int((~junk).sum())} wanted\n"
    )
    print("| |", " | ".join(said), "|\n|---|" + "---|" * len(said))
    found = [_figures(logits, junk) for logits in said.values()]
    spread = [intervals(logits, junk, data.groups) for logits in said.values()]
    for number, name in enumerate(FIGURES):
        row(
            name,
            [
                f"{figures[number]:.4f} ({low[number]:.3f} to {high[number]:.3f})"
                for figures, (low, high) in zip(found, spread, strict=True)
            ],
        )
    rest = [_figures(*_eased(logits, junk))[0] for logits in said.values()]
    row(f"{FIGURES[0]} but for the {SET_ASIDE} lowest", [f"{x:.4f}" for x in rest])
    print(flush=True)


def _eased(
    logits: NDArray[np.float64], junk: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Leave out the junk that scores lowest."""
    lowest = np.argsort(np.where(junk, logits, np.inf))[:SET_ASIDE]
    return np.delete(logits, lowest), np.delete(junk, lowest)


def intervals(
    logits: NDArray[np.float64],
    junk: NDArray[np.bool_],
    groups: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the ends of the 95 % intervals of `FIGURES`."""
    random = np.random.default_rng(0)
    names, group_of = np.unique(groups, return_inverse=True)
    drawn = []
    for _ in range(RESAMPLED):
        times = np.bincount(
            random.integers(0, len(names), len(names)), None, len(names)
        )
        taken = np.repeat(np.arange(len(junk)), times[group_of])
        drawn.append(_figures(logits[taken], junk[taken]))
    low, high = np.percentile(np.array(drawn), (2.5, 97.5), axis=0)
    return low, high


def _figures(
    logits: NDArray[np.float64], junk: NDArray[np.bool_]
) -> NDArray[np.float64]:
    figures = metrics(logits, np.zeros(len(junk)), junk)
    return np.array([figures[name] for name in FIGURES])


def _taught(
    view: View,
    mail: Labelled,
    sms: Labelled,
    chosen_messages: NDArray[np.bool_],
    chosen: Sequence[str],
) -> dict[str, Scores]:
    """Return our model and the peers, taught some messages of a view's data."""
    if view is View.TEXT:
        taught = sms = part(sms, chosen_messages)
    else:
        taught = mail = part(mail, chosen_messages)
    recipe = next(item for item in RECIPES if item.view is view)
    table = lookalikes()
    trained = train_view(recipe, mail, sms, table, measure=False)
    plain = taught.raws
    if view is View.BODY:
        plain = [stripped(raw) for raw in plain]
    return {
        "integritas": Ours(view, Scorer({view: trained.model}), table),
        **taught_peers(plain, taught.junk, chosen, short=view is View.TEXT),
    }
