"""Datasets of tenants: created, loaded, learned through `observe`, asked for networks.

Everything learned is stored, in one unit of work with the note that its event was
learned from. Memory follows the store: whoever asks is answered from all that any
process has stored.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from integritas.kernel.contracts import Fact
from integritas.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from integritas.kernel.evidence import EvidenceKind, Procurement
from integritas.platform.db import Transaction
from integritas.platform.observed import note_observed
from integritas.services.anticorruption.collusion.model import (
    CollusionModel,
    load_collusion_model,
)
from integritas.services.anticorruption.dataset import Dataset, encode_body
from integritas.services.anticorruption.features import read_process
from integritas.services.anticorruption.ledger import EMPTY_REFERENCE, Reference
from integritas.services.anticorruption.merging import compiled_releases
from integritas.services.anticorruption.ocds import check_release, choose_release
from integritas.services.anticorruption.pieces import whole_releases
from integritas.services.anticorruption.profile import Profile, profile_of
from integritas.services.anticorruption.rejects import mixed_currencies
from integritas.services.anticorruption.signs import Sign, signs_of
from integritas.services.anticorruption.store import (
    DatasetRow,
    blank_processes,
    erase_node,
    insert_dataset,
    list_datasets,
    lock_dataset,
    read_bodies,
    save_bodies,
)
from integritas.services.anticorruption.tables import ANTICORRUPTION_OBSERVED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import JsonValue

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import (
        Context,
        Dossier,
        Evidence,
        Recorder,
        UnitOfWork,
    )
    from integritas.kernel.ids import EventId, TenantId
    from integritas.platform.db import Database
    from integritas.services.anticorruption.network import Neighbourhood

__all__ = ["LEAST_PROCESSES", "OBSERVED", "DatasetDesk", "Loaded", "PartyNetwork"]

OBSERVED: Final = "observed"
"""The dataset that `observe` teaches, against which evidence is judged."""

CREATED: Final = "integritas.dataset.created.v1"
LOADED: Final = "integritas.dataset.loaded.v1"
ERASED: Final = "integritas.dataset.party_erased.v1"

LEAST_PROCESSES: Final = 500
"""With fewer, fences still move a lot: until then releases are judged alone."""

# To learn a release takes 0.1 ms: of more than these a thread relieves the event loop.
_AT_ONCE: Final = 50

NOTHING: Final[frozenset[str]] = frozenset()

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class Loaded(NamedTuple):
    """What a load did: releases taken in, and what was wrong with others."""

    loaded: int
    rejects: tuple[FieldError, ...]


class PartyNetwork(NamedTuple):
    """The neighbourhood of a party, and the signs on it."""

    neighbourhood: Neighbourhood
    signs: tuple[Sign, ...]


class DatasetDesk:
    """The datasets of all tenants, over one database."""

    learns_from = frozenset({EvidenceKind.PROCUREMENT})

    def __init__(self, database: Database, clock: Clock, recorder: Recorder) -> None:
        """Read nothing yet; `recorder` is told of what callers change."""
        self._database = database
        self._clock = clock
        self._recorder = recorder
        self._datasets: dict[tuple[TenantId, str], Dataset] = {}
        self._lock = asyncio.Lock()
        self._model: CollusionModel | None = None

    async def create(self, context: Context, name: str, title: str = "") -> DatasetRow:
        """Create an empty dataset.

        Raises:
            InvalidInput: the name has other than lower-case letters, digits, - and _.
            Conflict: there is one of that name.
        """
        if _NAME.fullmatch(name) is None:
            raise InvalidInput(
                "the name of the dataset is not valid",
                errors=(FieldError("name", "is not valid", "write a-z, 0-9, - and _"),),
            )
        row = DatasetRow(name, title, self._clock.now())

        def work(tx: Transaction) -> bool:
            if not insert_dataset(tx, context.tenant, row):
                return False
            self._recorder.record(tx, context, [Fact(CREATED, name, {})])
            return True

        if not await self._database.transact(work):
            raise Conflict(f"there is a dataset {name}")
        return row

    async def list(self, tenant: TenantId) -> Sequence[DatasetRow]:
        """Return a tenant's datasets by name."""
        return await self._database.read(lambda tx: list_datasets(tx, tenant))

    async def get(
        self, tenant: TenantId, name: str, withheld: frozenset[str] = NOTHING
    ) -> Mapping[str, Any]:
        """Return a dataset's statistics, without what `withheld` evidence told.

        Raises:
            NotFound: there is none of that name.
        """
        dataset = await self._open(tenant, name)
        async with self._lock:
            return await asyncio.to_thread(dataset.statistics, withheld)

    async def load(
        self, context: Context, name: str, documents: Sequence[Mapping[str, Any]]
    ) -> Loaded:
        """Take releases, records or packages into a dataset; tell of what is wrong.

        Releases that tell a piece of a process each are merged, over all documents.
        What an earlier load told of a process is replaced.

        Raises:
            NotFound: there is none of that name.
        """
        tenant = context.tenant
        await self._check(tenant, name)
        rejects: list[FieldError] = []
        bodies: dict[str, bytes] = {}
        for at, release in whole_releases(_named(documents, rejects)):
            process = read_process(release)
            if process is None:
                continue
            bodies[process.ocid] = encode_body(process.release)
            if (mixed := mixed_currencies(process)) is not None:
                rejects.append(replace(mixed, path=f"{at}.{mixed.path}"))
        told: dict[str, JsonValue] = {
            "releases": len(bodies),
            "sha256": _digest(bodies),
        }

        def work(tx: Transaction) -> None:
            lock_dataset(tx, tenant, name)
            save_bodies(tx, tenant, name, bodies)
            self._recorder.record(tx, context, [Fact(LOADED, name, told)])

        await self._database.transact(work)
        return Loaded(len(bodies), tuple(rejects))

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        """Learn from dossiers; the same event a second time changes nothing."""
        by_tenant: dict[TenantId, dict[str, tuple[str, bytes]]] = {}
        for dossier in batch:
            told = by_tenant.setdefault(dossier.tenant, {})
            for item in dossier.evidence:
                if isinstance(item.content, Procurement):
                    chosen = choose_release(item.content)
                    process = None if chosen is None else read_process(chosen.release)
                    # No database takes a NUL in a key: such a process is not learned.
                    if process is not None and "\0" not in process.ocid:
                        told[process.ocid] = item.id, encode_body(process.release)
        for tenant, told in by_tenant.items():
            if told:
                await self._learn(event_id, tenant, told)

    async def reference(self, tenant: TenantId) -> Reference:
        """Return what the observed releases of a tenant tell, if they are enough."""
        dataset = await self._observed(tenant)
        if len(dataset) < LEAST_PROCESSES:
            return EMPTY_REFERENCE
        async with self._lock:
            return dataset.reference()

    async def network(
        self,
        tenant: TenantId,
        party: str,
        *,
        dataset: str = OBSERVED,
        steps: int = 2,
        withheld: frozenset[str] = NOTHING,
    ) -> PartyNetwork:
        """Return what lies around a party in a dataset, and the signs on it.

        What `withheld` evidence told is left out, as if it had told nothing.

        Raises:
            NotFound: there is no such dataset, or nobody of that id in it.
        """
        found = await (
            self._observed(tenant)
            if dataset == OBSERVED
            else self._open(tenant, dataset)
        )

        def look() -> PartyNetwork:
            with found.without(found.told_by(withheld)) as graph:
                near = graph.neighbourhood(party, steps=steps)
                if near is None:
                    raise NotFound(f"nobody of the id {party} is known in {dataset}")
                return PartyNetwork(near, tuple(signs_of(graph, party)))

        async with self._lock:
            return await asyncio.to_thread(look) if withheld else look()

    async def erase(self, context: Context, node: str) -> int:
        """Take a party, or a person by name, out of all datasets of a tenant.

        Returns how many stored releases named it; every process sees them anew. That it
        was done is recorded, whom it was about as personal data.
        """
        tenant = context.tenant
        names = [OBSERVED, *(row.name for row in await self.list(tenant))]

        def work(tx: Transaction) -> int:
            erased = 0
            for name in names:
                lock_dataset(tx, tenant, name)
                erased += erase_node(tx, tenant, name, node)
            fact = Fact(ERASED, "datasets", {"releases": erased}, {"party": node})
            self._recorder.record(tx, context, [fact])
            return erased

        return await self._database.transact(work)

    def erase_evidence(
        self, uow: UnitOfWork, tenant: TenantId, evidence: Sequence[Evidence]
    ) -> int:
        """Erase what was observed of items of evidence; return how many processes.

        All that is known of their processes goes, whichever item told of it.
        """
        ocids = {
            str(chosen.release["ocid"])
            for item in evidence
            if isinstance(item.content, Procurement)
            and (chosen := choose_release(item.content)) is not None
            and isinstance(chosen.release.get("ocid"), str)
        }
        if not ocids:
            return 0
        assert isinstance(uow, Transaction)  # noqa: S101 - narrows the protocol
        lock_dataset(uow, tenant, OBSERVED)
        return blank_processes(uow, tenant, OBSERVED, sorted(ocids))

    async def profile(
        self,
        tenant: TenantId,
        name: str,
        ocid: str,
        withheld: frozenset[str] = NOTHING,
    ) -> Profile:
        """Return flags, model, signs and risk of a process in a dataset.

        Raises:
            NotFound: there is no such dataset, or no such process in it, or none but
                by `withheld` evidence.
        """
        dataset = await self._open(tenant, name)

        def judge() -> Profile:
            hidden = dataset.told_by(withheld)
            process = None if ocid in hidden else dataset.find(ocid)
            if process is None:
                raise NotFound(f"there is no process {ocid} in {name}")
            if self._model is None:
                self._model = load_collusion_model()
            with dataset.without(hidden) as graph:
                return profile_of(process, dataset.reference(), graph, self._model)

        async with self._lock:
            return await asyncio.to_thread(judge) if withheld else judge()

    async def _learn(
        self,
        event_id: EventId,
        tenant: TenantId,
        told: Mapping[str, tuple[str, bytes]],
    ) -> None:
        bodies = {ocid: body for ocid, (_, body) in told.items()}
        sources = {ocid: evidence for ocid, (evidence, _) in told.items()}

        def work(tx: Transaction) -> None:
            lock_dataset(tx, tenant, OBSERVED)
            if note_observed(tx, ANTICORRUPTION_OBSERVED, tenant, event_id):
                save_bodies(tx, tenant, OBSERVED, bodies, sources)

        await self._database.transact(work)

    async def _open(self, tenant: TenantId, name: str) -> Dataset:
        await self._check(tenant, name)
        return await self._read(tenant, name)

    async def _check(self, tenant: TenantId, name: str) -> None:
        if name != OBSERVED and (tenant, name) not in self._datasets:
            rows = await self.list(tenant)
            if all(row.name != name for row in rows):
                raise NotFound(f"there is no dataset {name}")

    async def _observed(self, tenant: TenantId) -> Dataset:
        return await self._read(tenant, OBSERVED)

    async def _read(self, tenant: TenantId, name: str) -> Dataset:
        """Return a dataset with all that is stored of it, by whatever process."""
        async with self._lock:
            dataset = self._datasets.get((tenant, name))
            if dataset is None:
                dataset = Dataset(name)
            after = dataset.cursor
            new = await self._database.read(
                lambda tx: read_bodies(tx, tenant, name, after=after)
            )
            learn = partial(
                dataset.learn, new.bodies, upto=new.upto, sources=new.sources
            )
            if len(new.bodies) > _AT_ONCE:
                await asyncio.to_thread(learn)
            else:
                learn()
            self._datasets[tenant, name] = dataset
            return dataset


def _named(
    documents: Sequence[Mapping[str, Any]], rejects: list[FieldError]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the releases that can be stored by path; tell what is wrong in any."""
    for place, document in enumerate(documents):
        for path, release in compiled_releases(document):
            at = f"releases[{place}]" + (f".{path}" if path else "")
            ocid = release.get("ocid")
            if not isinstance(ocid, str):
                rejects.append(FieldError(f"{at}.ocid", "is missing", "add the ocid"))
            elif "\0" in ocid:
                rejects.append(
                    FieldError(f"{at}.ocid", "contains U+0000", "leave it out")
                )
            else:
                rejects += [
                    FieldError(f"{at}.{error.path}", error.message, error.remedy)
                    for error in check_release(release)
                ]
                yield at, release


def _digest(bodies: Mapping[str, bytes]) -> str:
    """Return the SHA-256 (hex) of releases, in the order of their processes."""
    digest = hashlib.sha256()
    for ocid in sorted(bodies):
        digest.update(bodies[ocid])
    return digest.hexdigest()
