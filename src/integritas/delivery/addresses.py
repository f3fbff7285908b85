"""Where messages may go: to public addresses, and to networks the operator names.

The name of a receiver is looked up here and the connection made to the address that
was looked at, so a name that changes its mind between the two changes nothing. What is
answered with a redirect is not followed.
"""

from __future__ import annotations

import asyncio
import socket
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import httpcore

from integritas.kernel.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

__all__ = ["Forbidden", "GuardedNetwork", "Networks", "Resolve", "check_url", "resolve"]

Address: TypeAlias = IPv4Address | IPv6Address
Networks: TypeAlias = tuple[IPv4Network | IPv6Network, ...]
Resolve: TypeAlias = "Callable[[str, int], Awaitable[Sequence[str]]]"

_LOOKUP_S: Final = 5.0
CONNECT_S: Final = 4.0
"""How long an address may take that is not the last of its name."""
# The one block of IPv6 that is handed out for the public network; what lies outside
# stands for other addresses (RFC 4291, 6052, 8215) or for a site of old (RFC 3879).
_UNICAST: Final = ip_network("2000::/3")


class Forbidden(httpcore.ConnectError):
    """The receiver has an address that no message goes to."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a name.

    Raises:
        OSError: it has none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def permitted(address: str, networks: Networks, *, public: bool = True) -> bool:
    """Say whether messages may go to an address."""
    found = _plain(ip_address(address.partition("%")[0]))
    if any(found.version == each.version and found in each for each in networks):
        return True
    return public and _is_public(found)


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one carries, if it does."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast


async def check_url(url: str, networks: Networks, resolve: Resolve = resolve) -> None:
    """Refuse a URL that no message would go to.

    A name that cannot be looked up now is taken: it is looked at with each message.

    Raises:
        InvalidInput: naming what is wrong with it.
    """
    parts, named = _read(url)
    public = parts.scheme == "https"
    port = _port(parts, 443 if public else 80)
    try:
        async with asyncio.timeout(_LOOKUP_S):
            found = await resolve(named, port)
    except UnicodeError as error:
        raise _wrong(*_NAMELESS) from error
    except (OSError, TimeoutError):
        if not public and not networks:
            raise _wrong(*_PLAIN) from None
        return
    if all(permitted(each, networks) for each in found) and not public:
        if not all(permitted(each, networks, public=False) for each in found):
            raise _wrong(*_PLAIN)
    elif not all(permitted(each, networks) for each in found):
        raise _wrong(
            "leads to an address that is not public",
            "use a public address, or have the operator add its network to "
            "INTEGRITAS_WEBHOOK_NETWORKS",
        )


def _read(url: str) -> tuple[SplitResult, str]:
    """Return the parts of a URL, and the host it names."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _wrong(
            "is no address", "write https://host/path, IPv6 addresses in brackets"
        ) from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _wrong("is no address of a receiver", "write https://host/path")
    if "%" in parts.hostname and ":" not in parts.hostname:
        raise _wrong(*_NAMELESS)  # some read escapes in a name, others do not
    if parts.username is not None or parts.password is not None:
        raise _wrong("holds a password", "leave it out: messages are signed")
    return parts, parts.hostname


def _port(parts: SplitResult, usual: int) -> int:
    try:
        port = usual if parts.port is None else parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise _wrong("has no valid port", "use a port of 1 to 65535")
    return port


_PLAIN: Final = ("is not encrypted", "use https://")
_NAMELESS: Final = ("has no valid host", "write its name as the DNS knows it")


def _wrong(what: str, remedy: str) -> InvalidInput:
    return InvalidInput(
        "the address is not valid", errors=(FieldError("url", what, remedy),)
    )


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to addresses that are permitted, and to no other."""

    def __init__(
        self,
        networks: Networks,
        *,
        public: bool,
        resolve: Resolve = resolve,
        inner: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Take the networks that count as permitted; `public`: those addresses too."""
        self._networks = networks
        self._public = public
        self._resolve = resolve
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the protocol's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the name up, look at what it leads to, and connect to the first that
        takes it.

        Raises:
            Forbidden: one of its addresses is not permitted.
        """
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be looked up") from error
        for address in found:
            if not permitted(address, self._networks, public=self._public):
                raise Forbidden(f"{host} leads to an address that is not permitted")
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in found:
            # One that stays silent leaves time for the next.
            patience = min(timeout or CONNECT_S, CONNECT_S)
            try:
                return await self._inner.connect_tcp(
                    address,
                    port,
                    timeout=timeout if address == found[-1] else patience,
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Sleep, as the protocol asks."""
        await self._inner.sleep(seconds)
