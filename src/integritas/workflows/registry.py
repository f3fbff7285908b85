"""The service registry: which operations the engine may call, and how.

An operation takes a batch of calls, of as many runs as are ready, and answers each with
a result or a `Failure`, in the same order.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from integritas.kernel.errors import InvalidDefinition
from integritas.kernel.ids import RunId, TenantId

if TYPE_CHECKING:
    from integritas.kernel.contracts import Failure

__all__ = ["Call", "Codec", "JsonCodec", "Operation", "OperationSpec", "Registry"]


@dataclass(slots=True)  # not frozen: made by the thousand
class Call:
    """One item of a batch: a step of a run, with its inputs and what came before.

    `results` holds the results of the steps done so far, as the operations made them.
    `item` is the index of the item if the step fans out.
    """

    tenant: TenantId
    run_id: RunId
    subject: str
    step: str
    attempt: int
    inputs: Mapping[str, Any]
    results: Mapping[str, Any]
    item: int | None = None


class Operation(Protocol):
    """What a step calls."""

    def __call__(self, calls: Sequence[Call], /) -> Awaitable[Sequence[Any | Failure]]:
        """Answer each call with a result or a `Failure`, in the same order."""
        ...


class Codec(Protocol):
    """How results of an operation are kept, and what expressions see of them."""

    def encode(self, result: Any, /) -> bytes:  # noqa: ANN401 - the operation's own type
        """Return the result as JSON (UTF-8)."""
        ...

    def decode(self, document: bytes, /) -> Any:  # noqa: ANN401
        """Return the result of bytes that `encode` wrote."""
        ...

    def view(self, result: Any, /) -> Any:  # noqa: ANN401
        """Return what expressions see as `steps.<name>`: JSON."""
        ...


class JsonCodec:
    """Results that are JSON already."""

    def encode(self, result: Any, /) -> bytes:  # noqa: ANN401 - any JSON
        """Return the JSON; raises TypeError if it is none."""
        return orjson.dumps(result)

    def decode(self, document: bytes, /) -> Any:  # noqa: ANN401 - any JSON
        """Return the value."""
        return orjson.loads(document)

    def view(self, result: Any, /) -> Any:  # noqa: ANN401 - any JSON
        """Return the value."""
        return result


@dataclass(frozen=True, slots=True)
class OperationSpec:
    """An operation as registered.

    `requires` names inputs a step must give; `max_batch` bounds a call, `concurrency`
    how many calls are under way at once. `rate_per_s` bounds how many items a second
    are sent in the long run, `burst` how many at once after a rest (default: those of
    a second).
    """

    name: str
    call: Operation
    requires: tuple[str, ...] = ()
    max_batch: int = 256
    concurrency: int = 2
    codec: Codec = field(default_factory=JsonCodec)
    rate_per_s: float | None = None
    burst: int | None = None


class Registry:
    """Operations by name, `service.operation`."""

    def __init__(self) -> None:
        """Start empty."""
        self._specs: dict[str, OperationSpec] = {}

    def register(self, spec: OperationSpec) -> None:
        """Add an operation.

        Raises:
            InvalidDefinition: the name is taken.
        """
        if spec.name in self._specs:
            raise InvalidDefinition(f"operation {spec.name} is registered already")
        self._specs[spec.name] = spec

    def limit(self, name: str, **limits: Any) -> None:  # noqa: ANN401 - its fields
        """Change the limits of an operation: `max_batch`, `concurrency`, rate.

        Raises:
            InvalidDefinition: there is none of that name.
        """
        self._specs[name] = replace(self.get(name), **limits)

    def find(self, name: str) -> OperationSpec | None:
        """Return the operation, None if there is none of that name."""
        return self._specs.get(name)

    def get(self, name: str) -> OperationSpec:
        """Return the operation.

        Raises:
            InvalidDefinition: there is none of that name.
        """
        spec = self._specs.get(name)
        if spec is None:
            raise InvalidDefinition(f"there is no operation {name}")
        return spec

    def names(self) -> Sequence[str]:
        """Return all names, sorted."""
        return sorted(self._specs)
