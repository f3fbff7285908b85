"""What is wrong with a text that is no JSON, in words that help.

NaN and Infinity are what Python, R and spreadsheets write for nothing, and JSON has
neither: they are found and named by their path.
"""

from __future__ import annotations

import json
from typing import Any

from integritas.kernel.errors import FieldError
from integritas.kernel.validation import not_finite

__all__ = ["explain", "parse_with_nan"]


def explain(text: bytes, error: json.JSONDecodeError) -> FieldError:
    """Return what is wrong with a line that a parser refused."""
    path = not_finite(parse_with_nan(text))
    if path is None:
        return FieldError(
            "(whole)",
            f"is not JSON: {error.msg} at column {error.colno}",
            "write one JSON object a line, in UTF-8",
        )
    return FieldError(
        path,
        f"is NaN or infinite, which JSON has no number for (column {error.colno})",
        "leave the field out, or write null",
    )


def parse_with_nan(text: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON that a text is but for NaN and Infinity, None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
