"""Red flags over 100,000 releases, beside OCDS Cardinal.

    python bench/anticorruption/bulk.py [--cardinal PATH] [--rounds N] [--alone]

Both run as their users run them, start included, in turns, on one file of 83 MB: the
differential sets below INTEGRITAS_DATA, repeated with an ocid of its own each. Python's
bytecode is kept, as an installation keeps it, and a run that is not counted writes it.
CPU time is what both took on all processors. Wall time is the throughput, but on an
idle machine only: with `--alone` (Linux, as root) both run with real-time priority, so
that other work on the machine waits for them.

The peer: `pip download ocdscardinal==0.0.8 --no-deps --no-binary :all:`, unpack, then
`cargo build --release --bin ocdscardinal`.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import resource

SETS = ("101", "102", "103", "104")
RELEASES = 100_000


def main() -> None:
    """Write the file, run both in turns, print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cardinal", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true")
    arguments = parser.parse_args()
    data = os.environ.get("INTEGRITAS_DATA")
    if data is None:
        raise SystemExit("set INTEGRITAS_DATA: the sets are read from there")
    folder = Path(data) / "procurement/differential"
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "releases.jsonl"
        write_releases(folder, file)
        settings = str(folder / "fuzz-101.ini")
        ours = Path(sys.executable).with_name("integritas")
        commands = {
            "integritas": [str(ours), "procurement", "indicators", str(file)],
            "cardinal": [str(arguments.cardinal), "indicators", str(file)],
        }
        if arguments.cardinal is None:
            del commands["cardinal"]
        if arguments.alone:
            commands = {n: ["chrt", "-f", "10", *c] for n, c in commands.items()}
        keep_bytecode(Path(scratch))
        for command in commands.values():
            measure([*command, "--settings", settings])
        print(f"{RELEASES} releases, {file.stat().st_size / 1e6:.0f} MB")
        for _ in range(arguments.rounds):
            for name, command in commands.items():
                print(f"{name:12}{measure([*command, '--settings', settings])}")


def write_releases(folder: Path, file: Path) -> None:
    """Repeat the sets, each release with its own ocid."""
    lines = [
        line
        for name in SETS
        for line in (folder / f"fuzz-{name}.jsonl").read_bytes().splitlines()
    ]
    with file.open("wb") as stream:
        for number in range(RELEASES):
            ocid = b'"ocds-fuzz-%06d"' % number
            line = lines[number % len(lines)]
            stream.write(re.sub(rb'"ocds-fuzz-\d+"', ocid, line, count=1) + b"\n")


def keep_bytecode(folder: Path) -> None:
    """Have the commands compile their modules once, wherever they are installed."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")


def measure(command: list[str]) -> str:
    """Run a command; return its wall time, CPU time and peak memory."""
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - what the command line names
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[0]} failed with {process.returncode}")
    wall = time.perf_counter() - started
    cpu = used.ru_utime + used.ru_stime
    return f"{wall:6.2f} s wall {cpu:6.2f} s CPU {peak(used):6.0f} MB"


def peak(used: resource.struct_rusage) -> float:
    """Return the peak of the largest process, in MB."""
    return used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
