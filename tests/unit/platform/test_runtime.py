"""The interpreter's settings."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator

import pytest

from integritas.platform.runtime import tune_runtime


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


def test_what_is_loaded_is_swept_no_more() -> None:
    tune_runtime()
    assert gc.get_freeze_count() > 0


def test_threads_wait_less_than_a_commit_takes() -> None:
    tune_runtime()
    assert sys.getswitchinterval() < 0.001


def test_a_sweep_is_rare_but_there_is_one() -> None:
    tune_runtime()
    assert gc.get_threshold()[0] > 10_000
    assert gc.isenabled()
