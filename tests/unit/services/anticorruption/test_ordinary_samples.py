"""Ordinary generated processes raise no flag, Cardinal's or other."""

from __future__ import annotations

import random

from integritas.samples.releases import build_release, ordinary_shape
from integritas.services.anticorruption.api import EMPTY_REFERENCE
from integritas.services.anticorruption.features import read_process
from integritas.services.anticorruption.scoring import Judge


def test_ordinary_processes_raise_no_flag() -> None:
    judge = Judge()
    for seed in range(100):
        rng = random.Random(seed)  # noqa: S311 - repeatable test data
        process = read_process(build_release(rng, ordinary_shape(rng)))
        assert process is not None
        assert judge.judge(process, EMPTY_REFERENCE).flags == [], seed
