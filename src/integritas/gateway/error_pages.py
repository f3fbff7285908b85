"""The catalogue of errors as pages: `/api/errors`, and `/api/errors/{code}` of each.

Every problem's `type` resolves here: `/api/errors/urn:integritas:problem:conflict` is
the page of `conflict`. The text is `platform/errors.md`, of which docs/reference has a
copy; what its Markdown uses is all that is drawn.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from integritas.kernel.errors import NotFound
from integritas.platform.problems import STATUS, TITLES

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

ROOT: Final = "/api/errors"
_PREFIX: Final = "urn:integritas:problem:"
_INLINE: Final = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<h1>{title}</h1>
{body}
</html>
"""


@router.get(ROOT)
async def list_errors() -> HTMLResponse:
    """Show the catalogue: every code with its status and title."""
    rows = "\n".join(
        f'<tr><td><a href="{ROOT}/{code}"><code>{code}</code></a><td>{status}'
        f"<td>{escape(TITLES[code])}"
        for code, status in sorted(STATUS.items(), key=lambda item: (item[1], item[0]))
    )
    head = "<tr><th>code<th>status<th>title"
    about = _drawn(_sections()[""])
    return _page("Errors", f"<table>\n{head}\n{rows}\n</table>\n{about}")


@router.get(ROOT + "/{code}")
async def show_error(code: str) -> HTMLResponse:
    """Show what an error means and what to do about it, by its code or its type."""
    name = code.removeprefix(_PREFIX)
    if name not in STATUS:
        raise NotFound(f"there is no error {code[:100]}: see {ROOT} for all")
    section = _sections()[name]
    back = f'<p><a href="{ROOT}">All errors</a>'
    told = f"<p>Type: <code>{_PREFIX}{escape(name)}</code>"
    return _page(name, f"{told}\n{_drawn(section)}\n{back}")


def _page(title: str, body: str) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body))


@cache
def _sections() -> dict[str, str]:
    """Return the text of each code; of none, what stands before the first."""
    text = files("integritas.platform").joinpath("errors.md").read_text("utf-8")
    before, *parts = re.split(r"^## (\w+)\n", text, flags=re.MULTILINE)
    return {
        "": before.partition("\n")[2],
        **dict(zip(parts[::2], parts[1::2], strict=True)),
    }


def _drawn(text: str) -> str:
    blocks = []
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith("```"):
            code = "\n".join(block.splitlines()[1:-1])
            blocks.append(f"<pre>{escape(code)}</pre>")
            continue
        line = escape(block, quote=False)
        for pattern, drawn in _INLINE:
            line = pattern.sub(drawn, line)
        blocks.append(f"<p>{line}")
    return "\n".join(blocks)
