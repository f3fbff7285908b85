"""What the platform is made of is written down, whole and by hash."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

_PINNED = re.compile(r"^([a-z0-9-]+)==([^\s;]+)", re.MULTILINE)


@pytest.mark.timeout(180)
def test_the_sbom_lists_every_locked_package(root: Path, tmp_path: Path) -> None:
    output = tmp_path / "sbom.cdx.json"
    done = subprocess.run(  # noqa: S603 - our own script
        [str(root / "scripts/sbom.sh"), str(output)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(output.read_text())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["name"] == "integritas"
    locked = dict(_PINNED.findall((root / "requirements/runtime.lock").read_text()))
    assert len(locked) > 40
    listed = {each["name"]: each["version"] for each in document["components"]}
    assert listed == locked
    for component in document["components"]:
        (where,) = component["externalReferences"]
        assert {h["alg"] for h in where["hashes"]} == {"SHA-256"}, component["name"]


@pytest.mark.parametrize(
    ("said", "status", "expected"),
    [
        ("No known vulnerabilities found", 0, 0),
        ("alembic  Dependency not found and could not be audited: alembic", 0, 3),
        ("requests 2.0 PYSEC-2099-1 2.1", 1, 1),
        ("Max retries exceeded with url", 1, 3),
    ],
)
def test_what_was_not_audited_is_not_sound(
    root: Path, tmp_path: Path, said: str, status: int, expected: int
) -> None:
    """As pip-audit says it; the real one answers 0 for packages it knows nothing of."""
    tool = tmp_path / "pip-audit"
    tool.write_text(f"#!/bin/sh\necho '{said}' | tee /dev/stderr\nexit {status}\n")
    tool.chmod(0o755)
    done = subprocess.run(  # noqa: S603 - our own script
        [str(root / "scripts/audit_dependencies.sh")],
        env={**os.environ, "PIP_AUDIT": str(tool)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expected, done.stderr
