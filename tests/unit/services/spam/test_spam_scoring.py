"""The linear model: logits, calibration, explanation, quantisation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from integritas.services.spam.features import Document, Extractor, View
from integritas.services.spam.scoring import (
    Calibration,
    LinearModel,
    Scorer,
    dequantise,
    quantise,
)
from integritas.services.spam.signals import Signal

BITS = 16


def model(
    weights: NDArray[np.float32], *, bias: float = 0.0, slope: float = 1.0
) -> LinearModel:
    return LinearModel(weights, bias, (1.0, 1.0, 1.0), Calibration(slope, 0.0))


def taught(text: Document, weight: float) -> NDArray[np.float32]:
    weights = np.zeros(1 << BITS, np.float32)
    weights[Extractor(BITS).extract(text).buckets] = weight
    return weights


WORD = Document(b"viagra", 0, b"viagra", ())


def test_nothing_known_is_even() -> None:
    scored = Scorer({View.TEXT: model(np.zeros(1 << BITS, np.float32))}).score(
        WORD, View.TEXT
    )
    assert scored.probability == 0.5
    assert scored.contributions == ()


def test_an_empty_document_scores_the_bias() -> None:
    flat = model(np.ones(1 << BITS, np.float32), bias=2.0)
    scored = Scorer({View.TEXT: flat}).score(Document(b"", 0, b"", ()), View.TEXT)
    assert scored.logit == pytest.approx(2.0)


def test_contributions_add_up_to_the_logit() -> None:
    weights = taught(WORD, 3.0)
    scored = Scorer({View.TEXT: model(weights, slope=0.5)}).score(WORD, View.TEXT)
    assert sum(c.weight for c in scored.contributions) == pytest.approx(scored.logit)
    # 9 grams... of "viagra": 4 + 3 + 2, and one word: 10 features of weight 3
    assert scored.logit == pytest.approx(0.5 * 3.0 * 10 / np.sqrt(10))


def test_words_are_told_with_their_place() -> None:
    text = Document(b"x-mailer: bulkomatic\ncheap pills", 21, b"", ())
    scored = Scorer({View.MAIL: model(taught(text, 1.0))}).score(text, View.MAIL)
    places = {c.text: c.place for c in scored.contributions}
    assert places["bulkomatic"] == "x-mailer"
    assert places["pills"] == "body"


def test_signals_are_told_in_words() -> None:
    text = Document(b"", 0, b"", (Signal("hops", "3"),))
    scored = Scorer({View.MAIL: model(taught(text, -1.0))}).score(text, View.MAIL)
    (only,) = scored.contributions
    assert (only.text, only.place) == ("mail servers on the way: 3", "signal")
    assert only.weight < 0


def test_extreme_logits_stay_probabilities() -> None:
    for bias in (1e6, -1e6):
        flat = model(np.zeros(1 << BITS, np.float32), bias=bias)
        scored = Scorer({View.TEXT: flat}).score(WORD, View.TEXT)
        assert 0.0 <= scored.probability <= 1.0


def test_bits_are_those_of_the_table() -> None:
    assert model(np.zeros(1 << 10, np.float32)).bits == 10


@given(st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=50))
def test_quantised_weights_are_near(values: list[float]) -> None:
    weights = np.array(values, np.float32)
    stored, scale = quantise(weights)
    near = dequantise(stored, scale)
    assert stored.dtype == np.int8
    assert np.abs(near - weights).max() <= scale / 100 + 1e-6
