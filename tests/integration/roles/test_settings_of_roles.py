"""What a role asks of the settings, and that the API is the same however it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from integritas.bootstrap import bootstrap
from integritas.kernel.errors import InvalidInput
from integritas.migrations.api import migrate
from integritas.platform.config import Settings, load_settings
from integritas.platform.db import open_database
from integritas.platform.roles import Role, check_role

SPLIT = [role for role in Role if role is not Role.ALL]
ELSEWHERE = {
    f"{name}_url": f"http://127.0.0.1:{port}"
    for port, name in enumerate(("spam", "anticorruption", "compliance"), start=9)
}


@pytest.mark.parametrize("role", SPLIT)
def test_a_role_of_its_own_is_refused_on_sqlite(role: Role, tmp_path: Path) -> None:
    settings = load_settings(state_dir=tmp_path / "state")
    with pytest.raises(InvalidInput, match="SQLite is for one process") as refused:
        check_role(settings, role)
    [wrong] = refused.value.errors
    assert wrong.path == "INTEGRITAS_DATABASE_URL"
    assert wrong.remedy == "use postgresql://…, or run the role all"
    assert not (tmp_path / "state").exists()
    check_role(settings, Role.ALL)


def document(settings: Settings, role: Role) -> Any:
    platform = bootstrap(settings, role)
    try:
        return platform.app(managed=False).openapi()
    finally:
        platform.database.close()


@pytest.mark.integration
def test_the_document_is_the_same_in_one_process_and_in_six(
    tmp_path: Path, postgres_url: str
) -> None:
    database = open_database(postgres_url)
    migrate(database)
    database.close()
    alone = load_settings(state_dir=tmp_path / "one")
    apart = load_settings(
        state_dir=tmp_path / "six",
        database_url=postgres_url,
        service_token="between us processes",
        **ELSEWHERE,
    )
    assert document(alone, Role.ALL) == document(apart, Role.GATEWAY)


@pytest.mark.parametrize(
    ("limits", "wrong"),
    [
        ({"spam": {"timeout_s": 0}}, "spam.timeout_s"),
        ({"audit": {}}, "audit"),
        ({"spam": {"patience": 1}}, "spam.patience"),
    ],
)
def test_wrong_limits_of_a_service_are_named(limits: Any, wrong: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_settings(service_limits=limits)
    assert wrong in str(refused.value.errors)


def test_each_service_may_have_limits_of_its_own() -> None:
    settings = load_settings(service_limits={"spam": {"timeout_s": 2, "tries": 1}})
    limits = settings.service_limits["spam"]
    assert limits.model_dump(exclude_none=True) == {"timeout_s": 2.0, "tries": 1}


async def test_a_service_elsewhere_that_is_down_makes_us_degraded(
    tmp_path: Path,
) -> None:
    settings = load_settings(
        state_dir=tmp_path / "state", spam_url="http://127.0.0.1:9"
    )
    platform = bootstrap(settings)
    try:
        assert platform.services.elsewhere == {"spam"}
        why = await platform.pings()["spam"]()
        assert (why or "").startswith("degraded: spam cannot be reached")
    finally:
        await platform.stop()
