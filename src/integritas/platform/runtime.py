"""The interpreter made fit for a server that handles many small objects at once."""

from __future__ import annotations

import gc
import importlib.util
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["loop_factory", "tune_runtime"]

_YOUNG: Final = 50_000
"""Objects before the youngest generation is swept; CPython's 700 means a full sweep
of everything in flight many times a second."""

_SWITCH_S: Final = 0.000_5
"""How long a thread may hold the interpreter lock another waits for; CPython's 5 ms
is what a commit would wait for a busy event loop at every statement."""


def tune_runtime() -> None:
    """Set garbage collection and thread switching for the whole process.

    What is loaded by now (code, models, lists) is taken out of all later sweeps.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
    sys.setswitchinterval(_SWITCH_S)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes event loops: uvloop's where it is to be had (ADR 0033)."""
    if importlib.util.find_spec("uvloop") is None:  # Windows has none
        return None
    return importlib.import_module("uvloop").new_event_loop  # type: ignore[no-any-return]
