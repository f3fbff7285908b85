"""Nothing in the tree knows where it was made: no package index, no one's folder."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

# In pieces, so that this file does not find itself.
HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry.npm" + "js.org",
    "proxy.go" + "lang.org",
    "repo1.ma" + "ven.org",
    "static.cra" + "tes.io",
]
PLACES = re.compile("(?<![\\w.])[/](?:work|root|home/[a-z]+)/[\\w.]")
LARGEST = 2_000_000


@pytest.fixture(scope="session")
def texts(root: Path) -> dict[str, str]:
    """Return every tracked file that is text, by its path."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git is on the path
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {}
    for name in filter(None, listed.split("\0")):
        path = root / name
        if not path.is_file() or path.stat().st_size > LARGEST:
            continue
        try:
            found[name] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
    return found


@pytest.mark.parametrize("host", HOSTS)
def test_no_file_names_a_package_index(texts: dict[str, str], host: str) -> None:
    assert [name for name, text in texts.items() if host in text] == []


def test_no_file_names_a_folder_of_this_machine(texts: dict[str, str]) -> None:
    assert {
        name: found.group()
        for name, text in texts.items()
        if (found := PLACES.search(text))
    } == {}


def test_scripts_can_be_run(root: Path) -> None:
    scripts = [*(root / "scripts").glob("*.sh"), root / ".ci/run"]
    assert [path.name for path in scripts if not path.stat().st_mode & 0o111] == []
