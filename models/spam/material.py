"""What a view learns from: messages as sent, and copies of the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from models.spam.augment import good_words, html_twins, rewritten
from numpy.typing import NDArray

from integritas.services.spam.features import View
from integritas.services.spam.parsing import MessageView

if TYPE_CHECKING:
    from models.spam.data import Labelled
    from models.spam.fitting import Recipe

__all__ = ["Material", "material"]


_SEED = 11


@dataclass(frozen=True)
class Material:
    """Messages as sent, then copies of the same, in blocks.

    `weights` are what a message of each block counts, the first being sent; `junk` and
    `folds` are those of a block. The first `measured` messages are those that the view
    is for; others only teach it.
    """

    blocks: list[list[MessageView]]
    weights: list[float]
    junk: NDArray[np.bool_]
    folds: NDArray[np.int64]
    measured: int


def material(recipe: Recipe, mail: Labelled, sms: Labelled) -> Material:
    """Return what a view learns from."""
    if recipe.view is View.PROSE:
        return _prose(recipe, mail, sms)
    data = sms if recipe.view is View.TEXT else mail
    is_mail = recipe.view is not View.TEXT
    copies = [_copies(data, is_mail=is_mail, number=n) for n in range(recipe.copies)]
    blocks = [data.views, *copies]
    weights = [1.0, *[recipe.copy_weight / recipe.copies] * recipe.copies]
    if recipe.twin_weight:
        blocks.append(html_twins(data.raws))
        weights.append(recipe.twin_weight)
    return Material(blocks, weights, data.junk, data.folds, len(data.junk))


def _prose(recipe: Recipe, mail: Labelled, sms: Labelled) -> Material:
    """Return texts of mails; short texts teach beside them."""
    copies = _copies(mail, is_mail=True)
    return Material(
        [
            [*map(_as_prose, mail.views), *sms.views],
            [*map(_as_prose, copies), *_copies(sms, is_mail=False)],
        ],
        [1.0, recipe.copy_weight],
        np.concatenate([mail.junk, sms.junk]),
        np.concatenate([mail.folds, sms.folds]),
        len(mail.junk),
    )


def _copies(data: Labelled, *, is_mail: bool, number: int = 0) -> list[MessageView]:
    good = good_words(data.views, data.junk.tolist())
    return rewritten(data.raws, good, is_mail=is_mail, seed=_SEED + number)


def _as_prose(view: MessageView) -> MessageView:
    return MessageView(
        is_mail=False,
        block=b"",
        fields=(),
        parts=(),
        subject="",
        shown=view.shown,
    )
