"""Principals, and what must not be printed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integritas.identity.model import Login, NewUser, Principal, TokenPair, UserChanges
from integritas.identity.policy import PERMISSIONS, Role
from integritas.kernel.clock import ManualClock
from integritas.kernel.contracts import Actor
from integritas.kernel.errors import NotPermitted
from integritas.kernel.ids import TenantId
from integritas.kernel.states import ActorKind

MAIN = TenantId("main")
ANN = Principal(
    tenant=MAIN,
    actor=Actor("user_ann", ActorKind.PERSON, frozenset({"viewer"})),
    roles=frozenset({Role.VIEWER}),
    permissions=frozenset({"cases:read"}),
    expires_at=ManualClock().now(),
)


def test_permission_held_is_granted() -> None:
    assert ANN.permits("cases:read")
    ANN.require("cases:read")


def test_permission_not_held_is_refused_by_name() -> None:
    assert not ANN.permits("cases:write")
    with pytest.raises(NotPermitted, match="cases:write"):
        ANN.require("cases:write")


@pytest.mark.parametrize(
    ("roles", "permission", "why", "remedy"),
    [
        (
            {Role.VIEWER, Role.ANALYST},
            "approvals:decide",
            "none of your roles (analyst, viewer)",
            "ask an administrator for the role admin or reviewer",
        ),
        (set(), "cases:write", "none of your roles (none)", "for the role admin or"),
        ({Role.SERVICE}, "findings:review", "not for machines", "a person do it who"),
        ({Role.VIEWER}, "audit:write", "none of your roles", "for the role admin"),
        ({Role.VIEWER}, "findings:read", "scopes of this API key", "or sign in"),
    ],
)
def test_a_refusal_says_what_is_lacking_and_what_to_do(
    roles: set[Role], permission: str, why: str, remedy: str
) -> None:
    with pytest.raises(NotPermitted, match=PERMISSIONS[permission].allows) as refused:
        replace(ANN, roles=frozenset(roles)).require(permission)
    (error,) = refused.value.errors
    assert permission in error.message
    assert why in error.message
    assert remedy in error.remedy
    assert not error.remedy.endswith("service")


def test_permission_that_is_none_is_an_error() -> None:
    with pytest.raises(KeyError):
        ANN.require("cases:raed")


def test_context_says_who_where_and_why() -> None:
    context = ANN.context("req-1", "192.0.2.1")
    assert (context.tenant, context.correlation_id) == ("main", "req-1")
    assert context.actor.id == "user_ann"
    assert context.actor.address == "192.0.2.1"
    assert ANN.actor.address is None


@pytest.mark.parametrize(
    "thing",
    [
        Login(MAIN, "ann", "hush-hush"),
        NewUser("ann", {Role.VIEWER}, "hush-hush"),
        UserChanges(password="hush-hush"),
        TokenPair("hush-hush", "hush-hush", 900, ANN),
    ],
)
def test_secrets_are_not_printed(thing: object) -> None:
    assert "hush-hush" not in repr(thing)
