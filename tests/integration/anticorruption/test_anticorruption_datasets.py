"""Datasets over a real database: what is learned, kept, and judged by."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from integritas.journal.api import Journal
from integritas.kernel.clock import (
    ManualClock,
    SeededRandomness,
    SystemClock,
    SystemRandomness,
)
from integritas.kernel.contracts import Actor, Assessment, Context, Dossier, Evidence
from integritas.kernel.errors import Conflict, InvalidInput, NotFound
from integritas.kernel.evidence import Procurement, content_digest
from integritas.kernel.ids import (
    DEFAULT_TENANT,
    EventId,
    EvidenceId,
    IdFactory,
    TenantId,
)
from integritas.kernel.states import ActorKind
from integritas.migrations.api import migrate
from integritas.platform.db import Database, open_database
from integritas.platform.http import service_app
from integritas.platform.tokens import service_tokens
from integritas.services.anticorruption.api import (
    load_anticorruption_service,
    open_dataset_desk,
)
from integritas.services.anticorruption.app import router
from integritas.services.anticorruption.dataset import Dataset, encode_body
from integritas.services.anticorruption.desk import LEAST_PROCESSES, DatasetDesk
from integritas.services.anticorruption.features import read_process
from integritas.services.anticorruption.store import read_bodies

pytestmark = pytest.mark.integration

Json = dict[str, Any]
OTHER = TenantId("other")
CONTEXT = Context(DEFAULT_TENANT, Actor("usr_1", ActorKind.PERSON), "c")


def contest(number: int, winner: str = "A", loser: str = "B") -> Json:
    price = {"currency": "EUR"}
    return {
        "ocid": f"o{number}",
        "buyer": {"id": "city"},
        "bids": {
            "details": [
                {
                    "status": "valid",
                    "tenderers": [{"id": winner}],
                    "value": {"amount": 100, **price},
                },
                {
                    "status": "valid",
                    "tenderers": [{"id": loser}],
                    "value": {"amount": 110 + number, **price},
                },
            ]
        },
        "awards": [{"status": "active", "suppliers": [{"id": winner}]}],
    }


def body(release: Json) -> bytes:
    process = read_process(release)
    assert process is not None
    return encode_body(process.release)


def dossier(*releases: Json, tenant: TenantId = DEFAULT_TENANT) -> Dossier:
    contents = [Procurement(release) for release in releases]
    return Dossier(
        id="d",
        tenant=tenant,
        channel="api",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        evidence=tuple(
            Evidence(EvidenceId(f"ev{n}"), content, content_digest(content))
            for n, content in enumerate(contents)
        ),
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/test.db")
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def desk(database: Database) -> DatasetDesk:
    return desk_on(database)


def desk_on(database: Database) -> DatasetDesk:
    return open_dataset_desk(database, SystemClock(), journal_of(database))


def journal_of(database: Database) -> Journal:
    clock, chance = SystemClock(), SystemRandomness()
    return Journal(database, clock, chance, IdFactory(clock, chance))


def test_a_dataset_learns_release_by_release() -> None:
    dataset = Dataset("d")
    dataset.learn(body(contest(n)) for n in range(10))
    reference = dataset.reference()
    assert reference.version == "d@10"
    assert reference.shares["R025"]["A"].whole == 10
    assert reference.fences["R024"]["q1"] == pytest.approx(0.1191666, abs=1e-6)


def test_a_reference_is_taken_anew_when_the_set_has_grown() -> None:
    dataset = Dataset("d")
    dataset.learn(body(contest(n)) for n in range(500))
    first = dataset.reference()
    dataset.learn(body(contest(n)) for n in range(500, 504))
    assert dataset.reference() is first
    assert dataset.reference(fresh=True).version == "d@504"
    dataset.learn(body(contest(n)) for n in range(504, 520))
    assert dataset.reference().version == "d@520"


def test_a_later_release_replaces_an_earlier() -> None:
    dataset = Dataset("d")
    dataset.learn([body(contest(1, "A")), body(contest(1, "B", "C"))])
    shares = dataset.reference().shares["R025"]
    assert set(shares) == {"B", "C"}
    assert len(dataset) == 1


def test_statistics_are_for_people() -> None:
    dataset = Dataset("d")
    dataset.learn([body({"ocid": "x"})])
    told = dataset.statistics()
    assert told["processes"] == 1
    assert told["fences"]["R024"]["q1"] is None


async def test_datasets_are_created_loaded_and_told(desk: DatasetDesk) -> None:
    await desk.create(CONTEXT, "roads", "Roads of 2024")
    package = {"releases": [contest(1), {"ocid": 5}, {**contest(2), "date": "x"}]}
    done = await desk.load(CONTEXT, "roads", [package, contest(3)])
    assert done.loaded == 3
    assert [error.path for error in done.rejects] == [
        "releases[0].releases[1].ocid",
        "releases[0].releases[2].date",
    ]
    told = await desk.get(DEFAULT_TENANT, "roads")
    assert (told["processes"], told["currency"]) == (3, "EUR")
    (row,) = await desk.list(DEFAULT_TENANT)
    assert (row.name, row.title) == ("roads", "Roads of 2024")
    assert await desk.list(OTHER) == []


async def test_what_is_no_name_or_known_or_missing_is_refused(
    desk: DatasetDesk,
) -> None:
    await desk.create(CONTEXT, "roads")
    with pytest.raises(Conflict, match="there is a dataset roads"):
        await desk.create(CONTEXT, "roads")
    with pytest.raises(InvalidInput, match="not valid"):
        await desk.create(CONTEXT, "No Spaces")
    with pytest.raises(NotFound, match="no dataset rails"):
        await desk.load(CONTEXT, "rails", [contest(1)])
    with pytest.raises(NotFound):
        await desk.get(OTHER, "roads")


async def test_the_same_event_teaches_once(desk: DatasetDesk) -> None:
    for event in ("e1", "e1", "e2"):
        await desk.observe(EventId(event), [dossier(contest(1), contest(2))])
    assert (await desk.get(DEFAULT_TENANT, "observed"))["version"] == "observed@4"


async def test_what_was_learned_outlives_the_process(
    database: Database, desk: DatasetDesk
) -> None:
    learned = [contest(n) for n in range(LEAST_PROCESSES)]
    await desk.observe(EventId("e"), [dossier(*learned)])
    await desk.create(CONTEXT, "roads")
    await desk.load(CONTEXT, "roads", [contest(7)])
    again = desk_on(database)
    assert (await again.reference(DEFAULT_TENANT)).shares["R025"][
        "A"
    ].whole == LEAST_PROCESSES
    assert (await again.get(DEFAULT_TENANT, "roads"))["processes"] == 1
    await again.observe(EventId("e"), [dossier(contest(99))])
    told = await again.get(DEFAULT_TENANT, "observed")
    assert told["processes"] == LEAST_PROCESSES


async def test_networks_are_of_a_tenant_and_a_dataset(desk: DatasetDesk) -> None:
    batch = [dossier(*(contest(n, "A", "C") for n in range(6)))]
    await desk.observe(EventId("e"), batch)
    found = await desk.network(DEFAULT_TENANT, "C")
    assert [sign.code for sign in found.signs] == ["N01"]
    assert {node.id for node in found.neighbourhood.nodes} == {"A", "C", "city"}
    with pytest.raises(NotFound, match="nobody of the id C"):
        await desk.network(OTHER, "C")


async def test_the_service_judges_by_what_it_observed(desk: DatasetDesk) -> None:
    service = load_anticorruption_service(desk)
    (before,) = await service.assess([dossier(contest(1))])
    assert isinstance(before, Assessment)
    assert before.versions["reference"] == "empty"
    learned = [contest(n) for n in range(LEAST_PROCESSES)]
    await service.observe(EventId("e1"), [dossier(*learned[1:])])
    (early,) = await service.assess([dossier(contest(1))])
    assert isinstance(early, Assessment)
    assert early.versions["reference"] == "empty"
    await service.observe(EventId("e2"), [dossier(learned[0])])
    (after,) = await service.assess([dossier(contest(1))])
    assert isinstance(after, Assessment)
    assert after.versions["reference"] == f"observed@{LEAST_PROCESSES}"
    assert {f.code for f in after.findings} >= {"I201", "I202"}
    (other,) = await service.assess([dossier(contest(1), tenant=OTHER)])
    assert isinstance(other, Assessment)
    assert other.versions["reference"] == "empty"


async def test_learning_side_by_side_loses_nothing(desk: DatasetDesk) -> None:
    await asyncio.gather(
        *(
            desk.observe(EventId(f"e{n}"), [dossier(contest(n), contest(n + 100))])
            for n in range(20)
        )
    )
    assert (await desk.get(DEFAULT_TENANT, "observed"))["processes"] == 40


async def test_evidence_without_a_release_teaches_nothing(desk: DatasetDesk) -> None:
    linked = Procurement({"ocid": "o", "releases": [{"url": "u"}]}, "record")
    item = Evidence(EvidenceId("ev"), linked, content_digest(linked))
    made = dossier()
    batch = [Dossier("d", made.tenant, "api", made.received_at, (item,))]
    await desk.observe(EventId("e"), batch)
    assert (await desk.get(DEFAULT_TENANT, "observed"))["processes"] == 0


async def test_everything_of_a_process_is_told_with_its_risk(desk: DatasetDesk) -> None:
    await desk.create(CONTEXT, "roads")
    rigged = [
        {**contest(n, "A", "C"), "tender": {"numberOfTenderers": 1}} for n in range(12)
    ]
    await desk.load(CONTEXT, "roads", rigged)
    told = await desk.profile(DEFAULT_TENANT, "roads", "o3")
    assert {spec.code for spec, _ in told.flags} >= {"I201", "I202"}
    assert [(party, sign.code) for party, sign in told.signs] == [("C", "N01")]
    assert len(told.bids) == 2
    assert told.risk.score > 70
    assert {part.source for part in told.risk.parts} >= {"I201", "I202", "N01"}
    assert "model" not in {part.source for part in told.risk.parts}
    with pytest.raises(NotFound, match="no process o99"):
        await desk.profile(DEFAULT_TENANT, "roads", "o99")


async def test_an_erased_party_is_nowhere_and_still_counted(
    database: Database, desk: DatasetDesk
) -> None:
    jane = {"name": "Jané Doe"}
    parties = [
        {"id": "C", "name": "Carl", "contactPoint": {"email": "carl@example.org"}},
        {"id": "A", "name": "Ada Ltd", "directors": [jane, {"name": "John Roe"}]},
    ]
    learned = [{**contest(n, "A", "C"), "parties": parties} for n in range(3)]
    await desk.create(CONTEXT, "roads")
    await desk.load(CONTEXT, "roads", learned)
    await desk.observe(EventId("e"), [dossier(*learned)])
    other = desk_on(database)
    assert (await other.network(DEFAULT_TENANT, "C")).neighbourhood.nodes
    assert await desk.erase(CONTEXT, "person:jane doe") == 6
    assert await desk.erase(CONTEXT, "C") == 6
    assert await desk.erase(CONTEXT, "C") == 0
    entries = await journal_of(database).read(DEFAULT_TENANT)
    assert [entry.type.split(".")[-2] for entry in entries] == [
        "created",
        "loaded",
        *["party_erased"] * 3,
    ]
    assert all("jane" not in str(entry.data).lower() for entry in entries)
    for name in ("roads", "observed"):
        near = (await other.network(DEFAULT_TENANT, "A", dataset=name)).neighbourhood
        told = repr(near).lower()
        assert "carl" not in told
        assert "jane" not in told
        assert "john roe" in told
        assert any(node.id.startswith("erased-") for node in near.nodes)
        with pytest.raises(NotFound):
            await other.network(DEFAULT_TENANT, "C", dataset=name)
        statistics = await other.get(DEFAULT_TENANT, name)
        assert statistics["processes"] == 3
    stored = database.read_sync(
        lambda tx: read_bodies(tx, DEFAULT_TENANT, "observed").bodies
    )
    assert not any(b"carl" in b.lower() or b"Jan" in b for b in stored)


async def test_erasing_keeps_to_a_tenant(desk: DatasetDesk) -> None:
    batch = [dossier(contest(1), tenant=OTHER)]
    await desk.observe(EventId("e"), batch)
    assert await desk.erase(CONTEXT, "A") == 0
    assert (await desk.network(OTHER, "A")).neighbourhood.nodes


async def test_routes_of_datasets_networks_and_models(desk: DatasetDesk) -> None:
    clock = ManualClock()
    ids = IdFactory(clock, SeededRandomness(1))
    routes = router(load_anticorruption_service(desk), ids, clock, desk)
    app = service_app(
        name="anticorruption", operations={}, router=routes, pings={}, token="t"
    )
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://service/api/v1/anticorruption",
        headers={
            "Authorization": f"Bearer {service_tokens('t').token('anticorruption')}"
        },
    )
    async with http:
        made = await http.post("/datasets", json={"name": "roads"})
        assert made.status_code == 201, made.text
        assert (await http.post("/datasets", json={"name": "roads"})).status_code == 409
        assert (
            await http.post("/datasets", json={"name": "x", "y": 1})
        ).status_code == 422
        sent = {"releases": [contest(n, "A", "C") for n in range(6)] + [{"ocid": 1}]}
        loaded = (await http.post("/datasets/roads/releases", json=sent)).json()
        assert loaded["loaded"] == 6
        assert loaded["rejects"][0]["path"] == "releases[6].ocid"
        assert [d["name"] for d in (await http.get("/datasets")).json()["data"]] == [
            "roads"
        ]
        told = (await http.get("/datasets/roads")).json()
        assert told["processes"] == 6
        assert (await http.get("/datasets/rails")).status_code == 404
        near = (await http.get("/networks/C", params={"dataset": "roads"})).json()
        assert near["signs"][0]["code"] == "N01"
        assert {edge["why"] for edge in near["edges"]} == {
            "awarded in 6 processes",
            "bid beside each other in 6 processes",
        }
        assert (await http.get("/networks/nobody")).status_code == 404
        erased = await http.delete("/networks/C")
        assert (erased.status_code, erased.json()) == (200, {"releases": 6})
        gone = await http.get("/networks/C", params={"dataset": "roads"})
        assert gone.status_code == 404
        assert (await http.post("/datasets/roads/releases", json=sent)).is_success
        process = (await http.get("/datasets/roads/processes/o1")).json()
        assert process["risk"]["parts"]
        assert process["signs"]["C"][0]["formula"]
        assert process["bids"][0]["contributions"]
        await _check_ids_with_slashes(http)
        (model,) = (await http.get("/models")).json()["data"]
        assert model["manifest"]["measured"]["roc_auc_mean_of_folds"]["mean"] > 0.96


async def _check_ids_with_slashes(http: httpx.AsyncClient) -> None:
    """Ids of portals and of registers are often addresses."""
    ocid, bidder = "ocds-x-EXP/2026/1", "https://register.example/7"
    release = {**contest(1, bidder, "D"), "ocid": ocid}
    await http.post("/datasets/roads/releases", json={"releases": [release]})
    found = await http.get(f"/datasets/roads/processes/{quote(ocid, safe='')}")
    assert found.json()["ocid"] == ocid
    place = f"/networks/{quote(bidder, safe='')}"
    near = await http.get(place, params={"dataset": "roads"})
    assert near.json()["party"] == bidder
    assert (await http.delete(place)).json() == {"releases": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"tender": {"value": {"amount": -1, "currency": "EUR"}}},
        {"tender": {"value": {"amount": float("nan"), "currency": "EUR"}}},
        {"tender": {"value": {"amount": 1, "currency": ""}}},
        {"tender": {"numberOfTenderers": -1}},
        {"tender": {"numberOfTenderers": 10**400}},
    ],
)
async def test_a_release_that_is_not_valid_closes_no_set_to_others(
    desk: DatasetDesk, wrong: Json
) -> None:
    release = {**contest(1), **wrong}
    await desk.create(CONTEXT, "roads")
    loaded = await desk.load(CONTEXT, "roads", [release, contest(2)])
    assert (loaded.loaded, len(loaded.rejects)) == (2, 1)
    await desk.observe(EventId("e"), [dossier(release)])
    assert (await desk.get(DEFAULT_TENANT, "roads"))["processes"] == 2
    assert (await desk.profile(DEFAULT_TENANT, "roads", "o1")).ocid == "o1"
    assert (await desk.network(DEFAULT_TENANT, "A")).neighbourhood.nodes
    assert await desk.erase(CONTEXT, "A") == 3


async def test_pieces_of_a_process_are_merged_over_all_documents(
    desk: DatasetDesk,
) -> None:
    call = {
        "ocid": "o1",
        "tag": ["tender"],
        "date": "2024-01-01T00:00:00Z",
        "tender": {"id": "t", "procurementMethod": "open", "numberOfTenderers": 1},
    }
    award = {**contest(1), "tag": ["award"], "date": "2024-02-01T00:00:00Z"}
    await desk.create(CONTEXT, "roads")
    documents: list[Json] = [{"records": [{"releases": [award]}]}, call, {"ocid": 5}]
    done = await desk.load(CONTEXT, "roads", documents)
    assert done.loaded == 1
    assert [reject.path for reject in done.rejects] == ["releases[2].ocid"]
    profile = await desk.profile(DEFAULT_TENANT, "roads", "o1")
    assert "R018" in {spec.code for spec, _ in profile.flags}
    assert len(profile.bids) == 2


async def test_mixed_currencies_are_told_when_a_dataset_is_loaded(
    desk: DatasetDesk,
) -> None:
    mixed = contest(1)
    mixed["bids"]["details"][1]["value"]["currency"] = "USD"
    await desk.create(CONTEXT, "roads")
    done = await desk.load(CONTEXT, "roads", [contest(2), {"releases": [mixed]}])
    assert done.loaded == 2
    assert [(reject.path, reject.message) for reject in done.rejects] == [
        (
            "releases[1].releases[0].bids.details[1].value.currency",
            "is USD, and a bid before it is in EUR",
        )
    ]
