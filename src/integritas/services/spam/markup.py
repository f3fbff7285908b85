"""Text and links out of HTML: one linear pass, no tree, nothing can be too deep.

A filter needs what a reader sees and what the author hid, not a document object model;
so comments, scripts and styles are cut by searching for their ends, tags by a pattern
whose matches cannot overlap, and every step is linear in the length of the text.
"""

from __future__ import annotations

import html
import re
from typing import Final

__all__ = ["MAX_URLS", "find_urls", "visible_text"]

MAX_URLS: Final = 200

# A tag that never closes runs to the end of the text: browsers hide it, so do we.
_TAG: Final = re.compile(r"<[A-Za-z/!?][^<>]*(?:>|$)")
_BREAK: Final = re.compile(
    r"<(?:/?(?:p|div|tr|td|th|li|ul|ol|table|h[1-6]|blockquote)|br|hr)\b[^<>]*>",
    re.IGNORECASE,
)
_SPACE: Final = re.compile(r"[ \t\r\f\v\xa0]+")
_LINES: Final = re.compile(r"\n[ \n]*")
_URL: Final = re.compile(
    r"(?:https?|ftp)://[^\s<>\"'()\[\]{}|\\^`]{1,2000}|\bwww\.[a-z0-9-]{1,63}\.[^\s<>\"')]{1,500}",
    re.IGNORECASE,
)
# Opening, closing, and how much of the closing goes too (an end tag is a tag as well).
_HIDDEN: Final = (
    ("<!--", "-->", 3),
    ("<script", "</script", 0),
    ("<style", "</style", 0),
)


def visible_text(markup: str) -> str:
    """Return the text a reader would see, lines kept, entities decoded."""
    for opening, closing, skipped in _HIDDEN:
        markup = _cut(markup, opening, closing, skipped)
    markup = _TAG.sub("", _BREAK.sub("\n", markup))
    text = _SPACE.sub(" ", html.unescape(markup))
    return _LINES.sub("\n", text).strip()


def find_urls(text: str) -> tuple[str, ...]:
    """Return the distinct links in a text or markup, in order, at most `MAX_URLS`."""
    found: dict[str, None] = {}
    for match in _URL.finditer(html.unescape(text)):
        found[match[0].rstrip(".,;:!?")] = None
        if len(found) == MAX_URLS:
            break
    return tuple(found)


def _cut(text: str, opening: str, closing: str, skipped: int) -> str:
    """Drop everything from each `opening` to `skipped` into its `closing`."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters grow when lowered: keep offsets true
        lowered = text
    kept: list[str] = []
    position = 0
    while (start := lowered.find(opening, position)) >= 0:
        kept.append(text[position:start])
        end = lowered.find(closing, start + len(opening))
        if end < 0:
            return "".join(kept)
        position = end + skipped
    kept.append(text[position:])
    return "".join(kept)
