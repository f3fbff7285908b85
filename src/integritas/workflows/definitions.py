"""Which definition a run follows: the tenant's own, else one that is shipped."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

from integritas.kernel.errors import NotFound
from integritas.workflows.parse import check_definition, read_definition
from integritas.workflows.plan import Plan, make_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction
    from integritas.workflows.model import Definition
    from integritas.workflows.registry import Registry
    from integritas.workflows.store import RunStore

__all__ = ["CASE_WORKFLOW", "Definitions"]

CASE_WORKFLOW: Final = "case-assessment"
_SHIPPED: Final = ("case_assessment.yaml",)


class Definitions:
    """Finds definitions and keeps their plans; definitions are immutable."""

    def __init__(
        self,
        registry: Registry,
        store: RunStore,
        shipped: Sequence[Definition] | None = None,
    ) -> None:
        """Check the shipped definitions against the registry.

        Raises:
            InvalidDefinition: one of them cannot be carried out here.
        """
        self.registry = registry
        self._store = store
        self._plans: dict[tuple[str, str, int], Plan] = {}
        self._kept: set[tuple[str, str, int]] = set()
        found = _read_shipped(registry) if shipped is None else shipped
        self._shipped: Mapping[str, Definition] = {d.name: d for d in found}
        for definition in found:
            check_definition(definition, registry)

    def all(self, tx: Transaction, tenant: TenantId) -> Sequence[Definition]:
        """Return every definition a tenant may run, the shipped ones first."""
        own = self._store.list_definitions(tx, tenant)
        return [*self._shipped.values(), *own]

    def get(
        self, tx: Transaction, tenant: TenantId, name: str, version: int | None = None
    ) -> Definition:
        """Return a definition, the newest version unless one is named.

        Raises:
            NotFound: there is none.
        """
        own = self._store.find_definition(tx, tenant, name, version)
        if own is not None:
            return own
        shipped = self._shipped.get(name)
        if shipped is not None and version in {None, shipped.version}:
            return shipped
        if version is not None:
            once_shipped = self._store.find_shipped(tx, tenant, name, version)
            if once_shipped is not None:
                return once_shipped
        which = f" version {version}" if version is not None else ""
        raise NotFound(f"there is no workflow {name}{which}")

    def keep_shipped(
        self, tx: Transaction, tenant: TenantId, definition: Definition
    ) -> None:
        """Keep a shipped definition when it is first used, for its runs' lifetime.

        An upgrade may bring another version: those that run keep theirs.
        """
        key = (tenant, definition.name, definition.version)
        if self._shipped.get(definition.name) is not definition or key in self._kept:
            return
        if ("shipped", key) in tx.known:  # by this very unit of work, or its neighbours
            return
        tx.known["shipped", key] = True
        if self._store.find_shipped(tx, *key) is None:
            self._store.keep_shipped(tx, tenant, definition)
        tx.after_commit(lambda: self._kept.add(key))

    def shipped(self, name: str, version: int) -> bool:
        """Say whether this version is one that is shipped."""
        found = self._shipped.get(name)
        return found is not None and found.version == version

    def plan(
        self, tx: Transaction, tenant: TenantId, name: str, version: int | None = None
    ) -> Plan:
        """Return the plan of a definition; raises as `get`, or InvalidDefinition."""
        if version is None:
            version = self.get(tx, tenant, name).version
        key = (tenant, name, version)
        plan = self._plans.get(key)
        if plan is None:
            plan = make_plan(self.get(tx, tenant, name, version), self.registry)
            self._plans[key] = plan
        return plan


def _read_shipped(registry: Registry) -> Sequence[Definition]:
    folder = resources.files("integritas.workflows") / "shipped"
    return [
        read_definition((folder / name).read_text("utf-8"), registry)
        for name in _SHIPPED
    ]
