"""A list changes while cases are there: who is new on it is found among the parties."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from argon2.profiles import CHEAPEST
from tests.unit.services.compliance.forms import EU, UK

from integritas.bootstrap import Platform, bootstrap
from integritas.cases.api import LOOK_AGAIN, NewEvidence, NewSubmission
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.evidence import Party, content_digest
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.kernel.states import FINAL_STATES
from integritas.migrations.api import migrate
from integritas.oversight.api import ListMonitor, SubjectDesk
from integritas.oversight.tables import LIST_WATCH_HITS
from integritas.platform.config import load_settings
from integritas.platform.db import open_database
from integritas.platform.security import Passwords
from integritas.services.compliance.api import load_watchlists, refresh_lists

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from integritas.cases.api import Case
    from integritas.kernel.contracts import Assessment, Dossier, Failure
    from integritas.platform.db import Transaction
    from integritas.services.compliance.api import ListVersion

pytestmark = pytest.mark.integration

CONTEXT = Context(DEFAULT_TENANT, SYSTEM, "test")
LISTED, LATER = "Yusuf Karim Haddad", "Ingeborg Lindqvist Thalmann"
ADDED = UK.replace(
    "</Designations>",
    f"""<Designation><UniqueID>TST0003</UniqueID>
    <Names><Name><Name6>{LATER}</Name6><NameType>Primary Name</NameType></Name></Names>
    <IndividualEntityShip>Individual</IndividualEntityShip></Designation>
    </Designations>""",
)


@pytest.fixture
def lists(tmp_path: Path) -> Callable[..., None]:
    """Put lists on the platform's disk as the command line does."""

    def put(**texts: str) -> None:
        source = tmp_path / "source"
        for name, text in texts.items():
            (source / name).mkdir(parents=True, exist_ok=True)
            (source / name / "list.xml").write_text(text, encoding="utf-8")
        refresh_lists(source, tmp_path / "lists")

    return put


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a migrated database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/test.db"
    found: str = request.getfixturevalue("postgres_url")
    opened = open_database(found)
    migrate(opened)
    opened.close()
    return found


def platform_of(tmp_path: Path, address: str) -> Platform:
    settings = load_settings(
        state_dir=tmp_path,
        database_url=address,
        admin_password="several words together",
    )
    return bootstrap(settings, passwords=Passwords(CHEAPEST))


def submission(*names: str) -> NewSubmission:
    parties = [Party(schema="Person", properties={"name": (name,)}) for name in names]
    items = tuple(NewEvidence(party, content_digest(party)) for party in parties)
    return NewSubmission(channel="api", evidence=items)


async def until(found: Callable[[], Awaitable[Any]]) -> Any:
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        if answer := await found():
            return answer
        await asyncio.sleep(0.05)
    pytest.fail("it did not come")


async def hits(platform: Platform, case: Case) -> list[tuple[Any, Any]]:
    found = await platform.cases.findings(DEFAULT_TENANT, case.id)
    return [
        (record.finding.data["list"], record.finding.data["uid"])
        for record in found
        if record.finding.kind == "hit"
    ]


async def told(platform: Platform) -> list[str]:
    entries = await platform.journal.read(DEFAULT_TENANT, after=0, limit=1_000)
    return [entry.subject for entry in entries if entry.type == LOOK_AGAIN]


@pytest.mark.timeout(120)
async def test_who_is_new_on_a_list_is_found_in_open_and_closed_cases(
    tmp_path: Path, address: str, lists: Callable[..., None]
) -> None:
    lists(eu=EU, uk=UK)
    platform = platform_of(tmp_path, address)
    await platform.start()
    cases = platform.cases
    try:
        assert platform.monitor is not None
        await platform.monitor.catch_up()  # watched from here on
        held = (await cases.open(CONTEXT, submission(LISTED, LATER))).case
        clean = (await cases.open(CONTEXT, submission(LATER))).case

        async def settled() -> bool:
            first = await cases.get(DEFAULT_TENANT, held.id)
            second = await cases.get(DEFAULT_TENANT, clean.id)
            return first.state == "VALIDATING" and second.state in FINAL_STATES

        await until(settled)
        lists(uk=ADDED)

        async def found() -> bool:
            return ("uk", "TST0003") in await hits(platform, held)

        await until(found)

        async def opened() -> Sequence[Case]:
            return [
                case
                for case in await cases.list(DEFAULT_TENANT)
                if case.channel == "monitoring"
            ]

        [new] = await until(opened)
        assert clean.number in new.title

        async def new_found() -> bool:
            return await hits(platform, new) == [("uk", "TST0003")]

        await until(new_found)
        assert await told(platform) == [held.id]
    finally:
        await platform.stop()

    # What was told stays told: another start, and the same list once more.
    platform = platform_of(tmp_path, address)
    try:
        assert platform.monitor is not None
        assert await platform.monitor.catch_up() == 0
        assert await told(platform) == [held.id]
        assert len(await platform.cases.list(DEFAULT_TENANT)) == 3
    finally:
        await platform.stop()


class Failing:
    """The real service, which fails once after some answers."""

    def __init__(self, platform: Platform, after: int) -> None:
        self._real = platform.services.compliance
        self._left = after
        self.asked = 0

    async def list_versions(self) -> Sequence[ListVersion]:
        return await self._real.list_versions()

    async def rescreen(
        self, since: Mapping[str, str], batch: Sequence[Dossier]
    ) -> Sequence[Assessment | Failure]:
        self._left -= 1
        if self._left == -1:
            raise ConnectionError("gone")
        self.asked += len(batch)
        return await self._real.rescreen(since, batch)


async def test_a_walk_goes_on_where_it_was(
    tmp_path: Path, address: str, lists: Callable[..., None]
) -> None:
    lists(uk=UK)
    platform = platform_of(tmp_path, address)  # never started: nothing else moves
    try:
        opened = await platform.cases.open_many(
            CONTEXT, [submission(LATER), submission("Nobody Atall"), submission(LATER)]
        )
        screener = Failing(platform, after=2)
        parts = platform.database, platform.journal, platform.cases, screener
        assert await ListMonitor(*parts, page=1).catch_up() == 0
        lists(uk=ADDED)
        service: Any = platform.services.compliance
        service.use(load_watchlists(tmp_path / "lists"))
        with pytest.raises(ConnectionError):
            await ListMonitor(*parts, page=1).catch_up()
        assert await told(platform) == [opened[2].case.id]
        assert await ListMonitor(*parts, page=1).catch_up() == 1
        assert await told(platform) == [opened[2].case.id, opened[0].case.id]
        assert screener.asked == 3  # each case once
        # An entry that changes is told again, another one that does is no matter.
        lists(uk=ADDED.replace("GREY PETREL", "BLACK PETREL"))
        service.use(load_watchlists(tmp_path / "lists"))
        assert await ListMonitor(*parts, page=1).catch_up() == 0
        lists(uk=ADDED.replace("<Name6>Ingeborg", "<Name1>Ada</Name1><Name6>Ingeborg"))
        service.use(load_watchlists(tmp_path / "lists"))
        assert await ListMonitor(*parts, page=1).catch_up() == 2
    finally:
        await platform.stop()


async def test_a_list_that_was_not_there_before_is_new_as_a_whole(
    tmp_path: Path, address: str, lists: Callable[..., None]
) -> None:
    platform = platform_of(tmp_path, address)
    try:
        opened = await platform.cases.open(CONTEXT, submission(LISTED))
        assert platform.monitor is not None
        assert await platform.monitor.catch_up() == 0
        lists(eu=EU)
        service: Any = platform.services.compliance
        service.use(load_watchlists(tmp_path / "lists"))
        assert await platform.monitor.catch_up() == 1
        assert await told(platform) == [opened.case.id]
    finally:
        await platform.stop()


async def test_whom_a_case_resembles_is_erased_with_its_evidence(
    tmp_path: Path, address: str, lists: Callable[..., None]
) -> None:
    lists(uk=UK)
    platform = platform_of(tmp_path, address)
    try:
        erased, kept = await platform.cases.open_many(
            CONTEXT, [submission(LATER), submission(LATER)]
        )
        assert platform.monitor is not None
        assert await platform.monitor.catch_up() == 0
        lists(uk=ADDED)
        service: Any = platform.services.compliance
        service.use(load_watchlists(tmp_path / "lists"))
        assert await platform.monitor.catch_up() == 2

        def told_of(tx: Transaction) -> list[str]:
            return sorted(tx.execute(sa.select(LIST_WATCH_HITS.c.case_id)).scalars())

        assert await platform.database.read(told_of) == [erased.case.id, kept.case.id]
        subjects = SubjectDesk(
            platform.database, platform.cases, platform.journal, (), lambda *_: ()
        )
        done = await subjects.erase(CONTEXT, list(erased.evidence), "art. 17")
        assert (done.cases, done.learned) == ((erased.case.id,), 1)
        assert await platform.database.read(told_of) == [kept.case.id]
        # The same list once more: nobody is told again.
        assert await platform.monitor.catch_up() == 0
    finally:
        await platform.stop()
