"""The registry of models: promoted, tried on a share, rolled back; told of drift."""

from __future__ import annotations

import json
import shutil
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.contracts import Assessment, Dossier, Evidence
from integritas.kernel.errors import (
    Conflict,
    IntegrityViolation,
    InvalidDefinition,
    NotFound,
)
from integritas.kernel.evidence import Message, content_digest
from integritas.kernel.ids import EventId, TenantId
from integritas.registry.api import Deployment, ModelRegistry, Shelf
from integritas.services.spam.api import (
    load_judge,
    load_spam_service,
    open_spam_desk,
    open_spam_drift,
)
from integritas.services.spam.desk import Target

if TYPE_CHECKING:
    from tests.conformance.stores.conftest import Stores

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
OTHER = TenantId("other")
SHIPPED = Path(str(resources.files("integritas.services.spam") / "model"))


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """Return a folder with one more version: the shipped weights by another name."""
    folder = tmp_path / "models"
    shutil.copytree(SHIPPED, folder / "mine")
    path = folder / "mine/manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["version"] = "mine"
    for view in manifest["views"].values():
        view["bias"] += 4.0
    path.write_text(json.dumps(manifest), "utf-8")
    return folder


@pytest.fixture
def registry(stores: Stores, later: Path) -> ModelRegistry:
    shelf = Shelf("spam", SHIPPED, later, load=load_judge)
    made = ModelRegistry(stores.database, stores.journal, stores.clock, [shelf])
    made.tell_drift("spam", open_spam_drift(stores.database))
    return made


def names(registry: ModelRegistry) -> tuple[str, str]:
    """Return the shipped version and the other."""
    shipped, mine = (version.version for version in registry.versions("spam"))
    return shipped, mine


def dossiers(stores: Stores, count: int, text: str = "see you at {}") -> list[Dossier]:
    made = []
    for number in range(count):
        content = Message(text.format(number).encode())
        item = Evidence(stores.ids.evidence(), content, content_digest(content))
        case = stores.ids.new("case")
        made.append(Dossier(case, MAIN, "form", stores.clock.now(), (item,)))
    return made


async def test_the_shipped_version_judges_at_first(registry: ModelRegistry) -> None:
    shipped, mine = names(registry)
    assert shipped.startswith("spam-")
    assert mine.startswith("spam-mine@")
    assert await registry.deployment(MAIN, "spam") == Deployment(shipped)


async def test_a_promotion_is_one_tenants_and_can_be_undone(
    registry: ModelRegistry, stores: Stores
) -> None:
    shipped, mine = names(registry)
    await registry.promote(stores.person(), "spam", mine)
    assert (await registry.deployment(MAIN, "spam")).champion == mine
    assert (await registry.deployment(OTHER, "spam")).champion == shipped
    await registry.rollback(stores.person(), "spam")
    assert (await registry.deployment(MAIN, "spam")).champion == shipped
    types = [entry.type for entry in await stores.journal.read(MAIN)]
    assert types == ["integritas.model.promoted.v1", "integritas.model.rolled_back.v1"]


async def test_promoting_the_champion_changes_nothing(
    registry: ModelRegistry, stores: Stores
) -> None:
    shipped, _ = names(registry)
    await registry.promote(stores.person(), "spam", shipped)
    assert await stores.journal.head(MAIN) == 0
    with pytest.raises(Conflict):
        await registry.rollback(stores.person(), "spam")


async def test_a_version_that_was_changed_is_refused(
    registry: ModelRegistry, stores: Stores, later: Path
) -> None:
    _, mine = names(registry)
    (later / "mine/weights.npz").write_bytes(b"other")
    with pytest.raises(IntegrityViolation, match=r"weights\.npz"):
        await registry.promote(stores.person(), "spam", mine)
    with pytest.raises(NotFound):
        await registry.promote(stores.person(), "spam", "spam-9@000000000000")
    with pytest.raises(NotFound, match="there are: spam"):
        await registry.deployment(MAIN, "ham")


async def test_a_version_that_cannot_judge_is_refused_at_the_door(
    registry: ModelRegistry, stores: Stores, later: Path
) -> None:
    shipped, mine = names(registry)
    policy = later / "mine/policy.json"
    kept = json.loads(policy.read_bytes())
    kept["thresholds"]["mail"] = {"quarantine": 0.9, "discard": 0.1}
    policy.write_text(json.dumps(kept), "utf-8")
    with pytest.raises(InvalidDefinition, match=r"mine/policy\.json"):
        await registry.canary(stores.person(), "spam", mine, 0.0)
    policy.unlink()
    with pytest.raises(IntegrityViolation, match=r"mine/policy\.json"):
        await registry.promote(stores.person(), "spam", mine)
    assert await registry.deployment(MAIN, "spam") == Deployment(shipped)


async def test_a_broken_version_beside_it_does_not_stop_the_champion(
    registry: ModelRegistry, stores: Stores, later: Path
) -> None:
    _, mine = names(registry)
    await registry.promote(stores.person(), "spam", mine)
    (later / "broken").mkdir()
    (later / "broken/manifest.json").write_text("{", "utf-8")
    (answer,) = await load_spam_service(registry=registry).assess(dossiers(stores, 1))
    assert isinstance(answer, Assessment)
    assert answer.versions["model"] == mine
    with pytest.raises(IntegrityViolation, match=r"broken/manifest\.json"):
        registry.shelf("spam").find("spam-9@000000000000")


async def test_an_artifact_outside_its_folder_is_refused(
    registry: ModelRegistry, stores: Stores, later: Path
) -> None:
    _, mine = names(registry)
    path = later / "mine/manifest.json"
    path.write_text(path.read_text("utf-8").replace("weights.npz", "../w.npz"), "utf-8")
    with pytest.raises(IntegrityViolation, match="outside"):
        await registry.promote(stores.person(), "spam", mine)


async def test_the_champion_cannot_challenge_itself(
    registry: ModelRegistry, stores: Stores
) -> None:
    shipped, _ = names(registry)
    with pytest.raises(Conflict):
        await registry.canary(stores.person(), "spam", shipped, 0.1)


async def test_a_challenger_judges_its_share_and_always_the_same_cases(
    registry: ModelRegistry, stores: Stores
) -> None:
    shipped, mine = names(registry)
    service = load_spam_service(registry=registry)
    await registry.canary(stores.person(), "spam", mine, 0.25)
    batch = dossiers(stores, 200)
    judged = []
    for _ in range(2):
        answers = await service.assess(batch)
        judged.append(
            [a.versions["model"] for a in answers if isinstance(a, Assessment)]
        )
    assert judged[0] == judged[1]
    assert 25 <= judged[0].count(mine) <= 80
    assert judged[0].count(mine) + judged[0].count(shipped) == 200
    await registry.canary(stores.person(), "spam", None, 0)
    answers = await service.assess(batch)
    assert {a.versions["model"] for a in answers if isinstance(a, Assessment)} == {
        shipped
    }


async def test_the_shadow_is_compared_with_the_champion(
    registry: ModelRegistry, stores: Stores
) -> None:
    _, mine = names(registry)
    desk = open_spam_desk(stores.database, stores.clock, stores.ids, stores.journal)
    service = load_spam_service(desk=desk, registry=registry)
    await registry.canary(stores.person(), "spam", mine, 0.0)
    batch = dossiers(stores, 10)
    await service.observe(EventId(stores.ids.new("evt")), batch)
    await desk.give_feedback(stores.person(), Target(case=batch[0].id), "wanted", "")
    told = await registry.drift(MAIN, "spam")
    assert told["scores"] == {"psi": None, "verdict": "too few messages"}
    shadow = told["challenger"]
    assert isinstance(shadow, dict)
    assert shadow["messages"] == 10
    assert shadow["verdicts_moved"] == {"deliver to discard": 10}
    assert shadow["labelled"] == shadow["champion_right"] == 1
    assert shadow["challenger_right"] == 0


async def test_drift_is_seen(registry: ModelRegistry, stores: Stores) -> None:
    desk = open_spam_desk(stores.database, stores.clock, stores.ids, stores.journal)
    service = load_spam_service(desk=desk, registry=registry)
    for text in ("see you at {} then", "WIN a prize NOW call 0906170146{} or txt STOP"):
        batch = dossiers(stores, 500, text)
        await service.observe(EventId(stores.ids.new("evt")), batch)
    told = await registry.drift(MAIN, "spam")
    assert isinstance(told["scores"], dict)
    assert told["scores"]["verdict"] == "strong"
    assert told["newest_messages"] == 500


async def test_drift_after_a_promotion_is_the_new_champions_own(
    registry: ModelRegistry, stores: Stores
) -> None:
    _, mine = names(registry)
    desk = open_spam_desk(stores.database, stores.clock, stores.ids, stores.journal)
    service = load_spam_service(desk=desk, registry=registry)
    await registry.canary(stores.person(), "spam", mine, 0.0)
    for _ in range(2):
        batch = dossiers(stores, 120)
        await service.observe(EventId(stores.ids.new("evt")), batch)
        await registry.promote(stores.person(), "spam", mine)
    told = await registry.drift(MAIN, "spam")
    assert (told["first_messages"], told["newest_messages"]) == (120, 120)
    assert told["scores"] == {"psi": 0.0, "verdict": "steady"}


async def test_nobody_measures_what_has_no_source(stores: Stores) -> None:
    shelf = Shelf("spam", SHIPPED)
    registry = ModelRegistry(stores.database, stores.journal, stores.clock, [shelf])
    with pytest.raises(NotFound, match="drift"):
        await registry.drift(MAIN, "spam")


async def test_another_process_hears_of_it_within_seconds(
    registry: ModelRegistry, stores: Stores, beside: Stores, later: Path
) -> None:
    shipped, mine = names(registry)
    other = ModelRegistry(
        beside.database, beside.journal, stores.clock, [Shelf("spam", SHIPPED, later)]
    )
    assert (await other.deployment(MAIN, "spam")).champion == shipped
    await registry.promote(stores.person(), "spam", mine)
    stores.clock.advance(6)
    assert (await other.deployment(MAIN, "spam")).champion == mine
