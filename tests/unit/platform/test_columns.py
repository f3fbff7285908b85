"""Every table of the product begins with its tenant."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
import sqlalchemy as sa

import integritas
from integritas.platform.columns import METADATA, tenant_column

for _found in pkgutil.walk_packages(integritas.__path__, "integritas."):
    if _found.name.rpartition(".")[2] == "tables":
        importlib.import_module(_found.name)
for _name in ("commands", "idempotency"):
    importlib.import_module(f"integritas.platform.{_name}")

TABLES = sorted(METADATA.tables.values(), key=lambda table: table.name)


def test_the_tables_are_all_here() -> None:
    names = {table.name for table in TABLES}
    assert {"journal", "cases", "commands", "idempotency_keys"} <= names


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_tenant_is_the_first_key(table: sa.Table) -> None:
    first = next(iter(table.primary_key.columns))
    assert first.name == "tenant_id"
    assert not first.nullable


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_unique_constraints_are_within_a_tenant(table: sa.Table) -> None:
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            assert constraint.columns[0].name == "tenant_id"
    for index in table.indexes:
        assert not index.unique or index.columns[0].name == "tenant_id"


def test_tenant_column_is_a_key() -> None:
    assert tenant_column().primary_key
