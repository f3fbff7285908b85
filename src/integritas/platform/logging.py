"""Structured logs: one event a line, the request's id in each, no secret in any.

Lines go to stderr: stdout belongs to the data of commands.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TextIO

import orjson
import structlog

if TYPE_CHECKING:
    from structlog.typing import Processor

__all__ = ["REDACTED", "configure_logging", "redact"]

REDACTED: Final = "[redacted]"
_SECRET_KEY: Final = re.compile(
    r"(?i)(passw|secret|token|api[_-]?key|authorization|cookie|private[_-]?key|salt)"
)
_SECRET_TEXT: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 " + REDACTED),
    (re.compile(r"(\w+://[^\s:/@]*):[^\s/@]+@"), r"\1:" + REDACTED + "@"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+"), REDACTED),
    (re.compile(r"\bi[kr]_[a-z0-9-]{1,72}_[a-z2-7]{48}"), REDACTED),  # our own
    (
        re.compile(r"(?i)([?&](?:client_secret|code|password|secret|token)=)[^&\s\"]+"),
        r"\1" + REDACTED,
    ),
)


def configure_logging(
    *, level: str = "info", form: str = "auto", stream: TextIO | None = None
) -> None:
    """Send the platform's and the libraries' logs to `stream` (stderr).

    `form` is `json`, `console`, or `auto`: console on a terminal. Called once, by the
    command line.
    """
    stream = stream or sys.stderr
    console = form == "console" or (form == "auto" and stream.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=_plain_traceback
        )
        if console
        else structlog.processors.JSONRenderer(serializer=_dumps)
    )
    before = [] if console else [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *before,
                redact,
                last,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("httpx", "httpcore", "uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def redact(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace the values of secret keys and what looks like a secret in texts."""
    del logger, method
    for key, value in event.items():
        event[key] = _redacted(key, value)
    return event


def _redacted(key: str, value: Any) -> Any:  # noqa: ANN401 - any logged value
    if _SECRET_KEY.search(key) and value is not None:
        return REDACTED
    if isinstance(value, str):
        for pattern, replacement in _SECRET_TEXT:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {str(name): _redacted(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", inner) for inner in value]
    return value


def _plain_traceback(stream: TextIO, info: Any) -> None:  # noqa: ANN401 - structlog's ExcInfo
    """Print a traceback without the values of variables: they may be personal data."""
    structlog.dev.plain_traceback(stream, info)


def _dumps(event: Mapping[str, Any], **_: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode(
        "utf-8"
    )
