"""The one composition root: settings in, wired platform out.

What differs between one process and many is decided here and nowhere else: which
services are local objects and which remote clients, which routers are mounted, who
runs the engine and who follows the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import APIRouter
from prometheus_client import CollectorRegistry

from integritas.cases.api import CaseDesk, CaseStore
from integritas.gateway.app import create_app
from integritas.gateway.parts import GatewayParts
from integritas.identity.api import AdminCreated, Identity
from integritas.journal.api import Feeder, Following, Journal
from integritas.kernel.clock import Clock, Randomness, SystemClock, SystemRandomness
from integritas.kernel.contracts import Assessor, Observer
from integritas.kernel.evidence import EvidenceKind, Procurement
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory
from integritas.migrations.api import ensure
from integritas.oversight import api as oversight
from integritas.platform.commands import CommandQueue, count_commands
from integritas.platform.config import Settings
from integritas.platform.db import Database, open_database
from integritas.platform.health import DEGRADED, Ping
from integritas.platform.http import service_app
from integritas.platform.idempotency import forget_old_answers
from integritas.platform.remote import RemoteAssessor, RemoteService, remote_client
from integritas.platform.resilience import Guard, GuardPolicy
from integritas.platform.roles import Role, check_role, check_state_folder
from integritas.platform.telemetry import CallMetrics, new_registry
from integritas.services.anticorruption import app as anticorruption_app
from integritas.services.anticorruption.api import (
    load_anticorruption_service,
    open_dataset_desk,
    validate_release,
)
from integritas.services.anticorruption.desk import DatasetDesk
from integritas.services.audit import app as audit_app
from integritas.services.audit.api import AuditTrail
from integritas.services.compliance import app as compliance_app
from integritas.services.compliance.api import (
    NO_RECORDS,
    ComplianceRecords,
    check_party,
    erase_seen,
    load_compliance_service,
    load_watchlists,
    open_records,
    subject_matcher,
)
from integritas.services.compliance.remote import ComplianceDesk, RemoteCompliance
from integritas.services.spam import app as spam_app
from integritas.services.spam.api import load_spam_service
from integritas.workflows.api import (
    Admission,
    CaseEffects,
    Definitions,
    Dossiers,
    Engine,
    Intake,
    Lessons,
    Registry,
    RunStore,
    Schedules,
    WorkflowDesk,
    bind_cases,
    make_engine,
    register_services,
    reopener,
    temporal_server,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

    from integritas.kernel.errors import FieldError
    from integritas.kernel.evidence import Content
    from integritas.platform.security import Passwords
    from integritas.services.compliance.api import Watchlists

__all__ = [
    "Platform",
    "Services",
    "bootstrap",
    "service_alone",
]

HOUSEKEEPING_S: Final = 3_600.0
_LOG = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kit:
    """What every part is given: time, randomness, ids, metrics."""

    clock: Clock
    randomness: Randomness
    ids: IdFactory
    metrics: CollectorRegistry


@dataclass(frozen=True, slots=True)
class _Store:
    """The database and what is kept in it besides cases."""

    database: Database
    journal: Journal
    datasets: DatasetDesk
    records: ComplianceRecords


@dataclass(slots=True)
class Services:
    """The services, here or elsewhere, behind the same protocols."""

    spam: Assessor
    anticorruption: Assessor
    compliance: ComplianceDesk
    pings: dict[str, Ping]
    datasets: DatasetDesk | None = None
    records: ComplianceRecords = NO_RECORDS
    observers: Mapping[str, Observer] = field(default_factory=dict)
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


@dataclass(slots=True)
class Platform:
    """The wired platform. `start` before use, `stop` after."""

    settings: Settings
    role: Role
    kit: Kit
    database: Database
    journal: Journal
    identity: Identity
    commands: CommandQueue
    cases: CaseDesk
    effects: CaseEffects
    workflows: WorkflowDesk
    engine: Engine | None
    audit: AuditTrail
    services: Services
    followers: Sequence[Following]
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> AdminCreated | None:
        """Start the engine and the followers; return a new administrator, if any."""
        secret = self.settings.admin_password
        created = await self.identity.ensure_admin(
            secret.get_secret_value() if secret else None, DEFAULT_TENANT
        )
        if self.engine is not None:
            await self.engine.start()
        self._tasks = [
            asyncio.create_task(follower.run(), name=f"follower-{follower.name}")
            for follower in self.followers
        ]
        self._tasks.append(asyncio.create_task(self._housekeeping(), name="keeping"))
        return created

    async def stop(self) -> None:
        """Drain the engine, let the followers catch up, close everything."""
        try:
            if self.engine is not None:
                await self.engine.stop()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._tasks:  # who never started leaves the log to those who did
                for follower in self.followers:
                    await follower.catch_up()
        finally:
            for close in self.services.closers:
                await close()
            self.database.close()

    async def waiting_commands(self) -> int:
        """Return how many durable commands nobody has taken yet."""
        return await self.database.read(count_commands)

    async def lag(self) -> int:
        """Return how many journal entries of all tenants some follower has not seen."""
        tenants = await self.journal.tenants()
        lags = [await f.lag(tenant) for f in self.followers for tenant in tenants]
        return max(lags, default=0)

    def app(
        self,
        *,
        managed: bool = True,
        on_admin: Callable[[AdminCreated | None], None] = lambda _: None,
    ) -> FastAPI:
        """Return the app of this role; `managed` ties start and stop to the app's.

        `on_admin` is told of an administrator that the start created.
        """

        async def start() -> None:
            on_admin(await self.start())

        on_start = (start,) if managed else ()
        on_stop = (self.stop,) if managed else ()
        if self.role in {Role.ENGINE, Role.AUDIT}:
            return service_app(
                name=self.role.value,
                operations={},
                router=audit_app.router(self.audit)
                if self.role is Role.AUDIT
                else APIRouter(),
                pings=self.pings(),
                token=_token(self.settings),
                registry=self.kit.metrics,
                on_start=on_start,
                on_stop=on_stop,
            )
        return create_app(
            GatewayParts(
                identity=self.identity,
                cases=self.cases,
                workflows=self.workflows,
                journal=self.journal,
                service_routers=[
                    *_routers(self.services, self.audit, self.kit, self.cases),
                    *_oversight(self),
                ],
                pings=self.pings(),
                metrics=self.kit.metrics,
                checks={
                    EvidenceKind.PROCUREMENT: _check_release,
                    EvidenceKind.PARTY: check_party,
                },
                max_body_bytes=self.settings.max_body_bytes,
                admission=Admission(
                    self.database, self.kit.clock, self.settings.max_waiting_runs
                ),
                on_start=on_start,
                on_stop=on_stop,
            )
        )

    def pings(self) -> Mapping[str, Ping]:
        """Return what readiness depends on."""
        pings: dict[str, Ping] = {"database": self.database.ping}
        if self.engine is not None:
            pings["engine"] = self.engine.ping
        for follower in self.followers:
            pings[f"{follower.name} follower"] = partial(self._follower_ping, follower)
        return {**pings, **self.services.pings}

    async def _follower_ping(self, follower: Following) -> str | None:
        names = {t.get_name() for t in self._tasks if not t.done()}
        if f"follower-{follower.name}" not in names:
            return "it has stopped"
        error = follower.error
        return None if error is None else f"{DEGRADED}{error}"

    async def _housekeeping(self) -> None:
        while True:
            with suppress(Exception):  # tried again in an hour; nothing depends on it
                await self._tidy(self.kit.clock.now())
            await asyncio.sleep(HOUSEKEEPING_S)

    async def _tidy(self, now: datetime) -> None:
        await self.database.transact(lambda tx: forget_old_answers(tx, now))
        if self.settings.run_retention_days is not None:
            kept = timedelta(days=self.settings.run_retention_days)
            await self.workflows.forget(now - kept)


def bootstrap(
    settings: Settings,
    role: Role = Role.ALL,
    *,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    services: Services | None = None,
    passwords: Passwords | None = None,
    lists: Sequence[Path] = (),
) -> Platform:
    """Return the platform of `settings`; tests pass their own parts here.

    `lists` are folders of watchlists, instead of those that the settings name.

    Raises:
        StorageFailure: the database cannot be opened, or has another schema.
        InvalidInput: the settings contradict each other.
    """
    check_role(settings, role)
    check_state_folder(settings)
    kit = _kit(clock, randomness)
    database = _open(settings)
    try:
        journal = Journal(database, kit.clock, kit.randomness, kit.ids)
        store = _Store(
            database,
            journal,
            open_dataset_desk(database, kit.clock),
            open_records(database, journal, kit.clock, kit.ids),
        )
        given = services or _services(settings, kit, lists, store)
        # A copy: services that were given may serve another platform too.
        given = replace(
            given,
            datasets=given.datasets or store.datasets,
            records=store.records,
        )
        return _wire(settings, role, kit, store, given, passwords=passwords)
    except BaseException:
        database.close()
        raise


def service_alone(settings: Settings, role: Role) -> FastAPI:
    """Return the app of one assessing service.

    Raises:
        InvalidInput: the settings contradict each other, or its lists are malformed.
    """
    check_role(settings, role)
    kit = _kit(None, None)
    token = _token(settings)
    if role is Role.SPAM:
        return spam_app.create_app(
            load_spam_service(), ids=kit.ids, clock=kit.clock, token=token
        )
    if role is Role.ANTICORRUPTION:
        return anticorruption_app.create_app(
            load_anticorruption_service(), kit.ids, kit.clock, token=token
        )
    database = _open(settings)
    try:
        journal = Journal(database, kit.clock, kit.randomness, kit.ids)
        return compliance_app.create_app(
            load_compliance_service(
                _watchlists(settings, ()),
                records=open_records(database, journal, kit.clock, kit.ids),
            ),
            ids=kit.ids,
            clock=kit.clock,
            token=token,
            on_stop=(partial(asyncio.to_thread, database.close),),
        )
    except BaseException:
        database.close()
        raise


def _open(settings: Settings) -> Database:
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


# Wiring ---------------------------------------------------------------------------


def _wire(
    settings: Settings,
    role: Role,
    kit: Kit,
    kept: _Store,
    services: Services,
    *,
    passwords: Passwords | None,
) -> Platform:
    clock, ids = kit.clock, kit.ids
    database, journal = kept.database, kept.journal
    commands = CommandQueue(clock, ids)
    store = CaseStore(journal, clock, kit.randomness, ids)
    desk = CaseDesk(
        database=database,
        store=store,
        commands=commands,
        recorder=journal,
        clock=clock,
        ids=ids,
    )
    dossiers = Dossiers(desk)
    registry = Registry()
    register_services(
        registry,
        dossiers,
        {
            "spam": services.spam,
            "anticorruption": services.anticorruption,
            "compliance": services.compliance,
        },
        services.compliance,
    )
    for name, limits in settings.operation_limits.items():
        registry.limit(name, **limits.model_dump(exclude_none=True))
    runs = RunStore(journal, clock)
    bind_cases(store, runs, commands)
    definitions = Definitions(registry, runs)
    audit = AuditTrail(
        database,
        journal,
        settings.state_dir,
        clock,
        settings.audit_origin,
        randomness=kit.randomness,
    )
    effects = CaseEffects(store, dossiers)
    engine_here = role in {Role.ALL, Role.ENGINE}
    engine = make_engine(
        temporal_server(settings),
        database=database,
        store=runs,
        definitions=definitions,
        commands=commands,
        intake=Intake(
            database=database,
            store=runs,
            definitions=definitions,
            commands=commands,
            clock=clock,
            ids=ids,
        ),
        effects=effects,
        clock=clock,
        randomness=kit.randomness,
        max_active=settings.max_active_runs,
        schedules=Schedules(commands, journal, clock, ids),
    )
    return Platform(
        settings=settings,
        role=role,
        kit=kit,
        database=database,
        journal=journal,
        identity=Identity(
            database,
            journal,
            clock,
            kit.randomness,
            ids,
            state_dir=settings.state_dir,
            hasher=passwords,
        ),
        commands=commands,
        cases=desk,
        effects=effects,
        workflows=WorkflowDesk(
            database=database,
            store=runs,
            definitions=definitions,
            commands=commands,
            journal=journal,
            ids=ids,
            reopen=reopener(store),
        ),
        engine=engine if engine_here else None,
        audit=audit,
        services=services,
        followers=[
            *([audit.follower()] if role in {Role.ALL, Role.AUDIT} else ()),
            *(_feeders(services, desk, journal, database) if engine_here else ()),
        ],
    )


def _feeders(
    services: Services, desk: CaseDesk, journal: Journal, database: Database
) -> Sequence[Feeder]:
    """Return who tells each service that learns of the evidence of cases."""
    return [
        Feeder(f"{name} learning", journal, database, Lessons(desk, observer))
        for name, observer in services.observers.items()
    ]


def _services(
    settings: Settings,
    kit: Kit,
    lists: Sequence[Path],
    store: _Store,
) -> Services:
    """Return each service: a client where settings give its address, else the thing."""
    pings: dict[str, Ping] = {}
    closers: list[Callable[[], Awaitable[None]]] = []
    metrics = CallMetrics(kit.metrics)

    def remote(name: str) -> RemoteService | None:
        url = settings.service_url(name)
        if url is None:
            return None
        client = remote_client(url, token=_token(settings))
        closers.append(client.aclose)
        policy = GuardPolicy(timeout_s=settings.service_timeout_s)
        service = RemoteService(
            name, client, Guard(name, metrics, policy, randomness=kit.randomness)
        )
        pings[name] = service.ping
        return service

    spam, anticorruption = remote("spam"), remote("anticorruption")
    compliance = remote("compliance")
    desk: ComplianceDesk
    if compliance is not None:
        desk = RemoteCompliance(compliance)
    else:
        local = load_compliance_service(
            _watchlists(settings, lists), records=store.records
        )
        desk, pings["compliance"] = local, local.ping
    # Its windows are rows that every process sees, so it learns wherever it assesses.
    observers: dict[str, Observer] = {}
    if store.records.accounts is not None:
        observers["compliance"] = store.records.accounts
    flags: Assessor
    if anticorruption is not None:
        flags = RemoteAssessor(anticorruption)
    else:
        flags = observers["anticorruption"] = load_anticorruption_service(
            store.datasets
        )
    return Services(
        spam=RemoteAssessor(spam) if spam else load_spam_service(),
        anticorruption=flags,
        compliance=desk,
        pings=pings,
        observers=observers,
        closers=closers,
    )


def _watchlists(settings: Settings, chosen: Sequence[Path]) -> Watchlists | None:
    if chosen:
        return load_watchlists(*chosen)
    folder = settings.lists_dir or settings.state_dir / "lists"
    if settings.lists_dir is None and not folder.is_dir():
        return None
    return load_watchlists(folder)


def _routers(
    services: Services, audit: AuditTrail, kit: Kit, cases: CaseDesk
) -> Sequence[APIRouter]:
    ids, clock = kit.ids, kit.clock
    return (
        spam_app.router(services.spam, ids, clock),
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


def _oversight(platform: Platform) -> Sequence[APIRouter]:
    policies = platform.services.records.policies
    if policies is None:
        return ()
    subjects = oversight.SubjectDesk(
        platform.database, platform.cases, platform.journal, [erase_seen]
    )
    return (
        oversight.router(platform.cases, policies.decider, subjects, subject_matcher),
    )


def _kit(clock: Clock | None, randomness: Randomness | None) -> Kit:
    clock, randomness = clock or SystemClock(), randomness or SystemRandomness()
    return Kit(clock, randomness, IdFactory(clock, randomness), new_registry())


def _token(settings: Settings) -> str | None:
    token = settings.service_token
    return token.get_secret_value() if token else None


def _check_release(content: Content) -> Sequence[FieldError]:
    return validate_release(content) if isinstance(content, Procurement) else ()
