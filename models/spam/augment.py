"""Rewritten copies of labelled messages, so that a model learns what tricks look like.

Wanted mail and junk are rewritten alike: a rewriting by itself must say nothing.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING

from bench.spam.evasion import EVASIONS, HONEST, rewrite

from integritas.kernel.evidence import message_from_line
from integritas.services.spam.parsing import MessageView, parse_message

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["good_words", "html_twins", "rewritten"]

_WORD = re.compile(r"[A-Za-z']{3,14}")
_NAMES = sorted({**EVASIONS, **HONEST})


def good_words(views: Sequence[MessageView], junk: Sequence[bool]) -> list[str]:
    """Return words of wanted mail, each as often as it is used there, up to a limit."""
    counts: Counter[str] = Counter()
    for view, bad in zip(views, junk, strict=True):
        if not bad:
            # No set: its order, and that of words as often used, changes by process.
            counts.update(dict.fromkeys(_WORD.findall(view.text), 1))
    return [
        word for word, count in counts.most_common(6_000) for _ in range(min(count, 40))
    ]


def rewritten(
    raws: Sequence[str], good: Sequence[str], *, is_mail: bool, seed: int
) -> list[MessageView]:
    """Return a copy of each message, one or two rewritings applied."""
    media_type = None if is_mail else "text/plain"
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    copies = []
    for raw in raws:
        names = rng.sample(_NAMES, rng.choice((1, 1, 2)))
        if rng.random() < 0.25:
            names.append("appended")
        text = rewrite(
            raw, names, seed=rng.randrange(1 << 30), good=good, is_mail=is_mail
        )
        copies.append(parse_message(message_from_line(text, media_type)))
    return copies


def html_twins(raws: Sequence[str]) -> list[MessageView]:
    """Return a copy of each mail as HTML alone, as many mail programs send it."""
    texts = [rewrite(raw, ("html",), seed=0, good=(), is_mail=True) for raw in raws]
    return [parse_message(message_from_line(text)) for text in texts]
