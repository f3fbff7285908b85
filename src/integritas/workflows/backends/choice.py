"""Which engine carries runs: chosen once, where the platform is wired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integritas.kernel.errors import FieldError, InvalidInput
from integritas.workflows.backends.embedded import EmbeddedEngine
from integritas.workflows.backends.temporal.address import TemporalServer

if TYPE_CHECKING:
    from integritas.platform.config import Settings
    from integritas.workflows.engine import Engine

__all__ = ["check_server", "make_engine", "temporal_server"]


def temporal_server(settings: Settings) -> TemporalServer | None:
    """Return the server that the settings name, None for the embedded engine."""
    if settings.engine != "temporal":
        return None
    key = settings.temporal_api_key
    return TemporalServer(
        address=settings.temporal_address,
        namespace=settings.temporal_namespace,
        task_queue=settings.temporal_task_queue,
        tls=settings.temporal_tls or key is not None,
        ca_file=settings.temporal_tls_ca_file,
        cert_file=settings.temporal_tls_cert_file,
        key_file=settings.temporal_tls_key_file,
        api_key=key.get_secret_value() if key else None,
    )


def make_engine(server: TemporalServer | None, **parts: Any) -> Engine:  # noqa: ANN401 - as EmbeddedEngine takes them
    """Return the embedded engine, or one on a Temporal server if there is one.

    Raises:
        InvalidInput: the extra `temporal` is not installed.
    """
    if server is None:
        return EmbeddedEngine(**parts)
    try:
        from integritas.workflows.backends.temporal.engine import (  # noqa: PLC0415 - an optional extra
            TemporalEngine,
        )
    except ModuleNotFoundError as error:
        raise _no_extra() from error
    return TemporalEngine(**parts, server=server)


async def check_server(server: TemporalServer) -> None:
    """Connect to a Temporal server and let go.

    Raises:
        Unavailable: it does not answer.
        InvalidInput: it refuses us, or the extra `temporal` is not installed.
    """
    try:
        from integritas.workflows.backends.temporal.server import (  # noqa: PLC0415 - an optional extra
            connect,
        )
    except ModuleNotFoundError as error:
        raise _no_extra() from error
    await connect(server)


def _no_extra() -> InvalidInput:
    return InvalidInput(
        "the Temporal engine is not installed",
        errors=(
            FieldError(
                "INTEGRITAS_ENGINE",
                "is temporal, which needs an extra",
                "pip install integritas[temporal], or set it to embedded",
            ),
        ),
    )
