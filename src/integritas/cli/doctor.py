"""`integritas doctor`: is everything there that the platform needs?"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import typer

from integritas.cli.chosen import Db, chosen_settings, told
from integritas.cli.database import schema_of
from integritas.kernel.errors import IntegritasError, StorageFailure
from integritas.migrations.api import head
from integritas.platform.config import unknown_settings
from integritas.platform.roles import check_lists_folder, check_state_folder
from integritas.services.anticorruption.api import load_anticorruption_service
from integritas.services.compliance.api import load_compliance_service, load_watchlists
from integritas.services.spam.api import load_spam_service
from integritas.workflows.api import check_server, temporal_server

if TYPE_CHECKING:
    from integritas.platform.config import Settings

__all__ = ["doctor"]

Check = tuple[str, bool | None, str]
"""What was checked; whether it is good, None for what may be meant; what is there."""
_MARKS: Final = {True: "ok  ", None: "note", False: "FAIL"}


def doctor(db: Db = None) -> None:
    """Check settings, database, models and lists; exit 1 if something fails.

    What is marked `note` may be meant so, and fails nothing.
    """
    settings = chosen_settings(db)
    healthy = True
    for name, good, text in _checks(settings):
        healthy = healthy and good is not False
        typer.echo(f"{_MARKS[good]}  {name}: {text}")
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
    unknown = unknown_settings(os.environ)
    if not unknown:
        return "settings", True, "all known"
    named = ", ".join(unknown)  # others may set variables of that name
    return "settings", None, f"ignored, as no settings: {named}; check the spelling"


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
    which = f"{dialect}, {told(settings)}"
    if schema == head():
        return name, True, f"{which}, schema {schema}"
    if schema is None and dialect == "sqlite":
        return name, True, f"{which}, empty: the first start fills it"
    return (
        name,
        False,
        f"{which}: schema {schema or 'none'}, not {head()}: run integritas db migrate",
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
    folder = settings.lists_folder
    try:
        check_lists_folder(settings)
        if not folder.is_dir():
            return "watchlists", None, f"none in {folder}: parties are not screened"
        lists = load_watchlists(folder)
    except IntegritasError as error:
        return "watchlists", False, str(error)
    return "watchlists", True, f"{len(lists.entries)} entries ({lists.version})"
