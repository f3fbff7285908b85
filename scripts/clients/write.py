"""Write the clients from the document; `--check` says which is stale instead.

Usage: python -m scripts.clients.write [--check]
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from scripts.clients import python, typescript

ROOT: Final = Path(__file__).resolve().parents[2]
BIN: Final = Path(sys.executable).parent


def document() -> dict[str, Any]:
    """Return the document as the command line prints it."""
    said = subprocess.run(  # noqa: S603 - our own command
        [str(BIN / "integritas"), "openapi"], capture_output=True, check=True
    )
    read: dict[str, Any] = json.loads(said.stdout)
    return read


def formatted(text: str) -> str:
    """Return Python as ruff formats it."""
    done = subprocess.run(  # noqa: S603 - our own tool
        [str(BIN / "ruff"), "format", "--stdin-filename", "client.py", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout


def modules(read: dict[str, Any]) -> dict[Path, str]:
    """Return every generated module by its path."""
    folder = ROOT / "src/integritas/client"
    return {
        folder / "models.py": formatted(python.models_module(read)),
        folder / "sync.py": formatted(python.client_module(read, aio=False)),
        folder / "aio.py": formatted(python.client_module(read, aio=True)),
        ROOT / "clients/typescript/integritas.ts": typescript.client_module(read),
    }


def main() -> int:
    """Write what is stale, or name it."""
    stale = {
        path: text
        for path, text in modules(document()).items()
        if not path.exists() or path.read_text("utf-8") != text
    }
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run make docs", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text, "utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
