"""Where messages may go; nothing here touches a network."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_network

import httpcore
import pytest

from integritas.delivery.addresses import (
    CONNECT_S,
    Forbidden,
    GuardedNetwork,
    Resolve,
    check_url,
    permitted,
)
from integritas.kernel.errors import InvalidInput

INSIDE = (ip_network("10.20.0.0/16"),)
PUBLIC = "93.184.215.14"
REFUSED = [
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",  # noqa: S104 - as an address to refuse
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # metadata of clouds
    "100.64.0.1",  # shared address space
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",  # IPv4 within IPv6
    "::ffff:10.0.0.1",
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
    "64:ff9b:1::7f00:1",
    "::127.0.0.1",  # IPv4 within IPv6, as it once was
    "fec0::1",  # a site of old
    "5f00::1",  # segments of a router
    "4000::1",  # handed out to nobody
    "2001:db8::1",
]


def resolving(*addresses: str) -> Resolve:
    async def resolve(host: str, port: int) -> Sequence[str]:
        del host, port
        return addresses

    return resolve


class Line(httpcore.AsyncNetworkBackend):
    """Notes where a connection is made to."""

    def __init__(self) -> None:
        self.connected: list[str] = []

    async def connect_tcp(
        self, host: str, port: int, *_: object, **__: object
    ) -> httpcore.AsyncNetworkStream:
        del port
        self.connected.append(host)
        return httpcore.AsyncMockStream([])


@pytest.mark.parametrize("address", REFUSED)
def test_no_address_inside_is_permitted(address: str) -> None:
    assert not permitted(address, ())


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_permitted(address: str) -> None:
    assert permitted(address, ())
    assert not permitted(address, (), public=False)


def test_a_network_the_operator_names_is_permitted() -> None:
    assert permitted("10.20.3.4", INSIDE)
    assert not permitted("10.21.3.4", INSIDE)


@pytest.mark.parametrize("address", REFUSED)
async def test_a_name_that_leads_inside_is_not_connected_to(address: str) -> None:
    line = Line()
    network = GuardedNetwork((), public=True, resolve=resolving(address), inner=line)
    with pytest.raises(Forbidden):
        await network.connect_tcp("example.org", 443)
    assert line.connected == []


async def test_one_address_inside_is_enough_to_refuse() -> None:
    resolve = resolving(PUBLIC, "127.0.0.1")
    network = GuardedNetwork((), public=True, resolve=resolve, inner=Line())
    with pytest.raises(Forbidden):
        await network.connect_tcp("example.org", 443)


async def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    line, asked = Line(), []

    async def once(host: str, port: int) -> Sequence[str]:
        del port
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    network = GuardedNetwork((), public=True, resolve=once, inner=line)
    await network.connect_tcp("example.org", 443)
    assert line.connected == [PUBLIC]
    with pytest.raises(Forbidden):  # looked at anew with each connection
        await network.connect_tcp("example.org", 443)


async def test_an_address_that_takes_nobody_is_passed_over() -> None:
    class Deaf(Line):
        async def connect_tcp(
            self, host: str, port: int, *_: object, **__: object
        ) -> httpcore.AsyncNetworkStream:
            stream = await super().connect_tcp(host, port)
            if host != PUBLIC:
                raise httpcore.ConnectError
            return stream

    line = Deaf()
    both = resolving("2606:2800:21f::1", PUBLIC)
    network = GuardedNetwork((), public=True, resolve=both, inner=line)
    await network.connect_tcp("example.org", 443)
    assert line.connected == ["2606:2800:21f::1", PUBLIC]
    one = resolving("2606:2800:21f::1")
    network = GuardedNetwork((), public=True, resolve=one, inner=line)
    with pytest.raises(httpcore.ConnectError):
        await network.connect_tcp("example.org", 443)


async def test_an_address_that_stays_silent_leaves_time_for_the_next() -> None:
    class Silent(Line):
        async def connect_tcp(
            self, host: str, port: int, *_: object, **options: object
        ) -> httpcore.AsyncNetworkStream:
            if host != PUBLIC:
                patience.append(options["timeout"])
                raise httpcore.ConnectTimeout
            return await super().connect_tcp(host, port)

    patience: list[object] = []
    line, both = Silent(), resolving("2606:2800:21f::1", PUBLIC)
    network = GuardedNetwork((), public=True, resolve=both, inner=line)
    await network.connect_tcp("example.org", 443)
    await network.connect_tcp("example.org", 443, timeout=1)
    assert line.connected == [PUBLIC, PUBLIC]
    assert patience == [CONNECT_S, 1]


async def test_a_name_that_leads_nowhere_is_no_crash() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError(host, port)

    for resolve in (nowhere, resolving()):
        network = GuardedNetwork((), public=True, resolve=resolve, inner=Line())
        with pytest.raises(httpcore.ConnectError):
            await network.connect_tcp("example.org", 443)


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("https://example.org/x", ["127.0.0.1"]),
        ("https://example.org/x", [PUBLIC, "10.0.0.1"]),
        ("http://example.org/x", [PUBLIC]),
        ("http://10.21.0.1/x", ["10.21.0.1"]),
        ("https://user:word@example.org/", [PUBLIC]),
        ("https://example.org:99999/", [PUBLIC]),
        ("https://example.org:0/", [PUBLIC]),
        ("https://%31%30.0.0.1/", [PUBLIC]),
        ("ftp://example.org/", [PUBLIC]),
        ("https:///path", [PUBLIC]),
        ("https://l]t.example.org/", [PUBLIC]),
        ("https://[::1/", [PUBLIC]),
        ("https://[v1.x]/", ["::1"]),
        ("https://example.org\\@127.0.0.1/", [PUBLIC]),
    ],
)
async def test_a_url_no_message_goes_to_is_named(
    url: str, addresses: list[str]
) -> None:
    with pytest.raises(InvalidInput) as told:
        await check_url(url, INSIDE, resolving(*addresses))
    assert told.value.errors[0].path == "url"
    assert told.value.errors[0].remedy


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.org/x", PUBLIC),
        ("http://inside.example/x", "10.20.0.7"),
        ("https://inside.example/x", "10.20.0.7"),
    ],
)
async def test_a_url_that_is_permitted_is_taken(url: str, address: str) -> None:
    await check_url(url, INSIDE, resolving(address))


async def test_a_name_that_cannot_be_looked_up_now_is_looked_at_later() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError(host, port)

    await check_url("https://example.org/", (), nowhere)
    with pytest.raises(InvalidInput):
        await check_url("http://example.org/", (), nowhere)


async def test_a_name_that_nobody_can_look_up_is_named_as_such() -> None:
    async def impossible(host: str, port: int) -> Sequence[str]:
        del port
        raise UnicodeError(host)

    with pytest.raises(InvalidInput) as told:
        await check_url(f"https://{'a' * 64}.org/", INSIDE, impossible)
    assert "host" in told.value.errors[0].message
