"""The wired platform: what cases bring, the journal tells, and the service learns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integritas.bootstrap import bootstrap
from integritas.cases.api import NewEvidence, NewSubmission
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.evidence import Message, content_digest
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.platform.config import load_settings

if TYPE_CHECKING:
    from pathlib import Path

OFFER = "Dear friend, claim your prize of {} dollars now at our office in town today"


def submission(number: int) -> NewSubmission:
    content = Message(OFFER.format(number).encode())
    return NewSubmission("form", (NewEvidence(content, content_digest(content)),))


@pytest.mark.timeout(60)
async def test_cases_alike_are_a_campaign_and_stay_cases(tmp_path: Path) -> None:
    settings = load_settings(
        database_url=f"sqlite:///{tmp_path}/test.db", state_dir=tmp_path / "state"
    )
    platform = bootstrap(settings)
    try:
        context = Context(DEFAULT_TENANT, SYSTEM, "test")
        opened = await platform.cases.open_many(
            context, [submission(number) for number in range(3)]
        )
        names = {follower.name for follower in platform.followers}
        assert names >= {"audit", "anticorruption learning", "spam learning"}
        for follower in platform.followers:
            await follower.catch_up()
        assert await platform.lag() == 0
        desk = platform.services.spam_desk
        assert desk is not None
        [campaign] = await desk.campaigns(DEFAULT_TENANT, before=None, limit=10)
        _, members = await desk.campaign(DEFAULT_TENANT, campaign.id)
        assert {m.case_id for m in members} == {one.case.id for one in opened}
        found = await platform.cases.list(DEFAULT_TENANT, limit=10)
        assert len(found) == 3
    finally:
        await platform.stop()
