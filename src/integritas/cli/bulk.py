"""Files in and out of bulk commands: lines, rejects, and how they fail.

`-` is standard input or output. A command that fails leaves an output of yesterday as
it was. What could not be used goes to the rejects file, or the first few to standard
error.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import orjson
import typer

from integritas.cli.outputs import STANDARD, Output, open_output
from integritas.kernel.errors import FieldError, InvalidInput, StorageFailure

__all__ = [
    "MAX_LINE_BYTES",
    "STANDARD",
    "Bulk",
    "LineReject",
    "Reject",
    "Rejects",
    "lines_of",
    "open_bulk",
    "read_text",
    "shown",
    "write_bytes",
]

MAX_LINE_BYTES: Final = 64 * 1024 * 1024
_SHOWN: Final = 10
_BOM: Final = b"\xef\xbb\xbf"


class Reject(Protocol):
    """A dataclass that says what was wrong in a line; its text is one line."""

    @property
    def line(self) -> int:
        """Return the number of the line, from 1."""

    @property
    def path(self) -> str:
        """Return the field, `(whole)` for the line itself."""

    @property
    def message(self) -> str:
        """Return what is wrong."""


@dataclass(frozen=True, slots=True)
class LineReject:
    """One thing wrong in one line; satisfies `Reject`."""

    line: int
    path: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return one line for people."""
        return f"line {self.line} {FieldError(self.path, self.message, self.remedy)}"


class Rejects:
    """Takes rejects: into a file if there is one, else the first for standard error."""

    def __init__(self, stream: BinaryIO | None) -> None:
        """Begin without any."""
        self._stream = stream
        self._taken = 0
        self._first: list[str] = []

    def take(self, reject: Reject) -> None:
        """Write a reject down."""
        self._taken += 1
        if len(self._first) < _SHOWN:
            self._first.append(" ".join(str(reject).split()))
        if self._stream is not None:
            self._stream.write(orjson.dumps(reject) + b"\n")

    def conclude(self, summary: str, *, failure: str | None = None) -> None:
        """Tell of rejects on standard error, if there are any.

        Raises:
            InvalidInput: there is a `failure`: nothing could be done. Its one line
                holds the first reject.
        """
        if failure is not None:
            raise InvalidInput("; ".join([failure, *self._first[:1]]))
        if not self._taken:
            return
        if self._stream is None:
            for line in self._first:
                typer.echo(line, err=True)
        hidden = self._stream is None and self._taken > _SHOWN
        typer.echo(summary + ("; --rejects lists all" if hidden else ""), err=True)


@dataclass(frozen=True, slots=True)
class Bulk:
    """The open files of a bulk command."""

    source: BinaryIO
    output: BinaryIO
    rejects: Rejects


@contextmanager
def open_bulk(
    source: str, *, output: str = STANDARD, rejects: str | None = None
) -> Iterator[Bulk]:
    """Open the input, then rejects and output; keep what was written at the end.

    A command that cannot use its input leaves the output alone; its rejects are kept,
    as they say why.

    Raises:
        InvalidInput: a file that cannot be opened, or is input and output at once.
        StorageFailure: reading or writing failed on the way.
    """
    names = [name for name in (source, output, rejects) if name not in {None, STANDARD}]
    with ExitStack() as stack:
        reading = _reading(stack, source)
        _refuse_same([str(name) for name in names])
        refused = _writing(stack, rejects) if rejects else None
        writing = _writing(stack, output)
        try:
            taken = Rejects(refused.stream if refused else None)
            yield from _kept(Bulk(reading, writing.stream, taken), refused)
            writing.keep()
        except BrokenPipeError:
            raise  # who reads the output went away: no failure of ours
        except OSError as error:
            raise StorageFailure(
                f"reading {shown(source)} or writing {shown(output, out=True)} failed: "
                f"{error.strerror}",
            ) from error


def _kept(bulk: Bulk, rejects: Output | None) -> Iterator[Bulk]:
    try:
        yield bulk
    except (InvalidInput, BrokenPipeError):
        if rejects is not None:
            rejects.keep()
        raise
    if rejects is not None:
        rejects.keep()


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield each line, blank ones too, without a byte order mark.

    Of a line over `MAX_LINE_BYTES` one byte more than that is kept, so that memory
    stays bounded and the reader can tell.
    """
    first = True
    while line := stream.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (rest := stream.readline(MAX_LINE_BYTES)) and rest[-1:] != b"\n":
                pass
        yield line.removeprefix(_BOM) if first else line
        first = False


def read_text(path: Path) -> str:
    """Return the text of a small file.

    Raises:
        InvalidInput: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(str(path), "read", error) from error


def write_bytes(name: str, content: bytes) -> None:
    """Write a whole document to a file, or to standard output.

    Raises:
        InvalidInput: the file cannot be opened.
        StorageFailure: writing failed on the way.
    """
    with ExitStack() as stack:
        output = _writing(stack, name)
        try:
            output.stream.write(content)
            output.keep()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise StorageFailure(
                f"writing {shown(name, out=True)} failed: {error.strerror}"
            ) from error


def shown(name: str, *, out: bool = False) -> str:
    """Return what to call a file in a message."""
    if name != STANDARD:
        return name
    return "standard output" if out else "standard input"


def _reading(stack: ExitStack, name: str) -> BinaryIO:
    if name == STANDARD:
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(name).open("rb"))
    except (OSError, ValueError) as error:  # ValueError: U+0000 in the name
        raise _unusable(name, "read", error) from error


def _writing(stack: ExitStack, name: str) -> Output:
    try:
        return stack.enter_context(open_output(name))
    except (OSError, ValueError) as error:
        raise _unusable(name, "written", error) from error


def _refuse_same(names: list[str]) -> None:
    """Refuse files that would take each other's place."""
    files = [Path(name) for name in names if _is_or_becomes_file(Path(name))]
    for place, path in enumerate(files):
        for other in files[:place]:
            if path.resolve() == other.resolve() or (
                path.exists() and other.exists() and path.samefile(other)
            ):
                raise InvalidInput(
                    f"{path} is named twice: one would take the place of the other",
                    errors=(FieldError(str(path), "in use", "write another file"),),
                )


def _is_or_becomes_file(path: Path) -> bool:
    return path.is_file() or not path.exists()


def _unusable(name: str, verb: str, error: Exception) -> InvalidInput:
    why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    if isinstance(error, ValueError) and not isinstance(error, UnicodeDecodeError):
        why = str(error)
    return InvalidInput(
        f"{name} cannot be {verb}",
        errors=(FieldError(name, str(why), "check path and permissions"),),
    )
