"""Signing in and out, users and keys over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

PASSWORD = "several words together"
TOKEN = "/api/v1/auth/token"


async def sign_in(
    gateway: Any, tenant: Any, who: str, password: str = PASSWORD
) -> httpx.Response:
    body = {"username": who, "password": password, "tenant": tenant.name}
    async with gateway.client() as client:
        answer: httpx.Response = await client.post(TOKEN, json=body)
    return answer


async def renew(gateway: Any, token: str) -> httpx.Response:
    body = {"grant_type": "refresh_token", "refresh_token": token}
    async with gateway.client() as client:
        answer: httpx.Response = await client.post(TOKEN, json=body)
    return answer


async def who_am_i(gateway: Any, token: str) -> httpx.Response:
    async with gateway.client(token) as client:
        answer: httpx.Response = await client.get("/api/v1/me")
    return answer


async def test_a_password_gives_tokens(gateway: Any, tenant: Any) -> None:
    await tenant.client("reviewer")
    answer = await sign_in(gateway, tenant, "reviewer")
    pair = answer.json()
    assert answer.status_code == 200
    assert pair["token_type"] == "bearer"
    assert 0 < pair["expires_in"] <= 3_600
    me = (await who_am_i(gateway, pair["access_token"])).json()
    assert (me["tenant"], me["roles"]) == (tenant.name, ["reviewer"])
    assert "approvals:decide" in me["permissions"]
    assert "users:manage" not in me["permissions"]


async def test_a_wrong_password_tells_nothing(gateway: Any, tenant: Any) -> None:
    await tenant.client("viewer")
    wrong = await sign_in(gateway, tenant, "viewer", "wrong")
    nobody = await sign_in(gateway, tenant, "nobody", "wrong")
    assert wrong.status_code == nobody.status_code == 401
    hidden = ("request_id",)
    assert {k: v for k, v in wrong.json().items() if k not in hidden} == {
        k: v for k, v in nobody.json().items() if k not in hidden
    }


async def test_too_many_guesses_have_to_wait(gateway: Any, tenant: Any) -> None:
    await tenant.client("viewer")
    guesses = [await sign_in(gateway, tenant, "viewer", f"no {n}") for n in range(7)]
    assert guesses[0].status_code == 401
    assert guesses[-1].status_code == 429
    assert int(guesses[-1].headers["retry-after"]) >= 1
    assert (await sign_in(gateway, tenant, "viewer")).status_code == 429


async def test_a_refresh_token_works_once(gateway: Any, tenant: Any) -> None:
    await tenant.client("viewer")
    first = (await sign_in(gateway, tenant, "viewer")).json()
    second = (await renew(gateway, first["refresh_token"])).json()
    assert (await who_am_i(gateway, second["access_token"])).status_code == 200
    again = await renew(gateway, first["refresh_token"])
    assert again.status_code == 401
    # Two have it, one of them a thief: nobody goes on with it.
    assert (await renew(gateway, second["refresh_token"])).status_code == 401
    assert (await who_am_i(gateway, second["access_token"])).status_code == 401


async def test_signing_out_ends_the_session(gateway: Any, tenant: Any) -> None:
    await tenant.client("viewer")
    pair = (await sign_in(gateway, tenant, "viewer")).json()
    other = (await sign_in(gateway, tenant, "viewer")).json()
    async with gateway.client() as client:
        answer = await client.post(
            "/api/v1/auth/revoke", json={"token": pair["refresh_token"]}
        )
        assert (answer.status_code, answer.content) == (204, b"")
        nothing = await client.post("/api/v1/auth/revoke", json={"token": "nonsense"})
    assert nothing.status_code == 204
    assert (await who_am_i(gateway, pair["access_token"])).status_code == 401
    assert (await renew(gateway, pair["refresh_token"])).status_code == 401
    assert (await who_am_i(gateway, other["access_token"])).status_code == 200


async def test_the_public_keys_verify_a_token(gateway: Any, tenant: Any) -> None:
    await tenant.client("viewer")
    token = (await sign_in(gateway, tenant, "viewer")).json()["access_token"]
    async with gateway.client() as client:
        keys = (await client.get("/api/v1/auth/jwks.json")).json()
    assert all("d" not in key for key in keys["keys"])
    claims = jwt.decode(token, KeySet.import_key_set(keys), ["Ed25519", "EdDSA"]).claims
    assert claims["exp"] > datetime.now(UTC).timestamp()
    with pytest.raises(Exception, match=r".+"):
        jwt.decode(
            token[:-3] + "AAA", KeySet.import_key_set(keys), ["Ed25519", "EdDSA"]
        )


async def test_roles_are_listed_with_their_permissions(
    analyst: httpx.AsyncClient,
) -> None:
    answer = (await analyst.get("/api/v1/roles")).json()
    roles = {role["name"]: role["permissions"] for role in answer["data"]}
    assert set(roles) == {
        *("viewer", "analyst", "reviewer", "auditor", "admin", "service")
    }
    assert "cases:transition" not in roles["service"]


# Users ----------------------------------------------------------------------------


async def make_user(
    admin: httpx.AsyncClient, name: str = "jo", **more: Any
) -> httpx.Response:
    body = {"username": name, "roles": ["analyst"], "password": PASSWORD, **more}
    return await admin.post("/api/v1/users", json=body)


async def test_a_user_is_made_and_read(
    gateway: Any, tenant: Any, admin: httpx.AsyncClient
) -> None:
    made = await make_user(admin, email="jo@example.org", display_name="Jo")
    user = made.json()
    assert made.status_code == 201
    assert made.headers["location"] == f"/api/v1/users/{user['id']}"
    assert made.headers["etag"] == '"1"'
    assert "password" not in made.text
    read = await admin.get(made.headers["location"])
    assert read.json() == user
    assert read.headers["etag"] == '"1"'
    assert (await sign_in(gateway, tenant, "jo")).status_code == 200


async def test_a_name_is_taken_once(admin: httpx.AsyncClient) -> None:
    assert (await make_user(admin)).status_code == 201
    answer = await make_user(admin, "JO")
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["path"] == "username"


async def test_users_page_in_order(admin: httpx.AsyncClient) -> None:
    for number in range(5):
        await make_user(admin, f"user{number}")
    names, cursor = [], ""
    while cursor is not None:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await admin.get("/api/v1/users", params=query)).json()
        assert len(page["data"]) <= 2
        names += [user["username"] for user in page["data"]]
        cursor = page["next_cursor"]
    assert names == ["admin", *(f"user{n}" for n in range(5))]


async def test_a_disabled_user_is_out_at_once(
    gateway: Any, tenant: Any, admin: httpx.AsyncClient
) -> None:
    user = (await make_user(admin)).json()
    pair = (await sign_in(gateway, tenant, "jo")).json()
    assert (await who_am_i(gateway, pair["access_token"])).status_code == 200
    answer = await admin.patch(
        f"/api/v1/users/{user['id']}",
        json={"disabled": True},
        headers={"If-Match": '"1"'},
    )
    assert answer.json()["disabled"] is True
    assert answer.headers["etag"] == '"2"'
    assert (await who_am_i(gateway, pair["access_token"])).status_code == 401
    assert (await sign_in(gateway, tenant, "jo")).status_code == 401


async def test_a_change_of_roles_counts_at_once(
    gateway: Any, tenant: Any, admin: httpx.AsyncClient
) -> None:
    user = (await make_user(admin)).json()
    pair = (await sign_in(gateway, tenant, "jo")).json()
    await admin.patch(
        f"/api/v1/users/{user['id']}",
        json={"roles": ["viewer"]},
        headers={"If-Match": '"1"'},
    )
    me = (await who_am_i(gateway, pair["access_token"])).json()
    assert me["roles"] == ["viewer"]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 428, "precondition_required"),
        ({"If-Match": '"7"'}, 412, "version_conflict"),
        ({"If-Match": "soon"}, 422, "invalid_input"),
    ],
)
async def test_a_user_is_changed_as_read_only(
    admin: httpx.AsyncClient, headers: dict[str, str], status: int, code: str
) -> None:
    user = (await make_user(admin)).json()
    url = f"/api/v1/users/{user['id']}"
    answer = await admin.patch(url, json={"display_name": "X"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await admin.get(url)).json() == user


async def test_the_last_administrator_stays(admin: httpx.AsyncClient) -> None:
    me = (await admin.get("/api/v1/me")).json()["id"]
    for change in ({"disabled": True}, {"roles": ["viewer"]}):
        answer = await admin.patch(
            f"/api/v1/users/{me}", json=change, headers={"If-Match": "*"}
        )
        assert answer.status_code == 409, answer.text


# Keys -----------------------------------------------------------------------------


async def test_a_key_is_shown_once_and_works_until_revoked(
    gateway: Any, analyst: httpx.AsyncClient
) -> None:
    made = await analyst.post("/api/v1/api-keys", json={"name": "mine"})
    key = made.json()
    assert made.status_code == 201
    assert key["secret"].startswith(key["prefix"])
    listed = await analyst.get("/api/v1/api-keys")
    assert key["secret"] not in listed.text
    assert [k["id"] for k in listed.json()["data"]] == [key["id"]]
    async with gateway.client(**{"X-API-Key": key["secret"]}) as client:
        assert (await client.get("/api/v1/cases")).status_code == 200
        more = await client.post("/api/v1/api-keys", json={"name": "more"})
        assert more.status_code == 403
        gone = await analyst.delete(f"/api/v1/api-keys/{key['id']}")
        assert (gone.status_code, gone.content) == (204, b"")
        assert (await client.get("/api/v1/cases")).status_code == 401


async def test_a_key_works_as_a_bearer_token_too(
    gateway: Any, analyst: httpx.AsyncClient
) -> None:
    key = (await analyst.post("/api/v1/api-keys", json={"name": "mine"})).json()
    assert (await who_am_i(gateway, key["secret"])).status_code == 200


async def test_anothers_key_is_not_there(
    tenant: Any, analyst: httpx.AsyncClient
) -> None:
    key = (await analyst.post("/api/v1/api-keys", json={"name": "mine"})).json()
    other = await tenant.client("reviewer")
    answer = await other.delete(f"/api/v1/api-keys/{key['id']}")
    assert answer.status_code == 404
    assert (await other.get("/api/v1/api-keys")).json()["data"] == []


async def test_a_key_may_have_no_more_than_its_owner(
    analyst: httpx.AsyncClient,
) -> None:
    answer = await analyst.post(
        "/api/v1/api-keys", json={"name": "a", "scopes": ["users:manage"]}
    )
    assert answer.status_code == 422
    machine = await analyst.post(
        "/api/v1/api-keys", json={"name": "a", "machine": True}
    )
    assert machine.status_code == 403


async def test_a_key_says_when_it_ends_in_utc(analyst: httpx.AsyncClient) -> None:
    end = datetime.now(UTC) + timedelta(days=1)
    given = end.astimezone().isoformat()
    made = await analyst.post(
        "/api/v1/api-keys", json={"name": "a", "expires_at": given}
    )
    assert made.status_code == 201
    assert made.json()["expires_at"].endswith("Z")
    far = {"name": "a", "expires_at": "9999-12-31T23:59:59-12:00"}
    answer = await analyst.post("/api/v1/api-keys", json=far)
    assert answer.json()["errors"][0]["path"] == "expires_at"


async def test_a_user_that_is_deleted_is_out_at_once_and_stays_named(
    gateway: Any, tenant: Any
) -> None:
    admin, analyst = await tenant.client("admin"), await tenant.client("analyst")
    key = (await analyst.post("/api/v1/api-keys", json={"name": "own"})).json()
    pair = (await sign_in(gateway, tenant, "analyst")).json()
    user = f"/api/v1/users/{(await analyst.get('/api/v1/me')).json()['id']}"
    assert (await analyst.delete(user)).status_code == 403
    for _ in range(2):  # deleting what is deleted is no error
        assert (await admin.delete(user)).status_code == 204
    assert (await analyst.get("/api/v1/me")).status_code == 401
    assert (await renew(gateway, pair["refresh_token"])).status_code == 401
    assert (await sign_in(gateway, tenant, "analyst")).status_code == 401
    async with gateway.client(**{"X-API-Key": key["secret"]}) as client:
        assert (await client.get("/api/v1/me")).status_code == 401
    shown = (await admin.get(user)).json()
    assert (shown["username"], shown["disabled"]) == ("analyst", True)
    last = f"/api/v1/users/{(await admin.get('/api/v1/me')).json()['id']}"
    answer = await admin.delete(last)
    assert answer.status_code == 409
    assert "last administrator" in answer.json()["detail"]
    assert (await admin.delete("/api/v1/users/user_1")).status_code == 404
