"""Who is alone may say at a stop that all is logged; one role of several may not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from integritas.bootstrap import bootstrap
from integritas.migrations.api import migrate
from integritas.platform.config import load_settings
from integritas.platform.db import open_database
from integritas.platform.roles import Role

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

PROGRAM = str(Path(sys.executable).with_name("integritas"))
FORGED = """
    INSERT INTO journal SELECT tenant_id, seq + 1, 'evt_01JF8R0000F008000000000000',
    type, subject, time, actor_id, actor_kind, actor_roles, correlation_id, data, NULL
    FROM journal ORDER BY seq DESC LIMIT 1
"""


@pytest.mark.parametrize("role", [Role.ALL, Role.AUDIT, Role.ENGINE])
async def test_only_a_platform_in_one_process_is_settled(
    postgres_url: str, tmp_path: Path, role: Role
) -> None:
    database = open_database(postgres_url)
    migrate(database)
    database.close()
    urls = {
        f"{name}_url": "http://127.0.0.1:9"
        for name in ("spam", "anticorruption", "compliance")
        if role is not Role.ALL
    }
    settings = load_settings(
        state_dir=tmp_path,
        database_url=postgres_url,
        admin_password="several words together",
        service_token="a token of thirty-two letters and more",
        **urls,
    )
    platform = bootstrap(settings, role)
    await platform.start()
    await platform.stop()
    assert platform.journal.mark is not None
    assert platform.journal.mark.there() is (role is Role.ALL)


def test_what_is_planted_on_postgres_after_a_demo_is_named(
    postgres_url: str, tmp_path: Path
) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("INTEGRITAS_")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**clean, "INTEGRITAS_DATABASE_URL": postgres_url},
            timeout=150,
            check=False,
        )

    demo = run("demo", "--once", "--count", "34")
    assert demo.returncode == 0, demo.stderr
    verified = run("audit", "verify")
    assert verified.returncode == 0, verified.stdout
    assert "stopped in order" in verified.stderr
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(FORGED.encode())
    verified = run("audit", "verify")
    assert verified.returncode == 1
    assert "came after the orderly stop" in verified.stdout
