"""Say whether requirements/*.lock still answer pyproject.toml, without the network.

Every requirement is pinned to a version it allows, every pin has hashes, and no lock
names an index.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
_PIN: Final = re.compile(
    r"^([A-Za-z0-9._-]+)==([^\s;\\]+)[^\n]*\n(\s+--hash=)?", re.MULTILINE
)


def requirements(
    project: dict[str, Any], *, dev: bool = False, bench: bool = False
) -> list[Requirement]:
    """Return what pyproject.toml asks for."""
    wanted = list(project["project"]["dependencies"])
    for name, extra in project["project"]["optional-dependencies"].items():
        if dev or bench or name == "postgres":
            wanted += extra
    if dev:
        wanted += project["dependency-groups"]["dev"]
    if bench:
        wanted += project["dependency-groups"]["bench"]
    return [Requirement(text) for text in wanted]


def complaints(lock: Path, wanted: list[Requirement]) -> list[str]:
    """Return what is wrong with one lock."""
    text = lock.read_text("utf-8")
    pins: dict[str, str] = {}
    found = []
    for name, version, hashed in _PIN.findall(text):
        pins[canonicalize_name(name)] = version
        if not hashed:
            found.append(f"{lock.name}: {name} has no hash")
    if re.search(r"https?://|--index-url|--find-links", text):
        found.append(f"{lock.name}: names an index")
    for requirement in wanted:
        version = pins.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{lock.name}: lacks {requirement.name}")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(f"{lock.name}: {requirement.name}=={version} is not allowed")
    return found


def main() -> int:
    """Print each complaint; return 1 if there is any."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    folder = ROOT / "requirements"
    found = [
        *complaints(folder / "dev.lock", requirements(project, dev=True)),
        *complaints(folder / "runtime.lock", requirements(project)),
        *complaints(folder / "bench.lock", requirements(project, bench=True)),
        *complaints(folder / "uv.lock", [Requirement("uv")]),
    ]
    for line in found:
        print(f"{line}: run make lock", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
