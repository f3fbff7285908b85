"""Trace context follows W3C; metrics live on the registry they were given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace
from prometheus_client import REGISTRY, CollectorRegistry

from integritas.kernel.clock import SeededRandomness
from integritas.platform.telemetry import (
    CallMetrics,
    HttpMetrics,
    ServiceMetrics,
    format_traceparent,
    new_registry,
    remote_parent,
    tracer,
)

VALID = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def span_context(header: str | None, seed: int = 1) -> trace.SpanContext:
    parent = remote_parent(header, SeededRandomness(seed))
    return trace.get_current_span(parent).get_span_context()


@given(
    st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.sampled_from(["00", "01"])
)
def test_a_valid_header_survives(trace_id: int, span_id: int, flags: str) -> None:
    header = f"00-{trace_id:032x}-{span_id:016x}-{flags}"
    assert format_traceparent(span_context(header)) == header


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        VALID + "-more",
        VALID.upper(),
        "ff" + VALID[2:],
        "00-" + "0" * 32 + VALID[35:],
        VALID[:36] + "0" * 16 + VALID[52:],
    ],
)
def test_an_invalid_header_is_as_good_as_none(header: str | None) -> None:
    context = span_context(header)
    assert context.is_valid
    assert format_traceparent(context)[3:35] not in VALID


def test_fresh_contexts_differ() -> None:
    assert span_context(None, 1).trace_id != span_context(None, 2).trace_id


def test_spans_inherit_the_trace() -> None:
    parent = remote_parent(VALID, SeededRandomness(1))
    with tracer().start_as_current_span("inner", context=parent) as span:
        assert f"{span.get_span_context().trace_id:032x}" in VALID


@pytest.mark.parametrize("metrics", [HttpMetrics, ServiceMetrics, CallMetrics])
def test_metrics_stay_off_the_global_registry(
    metrics: type[HttpMetrics | ServiceMetrics | CallMetrics],
) -> None:
    registry = CollectorRegistry()
    metrics(registry)
    names = {family.name for family in registry.collect()}
    assert names
    assert all(name.startswith("integritas_") for name in names)
    assert not names & {family.name for family in REGISTRY.collect()}


def test_registries_are_independent() -> None:
    HttpMetrics(new_registry())
    HttpMetrics(new_registry())
