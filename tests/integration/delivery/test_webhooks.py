"""Messages to a real receiver on the loopback, on both databases."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from integritas.delivery.api import (
    BACKOFF,
    Courier,
    Delivery,
    DeliveryState,
    NewWebhook,
    Webhook,
    WebhookChanges,
    Webhooks,
)
from integritas.journal.api import Journal
from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.contracts import Actor, Context, Fact
from integritas.kernel.errors import Conflict, InvalidInput, NotFound, VersionConflict
from integritas.kernel.ids import IdFactory, TenantId
from integritas.kernel.states import ActorKind
from integritas.platform.columns import METADATA
from integritas.platform.db import Database, open_database

MAIN = TenantId("main")
LOOPBACK = (ip_network("127.0.0.0/8"),)
WHO = Context(MAIN, Actor("user_a", ActorKind.PERSON), "req-1")


@dataclass
class Receiver:
    """A real HTTP receiver; answers what it is told to, 200 else."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value
            for name, _, value in (line.partition(": ") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        self.got.append((headers, body))
        status = self.answers.pop(0) if self.answers else "200 OK"
        text = f"HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
        writer.write(text.encode())
        await writer.drain()
        writer.close()


@dataclass
class Post:
    """Everything a delivery needs, wired as bootstrap does."""

    database: Database
    clock: ManualClock
    journal: Journal
    webhooks: Webhooks
    courier: Courier

    async def happen(self, kind: str = "integritas.case.opened.v1") -> None:
        """Record a fact, and have deliveries queued for it."""
        fact = Fact(kind, "case_1", {"n": 1}, personal={"title": "secret"})
        await self.database.transact(lambda tx: self.journal.record(tx, WHO, [fact]))
        await self.webhooks.follower().catch_up()

    async def deliveries(self, webhook: Webhook) -> list[Delivery]:
        return list(await self.webhooks.deliveries(MAIN, webhook.id))


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/post.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture
def post(url: str, clock: ManualClock) -> Iterator[Post]:
    database = open_database(url)
    METADATA.create_all(database.engine)
    randomness = SeededRandomness(7)
    ids = IdFactory(clock, randomness)
    journal = Journal(database, clock, randomness, ids)
    webhooks = Webhooks(database, journal, clock, randomness, ids, networks=LOOPBACK)
    courier = Courier(database, journal, clock, randomness, networks=LOOPBACK)
    yield Post(database, clock, journal, webhooks, courier)
    database.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def test_a_message_is_signed_and_tells_no_personal_data(
    post: Post, receiver: Receiver
) -> None:
    webhook = await post.webhooks.create(WHO, NewWebhook(receiver.url))
    await post.happen()
    assert await post.courier.deliver_due() == 2  # that it was created, and the fact
    headers, body = next(one for one in receiver.got if b"case.opened" in one[1])
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(webhook.secret.removeprefix("whsec_"))
    digest = hmac.digest(key, signed, hashlib.sha256)
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    message = json.loads(body)
    assert message["type"] == "integritas.case.opened.v1"
    assert message["data"]["id"] == headers["webhook-id"]
    assert b"secret" not in body
    assert await post.courier.deliver_due() == 0
    assert {d.state for d in await post.deliveries(webhook)} == {
        DeliveryState.DELIVERED
    }


async def test_only_what_is_wanted_comes(post: Post, receiver: Receiver) -> None:
    types = ("integritas.case.*",)
    await post.webhooks.create(WHO, NewWebhook(receiver.url, types))
    await post.happen("integritas.user.created.v1")
    await post.happen()
    await post.courier.deliver_due()
    assert [json.loads(b)["type"] for _, b in receiver.got] == [
        "integritas.case.opened.v1"
    ]


async def test_a_failure_is_tried_again_later_and_later_then_dead(
    post: Post, receiver: Receiver
) -> None:
    webhook = await post.webhooks.create(
        WHO, NewWebhook(receiver.url, ("integritas.case.*",))
    )
    receiver.answers = ["500 No"] * (len(BACKOFF) + 1)
    await post.happen()
    for number, wait in enumerate(BACKOFF, start=1):
        assert await post.courier.deliver_due() == 1
        assert await post.courier.deliver_due() == 0  # not before its time
        [delivery] = await post.deliveries(webhook)
        assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, number)
        assert delivery.status == 500
        later = delivery.due_at - post.clock.now()
        assert wait <= later <= wait * 1.2
        post.clock.advance(later.total_seconds())
    await post.courier.deliver_due()
    [dead] = await post.deliveries(webhook)
    assert dead.state is DeliveryState.DEAD
    assert dead.ended_at is not None
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {dead.event_id}

    again = await post.webhooks.replay(WHO, dead.id)
    await post.courier.deliver_due()
    found = {d.id: d.state for d in await post.deliveries(webhook)}
    assert found == {dead.id: DeliveryState.DEAD, again.id: DeliveryState.DELIVERED}
    assert receiver.got[-1][0]["webhook-id"] == dead.event_id


async def test_retry_after_is_waited_for(post: Post, receiver: Receiver) -> None:
    webhook = await post.webhooks.create(
        WHO, NewWebhook(receiver.url, ("integritas.case.*",))
    )
    receiver.answers = ["503 Busy\r\nRetry-After: 900"]
    await post.happen()
    await post.courier.deliver_due()
    [delivery] = await post.deliveries(webhook)
    assert delivery.due_at - post.clock.now() == timedelta(seconds=900)


async def test_a_redirect_is_not_followed(post: Post, receiver: Receiver) -> None:
    other = Receiver()
    server = await asyncio.start_server(other.serve, "127.0.0.1", 0)
    other.port = server.sockets[0].getsockname()[1]
    receiver.answers = [f"302 Found\r\nLocation: {other.url}"]
    webhook = await post.webhooks.create(
        WHO, NewWebhook(receiver.url, ("integritas.case.*",))
    )
    async with server:
        await post.happen()
        await post.courier.deliver_due()
    [delivery] = await post.deliveries(webhook)
    assert (delivery.status, other.got) == (302, [])
    assert "redirect" in delivery.error


async def test_a_receiver_that_is_gone_is_told_nothing_more(
    post: Post, receiver: Receiver
) -> None:
    webhook = await post.webhooks.create(
        WHO, NewWebhook(receiver.url, ("integritas.case.*",))
    )
    receiver.answers = ["410 Gone"]
    await post.happen()
    await post.courier.deliver_due()
    after = await post.webhooks.get(MAIN, webhook.id)
    assert not after.enabled
    assert "410" in after.disabled_because
    assert after.version == webhook.version + 1
    await post.happen()
    assert await post.courier.deliver_due() == 0
    back = await post.webhooks.change(WHO, webhook.id, WebhookChanges(enabled=True))
    assert back.enabled
    assert back.disabled_because == ""


async def test_nobody_there_is_a_failure_like_others(
    post: Post, receiver: Receiver
) -> None:
    silent = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    silent.close()
    await silent.wait_closed()
    webhook = await post.webhooks.create(
        WHO, NewWebhook(f"http://127.0.0.1:{port}/", ("integritas.case.*",))
    )
    await post.happen()
    await post.courier.deliver_due()
    [delivery] = await post.deliveries(webhook)
    assert delivery.state is DeliveryState.PENDING
    assert delivery.status is None
    assert delivery.error


async def test_a_name_that_moves_inside_is_not_delivered_to(
    post: Post, receiver: Receiver, clock: ManualClock
) -> None:
    """The name is public when the webhook is kept, and the loopback when it is used."""
    asked = []

    async def moving(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["93.184.215.14"] if len(asked) == 1 else ["127.0.0.1"]

    ids = IdFactory(clock, SeededRandomness(9))
    random = SeededRandomness(8)
    webhooks = Webhooks(post.database, post.journal, clock, random, ids, resolve=moving)
    courier = Courier(post.database, post.journal, clock, random, resolve=moving)
    webhook = await webhooks.create(
        WHO, NewWebhook(f"https://example.org:{receiver.port}/", ("integritas.case.*",))
    )
    await post.happen()
    await courier.deliver_due()
    [delivery] = await post.deliveries(webhook)
    assert "not permitted" in delivery.error
    assert receiver.got == []
    assert len(asked) == 2


async def test_an_address_inside_is_not_taken(
    post: Post, clock: ManualClock, receiver: Receiver
) -> None:
    ids = IdFactory(clock, SeededRandomness(9))
    strict = Webhooks(post.database, post.journal, clock, SeededRandomness(8), ids)
    for url in (receiver.url, "https://127.0.0.1/", "https://localhost/"):
        with pytest.raises(InvalidInput):
            await strict.create(WHO, NewWebhook(url))


async def test_a_change_counts_versions_and_rotates_secrets(
    post: Post, receiver: Receiver
) -> None:
    webhook = await post.webhooks.create(
        WHO, NewWebhook(receiver.url, ("integritas.case.*",))
    )
    rotated = await post.webhooks.change(
        WHO, webhook.id, WebhookChanges(rotate_secret=True, expect=1)
    )
    assert rotated.version == 2
    assert rotated.secret != webhook.secret
    with pytest.raises(VersionConflict):
        await post.webhooks.change(WHO, webhook.id, WebhookChanges(expect=1))
    await post.happen()
    await post.courier.deliver_due()
    assert receiver.got[0][0]["webhook-signature"].count("v1,") == 2


async def test_what_is_deleted_is_told_nothing(post: Post, receiver: Receiver) -> None:
    webhook = await post.webhooks.create(WHO, NewWebhook(receiver.url))
    await post.happen()
    await post.webhooks.delete(WHO, webhook.id)
    assert await post.courier.deliver_due() == 0
    with pytest.raises(NotFound):
        await post.webhooks.deliveries(MAIN, webhook.id)


async def test_what_is_on_its_way_is_not_replayed(
    post: Post, receiver: Receiver
) -> None:
    webhook = await post.webhooks.create(
        WHO, NewWebhook(receiver.url, ("integritas.case.*",))
    )
    await post.happen()
    [delivery] = await post.deliveries(webhook)
    with pytest.raises(Conflict):
        await post.webhooks.replay(WHO, delivery.id)


async def test_nothing_is_replayed_to_a_webhook_that_is_disabled(
    post: Post, receiver: Receiver
) -> None:
    webhook = await post.webhooks.create(
        WHO, NewWebhook(receiver.url, ("integritas.case.*",))
    )
    receiver.answers = ["410 Gone"]
    await post.happen()
    await post.courier.deliver_due()
    [dead] = await post.deliveries(webhook)
    with pytest.raises(Conflict) as told:
        await post.webhooks.replay(WHO, dead.id)
    assert told.value.errors[0].path == "enabled"
    await post.webhooks.change(WHO, webhook.id, WebhookChanges(enabled=True))
    receiver.answers = []
    again = await post.webhooks.replay(WHO, dead.id)
    await post.courier.deliver_due()
    found = {d.id: d.state for d in await post.deliveries(webhook)}
    assert found[again.id] is DeliveryState.DELIVERED


async def test_an_event_is_queued_once_whatever_happens(
    post: Post, receiver: Receiver
) -> None:
    webhook = await post.webhooks.create(
        WHO, NewWebhook(receiver.url, ("integritas.case.*",))
    )
    await post.happen()
    await asyncio.gather(*(post.webhooks.follower().catch_up() for _ in range(4)))
    assert len(await post.deliveries(webhook)) == 1
