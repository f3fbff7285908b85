"""Which operation of an OpenAPI document a request is for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PathTable"]

_PARAMETER: Final = re.compile(r"\\{(\w+)\\}")


class PathTable:
    """The paths of a document, the most literal first."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Take the document as it is now."""
        self._paths = sorted(
            (
                (re.compile(_pattern(path)), methods)
                for path, methods in document.get("paths", {}).items()
            ),
            key=lambda one: one[0].pattern.count("(?:"),
        )

    def operations(self, path: str) -> Mapping[str, Any]:
        """Return the operations at a path by method, in lower case."""
        for pattern, methods in self._paths:
            if pattern.fullmatch(path):
                found: Mapping[str, Any] = methods
                return found
        return {}


def _pattern(path: str) -> str:
    # A parameter that is a path itself is named so.
    return _PARAMETER.sub(
        lambda found: "(?:.+)" if found[1] == "path" else "(?:[^/]+)", re.escape(path)
    )
