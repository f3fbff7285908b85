from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

pytest.importorskip("sklearn")

from models.collusion.fitting import best_threshold


def expected(probabilities: list[float], flagged: list[bool]) -> float:
    """Return the F1 that is to be expected if those are flagged."""
    hits = sum(p for p, flag in zip(probabilities, flagged, strict=True) if flag)
    return 2 * hits / (sum(flagged) + sum(probabilities))


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=30))
def test_no_other_threshold_promises_a_better_f1(probabilities: list[float]) -> None:
    chosen = best_threshold(np.array(probabilities))
    assume(all(abs(p - chosen) > 1e-9 for p in probabilities))
    best = expected(probabilities, [p > chosen for p in probabilities])
    for other in probabilities:
        flagged = [p >= other for p in probabilities]
        assert expected(probabilities, flagged) <= best + 1e-12
