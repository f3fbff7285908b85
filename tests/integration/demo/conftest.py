"""Runs the demo as its users do: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PROGRAM = str(Path(sys.executable).with_name("integritas"))
LIMIT_S = 55


@dataclass(frozen=True)
class Home:
    """A folder with the state of an installation, and how to run commands on it."""

    folder: Path
    environment: dict[str, str]

    @property
    def database(self) -> Path:
        """Return the demo's own database."""
        return self.folder / ".integritas" / "demo.db"

    def run(
        self, *arguments: object, stdin: str = "", **settings: object
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.named(settings),
            timeout=LIMIT_S,
            input=stdin,
            check=False,
        )

    def begin(self, *arguments: object, **settings: object) -> subprocess.Popen[str]:
        """Begin a command; the caller ends it."""
        return subprocess.Popen(  # noqa: S603 - our own program
            [PROGRAM, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.named(settings),
        )

    def named(self, settings: dict[str, object]) -> dict[str, str]:
        """Return the environment with settings added."""
        more = {f"INTEGRITAS_{k.upper()}": str(v) for k, v in settings.items()}
        return {**self.environment, **more}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return an installation that was never used."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("INTEGRITAS_")}
    return Home(tmp_path, {**clean, "PYTHONUNBUFFERED": "1"})
