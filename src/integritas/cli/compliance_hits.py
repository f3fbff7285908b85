"""`integritas compliance hits`: where the reviews of watchlist hits stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

import orjson
import typer

from integritas.cli.chosen import Db
from integritas.kernel.clock import format_time
from integritas.kernel.ids import DEFAULT_TENANT, TenantId

if TYPE_CHECKING:
    from integritas.cases.api import FindingRecord
    from integritas.services.audit.api import AuditTrail

__all__ = ["show_hits"]

_PAGE: Final = 200

Tenant = Annotated[str, typer.Option("--tenant", help="Whose cases.")]
Review = Annotated[
    Literal["open", "proposed", "confirmed", "dismissed"] | None,
    typer.Option(help="Only these; proposed wait for a second person."),
]


def show_hits(
    *, review: Review = None, db: Db = None, tenant: Tenant = DEFAULT_TENANT
) -> None:
    """Show the hits of all cases, newest first, one JSON object a line.

    Without names and reasons, which a person sees at GET /compliance/hits. A review is
    somebody's word, so it is made there too: POST /findings/{id}/review.
    """
    # Screening, whose commands stand beside this one, must not wait for all of it.
    from integritas.cli.audit import with_trail  # noqa: PLC0415
    from integritas.cli.reconcile import reading_desk  # noqa: PLC0415

    async def read(trail: AuditTrail, who: TenantId) -> list[FindingRecord]:
        desk = reading_desk(trail)
        found: list[FindingRecord] = []
        while page := await desk.hits(
            who, review=review, before=found[-1].id if found else None, limit=_PAGE
        ):
            found += page
        return found

    for record in with_trail(read, db=db, tenant=tenant):
        typer.echo(orjson.dumps(_line(record)).decode())


def _line(record: FindingRecord) -> dict[str, object]:
    finding = record.finding
    return {
        "id": record.id,
        "case": record.case_id,
        "list": finding.data.get("list"),
        "uid": finding.data.get("uid"),
        "score": finding.score,
        "severity": finding.severity.value,
        "created_at": format_time(record.created_at),
        "review": record.review.value,
        "reviewed_by": record.reviewed_by,
        "proposed": record.proposed.value if record.proposed else None,
        "proposed_by": record.proposed_by,
    }
