"""`compliance lists refresh` against a publisher that does what publishers do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from integritas.cli.main import app
from integritas.kernel.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

pytestmark = pytest.mark.integration

LIST = """<?xml version="1.0"?>
<CONSOLIDATED_LIST dateGenerated="2026-02-27T00:00:09.554Z"><INDIVIDUALS><INDIVIDUAL>
<DATAID>9001</DATAID><FIRST_NAME>SALIM</FIRST_NAME><SECOND_NAME>AL-QASIMI</SECOND_NAME>
</INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>
"""


class Publisher(ThreadingHTTPServer):
    """Serves one list, as it is told to."""

    body = LIST.encode()
    """What it serves."""
    said: int | None = None
    """The length it says; else the body's."""

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_address[1]}/list.xml"


class Answer(BaseHTTPRequestHandler):
    """One answer of the publisher."""

    server: Publisher

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        """Answer, by 304 who knows the body already."""
        tag = f'"{hash(self.server.body)}"'
        if self.headers.get("If-None-Match") == tag:
            self.send_response(304)
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("ETag", tag)
        self.send_header(
            "Content-Length", str(self.server.said or len(self.server.body))
        )
        self.end_headers()
        self.wfile.write(self.server.body)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    server = Publisher(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def run(folder: Path, publisher: Publisher, *arguments: str) -> Result:
    settings = {
        "INTEGRITAS_STATE_DIR": str(folder / "state"),
        "INTEGRITAS_LIST_SOURCES": json.dumps({"un": {"un.xml": publisher.url}}),
        "INTEGRITAS_DATA": "",
    }
    command = ["compliance", "lists", *arguments]
    return CliRunner().invoke(app, command, env=settings)


def test_a_list_is_fetched_once_and_a_bad_answer_keeps_it(
    tmp_path: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a .env of the working folder is read
    first = run(tmp_path, publisher, "refresh")
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["added"] == 1
    again = run(tmp_path, publisher, "refresh")
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr == "nothing new: un\n"
    kept = run(tmp_path, publisher).stdout
    for body, said, why in (
        (b"<!DOCTYPE html><html>Sorry</html>", None, "a web page"),
        (LIST.encode() + b" ", 9_999, "without sending complete message"),
        (b"", None, "answered 0 bytes"),
        (LIST.encode()[:200], None, "truncated"),
    ):
        publisher.body, publisher.said = body, said
        failed = run(tmp_path, publisher, "refresh")
        assert isinstance(failed.exception, Unavailable), failed.output
        assert why in str(failed.exception)
        assert str(tmp_path) not in str(failed.exception)
        assert run(tmp_path, publisher).stdout == kept
