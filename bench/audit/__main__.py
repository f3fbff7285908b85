"""`python -m bench.audit [--leaves N] [--json]`: the log and its peers, side by side.

Wall-clock figures depend on what else the machine does; the peers run in the same
minutes, so compare with them. `cpu_us_each` is CPU time of all threads.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.audit import ours, peers


def fdatasyncs() -> dict[str, float]:
    """Measure what the disk gives: appending 4 KiB and syncing."""
    with TemporaryDirectory(prefix="bench-sync-") as folder:
        descriptor = os.open(Path(folder) / "file", os.O_CREAT | os.O_WRONLY)
        start = time.perf_counter()
        for _ in range(500):
            os.write(descriptor, bytes(4_096))
            os.fdatasync(descriptor)
        wall = time.perf_counter() - start
        os.close(descriptor)
    return {"per_s": 500 / wall}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--leaves", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {
        "disk": {"fdatasync": fdatasyncs()},
        "integritas": ours.measure(options.leaves),
        "pymerkle": peers.pymerkle(min(options.leaves, 100_000)),
        "tessera": peers.tessera(min(options.leaves, 100_000)),
    }
    if options.json:
        print(json.dumps(found))
        return
    for name, figures in found.items():
        if isinstance(figures, str):
            print(f"{name}: {figures}")
            continue
        for what, values in figures.items():
            shown = ", ".join(f"{key} {value:,.3f}" for key, value in values.items())
            print(f"{name:12} {what:18} {shown}")


if __name__ == "__main__":
    main()
