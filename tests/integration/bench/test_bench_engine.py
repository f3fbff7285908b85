"""`make bench` measures: the whole of it in small, for our own engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.timeout(600)  # nine processes, each loads every model


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], str]:
    """Return the figures of a quick run, and what it printed."""
    raw = tmp_path_factory.mktemp("bench") / "figures.json"
    environment = {k: v for k, v in os.environ.items() if k != "INTEGRITAS_DATA"}
    command = [sys.executable, "-m", "bench.engine.run", "--quick", "--runs", "10"]
    done = subprocess.run(  # noqa: S603 - our own module
        [*command, "--json", str(raw)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=560,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, object] = json.loads(raw.read_text())
    return figures, done.stdout


def test_every_figure_is_measured(found: tuple[dict[str, object], str]) -> None:
    figures, _ = found
    table, own = figures["table"], figures["own"]
    assert isinstance(table, dict)
    assert isinstance(own, dict)
    assert set(table) == {"Integritas, SQLite", "Integritas, Postgres"}
    for rounds in [*table.values(), own["alone"], own["services"], own["open_loop"]]:
        for row in rounds:
            assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
            assert row["runs_per_s"] > 0
            assert row["peak_rss_mb"] > 10
    assert own["services"][0]["audit_lag_p99_ms"] >= 0
    assert own["batched"][0]["transitions_per_s"] > 0
    assert own["single"][0]["transitions_per_s"] > 0
    assert [each["runs"] for each in own["growth"]] == [100]
    [floor] = own["floor"]
    assert sum(floor["threads_us"].values()) > 0
    assert set(floor["services_us"]) == {"text", "mail", "party", "release", "payment"}
    written = {each["table"]: each for each in floor["tables"]}
    assert written["run_steps"]["rows"] == 5
    assert written["cases"]["rows"] == 1
    assert written["journal"]["write_us"] > 0
    assert written["commit"]["write_us"] > 0


def test_it_prints_the_page_and_writes_none(
    found: tuple[dict[str, object], str],
) -> None:
    _, printed = found
    assert "| Integritas, SQLite |" in printed
    assert "µs at the least: the services" in printed
    assert "fsync on, synchronous_commit on" in printed
    page = (ROOT / "docs/benchmarks.md").read_text("utf-8")
    assert "--quick" not in page
