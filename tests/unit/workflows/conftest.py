"""A registry of operations that answer with nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from integritas.workflows.api import Call, OperationSpec, Registry

if TYPE_CHECKING:
    from collections.abc import Sequence


async def nothing(calls: Sequence[Call], /) -> Sequence[Any]:
    """Answer each call with null."""
    return [None for _ in calls]


@pytest.fixture
def registry() -> Registry:
    """Return operations `a.do`, `a.undo`, `b.do`; `b.needs` requires an input."""
    made = Registry()
    for name in ("a.do", "a.undo", "b.do"):
        made.register(OperationSpec(name, nothing))
    made.register(OperationSpec("b.needs", nothing, requires=("amount",)))
    return made
