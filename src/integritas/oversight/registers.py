"""Holds what stands beside the cases against the journal: access, files, users, keys.

The journal is replayed into the rows that must be there; what is missing, extra or
other is named by table and key. Contents are held against the commitments that were
logged, so that evidence which was exchanged is found too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from integritas.cases.api import (
    APPROVAL_DECIDED,
    APPROVAL_REQUESTED,
    APPROVAL_VOIDED,
    ATTACHED,
    BROKEN,
    EDITED,
    EVIDENCE_ADDED,
    EVIDENCE_ERASED,
    GRANTED,
    KEPT,
    LINKED,
    OPENED,
    RESTRICTED,
    REVIEWED,
    REVOKED,
    UNRESTRICTED,
    Priority,
)
from integritas.identity.api import KEPT_IDENTITY
from integritas.journal.api import read_entries
from integritas.kernel.clock import parse_time
from integritas.kernel.contracts import Difference
from integritas.oversight.replay import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from integritas.journal.api import Entry, Journal
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["ALLOW_LIST", "RowsOf", "check_registers"]

RowsOf: TypeAlias = (
    "Callable[[Transaction, TenantId], Iterable[tuple[str, Mapping[str, object]]]]"
)
_Rows: TypeAlias = dict[str, dict[str, object]]

ALLOW_LIST: Final = "compliance_allowed"
_AT_ONCE: Final = 1_000
_ELSEWHERE: Final = "cases"
"""Which of these are missing or extra, whoever compares the cases says."""


async def check_registers(
    tenant: TenantId, journal: Journal, others: Mapping[str, RowsOf]
) -> list[Difference]:
    """Compare all registers with the journal, on one snapshot; nothing is written."""
    tables = {**KEPT, **KEPT_IDENTITY, **others}

    def read(tx: Transaction) -> list[Difference]:
        told = _Told()
        found: list[Difference] = []
        after = 0
        while page := read_entries(
            tx, tenant, after=after, limit=_AT_ONCE, types=_RULES.keys()
        ):
            for entry in page:
                try:
                    _RULES[entry.type](told, entry)
                except UNREADABLE as error:
                    what = f"cannot be replayed: {error!r}"
                    found.append(Difference(f"journal[{entry.seq}]", what))
            after = page[-1].seq
        for table, rows_of in tables.items():
            found += _compared(table, told.tables[table], rows_of(tx, tenant))
        return found

    return await journal.database.read(read)


@dataclass(slots=True)
class _Told:
    """The rows that must be there, by table and key, as the entries tell them."""

    tables: defaultdict[str, _Rows] = field(default_factory=lambda: defaultdict(dict))

    left: dict[str, set[str]] = field(default_factory=dict)
    """The evidence of each case that was not erased."""

    def opened(self, entry: Entry) -> None:
        self.tables["cases"][entry.subject] = {
            "priority": Priority.NORMAL.value,
            "assignee": None,
            "due_at": None,
        }
        self.evidence(entry)

    def edited(self, entry: Entry) -> None:
        data = entry.data
        names = ("priority", "assignee", "due_at")
        self.tables["cases"][entry.subject] = {name: data[name] for name in names}

    def evidence(self, entry: Entry) -> None:
        data: Any = entry.data
        for item in data["evidence"]:
            self.left.setdefault(entry.subject, set()).add(item["id"])
            self.tables["evidence"][item["id"]] = {
                "case": entry.subject,
                "kind": item["kind"],
                "content": item["commitment"],
            }

    def erased(self, entry: Entry) -> None:
        """Forget items; with the last one of a case go its attachments."""
        data: Any = entry.data
        left = self.left.get(entry.subject, set())
        left.difference_update(data["evidence"])
        for name in data["evidence"]:
            self.tables["evidence"].pop(name, None)
        if not left:
            self._drop("attachments", entry.subject)

    def attached(self, entry: Entry) -> None:
        data = entry.data
        self.tables["attachments"][str(data["attachment"])] = {
            "case": entry.subject,
            "size": data["size"],
            "content": data["commitment"],
        }

    def restricted(self, entry: Entry) -> None:
        self.tables["case_restrictions"][entry.subject] = {"actor_id": entry.actor_id}

    def unrestricted(self, entry: Entry) -> None:
        self.tables["case_restrictions"].pop(entry.subject, None)
        self._drop("case_grants", entry.subject)

    def granted(self, entry: Entry) -> None:
        data = entry.data
        self.tables["case_grants"][str(data["grant"])] = {
            "case": entry.subject,
            "kind": data["kind"],
            "grantee": data["grantee"],
            "granted_by": entry.actor_id,
            "expires_at": data["expires_at"],
            "broken": entry.type == BROKEN,
        }

    def revoked(self, entry: Entry) -> None:
        self.tables["case_grants"].pop(str(entry.data["grant"]), None)

    def linked(self, entry: Entry) -> None:
        key = f"{entry.subject}/{entry.data['to']}/{entry.data['kind']}"
        self.tables["case_links"][key] = {"actor_id": entry.actor_id}

    def asked(self, entry: Entry) -> None:
        data = entry.data
        self.tables["approvals"][str(data["approval"])] = {
            "case": entry.subject,
            "from_state": data["from"],
            "to_state": data["to"],
            "requested_by": entry.actor_id,
            "state": "open",
            "decided_by": None,
        }

    def answered(self, entry: Entry) -> None:
        row = self.tables["approvals"].get(str(entry.data["approval"]))
        if row is not None:
            row |= {"state": entry.data["state"], "decided_by": entry.actor_id}

    def voided(self, entry: Entry) -> None:
        row = self.tables["approvals"].get(str(entry.data["approval"]))
        if row is not None:
            row |= {"state": "void"}

    def reviewed(self, entry: Entry) -> None:
        name, review = str(entry.data["finding"]), entry.data["review"]
        self.tables["findings"].pop(name, None)
        if review != "open":
            self.tables["findings"][name] = {
                "review": review,
                "reviewed_by": entry.actor_id,
            }

    def user(self, entry: Entry) -> None:
        data: Any = entry.data
        self.tables["users"][entry.subject] = {
            "roles": sorted(data["roles"]),
            "teams": sorted(data.get("teams", ())),  # there were none at first
            "disabled": data.get("disabled", False),
        }

    def key(self, entry: Entry) -> None:
        data: Any = entry.data
        end = data["expires_at"]
        if end is not None:
            end = parse_time(end).isoformat()
        self.tables["api_keys"][entry.subject] = {
            "owner": data["owner"],
            "prefix": data["prefix"],
            "scopes": sorted(data["scopes"]),
            "expires_at": end,
            "revoked": False,
        }

    def key_revoked(self, entry: Entry) -> None:
        row = self.tables["api_keys"].get(entry.subject)
        if row is not None:
            row["revoked"] = True

    def allowed(self, entry: Entry) -> None:
        """Put a pair on the list; an older word on the same pair may go for it."""
        names = ("list", "uid", "finding", "expires_at")
        told: dict[str, object] = {name: entry.data[name] for name in names}
        told["created_by"] = entry.actor_id
        pair = (told["list"], told["uid"])
        for row in self.tables[ALLOW_LIST].values():
            if (row["list"], row["uid"]) == pair:
                row[_OPTIONAL] = True  # of which party is not told: it is personal
        self.tables[ALLOW_LIST][entry.subject] = told

    def withdrawn(self, entry: Entry) -> None:
        self.tables[ALLOW_LIST].pop(entry.subject, None)

    def _drop(self, table: str, case: str) -> None:
        rows = self.tables[table]
        for name in [name for name, row in rows.items() if row["case"] == case]:
            del rows[name]


_OPTIONAL: Final = "(optional)"
_RULES: Final[Mapping[str, Callable[[_Told, Entry], None]]] = {
    OPENED: _Told.opened,
    EDITED: _Told.edited,
    EVIDENCE_ADDED: _Told.evidence,
    EVIDENCE_ERASED: _Told.erased,
    ATTACHED: _Told.attached,
    RESTRICTED: _Told.restricted,
    UNRESTRICTED: _Told.unrestricted,
    GRANTED: _Told.granted,
    BROKEN: _Told.granted,
    REVOKED: _Told.revoked,
    LINKED: _Told.linked,
    APPROVAL_REQUESTED: _Told.asked,
    APPROVAL_DECIDED: _Told.answered,
    APPROVAL_VOIDED: _Told.voided,
    REVIEWED: _Told.reviewed,
    "integritas.identity.user_created.v1": _Told.user,
    "integritas.identity.user_changed.v1": _Told.user,
    "integritas.identity.key_created.v1": _Told.key,
    "integritas.identity.key_revoked.v1": _Told.key_revoked,
    "integritas.compliance.hit_allowed.v1": _Told.allowed,
    "integritas.compliance.hit_allowance_withdrawn.v1": _Told.withdrawn,
}


def _compared(
    table: str, told: _Rows, stored: Iterable[tuple[str, Mapping[str, object]]]
) -> list[Difference]:
    found: list[Difference] = []
    try:
        found.extend(_compare(table, told, stored))
    except (ValueError, TypeError) as error:  # SQLite keeps any text in any column
        found.append(Difference(table, f"cannot be read: {error}"))
    return found


def _compare(
    table: str, told: _Rows, stored: Iterable[tuple[str, Mapping[str, object]]]
) -> Iterator[Difference]:
    seen: set[str] = set()
    for key, row in stored:
        seen.add(key)
        where = f"{table}[{key}]"
        expected = told.get(key)
        if expected is None:
            if table != _ELSEWHERE:
                where = _place(table, key, row)
                yield Difference(where, "the journal does not tell of it")
            continue
        for name, value in row.items():
            if value != expected[name]:
                yield Difference(f"{where}.{name}", _other(name, value, expected[name]))
    for key in sorted(told.keys() - seen):
        if table != _ELSEWHERE and _OPTIONAL not in told[key]:
            where = _place(table, key, told[key])
            yield Difference(where, "is missing, the journal tells of it")


def _place(table: str, key: str, row: Mapping[str, object]) -> str:
    if table == "evidence":
        return f"cases[{row['case']}].evidence[{key}]"
    return f"{table}[{key}]"


def _other(name: str, found: object, told: object) -> str:
    if name == "content":
        return "is not what the journal committed to"
    return f"is {found}, the journal says {told}"
