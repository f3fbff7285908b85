"""The one composition root: settings in, wired platform out.

What differs between one process and many is decided here and nowhere else: which
services are local objects and which remote clients, which routers are mounted, who
runs the engine and who follows the journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from fastapi import APIRouter

from integritas.bootstrap.erasing import oversight_routers, retention_desk
from integritas.bootstrap.parts import (
    Kept,
    Kit,
    Services,
    keep,
    load_services,
    make_kit,
    open_migrated,
    service_routers,
    service_token,
)
from integritas.cases.api import (
    CaseAccess,
    CaseDesk,
    CaseFigures,
    CaseFiles,
    CaseStore,
    restricted_among,
)
from integritas.delivery.api import Courier, Webhooks, make_delivery
from integritas.gateway.app import create_app
from integritas.gateway.parts import GatewayParts
from integritas.identity.api import AdminCreated, Identity, OidcSettings
from integritas.journal.api import Feeder, Following, Journal
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.evidence import EvidenceKind, Procurement
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.kernel.states import ActorKind
from integritas.oversight import api as oversight
from integritas.platform.commands import CommandQueue, count_commands
from integritas.platform.config import Settings
from integritas.platform.db import Database
from integritas.platform.health import DEGRADED, Ping
from integritas.platform.http import service_app
from integritas.platform.idempotency import Answers, forget_old_answers
from integritas.platform.roles import Role, check_start
from integritas.platform.shared_limits import SharedLimits
from integritas.platform.tokens import Algorithm
from integritas.registry.api import ModelRegistry
from integritas.services.anticorruption.api import (
    validate_release,
)
from integritas.services.audit import app as audit_app
from integritas.services.audit.api import AuditTrail
from integritas.services.compliance.api import check_party
from integritas.workflows.api import (
    Admission,
    CaseEffects,
    Definitions,
    Dossiers,
    Engine,
    Intake,
    Lessons,
    Reassessor,
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

    from integritas.kernel.clock import Clock, Randomness
    from integritas.kernel.errors import FieldError
    from integritas.kernel.evidence import Content
    from integritas.platform.security import Passwords

__all__ = ["Platform", "bootstrap"]

HOUSEKEEPING_S: Final = 3_600.0
_KEEPER: Final = Actor("platform:retention", ActorKind.PLATFORM)
_LOG = structlog.get_logger(__name__)


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
    access: CaseAccess
    files: CaseFiles
    webhooks: Webhooks
    courier: Courier | None
    effects: CaseEffects
    workflows: WorkflowDesk
    engine: Engine | None
    reassessor: Reassessor | None
    audit: AuditTrail
    models: ModelRegistry
    services: Services
    followers: Sequence[Following]
    monitor: oversight.ListMonitor | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> AdminCreated | None:
        """Start the engine and the followers; return a new administrator, if any."""
        await self.database.transact(self.journal.unsettle)
        secret = self.settings.admin_password
        created = await self.identity.ensure_admin(
            secret.get_secret_value() if secret else None, DEFAULT_TENANT
        )
        for start in self.services.starters:
            await start()
        if self.engine is not None:
            await self.engine.start()
        self._tasks = [
            asyncio.create_task(follower.run(), name=f"follower-{follower.name}")
            for follower in self.followers
        ]
        if self.courier is not None:
            self._tasks.append(asyncio.create_task(self.courier.run(), name="courier"))
        if self.reassessor is not None:
            again = asyncio.create_task(self.reassessor.run(), name="reassessing")
            self._tasks.append(again)
        if self.monitor is not None:
            self._tasks.append(asyncio.create_task(self.monitor.run(), name="lists"))
        self._tasks.append(asyncio.create_task(self._housekeeping(), name="keeping"))
        return created

    async def stop(self) -> None:
        """Drain the engine, let the followers catch up, close everything."""
        caught_up = False
        try:
            if self.engine is not None:
                await self.engine.stop()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self._tasks:  # who never started leaves the log to those who did
                for follower in self.followers:
                    await follower.catch_up()
                caught_up = True
        finally:
            for close in self.services.closers:
                await close()
            if self.identity.oidc is not None:
                await self.identity.oidc.close()
            # Where roles are split others may write on.
            if caught_up and self.role is Role.ALL:
                await self.audit.settle()
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
                token=service_token(self.settings),
                registry=self.kit.metrics,
                on_start=on_start,
                on_stop=on_stop,
            )
        shared = SharedLimits(self.settings, self.kit.clock, self.kit.metrics)
        return create_app(
            GatewayParts(
                identity=self.identity,
                cases=self.cases,
                access=self.access,
                files=self.files,
                figures=CaseFigures(self.database, self.kit.clock),
                webhooks=self.webhooks,
                workflows=self.workflows,
                journal=self.journal,
                models=self.models,
                service_routers=[
                    *service_routers(self.services, self.audit, self.kit, self.cases),
                    *oversight_routers(self),
                ],
                pings={**self.pings(), **shared.pings},
                metrics=self.kit.metrics,
                answers=Answers(self.database, self.kit.clock),
                checks={
                    EvidenceKind.PROCUREMENT: _check_release,
                    EvidenceKind.PARTY: check_party,
                },
                max_body_bytes=self.settings.max_body_bytes,
                admission=Admission(
                    self.database, self.kit.clock, self.settings.max_waiting_runs
                ),
                limits=shared.limits,
                cors_origins=self.settings.cors_origins,
                body_timeout_s=self.settings.body_timeout_s,
                on_start=on_start,
                on_stop=(*on_stop, shared.close),
            )
        )

    def pings(self) -> Mapping[str, Ping]:
        """Return what readiness depends on."""
        pings: dict[str, Ping] = {"database": self.database.ping}
        if self.engine is not None:
            pings["engine"] = self.engine.ping
        for follower in self.followers:
            pings[f"{follower.name} follower"] = partial(self._follower_ping, follower)
        if self.monitor is not None:
            pings["list monitoring"] = self.monitor.ping
        for name, ping in self.services.pings.items():
            # Without a service elsewhere cases still open, and are assessed later.
            elsewhere = name in self.services.elsewhere
            pings[name] = partial(_degraded, ping) if elsewhere else ping
        return pings

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
        if self.engine is not None:
            await self._erase_due()
        if self.settings.run_retention_days is not None:
            kept = timedelta(days=self.settings.run_retention_days)
            await self.workflows.forget(now - kept)

    async def _erase_due(self) -> None:
        """Erase the evidence of every tenant whose retention period is over."""
        desk = retention_desk(self)
        for tenant in await self.journal.tenants():
            done = await desk.apply(Context(tenant, _KEEPER, "retention"))
            if done.evidence or done.held:
                _LOG.info(
                    "retention.applied",
                    tenant=tenant,
                    erased=len(done.evidence),
                    held=len(done.held),
                )


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
    check_start(settings, role)
    kit = make_kit(clock, randomness)
    database = open_migrated(settings)
    try:
        kept = keep(settings, kit, database, lists)
        given = services or load_services(settings, kit, lists, kept)
        # A copy: services that were given may serve another platform too.
        given = replace(
            given,
            datasets=given.datasets or kept.datasets,
            spam_desk=given.spam_desk or kept.spam,
            records=kept.records,
        )
        return _wire(settings, role, kit, kept, given, passwords=passwords)
    except BaseException:
        database.close()
        raise


# Wiring ---------------------------------------------------------------------------


def _wire(
    settings: Settings,
    role: Role,
    kit: Kit,
    kept: Kept,
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
        review_policy=kept.records.policies,
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
    effects = CaseEffects(store, dossiers, clock)
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
    webhooks, courier = make_delivery(
        database,
        journal,
        clock,
        kit.randomness,
        ids,
        settings.webhook_networks,
        restricted_among,
    )
    workflows = WorkflowDesk(
        database=database,
        store=runs,
        definitions=definitions,
        commands=commands,
        journal=journal,
        ids=ids,
        reopen=reopener(store),
    )
    reassessor = Reassessor(
        database=database,
        cases=store,
        commands=commands,
        control=workflows.control,
        clock=clock,
        ids=ids,
        pings=services.pings,
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
            oidc=OidcSettings.of(settings),
            algorithm=Algorithm(settings.token_algorithm),
        ),
        commands=commands,
        cases=desk,
        access=CaseAccess(database, journal, clock, ids),
        files=CaseFiles(database, journal, clock, kit.randomness, ids),
        webhooks=webhooks,
        courier=courier if engine_here else None,
        effects=effects,
        workflows=workflows,
        engine=engine if engine_here else None,
        reassessor=reassessor if engine_here else None,
        audit=audit,
        models=kept.models,
        services=services,
        followers=[
            *([audit.follower()] if role in {Role.ALL, Role.AUDIT} else ()),
            *([webhooks.follower()] if engine_here else ()),
            *(_feeders(services, desk, journal, database) if engine_here else ()),
        ],
        monitor=oversight.ListMonitor(database, journal, desk, services.compliance)
        if engine_here
        else None,
    )


async def _degraded(ping: Ping) -> str | None:
    why = await ping()
    return why if why is None or why.startswith(DEGRADED) else f"{DEGRADED}{why}"


def _feeders(
    services: Services, desk: CaseDesk, journal: Journal, database: Database
) -> Sequence[Feeder]:
    """Return who tells each service that learns of the evidence of cases."""
    lessons = {name: Lessons(desk, of) for name, of in services.observers.items()}
    return [
        Feeder(f"{name} learning", journal, database, taught, taught.types)
        for name, taught in lessons.items()
    ]


def _check_release(content: Content) -> Sequence[FieldError]:
    return validate_release(content) if isinstance(content, Procurement) else ()
