"""Runs the command line as its users do: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = [str(Path(sys.executable).with_name("integritas"))]
LIMIT_S = 50


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: bytes
    err: str

    def fails(self) -> str:
        """Return the one line of a failure."""
        assert self.code == 1, (self.code, self.err)
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("integritas: ")
        return lines[0]

    def succeeds(self) -> bytes:
        """Return what a success printed."""
        assert self.code == 0, self.err
        return self.out


Run = Callable[..., Ended]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return what runs a command in an empty folder; keywords are settings."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("INTEGRITAS_")}

    def command(*arguments: object, stdin: bytes = b"", **settings: object) -> Ended:
        named = {f"INTEGRITAS_{k.upper()}": str(v) for k, v in settings.items()}
        done = subprocess.run(  # noqa: S603 - our own program
            [*PROGRAM, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env={**clean, **named},
            timeout=LIMIT_S,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr.decode())

    return command
