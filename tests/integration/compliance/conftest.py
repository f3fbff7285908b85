"""Both databases, for what the compliance service keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integritas.migrations.api import migrate
from integritas.platform.db import Database, open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Return a migrated database, once of each kind."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path}/test.db"
    else:
        address = request.getfixturevalue("postgres_url")
    opened = open_database(address)
    migrate(opened)
    yield opened
    opened.close()
