"""Lists on disk: what loads is swapped in whole, what does not changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from typer.testing import CliRunner

from integritas.cli.compliance import app
from integritas.kernel.errors import InvalidInput, Unavailable
from integritas.services.compliance.api import (
    download_lists,
    load_watchlists,
    refresh_lists,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SOURCES = {
    "ofac": {"sdn.csv": "https://lists.test/sdn", "alt.csv": "https://lists.test/alt"},
    "un": {"consolidated.xml": "https://lists.test/un"},
}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "lists"


def test_a_first_refresh_puts_every_list_in_force(folder: Path, target: Path) -> None:
    changes = refresh_lists(folder, target)
    assert [(c.list, c.before, len(c.added)) for c in changes] == [
        ("ofac", None, 5),
        ("un", None, 2),
    ]
    assert load_watchlists(target).version == load_watchlists(folder).version


def test_a_change_is_told_by_uid_and_the_version_before_is_kept(
    folder: Path, target: Path
) -> None:
    refresh_lists(folder, target)
    path = folder / "ofac" / "sdn.csv"
    text = path.read_text(encoding="utf-8")
    lines = text.replace("VOSTOK MARINE TRADING", "VOSTOK SEA TRADING").splitlines()
    path.write_text("\n".join(lines[1:]) + "\n", encoding="utf-8")
    alias = folder / "ofac" / "alt.csv"
    kept = [x for x in alias.read_text(encoding="utf-8").splitlines() if "101" not in x]
    alias.write_text("\n".join(kept) + "\n", encoding="utf-8")
    (ofac, un) = refresh_lists(folder, target)
    assert (ofac.added, ofac.removed, ofac.changed) == ((), ("101",), ("102",))
    assert not un.anything
    assert len(list((target / ".versions").glob("ofac-*"))) == 2


def test_the_same_lists_again_change_nothing(folder: Path, target: Path) -> None:
    refresh_lists(folder, target)
    assert not any(change.anything for change in refresh_lists(folder, target))


def test_a_truncated_list_leaves_the_good_one_in_force(
    folder: Path, target: Path
) -> None:
    refresh_lists(folder, target)
    good = load_watchlists(target).version
    path = folder / "un" / "consolidated.xml"
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(InvalidInput):
        refresh_lists(folder, target)
    assert load_watchlists(target).version == good


def test_a_folder_put_there_by_hand_becomes_a_version(
    folder: Path, target: Path
) -> None:
    (target / "ofac").mkdir(parents=True)
    refresh_lists(folder, target)
    assert (target / "ofac").is_symlink()
    assert load_watchlists(target).versions.keys() == {"ofac", "un"}


def published(folder: Path) -> Callable[[httpx.Request], httpx.Response]:
    files = {
        "/sdn": folder / "ofac" / "sdn.csv",
        "/alt": folder / "ofac" / "alt.csv",
        "/un": folder / "un" / "consolidated.xml",
    }

    def answer(request: httpx.Request) -> httpx.Response:
        body = files[request.url.path].read_bytes()
        tag = f'"{len(body)}"'
        if request.headers.get("If-None-Match") == tag:
            return httpx.Response(304)
        return httpx.Response(200, content=body, headers={"ETag": tag})

    return answer


def fetch(
    answer: Callable[[httpx.Request], httpx.Response], target: Path
) -> list[str] | None:
    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as client,
        download_lists(client, target, SOURCES) as fresh,
    ):
        if fresh is None:
            return None
        return [change.list for change in refresh_lists(fresh, target)]


def test_publishers_are_asked_only_for_what_is_new(folder: Path, target: Path) -> None:
    (folder / "ofac" / "add.csv").unlink()
    assert fetch(published(folder), target) == ["ofac", "un"]
    assert fetch(published(folder), target) is None
    path = folder / "ofac" / "alt.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("ORLOFF", "ORLOV-OFF"),
                    encoding="utf-8")  # fmt: skip
    assert fetch(published(folder), target) == ["ofac", "un"]
    assert "ORLOV-OFF" in (target / "ofac" / "alt.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<!DOCTYPE html><html>Sorry</html>"),
        httpx.Response(503),
        httpx.Response(200, content=b""),
    ],
)
def test_what_is_no_list_is_refused(target: Path, answer: httpx.Response) -> None:
    with pytest.raises(Unavailable, match=r"lists\.test"):
        fetch(lambda _: answer, target)
    assert not (target / "ofac").exists()


def test_a_publisher_out_of_reach_is_said(target: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    with pytest.raises(Unavailable, match="does not answer"):
        fetch(answer, target)


def test_the_command_refreshes_from_a_folder(folder: Path, target: Path) -> None:
    command = ["lists", "refresh", "--from", str(folder), "--into", str(target)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert '"list":"ofac"' in result.output
    assert (target / "un").is_dir()
