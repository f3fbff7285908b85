"""The machine's own resolver: what it makes of a host is what is looked at."""

from __future__ import annotations

import httpcore
import pytest

from integritas.delivery.addresses import Forbidden, GuardedNetwork, check_url
from integritas.kernel.errors import InvalidInput


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001"),
        *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]"),
    ],
)
@pytest.mark.enable_socket  # to look up numbers; nothing is connected to
async def test_however_the_own_machine_is_written_it_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput):
        await check_url(f"https://{host}/", ())
    network = GuardedNetwork((), public=True, inner=httpcore.AsyncMockBackend([]))
    with pytest.raises(Forbidden):
        await network.connect_tcp(host.strip("[]"), 443)
