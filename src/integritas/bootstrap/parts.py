"""The services, here or elsewhere, and what they are given: time, database, desks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry

from integritas.journal.api import Journal, SettledMark
from integritas.kernel.clock import Clock, Randomness, SystemClock, SystemRandomness
from integritas.kernel.contracts import Assessor, Observer
from integritas.kernel.ids import IdFactory
from integritas.migrations.api import ensure
from integritas.platform.config import ServiceLimits
from integritas.platform.db import Database, open_database
from integritas.platform.health import Ping
from integritas.platform.remote import (
    RemoteAssessor,
    RemoteObserver,
    RemoteService,
    remote_client,
)
from integritas.platform.resilience import Guard, GuardPolicy
from integritas.platform.roles import Role, check_start
from integritas.platform.telemetry import CallMetrics, new_registry
from integritas.platform.tls import services_context
from integritas.registry.api import ModelRegistry, Shelf
from integritas.services.anticorruption import app as anticorruption_app
from integritas.services.anticorruption.api import (
    load_anticorruption_service,
    open_dataset_desk,
)
from integritas.services.anticorruption.desk import DatasetDesk
from integritas.services.audit import app as audit_app
from integritas.services.compliance import app as compliance_app
from integritas.services.compliance.api import (
    NO_RECORDS,
    ComplianceRecords,
    ListKeeper,
    check_sources,
    load_compliance_service,
    load_watchlists,
    open_records,
)
from integritas.services.compliance.remote import ComplianceDesk, RemoteCompliance
from integritas.services.spam import app as spam_app
from integritas.services.spam.api import (
    MODEL,
    SpamService,
    load_judge,
    load_spam_service,
    open_spam_desk,
    open_spam_drift,
)
from integritas.services.spam.desk import SpamDesk

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import APIRouter, FastAPI

    from integritas.cases.api import CaseDesk
    from integritas.platform.config import ServiceName, Settings
    from integritas.services.audit.api import AuditTrail
    from integritas.services.compliance.api import ComplianceService, Watchlists

__all__ = [
    "Kept",
    "Kit",
    "Services",
    "keep",
    "load_services",
    "make_kit",
    "open_migrated",
    "service_alone",
    "service_routers",
    "service_token",
]

_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kit:
    """What every part is given: time, randomness, ids, metrics."""

    clock: Clock
    randomness: Randomness
    ids: IdFactory
    metrics: CollectorRegistry


@dataclass(frozen=True, slots=True)
class Kept:
    """The database and what is kept in it besides cases."""

    database: Database
    journal: Journal
    datasets: DatasetDesk
    spam: SpamDesk
    records: ComplianceRecords
    models: ModelRegistry


@dataclass(slots=True)
class Services:
    """The services, here or elsewhere, behind the same protocols."""

    spam: Assessor
    anticorruption: Assessor
    compliance: ComplianceDesk
    pings: dict[str, Ping]
    elsewhere: frozenset[str] = frozenset()
    """Services in another process."""
    datasets: DatasetDesk | None = None
    spam_desk: SpamDesk | None = None
    records: ComplianceRecords = NO_RECORDS
    observers: Mapping[str, Observer] = field(default_factory=dict)
    starters: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


def load_services(
    settings: Settings,
    kit: Kit,
    lists: Sequence[Path],
    kept: Kept,
) -> Services:
    """Return each service: a client where settings give its address, else the thing."""
    remotes = _Remotes(settings, kit)
    pings, closers = remotes.pings, remotes.closers
    starters: list[Callable[[], Awaitable[None]]] = []
    spam, anticorruption = remotes.take("spam"), remotes.take("anticorruption")
    compliance = remotes.take("compliance")
    desk: ComplianceDesk
    if compliance is not None:
        desk = RemoteCompliance(compliance)
    else:
        desk, keeper = _compliance(settings, lists, kept.records)
        pings["compliance"] = desk.ping
        if keeper is not None:
            pings["lists on disk"] = keeper.ping
            starters.append(keeper.start)
            closers.append(keeper.stop)
    # Its windows are rows that every process sees, so it learns wherever it assesses.
    observers: dict[str, Observer] = {}
    if kept.records.accounts is not None:
        observers["compliance"] = kept.records.accounts
    junk: Assessor
    if spam is not None:
        junk = RemoteAssessor(spam)
        observers["spam"] = RemoteObserver(spam, SpamService.learns_from)
    else:
        junk = observers["spam"] = load_spam_service(
            desk=kept.spam, registry=kept.models
        )
    flags: Assessor
    if anticorruption is not None:
        flags = RemoteAssessor(anticorruption)
        observers["anticorruption"] = RemoteObserver(
            anticorruption, DatasetDesk.learns_from
        )
    else:
        flags = observers["anticorruption"] = load_anticorruption_service(kept.datasets)
    return Services(
        spam=junk,
        anticorruption=flags,
        compliance=desk,
        pings=pings,
        elsewhere=frozenset(remotes.names),
        observers=observers,
        starters=starters,
        closers=closers,
    )


class _Remotes:
    """Clients of the services that settings place elsewhere, and how to end them."""

    def __init__(self, settings: Settings, kit: Kit) -> None:
        self.pings: dict[str, Ping] = {}
        self.closers: list[Callable[[], Awaitable[None]]] = []
        self.names: list[str] = []
        self._settings, self._kit = settings, kit
        self._metrics = CallMetrics(kit.metrics)
        self._tls = services_context(settings)

    def take(self, name: ServiceName) -> RemoteService | None:
        """Return a client of a service, None if it runs in this process."""
        url = self._settings.service_url(name)
        if url is None:
            return None
        token = service_token(self._settings)
        client = remote_client(url, name, token=token, tls=self._tls)
        self.closers.append(client.aclose)
        policy, randomness = _policy(self._settings, name), self._kit.randomness
        guard = Guard(name, self._metrics, policy, randomness=randomness)
        service = RemoteService(name, client, guard)
        self.pings[name] = service.ping
        self.names.append(name)
        return service


def _policy(settings: Settings, name: ServiceName) -> GuardPolicy:
    """Return how calls of a service are guarded: its own limits come first."""
    limits = settings.service_limits.get(name, ServiceLimits())
    return replace(
        GuardPolicy(timeout_s=settings.service_timeout_s),
        **limits.model_dump(exclude_none=True),
    )


def _models(settings: Settings, kit: Kit, journal: Journal) -> ModelRegistry:
    """Return the registry of the models shipped, and of those in the state folder."""
    services, later = resources.files("integritas.services"), settings.state_dir
    shelves = [
        Shelf(
            MODEL,
            services / "spam/model",
            later / "models" / MODEL,
            load=load_judge,
        ),
        Shelf("collusion", services / "anticorruption/model"),
        Shelf("names", services / "compliance/model"),
    ]
    models = ModelRegistry(journal.database, journal, kit.clock, shelves)
    models.tell_drift(MODEL, open_spam_drift(journal.database))
    return models


def _watchlists(settings: Settings, chosen: Sequence[Path]) -> Watchlists | None:
    if chosen:
        return load_watchlists(*chosen)
    folder = settings.lists_folder
    if settings.lists_dir is None and not folder.is_dir():
        return None
    return load_watchlists(folder)


def _compliance(
    settings: Settings, lists: Sequence[Path], records: ComplianceRecords
) -> tuple[ComplianceService, ListKeeper | None]:
    """Return the service, and who keeps its lists fresh if none were chosen."""
    folder = settings.lists_folder
    service = load_compliance_service(
        _watchlists(settings, lists), records=records, folder=folder
    )
    if lists or records.lists is None:
        return service, None
    sources = check_sources(settings.list_sources)
    return service, ListKeeper(service, records.lists, folder, sources)


def service_routers(
    services: Services, audit: AuditTrail, kit: Kit, cases: CaseDesk
) -> Sequence[APIRouter]:
    """Return the routes of every service, the same wherever it runs."""
    ids, clock = kit.ids, kit.clock
    return (
        spam_app.router(services.spam, ids, clock, services.spam_desk),
        anticorruption_app.router(
            services.anticorruption, ids, clock, services.datasets
        ),
        compliance_app.router(
            services.compliance,
            ids=ids,
            clock=clock,
            records=services.records,
            hits=cases,
        ),
        audit_app.router(audit),
    )


def make_kit(clock: Clock | None, randomness: Randomness | None) -> Kit:
    """Return the kit; what is None is the machine's own."""
    clock, randomness = clock or SystemClock(), randomness or SystemRandomness()
    return Kit(clock, randomness, IdFactory(clock, randomness), new_registry())


def service_alone(settings: Settings, role: Role) -> FastAPI:
    """Return the app of one assessing service.

    Raises:
        InvalidInput: the settings contradict each other, or its lists are malformed.
    """
    check_start(settings, role)
    kit, token = make_kit(None, None), service_token(settings)
    ids, clock = kit.ids, kit.clock
    database = open_migrated(settings)
    try:
        journal = _journal(settings, kit, database)
        if role is Role.SPAM:
            desk = open_spam_desk(database, clock, ids, journal)
            models = _models(settings, kit, journal)
            service = load_spam_service(desk=desk, registry=models)
            return spam_app.create_app(
                service, ids, clock, token=token, database=database
            )
        if role is Role.ANTICORRUPTION:
            return anticorruption_app.create_app(
                database, ids, clock, recorder=journal, token=token
            )
        fetched = check_sources(settings.list_sources)
        records = open_records(database, journal, clock, ids, fetched)
        screening, keeper = _compliance(settings, (), records)
        return compliance_app.create_app(
            screening,
            ids=ids,
            clock=clock,
            token=token,
            pings={"lists on disk": keeper.ping} if keeper else {},
            on_start=(keeper.start,) if keeper else (),
            on_stop=(
                *((keeper.stop,) if keeper else ()),
                partial(asyncio.to_thread, database.close),
            ),
        )
    except BaseException:
        database.close()
        raise


def open_migrated(settings: Settings) -> Database:
    """Open the database, its schema brought up to date or found to be so."""
    database = open_database(settings.database_url)
    try:
        migrated = ensure(database)
    except BaseException:
        database.close()
        raise
    if migrated.backup is not None:
        _LOG.info("database.migrated", backup=str(migrated.backup))
    return database


def keep(
    settings: Settings, kit: Kit, database: Database, lists: Sequence[Path]
) -> Kept:
    """Return what is kept in a database, nothing of it read yet.

    `lists` that were chosen are not refreshed.
    """
    fetched = () if lists else check_sources(settings.list_sources)
    journal = _journal(settings, kit, database)
    return Kept(
        database=database,
        journal=journal,
        datasets=open_dataset_desk(database, kit.clock, journal),
        spam=open_spam_desk(database, kit.clock, kit.ids, journal),
        records=open_records(database, journal, kit.clock, kit.ids, fetched),
        models=_models(settings, kit, journal),
    )


def _journal(settings: Settings, kit: Kit, database: Database) -> Journal:
    mark = SettledMark(settings.state_dir, settings.audit_origin)
    return Journal(database, kit.clock, kit.randomness, kit.ids, mark)


def service_token(settings: Settings) -> str | None:
    """Return the secret that processes sign their tokens to each other with."""
    token = settings.service_token
    return token.get_secret_value() if token else None
