"""The filters that run beside ours, on the same messages."""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from sklearn.feature_extraction.text import (  # type: ignore[import-untyped] # ships no types
    HashingVectorizer,
    TfidfVectorizer,
)
from sklearn.linear_model import (  # type: ignore[import-untyped] # ships no types
    LogisticRegression,
)
from sklearn.pipeline import (  # type: ignore[import-untyped] # ships no types
    make_pipeline,
    make_union,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Bogofilter", "HashedWords", "Scores", "WordsAndCharacters"]


class Scores(Protocol):
    """A filter that was taught."""

    def scores(self, raws: list[str], /) -> NDArray[np.float64]:
        """Return a score for each message, higher for junk."""
        ...


class HashedWords:
    """Hashed words and pairs of the raw message, logistic regression (scikit-learn)."""

    def __init__(self) -> None:
        """Make an untaught filter."""
        self._hashing = HashingVectorizer(
            n_features=1 << 20, ngram_range=(1, 2), alternate_sign=False
        )
        self._model = LogisticRegression(C=100.0, max_iter=200)

    def fit(self, raws: list[str], junk: NDArray[np.bool_]) -> None:
        """Learn."""
        self._model.fit(self._hashing.transform(raws), junk)

    def scores(self, raws: list[str], /) -> NDArray[np.float64]:
        """Return logits."""
        found = self._model.decision_function(self._hashing.transform(raws))
        return np.asarray(found, np.float64)


class WordsAndCharacters:
    """TF-IDF of words, pairs and characters, logistic regression (scikit-learn)."""

    def __init__(self) -> None:
        """Make an untaught filter."""
        self._model = make_pipeline(
            make_union(
                TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
                TfidfVectorizer(analyzer="char", ngram_range=(2, 5), sublinear_tf=True),
            ),
            LogisticRegression(C=100.0, max_iter=500),
        )

    def fit(self, raws: list[str], junk: NDArray[np.bool_]) -> None:
        """Learn."""
        self._model.fit(raws, junk)

    def scores(self, raws: list[str], /) -> NDArray[np.float64]:
        """Return logits."""
        return np.asarray(self._model.decision_function(raws), np.float64)


class Bogofilter:
    """Bogofilter (Robinson-Fisher), a word list of its own in a temporary folder."""

    def __init__(self) -> None:
        """Make an empty word list."""
        self._program = shutil.which("bogofilter") or "bogofilter"
        self._folder = tempfile.TemporaryDirectory()
        self._lists = Path(self._folder.name) / "lists"
        self._lists.mkdir()

    @staticmethod
    def installed() -> bool:
        """Say whether the program is there."""
        return shutil.which("bogofilter") is not None

    def fit(self, raws: list[str], junk: NDArray[np.bool_]) -> None:
        """Learn."""
        for flag, label in (("-n", False), ("-s", True)):
            chosen = [raw for raw, bad in zip(raws, junk, strict=True) if bad == label]
            self._run(chosen, flag, "-B")

    def scores(self, raws: list[str], /) -> NDArray[np.float64]:
        """Return logits of what bogofilter says."""
        said = {}
        for line in self._run(raws, "-T", "-v", "-B").splitlines():
            name, _, rest = line.partition(" ")
            said[Path(name).name] = float(rest.split()[-1])
        found = [said[f"{number:06}"] for number in range(len(raws))]
        return np.array([_logit(value) for value in found])

    def _run(self, raws: list[str], *flags: str) -> str:
        with tempfile.TemporaryDirectory() as place:
            for number, raw in enumerate(raws):
                path = Path(place) / f"{number:06}"
                path.write_bytes(raw.encode("latin-1", "replace"))
            ran = subprocess.run(  # noqa: S603 - the program looked up above
                [
                    shutil.which("bogofilter") or "",
                    "-d",
                    str(self._lists),
                    *flags,
                    place,
                ],
                capture_output=True,
                text=True,
                check=False,
            )
        if ran.returncode > 2:
            raise SystemExit(f"bogofilter: {ran.stderr}")
        return ran.stdout


def _logit(value: float) -> float:
    inside = min(max(value, 1e-12), 1 - 1e-12)
    return math.log(inside / (1 - inside))
