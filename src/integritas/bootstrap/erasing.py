"""Who erases: which services learned of evidence, and how long it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from integritas.oversight import api as oversight
from integritas.services.audit.api import held_subjects
from integritas.services.compliance.api import erase_seen, subject_matcher

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastapi import APIRouter

    from integritas.bootstrap.parts import Kit, Services
    from integritas.cases.api import CaseDesk
    from integritas.journal.api import Journal
    from integritas.kernel.contracts import Context, Evidence, UnitOfWork
    from integritas.kernel.ids import TenantId
    from integritas.platform.config import Settings
    from integritas.platform.db import Database

__all__ = ["oversight_routers", "retention_desk"]


class Parts(Protocol):
    """What of a platform keeps something of people."""

    settings: Settings
    kit: Kit
    database: Database
    journal: Journal
    cases: CaseDesk
    services: Services


def _subjects(platform: Parts) -> oversight.SubjectDesk:
    """Return who erases evidence, here and in what every service learned of it."""
    allowing = platform.services.records.allowing
    erasers: list[oversight.Eraser] = [_of_tenant(erase_seen)]
    if allowing is not None:
        erasers.append(_of_allow_list(allowing.erase))
    if platform.services.spam_desk is not None:
        erasers.append(_of_tenant(platform.services.spam_desk.erase))
    if platform.services.datasets is not None:
        erasers.append(_of_tenant(platform.services.datasets.erase_evidence))
    return oversight.SubjectDesk(
        platform.database, platform.cases, platform.journal, erasers, held_subjects
    )


def _of_tenant(
    erase: Callable[[UnitOfWork, TenantId, Sequence[Evidence]], int],
) -> oversight.Eraser:
    """Return an eraser of what nothing in the journal tells of."""
    return lambda uow, context, evidence: oversight.Unlearned(
        erase(uow, context.tenant, evidence)
    )


def _of_allow_list(
    erase: Callable[[UnitOfWork, Context, Sequence[Evidence]], Sequence[str]],
) -> oversight.Eraser:
    """Return an eraser of pairs, each of which entries of the journal are on."""

    def unlearn(
        uow: UnitOfWork, context: Context, evidence: Sequence[Evidence]
    ) -> oversight.Unlearned:
        pairs = erase(uow, context, evidence)
        return oversight.Unlearned(len(pairs), pairs)

    return unlearn


def retention_desk(platform: Parts) -> oversight.RetentionDesk:
    """Return who erases evidence whose period is over; policies overrule settings."""
    usual, policies = (
        platform.settings.retention_days,
        platform.services.records.policies,
    )

    async def periods(tenant: TenantId) -> oversight.Periods:
        if policies is None:
            return oversight.Periods(usual, {})
        chosen = await policies.in_force(tenant)
        return oversight.Periods(
            {**usual, **chosen.default.retention_days},
            {
                channel: {**usual, **policy.retention_days}
                for channel, policy in chosen.channels.items()
            },
        )

    return oversight.RetentionDesk(
        database=platform.database,
        journal=platform.journal,
        subjects=_subjects(platform),
        holds=held_subjects,
        periods=periods,
        clock=platform.kit.clock,
    )


def oversight_routers(platform: Parts) -> Sequence[APIRouter]:
    """Return the routes of backtests, data subjects and retention."""
    policies = platform.services.records.policies
    if policies is None:
        return ()
    return (
        oversight.router(
            platform.cases,
            policies.decider,
            _subjects(platform),
            subject_matcher,
            retention_desk(platform),
        ),
    )
