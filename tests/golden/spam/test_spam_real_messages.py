"""Real labelled messages: a sample is scored sanely, no wanted one is discarded.

The shipped model was trained on these files, so this guards the pipeline, not the
model's quality; held-out figures are in the manifest.
"""

from __future__ import annotations

import gzip
import json
import os
from itertools import islice
from pathlib import Path

import pytest

from integritas.kernel.contracts import Finding, Subject
from integritas.kernel.evidence import message_from_line
from integritas.services.spam.api import load_spam_service

DATA = os.environ.get("INTEGRITAS_DATA")

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not DATA, reason="INTEGRITAS_DATA names no data folder"),
]


@pytest.mark.parametrize("name", ["spamassassin", "sms"])
def test_sample_is_scored_sanely(name: str) -> None:
    service = load_spam_service()
    found: dict[str, list[Finding]] = {"spam": [], "ham": []}
    path = Path(DATA or ".") / "messages" / f"{name}.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in islice(lines, 0, None, 7):
            row = json.loads(line)
            message = message_from_line(row["raw"])
            found[row["label"]].append(service.find(message, Subject()))
    wanted = [finding.data["verdict"] for finding in found["ham"]]
    junk = [finding.data["verdict"] for finding in found["spam"]]
    assert wanted.count("discard") == 0
    assert wanted.count("deliver") / len(wanted) > 0.98
    assert junk.count("deliver") / len(junk) < 0.05
