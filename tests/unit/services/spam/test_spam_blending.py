"""The second look: windows of a text, and parts weighed anew."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.spam.blending import LOOKS, WINDOW, Blend
from integritas.services.spam.features import Document, Extractor, View
from integritas.services.spam.scoring import (
    Calibration,
    LinearModel,
    Scorer,
    dequantise,
)

BITS = 18
NOTHING = dict.fromkeys(LOOKS, 0.0)
JUNK = b"buy cheap pills now " * 10
GOOD = b"the minutes of our meeting are here " * 60


def doc(text: bytes, signals: tuple[str, ...] = ()) -> Document:
    ends = np.array((0, len(text), len(text)), np.int32)
    return Document(np.frombuffer(text, np.uint8), ends, signals)


def taught() -> LinearModel:
    """Return a model to which JUNK is junk, and GOOD is not."""
    weights = np.zeros(1 << BITS, np.int8)
    for text, weight in ((GOOD, -60), (JUNK, 60)):
        found = Extractor(BITS).extract(doc(text))
        weights[found.buckets[: found.ends[-1]]] = weight
    return LinearModel(
        weights, dequantise(1.0), 0.0, np.ones(6, np.float32), Calibration(1.0, 0.0)
    )


def looks(text: bytes, signals: tuple[str, ...] = ()) -> dict[str, float]:
    scorer = Scorer({View.BODY: taught()})
    return dict(zip(LOOKS, scorer.looks(doc(text, signals), View.BODY), strict=True))


def text_logit(seen: dict[str, float]) -> float:
    return seen["text grams"] + seen["text words"]


def test_a_short_text_is_its_only_window() -> None:
    seen = looks(JUNK)
    assert seen["first window"] == seen["best window"] == text_logit(seen)
    assert seen["windows"] == 0.0


@pytest.mark.parametrize("text", [JUNK * 3 + GOOD, GOOD + JUNK * 4])
def test_good_words_beside_junk_leave_its_window_as_it_is(text: bytes) -> None:
    alone, beside = looks(JUNK * 3), looks(text)
    assert text_logit(beside) < 0.5 * text_logit(alone)
    assert beside["best window"] > 0.8 * text_logit(alone)


def test_the_first_window_is_the_one_that_is_read_first() -> None:
    assert looks(JUNK * 3 + GOOD)["first window"] > 0
    assert looks(GOOD + JUNK * 3)["first window"] < 0


def test_a_window_is_scored_like_a_text_of_its_own() -> None:
    text = (JUNK * 20)[: 2 * WINDOW]
    first = text[: text.index(b" ", WINDOW - 1)]
    assert looks(text)["first window"] == pytest.approx(text_logit(looks(first)))
    assert looks(text)["windows"] == math.log(2)


def test_sizes_and_what_is_unknown_are_looked_at() -> None:
    seen = looks(JUNK, ("a=1", "b=2"))
    assert seen["number of signals"] == math.log1p(2)
    assert seen["unknown signals"] == 1.0
    assert seen["markup size"] == 0.0
    assert seen["unknown markup"] == 0.0
    assert seen["text size"] > 0


@given(st.binary(max_size=5_000))
def test_any_bytes_have_windows_and_leave_no_trace(text: bytes) -> None:
    scorer = Scorer({View.BODY: taught()})
    before = scorer.looks(doc(JUNK), View.BODY)
    seen = dict(zip(LOOKS, scorer.looks(doc(text), View.BODY), strict=True))
    assert all(map(math.isfinite, seen.values()))
    assert 1 <= round(math.exp(seen["windows"])) <= max(1, len(text) // WINDOW)
    assert seen["best window"] >= seen["first window"]
    assert scorer.looks(doc(JUNK), View.BODY) == before


def test_the_blend_makes_the_logit_and_weighs_the_reasons() -> None:
    blend = Blend.stated(0.5, NOTHING | {"best window": 2.0})
    model = dataclasses.replace(taught(), blend=blend)
    seen = looks(JUNK)
    scored = Scorer({View.BODY: model}).score(doc(JUNK), View.BODY)
    assert scored.logit == pytest.approx(0.5 + 2.0 * seen["best window"])
    told = sum(item.weight for item in scored.contributions)
    assert told == pytest.approx(2.0 * text_logit(seen), rel=1e-3)


def test_signals_that_do_not_count_are_no_reasons() -> None:
    model = taught()
    found = Extractor(BITS).extract(doc(b"", ("hops=3",)))
    model.weights[found.buckets[: found.ends[-1]]] = 100
    plain = Scorer({View.BODY: model}).score(doc(b"", ("hops=3",)), View.BODY)
    assert plain.contributions
    blind = dataclasses.replace(model, blend=Blend.stated(0.0, NOTHING))
    seen = Scorer({View.BODY: blind}).score(doc(b"", ("hops=3",)), View.BODY)
    assert seen.contributions == ()


def test_a_blend_that_lacks_a_weight_is_refused() -> None:
    with pytest.raises(KeyError, match="best window"):
        Blend.stated(0.0, {k: v for k, v in NOTHING.items() if k != "best window"})
