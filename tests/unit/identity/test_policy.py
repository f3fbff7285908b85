"""The policy table: who may do what, and its page in the reference."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.identity.policy import PERMISSIONS, Role, permissions_of, permitted

PAGE = Path(__file__).parents[3] / "docs/reference/permissions.md"
HUMANS = frozenset(Role) - {Role.SERVICE}
PERSONAL = {
    "cases:transition",
    "cases:write",
    "approvals:decide",
    "approvals:request",
    "findings:review",
    "evidence:raw",
    "keys:own",
    "keys:manage",
    "users:manage",
    "users:read",
}


def test_names_are_a_thing_and_a_verb() -> None:
    assert all(re.fullmatch(r"[a-z]+:[a-z]+", name) for name in PERMISSIONS)


def test_every_permission_is_somebodys_and_says_what_it_allows() -> None:
    assert all(grant.roles and grant.allows for grant in PERMISSIONS.values())


def test_admin_may_everything() -> None:
    assert permissions_of(frozenset({Role.ADMIN})) == frozenset(PERMISSIONS)


def test_machines_may_nothing_that_is_a_persons() -> None:
    assert not permissions_of(frozenset({Role.SERVICE})) & PERSONAL


def test_machines_may_submit_and_assess() -> None:
    assert permitted({Role.SERVICE}, "submissions:write")
    assert permitted({Role.SERVICE}, "services:assess")


def test_viewers_and_auditors_change_nothing() -> None:
    verbs = {
        name.partition(":")[2]
        for name in permissions_of(frozenset({Role.VIEWER, Role.AUDITOR}))
    }
    # Breaking the glass lets them see, for hours and on the record: no more.
    assert verbs == {"read", "raw", "verify", "own", "break"}


def test_analysts_propose_but_do_not_decide() -> None:
    assert permitted({Role.ANALYST}, "approvals:request")
    assert not permitted({Role.ANALYST}, "approvals:decide")


def test_raw_evidence_is_not_for_viewers() -> None:
    assert not permitted({Role.VIEWER}, "evidence:raw")


def test_only_admins_manage_users() -> None:
    assert PERMISSIONS["users:manage"].roles == {Role.ADMIN}


def test_unknown_permission_is_an_error_not_a_no() -> None:
    with pytest.raises(KeyError):
        permitted({Role.ADMIN}, "cases:raed")


def test_no_role_no_permission() -> None:
    assert permissions_of(frozenset()) == frozenset()


@given(st.frozensets(st.sampled_from(Role)), st.frozensets(st.sampled_from(Role)))
def test_roles_add_up(one: frozenset[Role], other: frozenset[Role]) -> None:
    together = permissions_of(one | other)
    assert together == permissions_of(one) | permissions_of(other)


def test_reference_page_shows_the_table() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \| ([^|]+) \|(.+)\|$", PAGE.read_text(), re.MULTILINE
    )
    shown = {
        name: (allows.strip(), [cell.strip() == "yes" for cell in cells.split("|")])
        for name, allows, cells in rows
    }
    expected = {
        name: (grant.allows, [role in grant.roles for role in Role])
        for name, grant in PERMISSIONS.items()
    }
    assert shown == expected


def test_reference_page_names_the_roles_in_order() -> None:
    header = next(
        line
        for line in PAGE.read_text().splitlines()
        if line.startswith("| permission")
    )
    columns = [cell.strip() for cell in header.strip("|").split("|")]
    assert columns[2:] == [role.value for role in Role]


def test_people_can_keep_keys_of_their_own() -> None:
    assert PERMISSIONS["keys:own"].roles == HUMANS
