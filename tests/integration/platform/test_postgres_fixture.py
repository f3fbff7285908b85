"""The Postgres of the tests is real, and every test has a database of its own."""

from __future__ import annotations

import psycopg
import pytest

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("turn", [1, 2])
def test_postgres_url_is_a_fresh_database(postgres_url: str, turn: int) -> None:
    del turn
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
        (version,) = connection.execute("SHOW server_version_num").fetchone() or ("",)
    assert int(version) >= 150_000
