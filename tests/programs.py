"""Programs that tests run: of wheels, of npm, or of this machine."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["installed", "run", "tool"]

ROOT = Path(__file__).parents[1]
BESIDE = str(Path(sys.executable).parent)
"""Where wheels put programs: Node.js comes as one."""
PATH = f"{BESIDE}:{os.environ['PATH']}"


async def run(*command: str, cwd: Path | None = None, **env: str) -> str:
    """Run a command without blocking the server it may ask; return what it says.

    Scripts of npm packages look for `node` in PATH, where a bare machine has none.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**os.environ, "PATH": PATH, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    text = said.decode()
    assert process.returncode == 0, f"{command[:2]}: {text[-3000:]}"
    return text


def tool(name: str) -> str:
    """Return a program of a wheel or of this machine, or skip."""
    found = shutil.which(name, path=PATH)
    if found is None:
        pytest.skip(f"there is no {name} here")
    return found


async def installed(name: str) -> Path:
    """Return the folder of an npm tool, installed if need be."""
    tool("npm")
    return Path((await run(str(ROOT / "scripts/tools.sh"), name)).splitlines()[-1])
