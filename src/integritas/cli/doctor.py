"""`integritas doctor`: is everything there that the platform needs?"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import typer

from integritas.cli.database import schema_of
from integritas.kernel.errors import IntegritasError, StorageFailure
from integritas.migrations.api import head
from integritas.platform.config import load_settings, unknown_settings
from integritas.platform.roles import check_state_folder
from integritas.services.anticorruption.api import load_anticorruption_service
from integritas.services.compliance.api import load_compliance_service, load_watchlists
from integritas.services.spam.api import load_spam_service
from integritas.workflows.api import check_server, temporal_server

if TYPE_CHECKING:
    from integritas.platform.config import Settings

__all__ = ["doctor"]

Check = tuple[str, bool, str]


def doctor() -> None:
    """Check settings, database, models and lists; exit 1 if something fails."""
    settings = load_settings()
    healthy = True
    for name, good, text in _checks(settings):
        healthy = healthy and good
        typer.echo(f"{'ok  ' if good else 'FAIL'}  {name}: {text}")
    if not healthy:
        sys.exit(1)


def _checks(settings: Settings) -> Iterator[Check]:
    yield "python", sys.version_info >= (3, 11), sys.version.split()[0]
    yield _settings()
    yield _state_folder(settings)
    yield _database(settings)
    yield _engine(settings)
    yield _loaded("spam model", load_spam_service)
    yield _loaded("red flags", load_anticorruption_service)
    yield _loaded("policy", lambda: load_compliance_service(None))
    yield _lists(settings)


def _settings() -> Check:
    unknown = ", ".join(unknown_settings(os.environ))
    text = f"{unknown} is none: check the spelling" if unknown else "all known"
    return "settings", True, text  # others may set variables of that name


def _state_folder(settings: Settings) -> Check:
    try:
        check_state_folder(settings)
    except StorageFailure as error:
        return "state folder", False, error.detail
    return "state folder", True, str(settings.state_dir.absolute())


def _database(settings: Settings) -> Check:
    name = "database"
    try:
        schema = schema_of(settings)
    except IntegritasError as error:
        return name, False, error.detail
    dialect = settings.database_url.split(":", 1)[0]
    if schema == head():
        return name, True, f"{dialect}, schema {schema}"
    if schema is None and dialect == "sqlite":
        return name, True, "sqlite, empty: the first start fills it"
    return (
        name,
        False,
        f"schema {schema or 'none'}, not {head()}: run integritas db migrate",
    )


def _engine(settings: Settings) -> Check:
    server = temporal_server(settings)
    if server is None:
        return "engine", True, "embedded"
    try:
        asyncio.run(check_server(server))
    except IntegritasError as error:
        return "engine", False, str(error)
    where = f"{server.address}, namespace {server.namespace}"
    return "engine", True, f"Temporal at {where}, task queue {server.task_queue}"


def _loaded(name: str, load: Callable[[], object]) -> Check:
    try:
        load()
    except IntegritasError as error:
        return name, False, str(error)
    return name, True, "loads"


def _lists(settings: Settings) -> Check:
    folder = settings.lists_dir or settings.state_dir / "lists"
    if not folder.is_dir():
        return "watchlists", True, f"none in {folder}: parties are not screened"
    try:
        lists = load_watchlists(folder)
    except IntegritasError as error:
        return "watchlists", False, str(error)
    return "watchlists", True, f"{len(lists.entries)} entries ({lists.version})"
