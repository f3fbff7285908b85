from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.errors import IntegrityViolation
from integritas.services.compliance.features import FEATURES, Feature
from integritas.services.compliance.forest import Forest, parse_forest, sigmoid
from integritas.services.compliance.ranking import SCREENING_FEATURES, rank_model
from integritas.services.compliance.scoring import pair_model

MODELS = [(pair_model, FEATURES), (rank_model, SCREENING_FEATURES)]
STUMP = {
    "format": 1,
    "figures": ["a"],
    "bias": 0.5,
    "columns": [[0]],
    "thresholds": [[1.0]],
    "leaves": [[-2.0, 3.0]],
}


def test_a_question_decides_which_leaf_counts() -> None:
    forest = parse_forest(json.dumps(STUMP).encode(), ["a"])
    assert (forest.logit([1.0]), forest.logit([1.1])) == (-1.5, 3.5)
    assert forest.logits(np.array([[1.0], [1.1]])).tolist() == [-1.5, 3.5]


def test_the_version_is_the_hash_of_the_artifact() -> None:
    assert len(parse_forest(json.dumps(STUMP).encode(), ["a"]).version) == 12


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (json.dumps(STUMP).encode(), ["b"]),
        (json.dumps({**STUMP, "format": 99}).encode(), ["a"]),
        (json.dumps({**STUMP, "bias": "x"}).encode(), ["a"]),
        (b"{}", ["a"]),
        (b"not json", ["a"]),
    ],
)
def test_another_model_is_refused(data: bytes, names: list[str]) -> None:
    with pytest.raises(IntegrityViolation, match="name model"):
        parse_forest(data, names)


@pytest.mark.parametrize(("model", "features"), MODELS)
@given(data=st.data())
def test_one_row_and_many_score_alike(
    model: Callable[[], Forest], features: Sequence[Feature], data: st.DataObject
) -> None:
    values = st.lists(st.floats(0, 8), min_size=len(features), max_size=len(features))
    rows = data.draw(st.lists(values, min_size=1, max_size=3))
    many = model().logits(np.array(rows))
    assert many == pytest.approx([model().logit(row) for row in rows])


@pytest.mark.parametrize(("model", "features"), MODELS)
@given(data=st.data())
def test_no_figure_moves_the_score_the_wrong_way(
    model: Callable[[], Forest], features: Sequence[Feature], data: st.DataObject
) -> None:
    size = len(features)
    row = data.draw(st.lists(st.floats(0, 8), min_size=size, max_size=size))
    at = data.draw(st.integers(0, size - 1))
    more = [*row[:at], row[at] + data.draw(st.floats(0, 8)), *row[at + 1 :]]
    gained = model().logit(more) - model().logit(row)
    assert gained * features[at].direction >= -1e-9


def test_sigmoid_is_a_probability() -> None:
    assert sigmoid(0.0) == 0.5
    assert sigmoid(-3.0) < 0.1
