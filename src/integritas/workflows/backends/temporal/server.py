"""Connecting to a Temporal server, with errors that say what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from integritas.kernel.errors import FieldError, InvalidInput, Unavailable
from integritas.platform.setting_kinds import invalid_setting
from integritas.workflows.backends.temporal.messages import SEARCH_ATTRIBUTES

if TYPE_CHECKING:
    from pathlib import Path

    from integritas.workflows.backends.temporal.address import TemporalServer

__all__ = ["connect", "why"]

CONNECT_S: Final = 3.0
_RPC: Final = timedelta(seconds=5)


async def connect(server: TemporalServer) -> Client:
    """Return a client of a namespace that is ready for runs.

    Raises:
        Unavailable: the server does not answer, or lacks the search attributes.
        InvalidInput: it has no such namespace, refuses us, or a file cannot be read.
    """
    try:
        client = await Client.connect(
            server.address,
            namespace=server.namespace,
            api_key=server.api_key,
            tls=_tls(server),
            connect_timeout=timedelta(seconds=CONNECT_S),
        )
        await client.workflow_service.describe_namespace(
            DescribeNamespaceRequest(namespace=server.namespace), timeout=_RPC
        )
        await _ensure_attributes(client, server)
    except RPCError as error:
        raise _refused(server, error) from error
    except RuntimeError as error:  # the SDK's, for a connection that cannot be made
        raise _unreachable(server, str(error)) from error
    return client


async def why(client: Client, server: TemporalServer) -> str | None:
    """Return None if the server answers, else why not."""
    try:
        await client.service_client.check_health(timeout=timedelta(seconds=1))
    except (RPCError, RuntimeError) as error:
        return _unreachable(server, str(error)).detail
    return None


def _tls(server: TemporalServer) -> TLSConfig | bool:
    if not (server.ca_file or server.cert_file or server.key_file):
        return server.tls
    return TLSConfig(
        server_root_ca_cert=_pem("CA", server.ca_file),
        client_cert=_pem("CERT", server.cert_file),
        client_private_key=_pem("KEY", server.key_file),
    )


def _pem(which: str, path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        variable = f"INTEGRITAS_TEMPORAL_TLS_{which}_FILE"
        problem = FieldError(
            variable, f"{path}: {error.strerror}", "name a PEM file to read"
        )
        raise invalid_setting(problem) from error


async def _ensure_attributes(client: Client, server: TemporalServer) -> None:
    """Add the search attributes that runs carry, where they are not there yet."""
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=server.namespace), timeout=_RPC
    )
    lacking = [
        name for name in SEARCH_ATTRIBUTES if name not in known.custom_attributes
    ]
    if not lacking:
        return
    keyword = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
    request = AddSearchAttributesRequest(namespace=server.namespace)
    for name in lacking:
        request.search_attributes[name] = keyword
    try:
        await client.operator_service.add_search_attributes(request, timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.ALREADY_EXISTS:
            return
        raise Unavailable(
            f"Temporal at {server.address} lacks the search attributes"
            f" {', '.join(lacking)} and does not let us add them: {error.message};"
            " add them (type Keyword): temporal operator search-attribute create"
        ) from error


def _refused(server: TemporalServer, error: RPCError) -> Unavailable | InvalidInput:
    if error.status is RPCStatusCode.NOT_FOUND:
        problem = FieldError(
            "INTEGRITAS_TEMPORAL_NAMESPACE",
            f"{server.address} has no namespace {server.namespace!r}",
            "create it, or name one that is there",
        )
        return InvalidInput("Temporal has no such namespace", errors=(problem,))
    if error.status in {
        RPCStatusCode.UNAUTHENTICATED,
        RPCStatusCode.PERMISSION_DENIED,
    }:
        problem = FieldError(
            "INTEGRITAS_TEMPORAL_API_KEY",
            f"{server.address} refuses us: {error.message}",
            "give a key, or a client certificate, that may use the namespace",
        )
        return InvalidInput("Temporal refuses us", errors=(problem,))
    return _unreachable(server, error.message)


def _unreachable(server: TemporalServer, reason: str) -> Unavailable:
    problem = FieldError(
        "INTEGRITAS_TEMPORAL_ADDRESS",
        f"{server.address} does not answer: {reason}",
        "start the server, or name the address (host:port) of one that runs",
    )
    return Unavailable(
        f"Temporal at {server.address} cannot be reached: {reason}", errors=(problem,)
    )
