"""Who may do what: one table, permission by permission.

The table is data. Routes name a permission; nobody asks for a role. It is printed in
docs/reference/permissions.md, and a test compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["PERMISSIONS", "Grant", "Role", "permissions_of", "permitted"]


class Role(StrEnum):
    """What somebody does here. A user may have several; a machine has `service`."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission: what it allows, and to whom."""

    allows: str
    roles: frozenset[Role]


_V, _A, _R = Role.VIEWER, Role.ANALYST, Role.REVIEWER
_U, _ADMIN, _S = Role.AUDITOR, Role.ADMIN, Role.SERVICE
_PEOPLE: Final = frozenset({_V, _A, _R, _U, _ADMIN})
_EVERYONE: Final = _PEOPLE | {_S}
_CASEWORK: Final = frozenset({_A, _R, _ADMIN})
_OVERSIGHT: Final = frozenset({_R, _U, _ADMIN})

PERMISSIONS: Final[Mapping[str, Grant]] = MappingProxyType(
    {
        # submissions and cases
        "submissions:read": Grant("read submissions", _EVERYONE),
        "submissions:write": Grant("submit", _CASEWORK | {_S}),
        "cases:read": Grant("read cases, history and timeline", _EVERYONE),
        "cases:write": Grant("open, change and link cases", _CASEWORK),
        "cases:transition": Grant("move cases through their states", _CASEWORK),
        "access:manage": Grant(
            "make cases confidential and say who may see them", _CASEWORK
        ),
        "access:break": Grant(
            "open a confidential case to oneself for 8 hours (recorded)", _OVERSIGHT
        ),
        "evidence:read": Grant("read evidence, masked", _PEOPLE),
        "evidence:write": Grant("add evidence and attachments", _CASEWORK),
        "evidence:raw": Grant(
            "read raw evidence and attachments (audited)", _CASEWORK | {_U}
        ),
        "findings:read": Grant("read findings", _EVERYONE),
        "findings:review": Grant("confirm or dismiss findings", _CASEWORK),
        "approvals:read": Grant("read approvals", _PEOPLE),
        "approvals:request": Grant("ask for an approval", _CASEWORK),
        "approvals:decide": Grant("decide approvals", frozenset({_R, _ADMIN})),
        # workflows
        "workflows:read": Grant("read definitions, runs and steps", _PEOPLE),
        "workflows:write": Grant("publish definitions", frozenset({_ADMIN})),
        "runs:start": Grant("start runs", _CASEWORK),
        "runs:control": Grant(
            "cancel, retry, fork, signal and re-drive runs", frozenset({_R, _ADMIN})
        ),
        # services
        "services:read": Grant(
            "see services, campaigns, indicators, networks and lists", _EVERYONE
        ),
        "services:assess": Grant(
            "assess, screen and decide outside a case", _CASEWORK | {_S}
        ),
        "services:teach": Grant("give feedback and add datasets", _CASEWORK),
        "compliance:allow": Grant(
            "keep the allow-list of hits", frozenset({_R, _ADMIN})
        ),
        "compliance:manage": Grant("manage lists and policies", frozenset({_ADMIN})),
        "subjects:manage": Grant(
            "export and erase a person's data", frozenset({_ADMIN})
        ),
        "models:read": Grant("read models, versions and drift", _PEOPLE),
        "models:manage": Grant("promote and roll back models", frozenset({_ADMIN})),
        # audit
        "audit:read": Grant("read the audit log, proofs and bundles", _OVERSIGHT),
        "audit:verify": Grant("verify the audit log", _OVERSIGHT),
        "audit:write": Grant("append entries from outside", frozenset({_ADMIN, _S})),
        "audit:hold": Grant("place and end legal holds", frozenset({_R, _ADMIN})),
        "audit:erase": Grant(
            "erase personal data beside the log and prune old payloads",
            frozenset({_ADMIN}),
        ),
        # events and insight
        "events:read": Grant("follow events", _EVERYONE),
        "webhooks:manage": Grant("manage webhooks", frozenset({_ADMIN})),
        "insight:read": Grant("search and see statistics", _PEOPLE),
        # identity
        "users:read": Grant("read users and roles", frozenset({_U, _ADMIN})),
        "users:manage": Grant("create, change and disable users", frozenset({_ADMIN})),
        "keys:own": Grant("keep API keys of one's own", _PEOPLE),
        "keys:manage": Grant(
            "keep machine keys, see and revoke all keys", frozenset({_ADMIN})
        ),
    }
)


def permitted(roles: Iterable[Role], permission: str) -> bool:
    """Say whether one of the roles has the permission.

    Raises:
        KeyError: no such permission in the table.
    """
    return not PERMISSIONS[permission].roles.isdisjoint(roles)


@lru_cache(maxsize=128)
def permissions_of(roles: frozenset[Role]) -> frozenset[str]:
    """Return all permissions of the roles together."""
    return frozenset(name for name in PERMISSIONS if permitted(roles, name))
