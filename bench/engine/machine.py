"""What the figures were measured on, and how busy it was."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

SYNCS: Final = 100


def described() -> dict[str, str]:
    """Return the machine, its programs and the time, as a page shows them."""
    memory = _line("/proc/meminfo", "MemTotal")
    gib = int(memory.split()[0]) / 1024**2 if memory else 0.0
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_line('/proc/cpuinfo', 'model name') or platform.machine()}, "
        f"{os.cpu_count()} cores",
        "memory": f"{gib:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
    }


def sync_ms(folder: Path) -> float:
    """Return the median time of writing a page and syncing it to the disk, in ms."""
    taken = []
    with (folder / "sync").open("wb") as file:
        for _ in range(SYNCS):
            began = time.perf_counter()
            file.write(b"x" * 4_096)
            file.flush()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - began)
    return round(statistics.median(taken) * 1_000, 2)


def load() -> float:
    """Return how many processes wanted a core, over the last minute."""
    return round(os.getloadavg()[0], 1)


def _line(path: str, name: str) -> str:
    try:
        text = Path(path).read_text("utf-8")
    except OSError:
        return ""
    found = (line for line in text.splitlines() if line.startswith(name))
    return next(found, "").partition(":")[2].strip()
