"""Settings come from the environment; a wrong one is named with its remedy.

The environment is the input here, hence `monkeypatch`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from integritas.kernel.errors import InvalidInput
from integritas.platform.config import (
    PREFIX,
    Settings,
    load_settings,
    secret_fields,
    unknown_settings,
)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Begin with no variable set and no .env file in the working folder."""
    for name in Settings.model_fields:
        for suffix in ("", "_FILE"):
            monkeypatch.delenv(f"{PREFIX}{name.upper()}{suffix}", raising=False)
    monkeypatch.chdir(tmp_path)


def test_defaults_run_in_one_process() -> None:
    settings = load_settings()
    assert settings.database_url == "sqlite:///.integritas/integritas.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.max_body_bytes == 10 * 1024 * 1024
    assert settings.service_url("spam") is None
    assert not settings.database_chosen


def test_database_follows_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEGRITAS_STATE_DIR", "/var/lib/integritas")
    settings = load_settings()
    assert settings.database_url == "sqlite:////var/lib/integritas/integritas.db"


@pytest.mark.parametrize("url", ["sqlite:///x.db", "postgresql://u:p@h:5432/n"])
def test_database_can_be_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("INTEGRITAS_DATABASE_URL", url)
    settings = load_settings()
    assert settings.database_url == url
    assert settings.database_chosen


def test_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("INTEGRITAS_PORT=1\nINTEGRITAS_HOST=0.0.0.0\n", "utf-8")
    monkeypatch.setenv("INTEGRITAS_PORT", "2")
    settings = load_settings()
    assert (settings.port, settings.host) == (2, "0.0.0.0")  # noqa: S104 - compared


def test_a_dotenv_file_that_cannot_be_read_is_named() -> None:
    Path(".env").write_bytes(b"INTEGRITAS_HOST=\xff\xfe\n")
    with pytest.raises(InvalidInput, match=r"\.env: .*UTF-8"):
        load_settings()


def test_overrides_win_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEGRITAS_PORT", "2")
    assert load_settings(port=3).port == 3


def test_empty_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEGRITAS_PORT", "")
    assert load_settings().port == 8000


def test_the_demo_has_a_database_and_a_folder_of_its_own() -> None:
    demo = load_settings().of_demo()
    assert demo.database_url == "sqlite:///.integritas/demo.db"
    assert demo.state_dir == Path(".integritas/demo")


def test_the_demo_takes_a_database_that_was_named() -> None:
    settings = load_settings(database_url="sqlite:///mine.db")
    assert settings.of_demo() == settings


@pytest.mark.parametrize(
    "way", ["{}/.integritas/demo.db", "{}/x/../.integritas/demo.db"]
)
def test_the_demos_database_is_known_by_any_path_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Without its state folder nothing would be held against keys and anchors."""
    monkeypatch.chdir(tmp_path)
    settings = load_settings(database_url=f"sqlite:///{way.format(tmp_path)}")
    assert settings.of_known().state_dir == Path(".integritas/demo")
    other = load_settings(database_url=f"sqlite:///{tmp_path}/demo.db")
    assert other.of_known() == other


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings().port = 1  # type: ignore[misc] # that it cannot is the test


def test_service_addresses_lose_their_last_slash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INTEGRITAS_SPAM_URL", "http://spam:8001/")
    assert load_settings().service_url("spam") == "http://spam:8001"


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("PORT", "99999", "between 0 and 65535"),
        ("PORT", "eighty", "between 0 and 65535"),
        ("DATABASE_URL", "mysql://x", "sqlite:///file.db"),
        ("DATABASE_URL", "sqlite:///", "sqlite:///file.db"),
        ("SPAM_URL", "spam:8001", "http://host:port"),
        ("ENGINE", "airflow", "embedded or temporal"),
        ("LOG_LEVEL", "loud", "debug, info"),
        ("LOG_FORMAT", "xml", "auto, json or console"),
        ("MAX_BODY_BYTES", "12", "between 1024"),
        ("SERVICE_TIMEOUT_S", "0", "above 0"),
        ("AUDIT_ORIGIN", "two words", "letters, digits"),
    ],
)
def test_a_wrong_value_is_one_line_with_variable_and_remedy(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, remedy: str
) -> None:
    monkeypatch.setenv(f"INTEGRITAS_{variable}", value)
    with pytest.raises(InvalidInput) as refused:
        load_settings()
    line = str(refused.value)
    assert f"INTEGRITAS_{variable}: " in line
    assert remedy in line
    assert "\n" not in line


def test_all_wrong_values_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEGRITAS_PORT", "x")
    monkeypatch.setenv("INTEGRITAS_ENGINE", "y")
    with pytest.raises(InvalidInput) as refused:
        load_settings()
    assert len(refused.value.errors) == 2


def test_a_wrong_address_does_not_show_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INTEGRITAS_DATABASE_URL", "mysql://u:hunter2@h/n")
    with pytest.raises(InvalidInput) as refused:
        load_settings()
    assert "hunter2" not in str(refused.value)


# Secrets ------------------------------------------------------------------------


def test_the_secrets_are_these() -> None:
    assert set(secret_fields()) == {
        "service_token",
        "oidc_client_secret",
        "admin_password",
        "temporal_api_key",
        "rate_limit_url",
    }


def test_a_secret_may_come_from_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("correct horse\n", "utf-8")
    monkeypatch.setenv("INTEGRITAS_ADMIN_PASSWORD_FILE", str(tmp_path / "password"))
    password = load_settings().admin_password
    assert password is not None
    assert password.get_secret_value() == "correct horse"


def test_the_dotenv_file_may_name_a_secret_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken", "utf-8")
    Path(".env").write_text("INTEGRITAS_SERVICE_TOKEN_FILE=token\n", "utf-8")
    token = load_settings().service_token
    assert token is not None
    assert token.get_secret_value() == "t0ken"


def test_a_secret_given_in_both_ways_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("from the file", "utf-8")
    monkeypatch.setenv("INTEGRITAS_SERVICE_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("INTEGRITAS_SERVICE_TOKEN", "outright")
    with pytest.raises(InvalidInput) as refused:
        load_settings()
    assert str(refused.value) == (
        "a setting is not valid; INTEGRITAS_SERVICE_TOKEN: is set, and so is "
        "INTEGRITAS_SERVICE_TOKEN_FILE (set one of the two)"
    )


def test_an_empty_variable_beside_a_secret_file_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("from the file", "utf-8")
    monkeypatch.setenv("INTEGRITAS_SERVICE_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("INTEGRITAS_SERVICE_TOKEN", "")
    token = load_settings().service_token
    assert token is not None
    assert token.get_secret_value() == "from the file"


@pytest.mark.parametrize(
    ("variable", "value", "dotenv", "expected"),
    [
        ("INTEGRITAS_SERVICE_TOKEN", "outright", "_FILE=token", "outright"),
        ("INTEGRITAS_SERVICE_TOKEN_FILE", "token", "=of dotenv", "from the file"),
    ],
)
def test_a_secret_of_the_environment_wins_in_either_way(
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    dotenv: str,
    expected: str,
) -> None:
    Path("token").write_text("from the file", "utf-8")
    Path(".env").write_text(f"INTEGRITAS_SERVICE_TOKEN{dotenv}\n", "utf-8")
    monkeypatch.setenv(variable, value)
    token = load_settings().service_token
    assert token is not None
    assert token.get_secret_value() == expected


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "password"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("INTEGRITAS_ADMIN_PASSWORD_FILE", str(path))
    with pytest.raises(InvalidInput, match="INTEGRITAS_ADMIN_PASSWORD_FILE") as refused:
        load_settings()
    assert str(path) in str(refused.value)


def test_printing_settings_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTEGRITAS_ADMIN_PASSWORD", "hunter2")
    monkeypatch.setenv("INTEGRITAS_DATABASE_URL", "postgresql://u:hunter2@h/n")
    settings = load_settings()
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_described_and_has_a_remedy(name: str) -> None:
    field = Settings.model_fields[name]
    assert field.description
    assert field.description.endswith(".")
    assert isinstance(field.json_schema_extra, dict)
    assert field.json_schema_extra["remedy"]


def test_variables_that_are_no_settings_are_named() -> None:
    environment = dict.fromkeys(
        (
            *("INTEGRITAS_PORT", "INTEGRITAS_ADMIN_PASSWORD_FILE", "PATH"),
            *("INTEGRITAS_TEST_PROFILE", "INTEGRITAS_PROT", "integritas_bogus"),
        ),
        "1",
    )
    assert unknown_settings(environment) == ("INTEGRITAS_PROT", "integritas_bogus")


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:6379/0",
        "rediss://:pass@limits.example.org",
        "valkey://user:pass@[::1]:6379/1",
        "valkeys://limits.example.org:6380",
        "unix:///run/valkey/valkey.sock?db=1",
    ],
)
def test_rate_limits_may_be_counted_in_a_store(url: str) -> None:
    settings = load_settings(rate_limit_url=url)
    assert settings.rate_limit_url is not None
    assert settings.rate_limit_url.get_secret_value() == url
    assert "pass@" not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        "limits.example.org:6379",
        "http://limits.example.org",
        "redis://",
        "redis://:hidden@limits.example.org:many",
        "redis://:hidden/too@limits.example.org",
        "redis://[hidden",
        "unix://",
    ],
)
def test_what_is_no_store_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_settings(rate_limit_url=url)
    (error,) = refused.value.errors
    assert error.path == "INTEGRITAS_RATE_LIMIT_URL"
    assert error.message == "is no address of a Redis or Valkey"
    assert "valkey://" in error.remedy
