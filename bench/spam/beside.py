"""Filters taught and asked on the same messages, ours among them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
from bench.spam.peers import (
    Bogofilter,
    HashedWords,
    Scores,
    WordsAndCharacters,
)

from integritas.kernel.evidence import message_from_line
from integritas.services.spam.features import View, document
from integritas.services.spam.hashing import Bytes
from integritas.services.spam.parsing import parse_message
from integritas.services.spam.scoring import Scorer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.spam.data import Labelled
    from numpy.typing import NDArray

__all__ = ["Ours", "part", "row", "stripped", "taught_peers"]


@dataclasses.dataclass(frozen=True)
class Ours:
    """Our model of a view, as it would ship."""

    view: View
    scorer: Scorer
    table: Bytes

    def scores(self, raws: list[str]) -> NDArray[np.float64]:
        """Return logits."""
        return np.array([self._logit(raw) for raw in raws])

    def _logit(self, raw: str) -> float:
        kind = "text/plain" if self.view is View.TEXT else "message/rfc822"
        message = parse_message(message_from_line(raw, kind))
        return self.scorer.score(
            document(message, self.view, self.table), self.view
        ).logit


def taught_peers(
    raws: list[str],
    junk: NDArray[np.bool_],
    chosen: Sequence[str],
    *,
    short: bool = False,
) -> dict[str, Scores]:
    """Return the peers that are here, taught; `short`: those for text messages."""
    peers: dict[str, HashedWords | WordsAndCharacters | Bogofilter] = {}
    if "hashed" in chosen:
        peers["hashed LR"] = HashedWords()
    if "tfidf" in chosen and short:
        peers["TF-IDF LR"] = WordsAndCharacters()
    if "bogofilter" in chosen and Bogofilter.installed():
        peers["bogofilter"] = Bogofilter()
    for peer in peers.values():
        peer.fit(raws, junk)
    return {**peers}


def row(name: str, cells: list[str]) -> None:
    """Print a line of a table."""
    print(f"| {name} |", " | ".join(cells), "|", flush=True)


def part(data: Labelled, chosen: NDArray[np.bool_]) -> Labelled:
    """Return some of the messages."""
    places = np.flatnonzero(chosen)
    return dataclasses.replace(
        data,
        raws=[data.raws[place] for place in places],
        views=[data.views[place] for place in places],
        junk=data.junk[places],
        folds=data.folds[places],
        groups=data.groups[places],
    )


_KEPT = ("subject:", "mime-version:", "content-")


def stripped(raw: str) -> str:
    """Return a mail with nothing but subject, MIME headers and body."""
    head, _, body = raw.replace("\r\n", "\n").partition("\n\n")
    lines: list[str] = []
    keeps = False
    for line in head.split("\n"):
        if line[:1] not in (" ", "\t"):
            keeps = line.lower().startswith(_KEPT)
        if keeps:
            lines.append(line)
    return "\n".join(lines) + "\n\n" + body
