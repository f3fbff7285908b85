"""`integritas spam train`: a model of one's own data, beside the one shipped.

The pipeline and its libraries are no part of the installed package: they stand in the
source tree, and need the extra `train`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from integritas.kernel.errors import FieldError, InvalidInput, StorageFailure

__all__ = ["train_spam"]

_ROOT: Final = Path(__file__).resolve().parents[3]
_FILES: Final = ("spamassassin.jsonl.gz", "sms.jsonl.gz")


def train_spam(data: Path, models: Path) -> Path:
    """Train on `data`/messages, keep the version in `models`; return its folder.

    Raises:
        InvalidInput: no training data, or no pipeline here.
        StorageFailure: the pipeline failed, or the folder cannot be written.
    """
    missing = [name for name in _FILES if not (data / "messages" / name).is_file()]
    if missing:
        _refuse("--data", f"{data}/messages lacks {', '.join(missing)}", _NAME_DATA)
    if not (_ROOT / "models/spam/train.py").is_file():
        _refuse("(whole)", "the pipeline is no part of the package", _TREE)
    if find_spec("sklearn") is None:
        _refuse("(whole)", "scikit-learn is not installed", "install the extra train")
    try:
        models.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=models, prefix=".training-") as scratch:
            return _train(data, models, Path(scratch) / "model")
    except OSError as error:
        raise StorageFailure(f"{models} cannot be written: {error.strerror}") from error


_NAME_DATA: Final = "name a folder with messages of both kinds, labelled"
_TREE: Final = "train in a checkout of the source tree"


def _train(data: Path, models: Path, scratch: Path) -> Path:
    command = [sys.executable, "-m", "models.spam.train", "--data", str(data.resolve())]
    done = subprocess.run(  # noqa: S603 - our own program, arguments apart
        [*command, "--output", str(scratch.resolve())],
        cwd=_ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        last = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise StorageFailure(f"training failed: {last}")
    manifest = json.loads((scratch / "manifest.json").read_bytes())
    place = models / str(manifest["artifact"]["sha256"])[:12]
    if place.exists():  # the same data gives the same bytes
        return place
    shutil.move(scratch, place)
    return place


def _refuse(path: str, message: str, remedy: str) -> None:
    raise InvalidInput(
        "there is nothing to train with",
        errors=(FieldError(path, message, remedy),),
    )
