"""Training: what it reads, and that the same data gives the same bytes."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.spam.pooled import intervals
from models.spam.augment import good_words
from models.spam.data import read_labelled
from models.spam.fitting import Expert, Recipe, matrix
from models.spam.lookalikes import lookalikes

from integritas.kernel.evidence import message_from_line
from integritas.services.spam.artifact import load_artifact
from integritas.services.spam.features import View, document
from integritas.services.spam.parsing import parse_message

ROOT = Path(__file__).parents[4]


def labelled(count: int, *, mail: bool) -> list[dict[str, Any]]:
    """Return messages of words that tell their kind, as many of each."""
    rng = random.Random(3)  # noqa: S311 - repeatable on purpose
    rows = []
    for number in range(2 * count):
        label = ("ham", "spam")[number % 2]
        words = [label + "".join(rng.choices("abcdefgh", k=2)) for _ in range(30)]
        text = " ".join(words)
        head = f"Received: x\nSubject: {words[0]}\n\n" if mail else ""
        rows.append({"id": str(number), "label": label, "raw": head + text})
    return rows


def write(path: Path, lines: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_bytes(gzip.compress("\n".join(said).encode()))
    return path


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    messages = tmp_path / "messages"
    write(messages / "spamassassin.jsonl.gz", labelled(30, mail=True))
    write(messages / "sms.jsonl.gz", labelled(30, mail=False))
    command = [sys.executable, "-m", "models.spam.train", "--data", str(tmp_path)]
    running = [
        subprocess.Popen(  # noqa: S603 - our own program
            [*command, "--output", str(tmp_path / seed)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.DEVNULL,
        )
        for seed in ("1", "2")
    ]
    assert [program.wait(timeout=55) for program in running] == [0, 0]
    for name in ("weights.npz", "manifest.json", "policy.json"):
        one, other = ((tmp_path / seed / name).read_bytes() for seed in ("1", "2"))
        assert one == other, name
    assert set(load_artifact(tmp_path / "1").models) == set(View)


def test_words_used_as_often_stand_in_the_order_of_the_text() -> None:
    view = parse_message(message_from_line("gamma alpha beta alpha", "text/plain"))
    assert good_words([view], [False]) == ["gamma", "alpha", "beta"]


@pytest.mark.parametrize("content", [b"", b"plain", gzip.compress(b"cut off")[:-9]])
def test_a_file_that_is_not_gzip_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mail.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(SystemExit, match=r"mail\.jsonl\.gz"):
        read_labelled(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "line 61: write {id, label, raw} as JSON"),
        ("[]", "line 61: write {id, label, raw} as JSON"),
        ({"id": "1", "raw": "x"}, "'label'"),
        ({"id": "1", "label": "junk", "raw": "x"}, "label is 'junk', must be spam or"),
        ({"id": "1", "label": ["ham"], "raw": "x"}, "label is ['ham'], must be"),
        ({"id": "1", "label": "ham", "raw": 5}, "raw is no text"),
    ],
)
def test_a_line_that_is_none_is_named(tmp_path: Path, line: Any, said: str) -> None:
    path = write(tmp_path / "mail.jsonl.gz", [*labelled(30, mail=True), line])
    with pytest.raises(SystemExit) as refused:
        read_labelled(path)
    assert said in str(refused.value)


def test_too_few_messages_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "mail.jsonl.gz", labelled(5, mail=True))
    with pytest.raises(SystemExit, match="5 messages of label spam"):
        read_labelled(path)


def test_near_duplicates_are_of_one_group_and_fold(tmp_path: Path) -> None:
    rows = labelled(30, mail=False)
    data = read_labelled(write(tmp_path / "sms.jsonl.gz", [*rows, rows[0]]))
    assert data.groups[0] == data.groups[-1]
    assert data.folds[0] == data.folds[-1]
    assert len(set(data.groups)) == 60


def test_an_expert_sees_its_groups_alone() -> None:
    recipe = Recipe(View.TEXT, 18, (0, 2, 0, 1, 0, 1), cost=1.0)
    view = parse_message(message_from_line("call me at five 555", "text/plain"))
    text = document(view, View.TEXT, lookalikes())
    whole = matrix([text], recipe, Expert((1, 3, 5)))
    parts = [matrix([text], recipe, Expert((group,))) for group in (1, 3, 5)]
    assert all(part.nnz for part in parts)
    assert (whole != sum(parts[1:], parts[0])).nnz == 0
    assert np.allclose([(part.multiply(part)).sum() for part in parts], [4, 1, 1])


def test_an_interval_is_wider_where_messages_are_the_same() -> None:
    rng = np.random.default_rng(1)
    junk = np.repeat(np.tile([True, False], 20), 15)
    logits = np.repeat(rng.normal(size=40), 15) + junk
    alone = intervals(logits, junk, np.arange(600))
    together = intervals(logits, junk, np.arange(600) // 15)
    assert together[1][0] - together[0][0] > 2 * (alone[1][0] - alone[0][0])
