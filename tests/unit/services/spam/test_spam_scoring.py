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

BITS = 16
EVEN = np.zeros(1 << BITS, np.int8)


def model(
    weights: NDArray[np.int8], *, bias: float = 0.0, slope: float = 1.0
) -> LinearModel:
    return LinearModel(
        weights, dequantise(3.0), bias, np.ones(6, np.float32), Calibration(slope, 0.0)
    )


def doc(
    text: bytes = b"", head: bytes = b"", signals: tuple[str, ...] = ()
) -> Document:
    ends = np.cumsum([len(head), len(text), 0]).astype(np.int32)
    return Document(np.frombuffer(head + text, np.uint8), ends, signals)


def taught(text: Document, weight: int) -> NDArray[np.int8]:
    weights = EVEN.copy()
    found = Extractor(BITS).extract(text)
    weights[found.buckets[: found.ends[-1]]] = weight
    return weights


WORD = doc(b"viagra")


def test_nothing_known_is_even() -> None:
    scored = Scorer({View.TEXT: model(EVEN)}).score(WORD, View.TEXT)
    assert scored.probability == 0.5
    assert scored.contributions == ()


def test_an_empty_document_scores_the_bias() -> None:
    flat = model(EVEN + np.int8(127), bias=2.0)
    scored = Scorer({View.TEXT: flat}).score(doc(), View.TEXT)
    assert scored.logit == pytest.approx(2.0)


def test_contributions_add_up_to_the_logit() -> None:
    weights = taught(WORD, 127)
    scored = Scorer({View.TEXT: model(weights, slope=0.5)}).score(WORD, View.TEXT)
    assert sum(c.weight for c in scored.contributions) == pytest.approx(scored.logit)
    # 9 grams of "viagra" (4 + 3 + 2) in a row of length 1, one word in another
    assert scored.logit == pytest.approx(0.5 * 3.0 * (9 / np.sqrt(9) + 1))


def test_words_are_told_with_their_place() -> None:
    text = doc(b"cheap pills", b"x-mailer: bulkomatic\n")
    scored = Scorer({View.MAIL: model(taught(text, 90))}).score(text, View.MAIL)
    places = {c.text: c.place for c in scored.contributions}
    assert places["bulkomatic"] == "x-mailer"
    assert places["pills"] == "body"


def test_a_word_ends_where_its_section_ends() -> None:
    text = doc(b"viagra", head=b"subject: cheap")
    told = Scorer({View.TEXT: model(taught(text, 100))}).score(text, View.TEXT)
    places = {(found.text, found.place) for found in told.contributions}
    assert places == {
        ("subject", "subject"),
        ("cheap", "subject"),
        ("viagra", "body"),
    }


def test_signals_are_told_in_words() -> None:
    text = doc(signals=("hops=3",))
    scored = Scorer({View.MAIL: model(taught(text, -90))}).score(text, View.MAIL)
    (only,) = scored.contributions
    assert (only.text, only.place) == ("mail servers on the way: 3", "signal")
    assert only.weight < 0


def test_extreme_logits_stay_probabilities() -> None:
    for bias in (1e6, -1e6):
        scored = Scorer({View.TEXT: model(EVEN, bias=bias)}).score(WORD, View.TEXT)
        assert 0.0 <= scored.probability <= 1.0


def test_bits_are_those_of_the_table() -> None:
    assert model(np.zeros(1 << 10, np.int8)).bits == 10


@given(st.lists(st.floats(-5, 5, width=32), min_size=1, max_size=50))
def test_quantised_weights_are_near(values: list[float]) -> None:
    weights = np.array(values, np.float32)
    stored, scale = quantise(weights)
    near = dequantise(scale)[stored.astype(int) + 127]
    assert stored.dtype == np.int8
    assert np.abs(near - weights).max() <= scale / 100 + 1e-6
