"""Files that a command writes: whole or not at all.

A file is written beside its place and put there at the end, so a command that fails
leaves what was there. What is no file (a terminal, a pipe, a device) takes what is
written at once. A symbolic link stays one; mode bits stay, or are those of the umask.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["STANDARD", "Output", "open_output"]

STANDARD: Final = "-"
_DEVICES: Final = ("dev", "proc")  # /dev/stdout may lead to a file: of the shell's


class Output:
    """An open output; what is written counts from `keep` on."""

    def __init__(self, stream: BinaryIO, put: Callable[[], None]) -> None:
        """Write to `stream`; `put` brings it to its place."""
        self.stream = stream
        self._put = put

    def keep(self) -> None:
        """Bring what was written to its place."""
        self.stream.flush()
        self._put()


@contextmanager
def open_output(name: str) -> Iterator[Output]:
    """Open an output for writing, `-` for standard output.

    Raises:
        OSError: it cannot be written.
        ValueError: U+0000 in the name.
    """
    path = Path(name)
    with ExitStack() as stack:
        if name == STANDARD:
            yield Output(sys.stdout.buffer, _nothing)
        elif _is_device(path):
            yield Output(_closing(stack, path.open("wb")), _nothing)
        else:
            yield _beside(stack, path.resolve())


def _is_device(path: Path) -> bool:
    parts = path.absolute().parts
    return parts[1:2] in {(folder,) for folder in _DEVICES} or (
        path.exists() and not path.is_file()
    )


def _beside(stack: ExitStack, place: Path) -> Output:
    there = place.exists()
    if there:
        place.open("ab").close()  # may it be written? its folder's rights do not say
    part = place.with_name(f".{secrets.token_hex(8)}.part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except PermissionError:
        if not there:
            raise
        return _over(stack, place)  # the file may be written, its folder may not
    stack.callback(part.unlink, missing_ok=True)
    stream = _closing(stack, os.fdopen(handle, "wb"))
    if there:
        _take_after(part, place)

    def put() -> None:
        os.fsync(stream.fileno())
        part.replace(place)

    return Output(stream, put)


def _over(stack: ExitStack, place: Path) -> Output:
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the stack
    stack.enter_context(spool)

    def put() -> None:
        spool.seek(0)
        with place.open("wb") as target:
            shutil.copyfileobj(spool, target)

    return Output(spool, put)


def _take_after(part: Path, place: Path) -> None:
    status = place.stat()
    with suppress(OSError):  # only root may give a file away
        os.chown(part, status.st_uid, status.st_gid)
    part.chmod(status.st_mode & 0o7777)


def _closing(stack: ExitStack, stream: BinaryIO) -> BinaryIO:
    def close() -> None:
        with suppress(OSError):  # what could not be flushed was told of before
            stream.close()

    stack.callback(close)
    return stream


def _nothing() -> None:
    return
