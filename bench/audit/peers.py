"""The peers: pymerkle on SQLite, and tessera (Go) on files where Go is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["pymerkle", "tessera"]

BYTES = 500


def pymerkle(leaves: int) -> Mapping[str, Mapping[str, float]] | str:
    """Measure pymerkle, or say why not. It keeps no tiles and signs nothing."""
    try:
        from pymerkle import SqliteTree  # noqa: PLC0415 - a peer, not a dependency
    except ModuleNotFoundError:
        return "pymerkle is not installed: pip install pymerkle"
    found: dict[str, Mapping[str, float]] = {}
    with TemporaryDirectory(prefix="bench-pymerkle-") as folder:
        tree = SqliteTree(str(Path(folder) / "tree.db"))
        made = [
            [os.urandom(BYTES) for _ in range(1_000)] for _ in range(leaves // 1_000)
        ]
        start, cpu = time.perf_counter(), time.process_time()
        for batch in made:
            tree.append_entries(batch, 1_000)
            tree.get_state()
        found["batches_of_1000"] = _rates(leaves, start, cpu)
        start, cpu = time.perf_counter(), time.process_time()
        for data in made[0]:
            tree.append_entry(data)
        found["1_caller"] = _rates(len(made[0]), start, cpu)
        tree.con.close()
    return found


def _rates(count: int, start: float, cpu: float) -> Mapping[str, float]:
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    return {"per_s": count / wall, "cpu_us_each": used / count * 1e6}


def tessera(leaves: int) -> Mapping[str, Mapping[str, float]] | str:
    """Measure tessera, or say why not."""
    go = shutil.which("go")
    if go is None:
        return "Go is not installed"
    with TemporaryDirectory(prefix="bench-tessera-") as folder:
        program = Path(folder) / "tessera"
        subprocess.run(  # noqa: S603 - the compiler
            [go, "build", "-buildvcs=false", "-o", str(program), "."],
            cwd=Path(__file__).parent / "tessera",
            check=True,
        )
        done = subprocess.run(  # noqa: S603 - just built
            [str(program), folder, str(leaves)],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    found: Mapping[str, Mapping[str, float]] = json.loads(done.stdout)
    return found
