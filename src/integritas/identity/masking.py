"""Findings as a caller may see them, as JSON: from cases, hits and steps of runs alike.

A reason that quotes evidence says so in its data, `quotes`: `name` where all behind the
colon is quoted, `birth_date` where dates are, `text` where words in quotation marks and
brackets are.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from integritas.identity.disclosure import Datum, Form

if TYPE_CHECKING:
    from integritas.identity.disclosure import View
    from integritas.kernel.contracts import Finding, Reason

__all__ = ["mask_finding", "mask_json", "mask_reason", "mask_result"]

_QUOTED: Final = re.compile(r"“[^”]*”|\([^()]*\)")
_DATE: Final = re.compile(r"\d{4}(?:-\d\d){0,2}")
_SIDES: Final = ("case", "list")
_FIELDS: Final = {
    "name": Datum.NAME,
    "primary name": Datum.NAME,
    "birth date": Datum.BIRTH_DATE,
    "identifier": Datum.IDENTIFIER,
}
_HIT_CODES: Final = "sanctions."


def mask_finding(view: View, finding: Finding) -> Finding:
    """Return a finding as the caller sees it."""
    data: Any = finding.data
    return replace(
        finding,
        title=view.text(finding.title),
        reasons=tuple(mask_reason(view, reason) for reason in finding.reasons),
        data=_data(view, finding.code, data),
    )


def mask_result(view: View, result: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the result of a step as the caller sees it; it may hold findings."""
    if isinstance(result, list):
        return [mask_result(view, item) for item in result]
    if not isinstance(result, dict):
        return mask_json(view, result)
    if "code" in result and isinstance(result.get("reasons"), list):
        return {
            **{name: mask_json(view, value) for name, value in result.items()},
            "reasons": [_reason_json(view, item) for item in result["reasons"]],
            "data": _data(view, str(result["code"]), result.get("data") or {}),
        }
    return {name: mask_result(view, value) for name, value in result.items()}


def mask_json(view: View, value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON whose texts have no pieces that the caller may not see."""
    if isinstance(value, str):
        return view.text(value)
    if isinstance(value, list | tuple):
        return [mask_json(view, item) for item in value]
    if isinstance(value, dict):
        return {name: mask_json(view, item) for name, item in value.items()}
    return value


def mask_reason(view: View, reason: Reason) -> Reason:
    """Return a reason as the caller sees it."""
    said = _said(view, reason.text, reason.data.get("quotes"))
    return replace(reason, text=said, data=mask_json(view, dict(reason.data)))


def _reason_json(view: View, reason: Any) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(reason, dict) or not isinstance(reason.get("text"), str):
        return mask_json(view, reason)
    masked = {name: mask_json(view, value) for name, value in reason.items()}
    quotes = (reason.get("data") or {}).get("quotes")
    return {**masked, "text": _said(view, reason["text"], quotes)}


def _said(view: View, text: str, quotes: object) -> str:
    if quotes not in set(Datum) or view.sees(datum := Datum(str(quotes))):
        return view.text(text)
    if datum is Datum.NAME:
        head, colon, _ = text.partition(": ")
        return f"{head}{colon}[{datum}]"
    if datum is Datum.BIRTH_DATE:
        return _DATE.sub(lambda found: view.value(datum, found[0]), text)
    return view.text(_QUOTED.sub(f"[{datum}]", text))


def _data(view: View, code: str, data: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a finding's data; of a hit both sides, the listed one tells of ours."""
    masked: dict[str, Any] = mask_json(view, dict(data))
    if not code.startswith(_HIT_CODES):
        return masked
    fields = data.get("fields")
    if isinstance(fields, list):
        masked["fields"] = [_field(view, row) for row in fields]
    if isinstance(data.get("name"), str):
        masked["name"] = view.value(Datum.NAME, data["name"])
    if view.forms[Datum.IDENTIFIER] is Form.HIDDEN:
        masked.pop("party", None)  # a hash of names and numbers, to be guessed
    return masked


def _field(view: View, row: Any) -> Any:  # noqa: ANN401 - JSON
    datum = _FIELDS.get(str(row.get("field"))) if isinstance(row, dict) else None
    if datum is None:
        return mask_json(view, row)
    return {**row, **{side: view.value(datum, row.get(side) or "") for side in _SIDES}}
