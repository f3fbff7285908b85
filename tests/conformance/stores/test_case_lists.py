"""Lists, search, figures and files of cases, alike on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integritas.cases.api import (
    CaseFigures,
    CaseFiles,
    CaseFilter,
    CaseOrder,
    CaseSort,
    EditCase,
    Interval,
    LinkKind,
    NewAttachment,
    Priority,
    Reader,
)
from integritas.kernel.clock import SeededRandomness
from integritas.kernel.errors import Conflict, InvalidInput, NotFound
from integritas.kernel.ids import AttachmentId, CaseId, TenantId

MAIN = TenantId("main")
SOMEBODY = Reader(MAIN, "user_1")


async def some(stores: Any) -> list[str]:
    """Open four cases, a second apart: due on days 3, 1, never and 1."""
    found = []
    for day in (3, 1, None, 1):
        case_id = await stores.new_case()
        stores.clock.advance(1)
        due = None if day is None else stores.clock.now() + timedelta(days=day)
        edit = EditCase(title=f"Number {day}", tags=(f"day {day}",), due_at=due)
        await stores.desk.change(stores.person(), case_id, edit)
        found.append(case_id)
    return found


@pytest.mark.parametrize("sort", list(CaseSort))
async def test_pages_of_any_order_hold_each_case_once(
    stores: Any, sort: CaseSort
) -> None:
    ids = await some(stores)
    seen, after = [], None
    while True:
        order = CaseOrder(sort, after)
        page = await stores.desk.list(MAIN, order=order, limit=2)
        seen += page
        if len(page) < 2:
            break
        after = order.place(page[-1])
    assert sorted(case.id for case in seen) == sorted(ids)
    places = [CaseOrder(sort).place(case) for case in seen]
    assert places == sorted(places, reverse=sort.value.startswith("-"))


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        (CaseFilter(tag="day 1"), 2),
        (CaseFilter(tag="day"), 0),
        (CaseFilter(kind="message"), 4),
        (CaseFilter(priorities=(Priority.HIGH,)), 0),
        (CaseFilter(max_risk=50), 0),
    ],
)
async def test_filters(stores: Any, chosen: CaseFilter, count: int) -> None:
    await some(stores)
    assert len(await stores.desk.list(MAIN, chosen)) == count


async def test_times_are_compared(stores: Any) -> None:
    await some(stores)
    soon = stores.clock.now() + timedelta(days=2)
    assert len(await stores.desk.list(MAIN, CaseFilter(due_before=soon))) == 2
    now = stores.clock.now()
    assert await stores.desk.list(MAIN, CaseFilter(created_from=now)) == []
    assert len(await stores.desk.list(MAIN, CaseFilter(created_before=now))) == 4


async def test_words_are_found_in_any_case(stores: Any) -> None:
    await some(stores)
    figures = CaseFigures(stores.database, stores.clock)
    found = await figures.search(SOMEBODY, "NUMBER none", before=None, limit=10)
    assert [one.matched for one in found] == [("title", "tag")]
    assert await figures.search(SOMEBODY, "100%", before=None, limit=10) == []
    stranger = Reader(TenantId("other"), "user_1")
    assert await figures.search(stranger, "number", before=None, limit=9) == []


async def test_cases_are_counted(stores: Any) -> None:
    await some(stores)
    figures = CaseFigures(stores.database, stores.clock)
    stores.clock.advance(2 * 86_400)
    stats = await figures.stats(SOMEBODY)
    assert (stats.cases, stats.unassigned, stats.overdue) == (4, 4, 2)
    assert stats.by_state == {"PENDING": 4}
    day = (stores.clock.now() - timedelta(days=2)).date()
    week = timedelta(days=6)
    points = await figures.series(SOMEBODY, day - week, day, Interval.DAY)
    assert [point.opened for point in points] == [0, 0, 0, 0, 0, 0, 4]
    [month] = await figures.series(SOMEBODY, day, day, Interval.MONTH)
    assert (month.opened, month.closed) == (4, 0)


@pytest.fixture
def files(stores: Any) -> CaseFiles:
    return CaseFiles(
        stores.database, stores.journal, stores.clock, SeededRandomness(3), stores.ids
    )


async def test_links(stores: Any, files: CaseFiles) -> None:
    one, two = await stores.new_case(), await stores.new_case()
    link = await files.link(stores.person(), one, two, LinkKind.RELATED, "why")
    assert await files.links(MAIN, one) == await files.links(MAIN, two) == [link]
    with pytest.raises(Conflict):
        await files.link(stores.person(), one, two, LinkKind.RELATED, "again")
    for to in (one, CaseId("case_1")):
        with pytest.raises(InvalidInput):
            await files.link(stores.person(), one, to, LinkKind.PART_OF, "")
    stranger = stores.person(tenant=TenantId("other"))
    with pytest.raises(NotFound):
        await files.link(stranger, one, two, LinkKind.RELATED, "")


async def test_attachments(stores: Any, files: CaseFiles) -> None:
    case_id = await stores.new_case()
    new = NewAttachment("a.bin", "application/x-test", bytes(range(256)))
    kept = await files.attach(stores.person(), case_id, new)
    assert await files.attachments(MAIN, case_id) == [kept]
    found, content = await files.read_attachment(stores.person(), kept.id)
    assert (found, content) == (kept, new.content)
    entries = await stores.journal.read_subject(MAIN, case_id)
    assert [entry.type.split(".", 1)[1] for entry in entries][-2:] == [
        "case.attached.v1",
        "attachment.read.v1",
    ]
    with pytest.raises(NotFound):
        await files.read_attachment(stores.person(), AttachmentId("att_1"))
