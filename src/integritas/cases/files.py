"""What people keep beside cases: links to other cases, and attachments.

Neither changes a case: its version stays, so an open approval does too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.cases import views
from integritas.cases.need import Reader, visible_to
from integritas.cases.tables import ATTACHMENTS, CASE_LINKS
from integritas.journal.api import commitment_of
from integritas.kernel.contracts import Context, Fact
from integritas.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from integritas.kernel.ids import AttachmentId, CaseId, TenantId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.clock import Clock, Randomness
    from integritas.kernel.contracts import Recorder
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database, Transaction

__all__ = ["Attachment", "CaseFiles", "CaseLink", "LinkKind", "NewAttachment"]

LINKED: Final = "integritas.case.linked.v1"
ATTACHED: Final = "integritas.case.attached.v1"
ATTACHMENT_READ: Final = "integritas.attachment.read.v1"
_SALT_BYTES: Final = 16


class LinkKind(StrEnum):
    """How one case stands to another."""

    RELATED = "related"
    DUPLICATE_OF = "duplicate_of"
    PART_OF = "part_of"
    CAUSED_BY = "caused_by"


@dataclass(frozen=True, slots=True)
class CaseLink:
    """`case_id` is `kind` `to`, says `actor_id`."""

    tenant: TenantId
    case_id: CaseId
    to: CaseId
    kind: LinkKind
    reason: str
    actor_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewAttachment:
    """A file on its way in."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file kept with a case, without its content."""

    tenant: TenantId
    id: AttachmentId
    case_id: CaseId
    name: str
    media_type: str
    size: int
    sha256: str
    added_by: str
    added_at: datetime


class CaseFiles:
    """Links cases, keeps attachments and shows both."""

    def __init__(
        self,
        database: Database,
        recorder: Recorder,
        clock: Clock,
        randomness: Randomness,
        ids: IdFactory,
    ) -> None:
        """Take the parts; bootstrap wires them."""
        self._database = database
        self._recorder = recorder
        self._clock = clock
        self._randomness = randomness
        self._ids = ids

    # Links -----------------------------------------------------------------------

    async def link(
        self,
        context: Context,
        case_id: CaseId,
        to: CaseId,
        kind: LinkKind,
        reason: str,
        *,
        reader: Reader | None = None,
    ) -> CaseLink:
        """Link a case to another; the case stays as it is.

        Raises:
            NotFound: there is no such case.
            InvalidInput: the other case is none, or the same.
            Conflict: they are linked so already.
        """
        if case_id == to:
            raise _bad_link("is the case itself")
        visible = visible_to(reader, self._clock.now())

        def work(tx: Transaction) -> CaseLink:
            case = views.get_case(tx, context.tenant, case_id, lock=True)
            try:
                views.get_case(tx, context.tenant, to, visible=visible)
            except NotFound as error:
                raise _bad_link("is no case of this tenant") from error
            link = CaseLink(
                tenant=context.tenant,
                case_id=case_id,
                to=to,
                kind=kind,
                reason=reason,
                actor_id=context.actor.id,
                created_at=self._clock.now(),
            )
            if _find_link(tx, link):
                raise Conflict(f"case {case.number} is linked so already")
            tx.insert(CASE_LINKS, [_link_row(link)])
            fact = Fact(
                type=LINKED,
                subject=case_id,
                data={"to": to, "kind": kind.value},
                personal={"reason": reason} if reason else None,
            )
            self._recorder.record(tx, context, [fact])
            return link

        return await self._database.transact(work)

    async def links(
        self, tenant: TenantId, case_id: CaseId, *, reader: Reader | None = None
    ) -> Sequence[CaseLink]:
        """Return the links from and to a case, oldest first, or raise NotFound."""
        table = CASE_LINKS
        visible = visible_to(reader, self._clock.now())
        query = (
            sa.select(table)
            .where(
                table.c.tenant_id == tenant,
                sa.or_(table.c.case_id == case_id, table.c.to_id == case_id),
                visible(table.c.case_id),
                visible(table.c.to_id),
            )
            .order_by(table.c.created_at, table.c.case_id, table.c.to_id, table.c.kind)
        )

        def read(tx: Transaction) -> Sequence[CaseLink]:
            views.get_case(tx, tenant, case_id)
            return [_link_of(row) for row in tx.execute(query)]

        return await self._database.read(read)

    # Attachments -----------------------------------------------------------------

    async def attach(
        self, context: Context, case_id: CaseId, new: NewAttachment
    ) -> Attachment:
        """Keep a file with a case; the journal commits to its bytes.

        Raises:
            NotFound: there is no such case.
        """

        def work(tx: Transaction) -> Attachment:
            views.get_case(tx, context.tenant, case_id, lock=True)
            kept = Attachment(
                tenant=context.tenant,
                id=AttachmentId(self._ids.new("att")),
                case_id=case_id,
                name=new.name,
                media_type=new.media_type,
                size=len(new.content),
                sha256=hashlib.sha256(new.content).hexdigest(),
                added_by=context.actor.id,
                added_at=self._clock.now(),
            )
            salt = self._randomness.token_bytes(_SALT_BYTES)
            tx.insert(ATTACHMENTS, [_attachment_row(kept, salt, new.content)])
            fact = Fact(
                type=ATTACHED,
                subject=case_id,
                data={
                    "attachment": kept.id,
                    "size": kept.size,
                    "commitment": commitment_of(salt, new.content),
                },
                personal={"name": kept.name},
            )
            self._recorder.record(tx, context, [fact])
            return kept

        return await self._database.transact(work)

    async def attachments(
        self, tenant: TenantId, case_id: CaseId
    ) -> Sequence[Attachment]:
        """Return the attachments of a case, oldest first, or raise NotFound."""
        query = (
            sa.select(*_SHOWN)
            .where(ATTACHMENTS.c.tenant_id == tenant, ATTACHMENTS.c.case_id == case_id)
            .order_by(ATTACHMENTS.c.id)
        )

        def read(tx: Transaction) -> Sequence[Attachment]:
            views.get_case(tx, tenant, case_id)
            return [_attachment_of(row) for row in tx.execute(query)]

        return await self._database.read(read)

    async def read_attachment(
        self, context: Context, attachment_id: AttachmentId
    ) -> tuple[Attachment, bytes]:
        """Return an attachment; that it was read is recorded before it is shown.

        Raises:
            NotFound: no such attachment in this tenant.
        """
        query = sa.select(ATTACHMENTS).where(
            ATTACHMENTS.c.tenant_id == context.tenant,
            ATTACHMENTS.c.id == attachment_id,
        )

        def work(tx: Transaction) -> tuple[Attachment, bytes]:
            row = tx.execute(query).one_or_none()
            if row is None:
                raise NotFound(f"there is no attachment {attachment_id}")
            fact = Fact(
                type=ATTACHMENT_READ,
                subject=row.case_id,
                data={"attachment": attachment_id},
            )
            self._recorder.record(tx, context, [fact])
            return _attachment_of(row), bytes(row.content)

        return await self._database.transact(work)


def _bad_link(what: str) -> InvalidInput:
    return InvalidInput(
        "the cases cannot be linked so",
        errors=(FieldError("to", what, "name another case by its id"),),
    )


def _find_link(tx: Transaction, link: CaseLink) -> bool:
    table = CASE_LINKS
    query = sa.select(table.c.kind).where(
        table.c.tenant_id == link.tenant,
        table.c.case_id == link.case_id,
        table.c.to_id == link.to,
        table.c.kind == link.kind.value,
    )
    return tx.execute(query).one_or_none() is not None


def _link_row(link: CaseLink) -> dict[str, Any]:
    return {
        "tenant_id": link.tenant,
        "case_id": link.case_id,
        "to_id": link.to,
        "kind": link.kind.value,
        "reason": link.reason,
        "actor_id": link.actor_id,
        "created_at": link.created_at,
    }


def _link_of(row: Any) -> CaseLink:  # noqa: ANN401 - a row of the table
    return CaseLink(
        tenant=row.tenant_id,
        case_id=CaseId(row.case_id),
        to=CaseId(row.to_id),
        kind=LinkKind(row.kind),
        reason=row.reason,
        actor_id=row.actor_id,
        created_at=row.created_at,
    )


_SHOWN: Final = tuple(
    column for column in ATTACHMENTS.c if column.name not in {"content", "salt"}
)


def _attachment_row(kept: Attachment, salt: bytes, content: bytes) -> dict[str, Any]:
    return {
        "tenant_id": kept.tenant,
        "id": kept.id,
        "case_id": kept.case_id,
        "name": kept.name,
        "media_type": kept.media_type,
        "size": kept.size,
        "sha256": kept.sha256,
        "salt": salt,
        "content": content,
        "added_by": kept.added_by,
        "added_at": kept.added_at,
    }


def _attachment_of(row: Any) -> Attachment:  # noqa: ANN401 - a row of the table
    return Attachment(
        tenant=row.tenant_id,
        id=AttachmentId(row.id),
        case_id=CaseId(row.case_id),
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        added_by=row.added_by,
        added_at=row.added_at,
    )
