"""`python -m bench.gateway [--oha PROGRAM] [--seconds S]`: the gateway over HTTP."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.gateway.inside import inside
from bench.gateway.outside import Load, Oha, serving

from integritas.platform.runtime import loop_factory


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.gateway")
    parser.add_argument("--oha", default=shutil.which("oha"), help="cargo install oha")
    parser.add_argument("--seconds", type=float, default=10.0, help="each load")
    asked = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    with TemporaryDirectory() as folder, _runner() as runner:
        for name, cost in runner.run(inside(Path(folder))).items():
            p50, cpu = 1e3 * cost.p50_s, 1e6 * cost.cpu_s
            print(f"{name:<18} p50 {p50:7.3f} ms, processor {cpu:6.0f} us")
    if asked.oha is None:
        raise SystemExit("the rest needs oha: cargo install oha")
    with TemporaryDirectory() as folder, serving(Path(folder)) as served:
        oha = Oha(asked.oha, served, asked.seconds)
        oha.reads("warming up")
        oha.submissions("warming up")
        reads = _show(oha.reads("reads"))
        submissions = _show(oha.submissions("submissions, fully processed"))
        _show(oha.reads("reads, at half of that", reads.per_s / 2))
        _show(oha.submissions("submissions, at half", submissions.per_s / 2))
        for name, load in zip(
            ("mixed, reads at a third", "mixed, submissions at a third"),
            oha.mixed(reads.per_s / 3, submissions.per_s / 3),
            strict=True,
        ):
            _show(load, name)
    print(f"load average {os.getloadavg()[0]:.1f}")


def _runner() -> asyncio.Runner:
    return asyncio.Runner(loop_factory=loop_factory())


def _show(load: Load, name: str | None = None) -> Load:
    print(
        f"{name or load.name:<30} {load.per_s:7.0f}/s, p50 {1e3 * load.p50_s:7.1f} ms, "
        f"p99 {1e3 * load.p99_s:7.1f} ms, errors {100 * load.errors:.2f} %, "
        f"processor {1e6 * load.cpu_s:6.0f} us a request",
        flush=True,
    )
    return load


if __name__ == "__main__":
    main()
