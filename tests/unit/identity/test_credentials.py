"""Rules for names, passwords, roles, scopes and repeated failures."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.identity.credentials import (
    check_display_name,
    check_email,
    check_password,
    check_roles,
    check_scopes,
    check_username,
    name_key,
    pause_after,
    raise_if_any,
    storable,
)
from integritas.kernel.errors import FieldError, InvalidInput


@pytest.mark.parametrize(
    "name", ["a", "ann", "ann.b", "Zoë", "ann@example.org", "7of9"]
)
def test_good_names_pass(name: str) -> None:
    assert not list(check_username(name))


@pytest.mark.parametrize(
    "name", ["", " ann", "ann ", "a b", ".ann", "ann.", "_", "a" * 65, "a\n", "a\0b"]
)
def test_bad_names_are_told_the_remedy(name: str) -> None:
    (error,) = check_username(name)
    assert error.path == "username"
    assert "64 letters" in error.remedy


@pytest.mark.parametrize(
    "password", ["tr0ub4dor&3", "correct horse battery", "ü" * 7 + "x"]
)
def test_good_passwords_pass(password: str) -> None:
    assert not list(check_password(password, username="ann"))


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("", "has 0 characters"),
        ("short12", "has 7 characters"),
        ("x" * 257, "has 257 characters"),
        ("PassWord1", "is among the first that anybody tries"),
        ("zzzzzzzzzzzz", "is among the first that anybody tries"),
        ("annalise", "is the user name"),
        ("Annalise2026!", "is the user name"),
    ],
)
def test_bad_passwords_are_named_with_a_remedy(password: str, message: str) -> None:
    (error,) = check_password(password, username="Annalise")
    assert (error.path, error.message) == ("password", message)
    assert error.remedy


@pytest.mark.parametrize("password", ["annalise1974", "Annalise1974", "annalise75!"])
def test_a_name_with_digits_is_no_password_either(password: str) -> None:
    (error,) = check_password(password, username="annalise1974")
    assert error.message == "is the user name"


def test_a_name_of_digits_alone_refuses_itself_alone() -> None:
    assert list(check_password("20191974", username="20191974"))
    assert not list(check_password("20191975", username="20191974"))


def test_errors_name_the_field_they_are_told() -> None:
    (error,) = check_password("x", username="a", path="INTEGRITAS_ADMIN_PASSWORD")
    assert error.path == "INTEGRITAS_ADMIN_PASSWORD"


def test_no_error_shows_the_password() -> None:
    for password in ("s3cr3t!", "password1", "annalise1"):
        (error,) = check_password(password, username="annalise")
        assert password not in str(error)


@pytest.mark.parametrize("email", ["a@b.org", "zoë@exämple.org"])
def test_good_addresses_pass(email: str) -> None:
    assert not list(check_email(email))


@pytest.mark.parametrize("email", ["a", "a@", "@b", "a b@c", "a@b@c", "a@b\n"])
def test_bad_addresses_do_not(email: str) -> None:
    (error,) = check_email(email)
    assert error.path == "email"


@pytest.mark.parametrize("name", ["x" * 201, "a\0b", "\ud800"])
def test_names_that_cannot_be_stored_are_refused(name: str) -> None:
    (error,) = check_display_name(name)
    assert error.path == "display_name"


def test_roles_of_people_pass() -> None:
    assert not list(check_roles({"viewer", "admin"}))


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        (set(), "is empty"),
        ({"service"}, "service is for machines"),
        ({"boss"}, "boss is not a role"),
    ],
)
def test_other_roles_do_not(roles: set[str], message: str) -> None:
    (error,) = check_roles(roles)
    assert (error.path, error.message) == ("roles", message)
    assert error.remedy


def test_scopes_within_what_is_allowed_pass() -> None:
    assert not list(check_scopes({"cases:read"}, frozenset({"cases:read"})))


def test_scopes_beyond_are_refused_one_by_one() -> None:
    errors = list(check_scopes({"cases:read", "nothing:such"}, frozenset()))
    assert [error.message for error in errors] == [
        "cases:read is more than the key's bearer may",
        "nothing:such is not a permission",
    ]


def test_all_errors_are_raised_together() -> None:
    found = [FieldError("a", "is wrong"), FieldError("b", "too")]
    with pytest.raises(InvalidInput) as refused:
        raise_if_any("it", iter(found))
    assert refused.value.errors == tuple(found)


def test_no_error_raises_nothing() -> None:
    raise_if_any("it", ())


def test_spellings_of_a_name_share_a_key() -> None:
    assert name_key("\uff21nn") == name_key("ANN") == name_key("ann")


@given(st.text())
def test_storable_text_fits_any_store(text: str) -> None:
    clean = storable(text)
    orjson.dumps(clean)
    assert "\0" not in clean
    assert len(clean) <= 200
    assert storable(clean) == clean


def test_first_failures_cost_nothing() -> None:
    assert [pause_after(n) for n in range(5)] == [timedelta()] * 5


def test_then_pauses_double() -> None:
    assert [pause_after(n).total_seconds() for n in (5, 6, 7)] == [2, 4, 8]


@given(st.integers(min_value=0, max_value=10**9))
def test_pauses_never_shrink_and_are_bounded(failures: int) -> None:
    assert pause_after(failures) <= pause_after(failures + 1) <= timedelta(minutes=15)
