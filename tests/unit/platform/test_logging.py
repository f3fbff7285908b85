"""Log lines are JSON with the request's id, and hold no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from integritas.platform.logging import REDACTED, configure_logging, redact


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ik_main-abcdefgh_" + "a" * 48, "[redacted]"),
        ("ir_main-abcdefgh_" + "2" * 48 + ".", "[redacted]."),
        ("GET /callback?code=abc&state=x", "GET /callback?code=[redacted]&state=x"),
        ("otpauth://totp/x?secret=ABC", "otpauth://totp/x?secret=[redacted]"),
        ("ik_main-abcdefgh", "ik_main-abcdefgh"),
        ("?codes=1", "?codes=1"),
    ],
)
def test_what_looks_like_a_secret_is_redacted(text: str, left: str) -> None:
    assert redact(None, "info", {"event": text}) == {"event": left}


def test_a_line_is_json_with_level_time_and_context(stream: io.StringIO) -> None:
    configure_logging(form="json", stream=stream)
    with bound_contextvars(request_id="req_1"):
        structlog.get_logger("x").info("case_opened", case="case_1")
    (line,) = lines(stream)
    assert line["event"] == "case_opened"
    assert line["case"] == "case_1"
    assert line["request_id"] == "req_1"
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_libraries_log_in_the_same_form(stream: io.StringIO) -> None:
    configure_logging(form="json", stream=stream)
    with bound_contextvars(request_id="req_1"):
        logging.getLogger("some.library").warning("odd %s", "thing")
    (line,) = lines(stream)
    assert (line["event"], line["request_id"]) == ("odd thing", "req_1")
    assert line["logger"] == "some.library"


def test_levels_below_are_dropped(stream: io.StringIO) -> None:
    configure_logging(level="warning", form="json", stream=stream)
    structlog.get_logger("x").info("quiet")
    logging.getLogger("y").info("quiet")
    structlog.get_logger("x").warning("loud")
    assert [line["event"] for line in lines(stream)] == ["loud"]


def test_chatty_libraries_are_hushed(stream: io.StringIO) -> None:
    configure_logging(level="debug", form="json", stream=stream)
    logging.getLogger("httpx").info("HTTP Request")
    assert lines(stream) == []


def test_exceptions_are_one_field_of_one_line(stream: io.StringIO) -> None:
    configure_logging(form="json", stream=stream)
    try:
        raise ValueError("bad")
    except ValueError:
        structlog.get_logger("x").exception("broke")
    (line,) = lines(stream)
    assert "ValueError: bad" in line["exception"]


def test_exceptions_are_redacted_too(stream: io.StringIO) -> None:
    configure_logging(form="json", stream=stream)
    try:
        raise ValueError("postgresql://u:hunter2@h/n")
    except ValueError:
        structlog.get_logger("x").exception("broke")
    assert "hunter2" not in stream.getvalue()


def test_console_form_is_for_people(stream: io.StringIO) -> None:
    configure_logging(form="console", stream=stream)
    structlog.get_logger("x").info("hello", password="hunter2")
    assert "hello" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_console_tracebacks_show_no_variables(stream: io.StringIO) -> None:
    configure_logging(form="console", stream=stream)
    personal = "Jane Roe"
    try:
        raise ValueError(str(len(personal)))
    except ValueError:
        structlog.get_logger("x").exception("broke")
    assert "ValueError: 8" in stream.getvalue()
    assert "'Jane Roe'" not in stream.getvalue().replace('personal = "Jane Roe"', "")


def test_auto_is_json_where_nobody_looks(stream: io.StringIO) -> None:
    configure_logging(stream=stream)
    structlog.get_logger("x").info("hello")
    assert lines(stream)[0]["event"] == "hello"


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", {1: 2}])
def test_whatever_is_logged_can_be_written(stream: io.StringIO, value: object) -> None:
    configure_logging(form="json", stream=stream)
    structlog.get_logger("x").info("hello", value=value)
    assert lines(stream)[0]["event"] == "hello"


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "admin_password",
        "token",
        "api_key",
        "API-Key",
        "Authorization",
        "client_secret",
        "set-cookie",
        "salt",
        "private_key",
    ],
)
def test_values_of_secret_keys_are_redacted(key: str) -> None:
    event = redact(None, "info", {"event": "x", key: "hunter2", "in": {key: ["h"]}})
    assert event[key] == REDACTED
    assert event["in"] == {key: REDACTED}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abcdefgh.ijkl", "abcdefgh"),
        ("basic QUJDREVGR0hJSktM", "QUJDRE"),
        ("at postgresql://user:hunter2hunter@host/name", "hunter2"),
        ("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "eyJ"),
    ],
    ids=["bearer", "basic", "url", "jwt"],
)
def test_secrets_in_texts_are_redacted(text: str, secret: str) -> None:
    event = redact(None, "info", {"event": text, "more": [text]})
    assert REDACTED in event["event"]
    assert secret not in str(event)


def test_other_values_stay() -> None:
    event = {"event": "x", "count": 3, "none": None, "url": "http://host/path"}
    assert redact(None, "info", dict(event)) == event
