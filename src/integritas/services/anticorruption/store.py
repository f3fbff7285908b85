"""Statements over what was learned: a function each, in a unit of work."""

from __future__ import annotations

from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

import sqlalchemy as sa

from integritas.services.anticorruption.dataset import encode_body
from integritas.services.anticorruption.erasure import erase_from
from integritas.services.anticorruption.release import Release
from integritas.services.anticorruption.tables import (
    ANTICORRUPTION_DATASETS,
    ANTICORRUPTION_RELEASES,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from integritas.kernel.contracts import UnitOfWork
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = [
    "DatasetRow",
    "Learned",
    "blank_processes",
    "erase_node",
    "insert_dataset",
    "list_datasets",
    "lock_dataset",
    "read_bodies",
    "save_bodies",
]

_AT_ONCE: Final = 500
NO_SOURCES: Final[Mapping[str, str | None]] = MappingProxyType({})


class Learned(NamedTuple):
    """Bodies in the order they were stored, and the number of the last.

    `sources` are the evidence that told of each, None for what was loaded.
    """

    bodies: Sequence[bytes]
    upto: int
    sources: Sequence[str | None]


class DatasetRow(NamedTuple):
    """A dataset as stored."""

    name: str
    title: str
    created: datetime


def list_datasets(uow: UnitOfWork, tenant: TenantId) -> list[DatasetRow]:
    """Return a tenant's datasets by name."""
    table = ANTICORRUPTION_DATASETS
    query = (
        sa.select(table.c.name, table.c.title, table.c.created)
        .where(table.c.tenant_id == tenant)
        .order_by(table.c.name)
    )
    return [DatasetRow(*row) for row in uow.execute(query)]


def insert_dataset(uow: UnitOfWork, tenant: TenantId, row: DatasetRow) -> bool:
    """Insert a dataset; say False if one of that name is there."""
    if any(known.name == row.name for known in list_datasets(uow, tenant)):
        return False
    uow.execute(
        sa.insert(ANTICORRUPTION_DATASETS).values(tenant_id=tenant, **row._asdict())
    )
    return True


def lock_dataset(tx: Transaction, tenant: TenantId, dataset: str) -> None:
    """Keep other writers from a dataset until the commit: readers miss nothing."""
    if tx.dialect == "postgresql":
        digest = sha256(f"anticorruption {tenant} {dataset}".encode()).digest()
        key = int.from_bytes(digest[:8], signed=True)
        tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})


def save_bodies(
    uow: UnitOfWork,
    tenant: TenantId,
    dataset: str,
    bodies: Mapping[str, bytes],
    sources: Mapping[str, str | None] = NO_SOURCES,
) -> None:
    """Store the bodies of processes by ocid, each over what was stored of it.

    `sources` are the evidence that told of them, where evidence did.
    Each takes a number above all before, so a reader learns of what was replaced too.
    """
    table = ANTICORRUPTION_RELEASES
    mine = (table.c.tenant_id == tenant) & (table.c.dataset == dataset)
    last = uow.execute(sa.select(sa.func.max(table.c.seq)).where(mine)).scalar()
    ocids = list(bodies)
    for start in range(0, len(ocids), _AT_ONCE):
        chosen = ocids[start : start + _AT_ONCE]
        uow.execute(sa.delete(table).where(mine & table.c.ocid.in_(chosen)))
    rows = [
        {
            "tenant_id": tenant,
            "dataset": dataset,
            "ocid": ocid,
            "seq": int(last or 0) + place,
            "body": body,
            "evidence_id": sources.get(ocid),
        }
        for place, (ocid, body) in enumerate(bodies.items(), start=1)
    ]
    if rows:
        uow.execute(sa.insert(table), rows)


def erase_node(uow: UnitOfWork, tenant: TenantId, dataset: str, node: str) -> int:
    """Take a node out of the stored releases that name it; return how many did."""
    table = ANTICORRUPTION_RELEASES
    mine = (table.c.tenant_id == tenant) & (table.c.dataset == dataset)
    columns = (table.c.ocid, table.c.seq, table.c.body, table.c.evidence_id)
    found = uow.execute(sa.select(*columns).where(mine)).all()
    stand_in = f"erased-{1 + max((row.seq for row in found), default=0)}"
    changed = {
        row.ocid: body
        for row in found
        if (body := erase_from(row.body, node, stand_in)) is not None
    }
    told = {row.ocid: row.evidence_id for row in found if row.ocid in changed}
    save_bodies(uow, tenant, dataset, changed, told)
    return len(changed)


def blank_processes(
    uow: UnitOfWork, tenant: TenantId, dataset: str, ocids: Sequence[str]
) -> int:
    """Leave of processes nothing but their ocid; return how many were known.

    The rows stay, with new numbers: that is how other processes hear of it. So does
    what told of each: from whom that is withheld, this is too.
    """
    table = ANTICORRUPTION_RELEASES
    mine = (table.c.tenant_id == tenant) & (table.c.dataset == dataset)
    told: dict[str, str | None] = {}
    for start in range(0, len(ocids), _AT_ONCE):
        chosen = list(ocids[start : start + _AT_ONCE])
        query = sa.select(table.c.ocid, table.c.evidence_id).where(
            mine & table.c.ocid.in_(chosen)
        )
        told |= {row.ocid: row.evidence_id for row in uow.execute(query)}
    blank = {ocid: encode_body(Release(ocid=ocid)) for ocid in sorted(told)}
    save_bodies(uow, tenant, dataset, blank, told)
    return len(told)


def read_bodies(
    uow: UnitOfWork, tenant: TenantId, dataset: str, *, after: int = 0
) -> Learned:
    """Return the bodies of a dataset stored after a number, in that order."""
    table = ANTICORRUPTION_RELEASES
    mine = (table.c.tenant_id == tenant) & (table.c.dataset == dataset)
    query = (
        sa.select(table.c.seq, table.c.body, table.c.evidence_id)
        .where(mine & (table.c.seq > after))
        .order_by(table.c.seq)
    )
    rows = uow.execute(query).all()
    return Learned(
        [row.body for row in rows],
        rows[-1].seq if rows else after,
        [row.evidence_id for row in rows],
    )
