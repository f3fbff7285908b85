"""Holds the log against the journal: every entry of one is in the other, and equal."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeAlias

from integritas.journal.api import mistyped
from integritas.kernel.errors import StorageFailure
from integritas.services.audit.bodies import entry_body
from integritas.services.audit.findings import EXTERNAL
from integritas.services.audit.merkle import leaf_hash
from integritas.services.audit.rows import as_bytes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from integritas.journal.api import Journal
    from integritas.kernel.ids import TenantId
    from integritas.services.audit.findings import LogCheck

__all__ = ["check_forms", "check_journal", "check_personal", "check_types"]

_PAGE: Final = 1_000
_Numbered: TypeAlias = tuple[int, bytes | None]


async def check_journal(
    journal: Journal,
    tenant: TenantId,
    check: LogCheck,
    *,
    handled: int,
    others: Iterable[str],
) -> None:
    """Compare a verified log with the journal up to `handled`, or the log's own end.

    `others` are tenants that may have a log without having a journal.
    """
    known = {as_bytes(name) for name in (*await journal.tenants(), *others)}
    for stray in sorted(check.tenants - known):
        name = stray.decode(errors="backslashreplace")
        check.differ("tenant_id", f"there is no tenant {name!r}")
    if check.full:
        return
    placed = _placed(check.seqs, handled)
    end = max(placed[-1][0] if placed else 0, handled)
    number = 0
    async for seq, leaf in _journal_leaves(journal, tenant, end):
        while number < len(placed) and placed[number][0] < seq:
            check.differ(f"audit_entries[{placed[number][1]}]", "is not in the journal")
            number += 1
        if number == len(placed) or placed[number][0] > seq:
            check.differ(f"journal[{seq}]", "is missing from the log")
            continue
        index = placed[number][1]
        if leaf is None:
            check.differ(f"journal[{seq}]", "cannot be read")
        elif leaf != check.leaves[index]:
            check.differ(
                f"journal[{seq}]", f"is not what was logged as audit_entries[{index}]"
            )
        number += 1
    for _, rest in placed[number:]:
        check.differ(f"audit_entries[{rest}]", "is not in the journal")
        if check.full:
            return


async def check_forms(
    journal: Journal,
    tenant: TenantId,
    check: LogCheck,
    *,
    handled: int,
    settled: bool = False,
) -> None:
    """Find what the journal never writes: gaps, and texts in other characters.

    Entries of tenants that have no log are looked at too: nobody else would. Entries
    that wait to be logged are noted; where all is `settled` none may wait.
    """
    if settled:
        await _check_settled(journal, tenant, check, handled=handled)
    await _check_forms(journal, tenant, check, handled=handled)
    for other in await journal.tenants():
        if isinstance(other, bytes):  # SQLite keeps any type in any column
            check.differ("journal.tenant_id", f"is not of the type stored: {other!r}")
        elif other != tenant and other.encode() not in check.tenants:
            await _check_forms(journal, other, check, handled=0, of=f"{other}/")


async def _check_settled(
    journal: Journal, tenant: TenantId, check: LogCheck, *, handled: int
) -> None:
    for seq in range(max(handled, 0) + 1, await journal.head(tenant) + 1):
        if check.full:
            return
        check.differ(f"journal[{seq}]", "is not logged, and nothing should wait")


async def _check_forms(
    journal: Journal, tenant: TenantId, check: LogCheck, *, handled: int, of: str = ""
) -> None:
    for stray in await journal.strays(tenant, after=handled):
        check.differ(f"journal[{of}{stray}]", "follows no entry: it is forged")
    waiting = await journal.head(tenant) - handled
    if waiting > 0:
        whose = f" of {tenant!r}" if of else ""
        check.notes.append(
            f"{waiting} entries of the journal{whose} are not logged yet"
        )
    after: int | None = 0
    while after is not None and not check.full:
        try:
            odd, after = await journal.oddly_written(tenant, after=after)
        except StorageFailure as error:
            check.differ("journal", f"cannot be read: {error.detail}")
            return
        for seq, column in odd:
            if column == "event_id" and seq <= handled:
                continue  # it was logged, and so was held against its leaf
            check.differ(f"journal[{of}{seq}].{column}", "is not as it was written")


async def check_types(journal: Journal, tenant: TenantId, check: LogCheck) -> None:
    """Find values of the journal that are of another type than it writes."""
    try:
        found = await mistyped(journal.database, tenant)
    except StorageFailure:
        return  # whoever reads the entries says what is wrong
    for table, seq, column in found:
        check.differ(f"{table}[{seq}].{column}", "is not of the type stored")


async def check_personal(journal: Journal, tenant: TenantId, check: LogCheck) -> None:
    """Compare personal data beside the journal with the commitments that were logged.

    What is there must be what was committed to; for what is not there, an entry must
    tell who erased it.
    """
    try:
        await _check_personal(journal, tenant, check)
    except StorageFailure as error:
        check.differ("journal_personal", f"cannot be read: {error.detail}")


async def _check_personal(journal: Journal, tenant: TenantId, check: LogCheck) -> None:
    known = set(await journal.tenants())
    for name in sorted({*await journal.personal_tenants()} - known):
        check.differ("journal_personal.tenant_id", f"there is no tenant {name!r}")
    after, ended = None, False
    while not ended and not check.full:
        broken, after = await journal.broken_commitments(tenant, after=after)
        ended = after is None
        for seq in broken:
            check.differ(f"journal_personal[{seq}]", "is not what was committed to")
    for seq in await journal.missing_personal(tenant):
        check.differ(
            f"journal_personal[{seq}]", "is missing; nobody told of erasing it"
        )


def _placed(seqs: Sequence[int | None], handled: int) -> list[tuple[int, int]]:
    """Return (seq, index) of the entries that came from the journal, in log order.

    Of those whose body is lost as many are counted as there are numbers between their
    neighbours: the others came from outside.
    """
    placed: list[tuple[int, int]] = []
    lost: list[int] = []
    last = 0
    for index, seq in enumerate(seqs):
        if seq is None:
            lost.append(index)
        elif seq != EXTERNAL:
            placed += zip(range(last + 1, seq), lost, strict=False)
            placed.append((seq, index))
            lost, last = [], seq
    placed += zip(range(last + 1, handled + 1), lost, strict=False)
    return placed


async def _journal_leaves(
    journal: Journal, tenant: TenantId, end: int
) -> AsyncIterator[_Numbered]:
    """Yield the leaf hash of each entry; None for one that cannot be read."""
    after = 0
    while after < end:
        try:
            page = await _leaves(journal, tenant, after, _PAGE)
        except Exception:  # noqa: BLE001 - whatever broke it, find the entry
            page = [
                item
                for seq in range(after, min(after + _PAGE, end))
                for item in await _single(journal, tenant, seq)
            ]
            after += _PAGE
        else:
            after = page[-1][0] if page else end
        for item in page:
            if item[0] <= end:
                yield item


async def _leaves(
    journal: Journal, tenant: TenantId, after: int, limit: int
) -> list[_Numbered]:
    entries = await journal.read(tenant, after=after, limit=limit)

    def hashed() -> list[_Numbered]:
        return [(entry.seq, leaf_hash(entry_body(entry))) for entry in entries]

    return await asyncio.to_thread(hashed)


async def _single(journal: Journal, tenant: TenantId, after: int) -> list[_Numbered]:
    try:
        page = await _leaves(journal, tenant, after, 1)
    except Exception:  # noqa: BLE001 - as above
        return [(after + 1, None)]
    return [item for item in page if item[0] == after + 1]
