"""Names of metrics and spans, in one place, on an injected registry.

Metrics are Prometheus's; traces go through the OpenTelemetry API, so they cost next to
nothing until an SDK is installed beside the platform.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    TraceFlags,
    set_span_in_context,
)
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from integritas.kernel.clock import Randomness

__all__ = [
    "CallMetrics",
    "HttpMetrics",
    "ServiceMetrics",
    "format_traceparent",
    "new_registry",
    "remote_parent",
    "tracer",
]

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_SIZES: Final = (1, 4, 16, 64, 256, 1024, 4096)
_TRACEPARENT: Final = re.compile(
    r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})"
)


def new_registry() -> CollectorRegistry:
    """Return an empty registry; bootstrap makes one per process."""
    return CollectorRegistry(auto_describe=True)


def tracer() -> trace.Tracer:
    """Return the platform's tracer: a no-op until an SDK is installed."""
    return trace.get_tracer("integritas")


class HttpMetrics:
    """What a door counts: requests, how long they took, how many are under way."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self.requests = Counter(
            "integritas_http_requests_total",
            "Requests answered.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "integritas_http_request_seconds",
            "Seconds from the first byte in to the last byte out.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.under_way = Gauge(
            "integritas_http_requests_under_way",
            "Requests being answered now.",
            registry=registry,
        )


class ServiceMetrics:
    """What a service's door counts: batches, their size, their time."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self.seconds = Histogram(
            "integritas_service_batch_seconds",
            "Seconds a service took for a batch.",
            ["service", "operation"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.bytes = Histogram(
            "integritas_service_batch_bytes",
            "Bytes of a batch's body.",
            ["service", "operation"],
            buckets=tuple(1024 * size for size in _SIZES),
            registry=registry,
        )


class CallMetrics:
    """What a caller of a remote service counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self.calls = Counter(
            "integritas_remote_calls_total",
            "Calls of a remote service, by outcome (ok or an error code).",
            ["service", "outcome"],
            registry=registry,
        )
        self.retries = Counter(
            "integritas_remote_retries_total",
            "Tries after the first.",
            ["service"],
            registry=registry,
        )
        self.seconds = Histogram(
            "integritas_remote_call_seconds",
            "Seconds of a call with all its tries.",
            ["service"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.waiting = Gauge(
            "integritas_remote_calls_waiting",
            "Calls waiting for a place in the bulkhead.",
            ["service"],
            registry=registry,
        )
        self.retries_refused = Counter(
            "integritas_remote_retries_refused_total",
            "Tries that were not made as the retry budget was spent.",
            ["service"],
            registry=registry,
        )
        self.hedges = Counter(
            "integritas_remote_hedges_total",
            "Second tries beside a slow first one.",
            ["service"],
            registry=registry,
        )
        self.circuit = Gauge(
            "integritas_remote_circuit",
            "1 for the state the service's circuit is in: closed, half_open, open.",
            ["service", "state"],
            registry=registry,
        )
        self.circuit_changes = Counter(
            "integritas_remote_circuit_changes_total",
            "Times the service's circuit came into a state.",
            ["service", "state"],
            registry=registry,
        )


def remote_parent(traceparent: str | None, randomness: Randomness) -> Context:
    """Return the trace context of a request: the caller's, or a fresh one.

    W3C Trace Context, section 3.2: an invalid header is as good as none.
    """
    return set_span_in_context(
        NonRecordingSpan(_parsed(traceparent) or _fresh(randomness))
    )


def _parsed(traceparent: str | None) -> SpanContext | None:
    match = _TRACEPARENT.fullmatch(traceparent or "")
    if match is None or (traceparent or "").startswith("ff"):
        return None
    context = SpanContext(
        trace_id=int(match[1], 16),
        span_id=int(match[2], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(match[3], 16) & TraceFlags.SAMPLED),
    )
    return context if context.is_valid else None


def _fresh(randomness: Randomness) -> SpanContext:
    return SpanContext(
        trace_id=int.from_bytes(randomness.token_bytes(16)) or 1,
        span_id=int.from_bytes(randomness.token_bytes(8)) or 1,
        is_remote=True,
    )


def format_traceparent(context: SpanContext) -> str:
    """Return the W3C `traceparent` header of a span."""
    return (
        f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    )
