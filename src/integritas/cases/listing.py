"""Lists of cases: which, in what order, from where on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.cases.model import Priority
from integritas.cases.need import Visible, all_visible
from integritas.cases.rows import case_of
from integritas.cases.tables import CASES
from integritas.kernel.clock import format_time, parse_time
from integritas.kernel.contracts import Outcome
from integritas.kernel.errors import FieldError, InvalidInput
from integritas.kernel.states import CaseState
from integritas.platform.columns import UtcTime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.cases.model import Case
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["CaseFilter", "CaseOrder", "CaseSort", "list_cases"]

_NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
_NO_RISK: Final = -1.0


class CaseSort(StrEnum):
    """What a list of cases is sorted by; a minus: from the greatest down."""

    CREATED = "created_at"
    CREATED_DOWN = "-created_at"
    UPDATED = "updated_at"
    UPDATED_DOWN = "-updated_at"
    DUE = "due_at"
    DUE_DOWN = "-due_at"
    RISK = "risk"
    RISK_DOWN = "-risk"


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases: all conditions hold together; empty means any."""

    states: tuple[CaseState, ...] = ()
    assignee: str | None = None
    channel: str | None = None
    min_risk: float | None = None
    max_risk: float | None = None
    outcomes: tuple[Outcome, ...] = ()
    priorities: tuple[Priority, ...] = ()
    tag: str | None = None
    kind: str | None = None
    created_from: datetime | None = None
    created_before: datetime | None = None
    updated_from: datetime | None = None
    due_before: datetime | None = None
    before: str | None = None
    """An id: cases opened before it."""


@dataclass(frozen=True, slots=True)
class CaseOrder:
    """In what order, and behind which case (`place` of it) the list goes on.

    What has no risk counts as below all risk; what is never due, as due at the end of
    time.
    """

    sort: CaseSort = CaseSort.CREATED_DOWN
    after: tuple[str, str] | None = None

    def place(self, case: Case) -> tuple[str, str]:
        """Return where a case stands in this order: its value and its id."""
        name = self.sort.value.removeprefix("-")
        if name == "risk":
            return repr(_NO_RISK if case.risk is None else case.risk), case.id
        moment = case.created_at if name == "created_at" else getattr(case, name)
        return format_time(moment or _NEVER), case.id

    def apply(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """Return the query in this order, from where it goes on."""
        column, down = self._column(), self.sort.value.startswith("-")
        if self.after is not None:
            value, case_id = self._value(self.after[0]), self.after[1]
            here = sa.tuple_(column, CASES.c.id)
            there = sa.tuple_(sa.literal(value, column.type), sa.literal(case_id))
            query = query.where(here < there if down else here > there)
        if down:
            return query.order_by(column.desc(), CASES.c.id.desc())
        return query.order_by(column, CASES.c.id)

    def _column(self) -> sa.ColumnElement[Any]:
        name = self.sort.value.removeprefix("-")
        if name == "risk":
            return sa.func.coalesce(CASES.c.risk, _NO_RISK, type_=sa.Float(53))
        if name == "due_at":
            never = sa.literal(_NEVER, UtcTime)
            return sa.func.coalesce(CASES.c.due_at, never, type_=UtcTime)
        return CASES.c[name]

    def _value(self, text: str) -> datetime | float:
        try:
            if self.sort in {CaseSort.RISK, CaseSort.RISK_DOWN}:
                return float(text)
            return parse_time(text)
        except (ValueError, InvalidInput) as error:
            raise InvalidInput(
                "the cursor is not valid",
                errors=(
                    FieldError(
                        "cursor",
                        "is not one of this order",
                        "pass next_cursor of the page before, with the same sort",
                    ),
                ),
            ) from error


def list_cases(
    tx: Transaction,
    tenant: TenantId,
    chosen: CaseFilter,
    order: CaseOrder,
    *,
    limit: int,
    visible: Visible = all_visible,
) -> Sequence[Case]:
    """Return the cases that are chosen, in order."""
    query = sa.select(CASES).where(
        CASES.c.tenant_id == tenant, visible(CASES.c.id), *_conditions(chosen)
    )
    rows = tx.execute(order.apply(query).limit(limit))
    return [case_of(row) for row in rows]


def _conditions(chosen: CaseFilter) -> list[sa.ColumnElement[bool]]:
    table = CASES.c
    one_of = (
        (table.state, chosen.states),
        (table.outcome, chosen.outcomes),
        (table.priority, chosen.priorities),
    )
    found: list[sa.ColumnElement[bool]] = [
        column.in_([each.value for each in values])
        for column, values in one_of
        if values
    ]
    limits = (
        (chosen.assignee, table.assignee.__eq__),
        (chosen.channel, table.channel.__eq__),
        (chosen.min_risk, table.risk.__ge__),
        (chosen.max_risk, table.risk.__le__),
        (chosen.created_from, table.created_at.__ge__),
        (chosen.created_before, table.created_at.__lt__),
        (chosen.updated_from, table.updated_at.__ge__),
        (chosen.due_before, table.due_at.__lt__),
        (chosen.before, table.id.__lt__),
    )
    found += [holds(value) for value, holds in limits if value is not None]
    if chosen.tag is not None:
        found.append(_holds_text(table.tags, chosen.tag))
    if chosen.kind is not None:
        found.append(_holds_text(table.kinds, chosen.kind))
    return found


def _holds_text(column: sa.Column[Any], text: str) -> sa.ColumnElement[bool]:
    """Say whether a JSON list of texts holds one; both databases write them alike."""
    quoted = json.dumps(text, ensure_ascii=False)
    return sa.cast(column, sa.Text).contains(quoted, autoescape=True)
