"""Signed tokens: what is let in, and what is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey, RSAKey

from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.errors import NotAuthenticated, StorageFailure
from integritas.kernel.ids import IdFactory, TenantId, is_id
from integritas.platform.tokens import (
    LEEWAY_S,
    MAX_TOKEN_LENGTH,
    Algorithm,
    KeyRing,
    ServiceTokens,
    TokenKind,
    Tokens,
    service_tokens,
)

KEY = OKPKey.generate_key("Ed25519")
OTHER = OKPKey.generate_key("Ed25519")
TENANT = TenantId("main")


@pytest.fixture
def tokens(clock: ManualClock, ids: IdFactory) -> Tokens:
    return Tokens(KeyRing([KEY]), clock, ids)


def sign(tokens: Tokens, **changes: Any) -> str:
    wanted: dict[str, Any] = {
        "audience": "api",
        "ttl_s": 60,
        "tenant": TENANT,
        "session": "sess_1",
    }
    return tokens.sign(TokenKind.ACCESS, "user_1", **(wanted | changes))


def refuse(tokens: Tokens, text: str) -> str:
    with pytest.raises(NotAuthenticated) as refused:
        tokens.verify(text, kind=TokenKind.ACCESS, audience="api")
    return refused.value.detail


def forge(
    header: dict[str, Any],
    clock: ManualClock,
    key: Any = KEY,
    **changes: Any,
) -> str:
    now = int(clock.now().timestamp())
    claims: dict[str, Any] = {
        "iss": "integritas",
        "aud": "api",
        "sub": "user_1",
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "jti": "tok_1",
    }
    claims |= changes
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {
        "alg": Algorithm.ED25519.value,
        "typ": "at+jwt",
        "kid": KEY.thumbprint(),
    } | header
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_token_says_what_was_signed(tokens: Tokens, clock: ManualClock) -> None:
    claims = tokens.verify(sign(tokens), kind=TokenKind.ACCESS, audience="api")
    assert (claims.subject, claims.tenant, claims.session) == (
        "user_1",
        "main",
        "sess_1",
    )
    assert is_id(claims.id, "tok")
    assert (claims.expires_at - clock.now()).total_seconds() == 60


def test_forge_makes_good_tokens_unless_told_otherwise(
    tokens: Tokens, clock: ManualClock
) -> None:
    claims = tokens.verify(forge({}, clock), kind=TokenKind.ACCESS, audience="api")
    assert claims.id == "tok_1"


def test_every_token_has_an_id_of_its_own(tokens: Tokens) -> None:
    assert sign(tokens) != sign(tokens)


def test_expired_token_says_so(tokens: Tokens, clock: ManualClock) -> None:
    text = sign(tokens)
    clock.advance(60 + LEEWAY_S - 1)
    tokens.verify(text, kind=TokenKind.ACCESS, audience="api")
    clock.advance(1)
    assert "expired" in refuse(tokens, text)


def test_token_of_the_future_is_refused(tokens: Tokens, clock: ManualClock) -> None:
    text = sign(tokens)
    clock.advance(-LEEWAY_S - 1)
    refuse(tokens, text)


def test_wrong_audience_is_refused(tokens: Tokens) -> None:
    refuse(tokens, sign(tokens, audience="other"))


def test_service_token_is_no_access_token(tokens: Tokens) -> None:
    refuse(tokens, tokens.sign(TokenKind.SERVICE, "x", audience="api", ttl_s=60))


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "exp", "nbf", "jti"])
def test_missing_claim_is_refused(
    tokens: Tokens, clock: ManualClock, claim: str
) -> None:
    refuse(tokens, forge({}, clock, **{claim: None}))


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "somebody"),
        ("aud", ["other"]),
        ("aud", 7),
        ("exp", "tomorrow"),
        ("exp", True),
        ("exp", 1e300),
        ("nbf", []),
        ("jti", 5),
        ("sub", {}),
    ],
)
def test_odd_claim_is_refused(
    tokens: Tokens, clock: ManualClock, claim: str, value: object
) -> None:
    refuse(tokens, forge({}, clock, **{claim: value}))


def test_algorithm_none_is_refused(tokens: Tokens) -> None:
    header = {"alg": "none", "typ": "at+jwt", "kid": KEY.thumbprint()}
    body = sign(tokens).split(".")[1]
    for signature in ("", "x"):
        refuse(tokens, f"{b64(json.dumps(header).encode())}.{body}.{signature}")


def test_public_key_as_hmac_secret_is_refused(tokens: Tokens) -> None:
    header = {"alg": "HS256", "typ": "at+jwt", "kid": KEY.thumbprint()}
    signed = f"{b64(json.dumps(header).encode())}.{sign(tokens).split('.')[1]}"
    public = KEY.as_dict(private=False)
    raw = base64.urlsafe_b64decode(str(public["x"]) + "=")
    for secret in (raw, KEY.as_pem(private=False), json.dumps(public).encode()):
        signature = hmac.digest(secret, signed.encode(), hashlib.sha256)
        refuse(tokens, f"{signed}.{b64(signature)}")


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_other_algorithm_is_refused(
    tokens: Tokens, clock: ManualClock, algorithm: str
) -> None:
    key = (
        OctKey.generate_key(256) if algorithm == "HS256" else RSAKey.generate_key(2048)
    )
    refuse(tokens, forge({"alg": algorithm}, clock, key))


def test_key_in_the_header_is_not_used(tokens: Tokens, clock: ManualClock) -> None:
    public = OTHER.as_dict(private=False)
    refuse(tokens, forge({"jwk": public}, clock, OTHER))
    refuse(tokens, forge({"jwk": public, "kid": OTHER.thumbprint()}, clock, OTHER))


def test_unknown_key_is_refused(tokens: Tokens, clock: ManualClock) -> None:
    refuse(tokens, forge({"kid": "other"}, clock))


def test_missing_key_id_is_refused(tokens: Tokens) -> None:
    header = b64(json.dumps({"alg": Algorithm.ED25519.value, "typ": "at+jwt"}).encode())
    refuse(tokens, ".".join([header, *sign(tokens).split(".")[1:]]))


def test_signature_of_another_key_is_refused(
    tokens: Tokens, clock: ManualClock
) -> None:
    refuse(tokens, forge({}, clock, OTHER))


@pytest.mark.parametrize("part", [0, 1, 2])
def test_tampered_token_is_refused(tokens: Tokens, part: int) -> None:
    parts = sign(tokens).split(".")
    middle = len(parts[part]) // 2
    swapped = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + swapped + parts[part][middle + 1 :]
    refuse(tokens, ".".join(parts))


def test_claims_of_one_token_do_not_fit_another(tokens: Tokens) -> None:
    one, other = sign(tokens).split("."), sign(tokens, session="sess_2").split(".")
    refuse(tokens, ".".join([one[0], other[1], one[2]]))


def test_endless_token_is_refused_unread(tokens: Tokens) -> None:
    refuse(tokens, sign(tokens) + "A" * MAX_TOKEN_LENGTH)


@given(st.text() | st.just("\ud800.a.b"))
def test_any_text_is_refused_kindly(text: str) -> None:
    clock = ManualClock()
    refuse(Tokens(KeyRing([KEY]), clock, IdFactory(clock, SeededRandomness(1))), text)


@given(st.lists(st.binary(max_size=60), min_size=2, max_size=4))
def test_any_parts_are_refused_kindly(parts: list[bytes]) -> None:
    clock = ManualClock()
    tokens = Tokens(KeyRing([KEY]), clock, IdFactory(clock, SeededRandomness(1)))
    refuse(tokens, ".".join(map(b64, parts)))


def test_refusal_does_not_repeat_the_token(tokens: Tokens) -> None:
    text = sign(tokens) + "x"
    assert text not in refuse(tokens, text)


# Keys ---------------------------------------------------------------------------


def test_newest_key_signs_and_older_ones_verify(
    clock: ManualClock, ids: IdFactory
) -> None:
    before = Tokens(KeyRing([KEY]), clock, ids)
    after = Tokens(KeyRing([KEY, OTHER]), clock, ids)
    old, new = sign(before), sign(after)
    after.verify(old, kind=TokenKind.ACCESS, audience="api")
    after.verify(new, kind=TokenKind.ACCESS, audience="api")
    refuse(before, new)


def test_jwks_shows_no_private_part() -> None:
    keys = KeyRing([KEY, OTHER]).jwks()["keys"]
    assert [key["kid"] for key in keys] == [KEY.thumbprint(), OTHER.thumbprint()]
    assert all(set(key) == {"kty", "crv", "x", "kid", "alg", "use"} for key in keys)


def test_ring_from_jwks_verifies(
    tokens: Tokens, clock: ManualClock, ids: IdFactory
) -> None:
    elsewhere = Tokens(KeyRing.from_jwks(tokens.keys.jwks()), clock, ids)
    claims = elsewhere.verify(sign(tokens), kind=TokenKind.ACCESS, audience="api")
    assert claims.subject == "user_1"


def test_ring_without_a_folder_makes_no_keys(clock: ManualClock) -> None:
    with pytest.raises(StorageFailure):
        KeyRing([KEY]).rotate(clock)


# Service tokens -----------------------------------------------------------------


def test_processes_with_one_secret_understand_each_other(clock: ManualClock) -> None:
    gateway = service_tokens("between us", "platform:gateway", clock=clock)
    spam = service_tokens("between us", clock=clock)
    text = gateway.token("spam")
    assert "between us" not in text
    assert spam.check(text, "spam") == "platform:gateway"
    for other in (service_tokens("between them", clock=clock), gateway):
        with pytest.raises(NotAuthenticated):
            other.check(text, "spam" if other is not gateway else "audit")
    clock.advance(60 + LEEWAY_S)
    with pytest.raises(NotAuthenticated, match="expired"):
        spam.check(text, "spam")


def test_service_token_names_the_process(tokens: Tokens, clock: ManualClock) -> None:
    gateway = ServiceTokens(tokens, clock, "platform:gateway")
    spam = ServiceTokens(tokens, clock, "platform:spam")
    assert spam.check(gateway.token("spam"), "spam") == "platform:gateway"


def test_service_token_opens_one_service_only(
    tokens: Tokens, clock: ManualClock
) -> None:
    gateway = ServiceTokens(tokens, clock, "platform:gateway")
    with pytest.raises(NotAuthenticated):
        gateway.check(gateway.token("spam"), "audit")


def test_service_token_is_used_half_its_life(
    tokens: Tokens, clock: ManualClock
) -> None:
    gateway = ServiceTokens(tokens, clock, "platform:gateway")
    first = gateway.token("spam")
    clock.advance(29)
    assert gateway.token("spam") == first
    clock.advance(1)
    assert gateway.token("spam") != first


def test_service_token_expires(tokens: Tokens, clock: ManualClock) -> None:
    gateway = ServiceTokens(tokens, clock, "platform:gateway")
    text = gateway.token("spam")
    clock.advance(60 + LEEWAY_S)
    with pytest.raises(NotAuthenticated):
        gateway.check(text, "spam")


def test_access_token_is_no_service_token(tokens: Tokens, clock: ManualClock) -> None:
    gateway = ServiceTokens(tokens, clock, "platform:gateway")
    with pytest.raises(NotAuthenticated):
        gateway.check(sign(tokens, audience="spam"), "spam")


# RSA beside Ed25519 ---------------------------------------------------------------

RSA = RSAKey.generate_key(2_048)


@pytest.fixture
def mixed(clock: ManualClock, ids: IdFactory) -> Tokens:
    """Return tokens of a ring that was changed over from Ed25519 to RSA."""
    return Tokens(KeyRing([KEY, RSA]), clock, ids)


def test_the_newest_key_signs_by_its_own_algorithm(
    mixed: Tokens, tokens: Tokens
) -> None:
    signed = sign(mixed)
    header = json.loads(base64.urlsafe_b64decode(signed.split(".")[0] + "=="))
    assert (header["alg"], header["kid"]) == ("RS256", RSA.thumbprint())
    for text in (signed, sign(tokens)):  # those signed before are good still
        claims = mixed.verify(text, kind=TokenKind.ACCESS, audience="api")
        assert claims.subject == "user_1"
    refuse(tokens, signed)  # a ring without the key knows nothing of it


def test_both_keys_are_published_with_their_algorithms(mixed: Tokens) -> None:
    published = mixed.keys.jwks()["keys"]
    assert [(k["kty"], k["alg"]) for k in published] == [
        ("OKP", "Ed25519"),
        ("RSA", "RS256"),
    ]
    assert all("d" not in key and "p" not in key for key in published)
    elsewhere = KeyRing.from_jwks({"keys": published})
    assert elsewhere.find(RSA.thumbprint()) is not None


@pytest.mark.parametrize(
    ("algorithm", "key", "kid"),
    [
        ("Ed25519", KEY, RSA),  # the id of a key, the algorithm of the other
        ("RS384", RSA, RSA),
        ("PS256", RSA, RSA),
        ("RS256", RSAKey.generate_key(2_048), RSA),
    ],
)
def test_a_key_used_by_another_algorithm_is_refused(
    mixed: Tokens, clock: ManualClock, algorithm: str, key: Any, kid: Any
) -> None:
    header = {"alg": algorithm, "kid": kid.thumbprint()}
    refuse(mixed, forge(header, clock, key))


@pytest.mark.parametrize("algorithm", ["HS256", "HS512"])
def test_the_public_rsa_key_is_no_hmac_secret(mixed: Tokens, algorithm: str) -> None:
    for secret in (RSA.as_pem(private=False), json.dumps(RSA.as_dict(private=False))):
        header = {"alg": algorithm, "kid": RSA.thumbprint(), "typ": "at+jwt"}
        head = b64(json.dumps(header).encode())
        signed = sign(mixed).split(".")
        given = f"{head}.{signed[1]}".encode()
        raw = secret.encode() if isinstance(secret, str) else secret
        digest = getattr(hashlib, f"sha{algorithm[2:]}")
        mac = hmac.new(raw, given, digest).digest()
        refuse(mixed, f"{given.decode()}.{b64(mac)}")
