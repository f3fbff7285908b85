"""Passwords and opaque secrets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.clock import SeededRandomness
from integritas.kernel.ids import TenantId
from integritas.platform.security import (
    Passwords,
    SecretKind,
    new_secret,
    same_secret,
    secret_digest,
    tenant_of_secret,
)

MAIN = TenantId("main")


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords(CHEAPEST)


async def test_right_password_is_verified(passwords: Passwords) -> None:
    encoded = await passwords.hash("correct horse")
    assert await passwords.verify(encoded, "correct horse")


async def test_wrong_password_is_not(passwords: Passwords) -> None:
    encoded = await passwords.hash("correct horse")
    assert not await passwords.verify(encoded, "correct horse ")


async def test_without_a_hash_nothing_is_verified(passwords: Passwords) -> None:
    assert not await passwords.verify(None, "anything")


async def test_decoy_is_a_real_hash_of_the_same_cost(passwords: Passwords) -> None:
    decoy = passwords._decoy
    assert not passwords.needs_rehash(decoy)
    assert not await passwords.verify(decoy, "anything")


async def test_broken_hash_verifies_nothing(passwords: Passwords) -> None:
    assert not await passwords.verify("not a hash", "anything")
    assert not await passwords.verify("$argon2id$v=19$m=8,t=1,p=1$x$y", "anything")


async def test_same_password_hashes_differently(passwords: Passwords) -> None:
    assert await passwords.hash("one") != await passwords.hash("one")


async def test_composed_and_decomposed_password_are_one(passwords: Passwords) -> None:
    encoded = await passwords.hash("caf\u00e9 au lait")
    assert await passwords.verify(encoded, "cafe\u0301 au lait")


async def test_lone_surrogate_is_a_password_like_any(passwords: Passwords) -> None:
    encoded = await passwords.hash("\ud800 eight")
    assert await passwords.verify(encoded, "\ud800 eight")


async def test_hash_with_other_parameters_needs_a_new_one(passwords: Passwords) -> None:
    stronger = Passwords(replace(CHEAPEST, time_cost=2))
    encoded = await passwords.hash("one")
    assert not passwords.needs_rehash(encoded)
    assert stronger.needs_rehash(encoded)
    assert await stronger.verify(encoded, "one")


def test_default_parameters_are_those_stated() -> None:
    hasher = Passwords()._hasher
    assert hasher.time_cost == 3
    assert hasher.memory_cost == 64 * 1024
    assert hasher.parallelism == 4
    assert RFC_9106_LOW_MEMORY.type is hasher.type


@given(st.text(), st.text())
def test_same_secret_is_equality(one: str, other: str) -> None:
    assert same_secret(one, one)
    assert same_secret(one, other) == (one == other)


@given(st.integers(), st.from_regex(r"[a-z][a-z0-9-]{0,62}", fullmatch=True))
def test_new_secret_names_its_tenant(seed: int, tenant: str) -> None:
    secret = new_secret(SecretKind.API_KEY, TenantId(tenant), SeededRandomness(seed))
    assert secret.text.startswith(secret.prefix + "_")
    assert secret.prefix.startswith(f"ik_{tenant}-")
    assert tenant_of_secret(secret.text, SecretKind.API_KEY) == tenant
    assert secret.digest == secret_digest(secret.text)
    assert secret.text not in secret.digest


def test_secret_holds_240_random_bits() -> None:
    secret = new_secret(SecretKind.REFRESH, MAIN, SeededRandomness(1))
    random_part = secret.text.rpartition("_")[2]
    assert len(random_part) == 48
    assert secret.prefix.count(random_part) == 0


def test_secret_of_one_kind_is_not_of_another() -> None:
    secret = new_secret(SecretKind.REFRESH, MAIN, SeededRandomness(1))
    assert tenant_of_secret(secret.text, SecretKind.API_KEY) is None


def test_no_two_secrets_are_alike() -> None:
    randomness = SeededRandomness(1)
    made = {new_secret(SecretKind.API_KEY, MAIN, randomness).text for _ in range(100)}
    assert len(made) == 100


@pytest.mark.parametrize(
    "text",
    ["", "ik_", "ik_main", "ik_main-abcdefgh", "ik_MAIN-abcdefgh_" + "a" * 48],
)
def test_malformed_secret_names_no_tenant(text: str) -> None:
    assert tenant_of_secret(text, SecretKind.API_KEY) is None


@given(st.text())
def test_any_text_can_be_asked_for_its_tenant(text: str) -> None:
    assert tenant_of_secret(text, SecretKind.API_KEY) is None
