"""Signing in at an OpenID provider: authorization code flow with PKCE.

`begin` sends the browser there; what it must bring back (state, nonce, PKCE verifier)
travels sealed in a cookie, so that any gateway can finish what another began. `finish`
exchanges the code, checks the ID token (OpenID Connect Core section 3.1.3.7) and opens
a session. Who comes is known by issuer and subject; the first time, by a verified
e-mail address, or as a new user if the settings give a role for that.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from integritas.identity.model import Claims
from integritas.identity.policy import Role
from integritas.kernel.errors import (
    FieldError,
    InvalidInput,
    NotAuthenticated,
    Unavailable,
)
from integritas.kernel.ids import DEFAULT_TENANT, TenantId
from integritas.platform.security import same_secret

if TYPE_CHECKING:
    from integritas.identity.model import TokenPair
    from integritas.identity.parts import Parts
    from integritas.identity.strangers import Strangers
    from integritas.platform.config import Settings
    from integritas.platform.sealing import Sealer

__all__ = ["COOKIE_TTL_S", "OidcSettings", "OpenIdLogin"]

COOKIE_TTL_S: Final = 600
CALLBACK: Final = "/api/v1/auth/oidc/callback"
KEPT_S: Final = 3_600.0
LEEWAY_S: Final = 60
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA", "Ed25519")
"""Signatures alone: no `none`, and no MAC with a key both sides know."""
SCOPES: Final = "openid email profile"


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """A provider and what it knows us as. `role` is for who comes first, if any."""

    issuer: str
    client_id: str
    client_secret: str | None
    redirect_url: str
    tenant: TenantId
    role: Role | None

    @classmethod
    def of(cls, settings: Settings) -> OidcSettings | None:
        """Return the provider of the settings, None without one."""
        if settings.oidc_issuer is None:
            return None
        back = settings.oidc_redirect_url
        secret = settings.oidc_client_secret
        scheme = "http" if settings.tls_cert_file is None else "https"
        here = f"{scheme}://{settings.host}:{settings.port}{CALLBACK}"
        return cls(
            issuer=str(settings.oidc_issuer).rstrip("/"),
            client_id=settings.oidc_client_id,
            client_secret=secret.get_secret_value() if secret else None,
            redirect_url=here if back is None else str(back),
            tenant=DEFAULT_TENANT,
            role=None if settings.oidc_role is None else Role(settings.oidc_role),
        )


@dataclass(slots=True)
class _Known:
    metadata: Mapping[str, Any]
    keys: KeySet
    until: float


class OpenIdLogin:
    """Logins at one provider."""

    def __init__(
        self,
        settings: OidcSettings,
        parts: Parts,
        sealer: Sealer,
        strangers: Strangers,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        """Made by `Identity`.

        Raises:
            InvalidInput: the provider's address is neither https nor this machine's.
        """
        _check_safe(settings.issuer, "INTEGRITAS_OIDC_ISSUER")
        self.settings = settings
        self._parts = parts
        self._sealer = sealer
        self._strangers = strangers
        self._client = client or httpx.AsyncClient(timeout=httpx.Timeout(10.0))
        self._known: _Known | None = None

    async def close(self) -> None:
        """Close the connections to the provider."""
        await self._client.aclose()

    async def begin(self) -> tuple[str, str]:
        """Return where to send the browser, and the cookie it must bring back.

        Raises:
            Unavailable: the provider does not answer as one.
        """
        known = await self._provider()
        state, nonce, verifier = (self._random() for _ in range(3))
        challenge = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_url,
            "scope": SCOPES,
            "state": state,
            "nonce": nonce,
            "code_challenge": _base64(challenge),
            "code_challenge_method": "S256",
        }
        address = str(known.metadata["authorization_endpoint"])
        joined = "&" if urlsplit(address).query else "?"
        kept = orjson.dumps([state, nonce, verifier]).decode()
        return f"{address}{joined}{urlencode(query)}", self._sealer.seal(kept)

    async def finish(
        self,
        cookie: str,
        answer: Mapping[str, str],
        address: str | None,
        correlation_id: str,
    ) -> TokenPair:
        """Open a session for who comes back with the provider's answer.

        Raises:
            NotAuthenticated: the answer is not to what was begun here, or it is no.
            NotPermitted: nobody here is known to be the one who came.
            Unavailable: the provider does not answer as one.
        """
        nonce, verifier = self._begun(cookie, answer)
        known = await self._provider()
        token = await self._exchange(known, answer["code"], verifier)
        claims = await self._claims(token, nonce)
        return await self._strangers.enter(
            self.settings.tenant, claims, self.settings.role, address, correlation_id
        )

    # What was begun ---------------------------------------------------------------

    def _begun(self, cookie: str, answer: Mapping[str, str]) -> tuple[str, str]:
        kept = self._sealer.open(cookie, ttl_s=COOKIE_TTL_S)
        if kept is None:
            raise NotAuthenticated(
                "no login was begun in this browser, or too long ago: begin again"
            )
        state, nonce, verifier = orjson.loads(kept)
        if not same_secret(state, answer.get("state", "")):
            raise NotAuthenticated("the answer is to another login: begin again")
        # RFC 9207: an answer that names its issuer must name ours.
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:
            raise NotAuthenticated("the answer is of another provider: begin again")
        if "code" not in answer:
            said = answer.get("error", "nothing")
            raise NotAuthenticated(f"the provider said {said[:100]}: begin again")
        return nonce, verifier

    # The provider -----------------------------------------------------------------

    async def _provider(self, *, fresh: bool = False) -> _Known:
        now = self._parts.clock.monotonic()
        if self._known is not None and now < self._known.until and not fresh:
            return self._known
        issuer = self.settings.issuer.rstrip("/")
        metadata = await self._get(f"{issuer}/.well-known/openid-configuration")
        if str(metadata.get("issuer")).rstrip("/") != issuer:
            raise Unavailable("the OpenID provider names another issuer than itself")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_safe(str(metadata.get(name))):
                raise Unavailable(f"the OpenID provider's {name} is not https")
        document = await self._get(str(metadata["jwks_uri"]))
        try:
            keys = KeySet.import_key_set(document)  # type: ignore[arg-type] # checked there
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Unavailable("the OpenID provider's keys cannot be read") from error
        self._known = _Known(metadata, keys, now + KEPT_S)
        return self._known

    async def _exchange(self, known: _Known, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_url,
            "code_verifier": verifier,
        }
        secret = self.settings.client_secret
        auth = httpx.Auth()  # which adds nothing
        if secret is None:
            form["client_id"] = self.settings.client_id
        else:
            auth = httpx.BasicAuth(_quoted(self.settings.client_id), _quoted(secret))
        try:
            answer = await self._client.post(
                str(known.metadata["token_endpoint"]), data=form, auth=auth
            )
        except httpx.TransportError as error:
            raise _unreachable(error) from error
        if answer.status_code in {400, 401}:
            raise NotAuthenticated("the provider does not take the code: begin again")
        return str(_document(answer).get("id_token", ""))

    async def _claims(self, token: str, nonce: str) -> Claims:
        known = await self._provider()
        try:
            try:
                decoded = jwt.decode(token, known.keys, algorithms=[*ALGORITHMS])
            except (JoseError, ValueError):
                # Its keys may have changed since they were fetched.
                known = await self._provider(fresh=True)
                decoded = jwt.decode(token, known.keys, algorithms=[*ALGORITHMS])
            jwt.JWTClaimsRegistry(
                now=int(self._parts.clock.now().timestamp()),
                leeway=LEEWAY_S,
                iss={"essential": True, "value": known.metadata["issuer"]},
                aud={"essential": True, "value": self.settings.client_id},
                sub={"essential": True},
                exp={"essential": True},
                iat={"essential": True},
                nonce={"essential": True, "value": nonce},
            ).validate(decoded.claims)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotAuthenticated("the provider's ID token is not valid") from error
        claims = decoded.claims
        if claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise NotAuthenticated("the provider's ID token is for somebody else")
        verified = claims.get("email_verified") is True
        return Claims(
            issuer=self.settings.issuer,
            subject=str(claims["sub"]),
            email=_text(claims, "email") if verified else None,
            username=_text(claims, "preferred_username"),
            name=_text(claims, "name"),
        )

    async def _get(self, url: str) -> Mapping[str, Any]:
        try:
            return _document(await self._client.get(url))
        except httpx.TransportError as error:
            raise _unreachable(error) from error

    def _random(self) -> str:
        return _base64(self._parts.randomness.token_bytes(32))


def _document(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = orjson.loads(answer.content) if answer.status_code == 200 else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise Unavailable(f"the OpenID provider answers {answer.status_code}")
    return found


def _unreachable(error: httpx.TransportError) -> Unavailable:
    return Unavailable(f"the OpenID provider cannot be reached: {error}")


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _quoted(text: str) -> str:
    return urlencode({"": text})[1:]  # RFC 6749 section 2.3.1


def _check_safe(url: str, setting: str) -> None:
    if not _is_safe(url):
        raise InvalidInput(
            f"{url[:200]} is not safe to sign in with",
            errors=(FieldError(setting, "is not https", "use an https:// address"),),
        )


def _is_safe(url: str) -> bool:
    """Say whether an address is of https, or of this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    try:
        local = ip_address(parts.hostname or "").is_loopback
    except ValueError:
        local = parts.hostname == "localhost"
    return parts.scheme == "https" or (parts.scheme == "http" and local)
