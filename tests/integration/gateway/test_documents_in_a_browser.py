"""Swagger UI and ReDoc in a real Chromium that reaches nothing but this server.

Chromium's own command line does it: no driver is needed. What a page writes to its
console, what the content security policy refuses and what is not found is an error.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("INTEGRITAS_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    None,
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here")
PNG = b"\x89PNG\r\n\x1a\n"


async def open_page(url: str, folder: Path, *more: str) -> tuple[str, list[str]]:
    """Return the page as drawn, and what was said in its console."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--disable-background-networking", "--disable-component-update"),
        # No name but ours leads anywhere: a page that asks a CDN for anything fails.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        *("--enable-logging=stderr", "--log-level=0"),
        *("--virtual-time-budget=20000", "--window-size=1280,1600"),
        *(f"--user-data-dir={folder}", *more, "--dump-dom", url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(150):
            out, log = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = log.decode(errors="replace").splitlines()
    return out.decode(), [line for line in lines if ":CONSOLE" in line]


@needs_chromium
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("path", "drawn"),
    [
        ("/api/docs", r'<span class="nostyle">/api.*?</span>|opblock-summary'),
        ("/api/redoc", r'id="tag/auth"|data-section-id="tag/auth'),
    ],
)
async def test_the_documents_are_drawn_without_a_network(
    served: str, path: str, drawn: str
) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        picture = Path(folder) / "page.png"
        page, console = await open_page(
            served + path, Path(folder) / "profile", f"--screenshot={picture}"
        )
        assert console == []
        assert "Sign in, or renew" in page
        assert "Open a case" in page
        assert len(re.findall(drawn, page)) >= 1
        assert not re.findall(r'<(?:img|link|script)[^>]*"https?://', page)
        assert picture.read_bytes().startswith(PNG)
        assert picture.stat().st_size > 20_000  # an empty page takes 10 kB
        if keep := os.environ.get("INTEGRITAS_TEST_PICTURES"):
            shutil.copy(picture, Path(keep) / f"{path.rpartition('/')[2]}.png")


@needs_chromium
@pytest.mark.timeout(300)
async def test_what_a_page_says_in_its_console_is_heard(served: str) -> None:
    """The counter-test: a script that is refused would be noticed above."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        asked = Path(folder) / "page.html"
        asked.write_text(
            f"<script src='{served}/api/nothing.js'></script>"
            "<script src='https://cdn.example.org/x.js'></script>"
            "<script>console.error('heard')</script>"
        )
        _, console = await open_page(asked.as_uri(), Path(folder) / "profile")
    assert any("heard" in line for line in console)
