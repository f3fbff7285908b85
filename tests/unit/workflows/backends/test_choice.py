"""Which engine runs, and where its server is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from integritas.kernel.errors import InvalidInput
from integritas.platform.config import Settings, load_settings
from integritas.workflows.api import (
    TemporalServer,
    check_server,
    make_engine,
    temporal_server,
)

SERVER = TemporalServer("127.0.0.1:7233", "default", "integritas")


def settings(**given: Any) -> Settings:
    return load_settings(database_url="sqlite:///x.db", **given)


def test_by_default_there_is_no_server() -> None:
    assert temporal_server(settings()) is None


def test_a_server_is_found_in_the_settings() -> None:
    assert temporal_server(settings(engine="temporal")) == SERVER
    found = temporal_server(
        settings(
            engine="temporal",
            temporal_address="temporal:1234",
            temporal_namespace="n",
            temporal_task_queue="q",
            temporal_tls=True,
            temporal_tls_ca_file=Path("ca.pem"),
            temporal_tls_cert_file=Path("cert.pem"),
            temporal_tls_key_file=Path("key.pem"),
        )
    )
    assert found == TemporalServer(
        "temporal:1234",
        "n",
        "q",
        tls=True,
        ca_file=Path("ca.pem"),
        cert_file=Path("cert.pem"),
        key_file=Path("key.pem"),
    )


def test_a_key_means_tls_and_is_not_shown() -> None:
    found = temporal_server(settings(engine="temporal", temporal_api_key="s3cret"))
    assert found is not None
    assert (found.tls, found.api_key) == (True, "s3cret")
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temporal_address", "temporal"),
        ("temporal_address", "http://temporal:7233"),
        ("temporal_task_queue", "a queue"),
        ("temporal_namespace", ""),
        ("engine", "other"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(name: str, value: str) -> None:
    with pytest.raises(InvalidInput) as told:
        settings(**{"engine": "temporal", name: value})
    [error] = told.value.errors
    assert error.path == f"INTEGRITAS_{name.upper()}"
    assert error.remedy


async def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As if the extra were not installed: the import system finds None.
    for module in list(sys.modules):
        if "backends.temporal." in module:
            monkeypatch.delitem(sys.modules, module)
        if module.partition(".")[0] == "temporalio":
            monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, "temporalio", None)
    with pytest.raises(InvalidInput, match=r"integritas\[temporal\]"):
        make_engine(SERVER)
    with pytest.raises(InvalidInput, match=r"integritas\[temporal\]"):
        await check_server(SERVER)
