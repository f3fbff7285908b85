"""The content of evidence as a caller may see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.identity.api import Datum, mask_json
from integritas.kernel.evidence import (
    Message,
    Party,
    Payment,
    serialise_content,
)
from integritas.platform.readable import readable_text

if TYPE_CHECKING:
    from integritas.identity.api import View
    from integritas.kernel.evidence import Account, Content

__all__ = ["MOST_SHOWN", "clear_content", "masked_content"]

MOST_SHOWN: Final = 100_000
"""Characters of a message that are shown; the whole is at `/raw`."""

# FollowTheMoney properties; what is in none of them is prose.
_DATA: Final = (
    (Datum.NAME, re.compile(r".*(name|alias)$|title", re.IGNORECASE)),
    (Datum.BIRTH_DATE, re.compile(r"birth(date|place)", re.IGNORECASE)),
    (Datum.CONTACT, re.compile(r"email|phone|address.*|website", re.IGNORECASE)),
    (
        Datum.IDENTIFIER,
        re.compile(r".*(number|code|id)$|imoNumber", re.IGNORECASE),
    ),
)
_OPEN: Final = frozenset(
    {
        *("country", "nationality", "jurisdiction", "citizenship", "gender", "topics"),
        *("sector", "legalForm", "type", "flag", "status", "program", "mainCountry"),
    }
)
# People in OCDS; organisations are public there, by the law that publishes it.
_PEOPLE: Final = frozenset({"directors", "beneficialOwners", "contactPoint", "persons"})
_OF_PEOPLE: Final = {
    "name": Datum.NAME,
    "email": Datum.CONTACT,
    "telephone": Datum.CONTACT,
    "faxNumber": Datum.CONTACT,
    "url": Datum.CONTACT,
    "address": Datum.CONTACT,
    "id": Datum.IDENTIFIER,
    "identifier": Datum.IDENTIFIER,
    "birthDate": Datum.BIRTH_DATE,
}


def masked_content(view: View, content: Content) -> dict[str, Any]:
    """Return content as JSON, of a message its readable text."""
    if isinstance(content, Message):
        text = readable_text(content)
        shown = view.value(Datum.TEXT, text[:MOST_SHOWN])
        return {"text": shown, "cut": len(text) > MOST_SHOWN}
    if isinstance(content, Party):
        return {
            "schema": content.schema,
            "properties": {
                name: [_property(view, name, value) for value in values]
                for name, values in content.properties.items()
            },
        }
    if isinstance(content, Payment):
        return _payment(view, content)
    return {content.form: _document(view, dict(content.document))}


def clear_content(content: Content) -> dict[str, Any]:
    """Return the same in clear; that it was shown is recorded before."""
    if isinstance(content, Message):
        text = readable_text(content)
        return {"text": text[:MOST_SHOWN], "cut": len(text) > MOST_SHOWN}
    document: dict[str, Any] = orjson.loads(serialise_content(content))
    del document["kind"]
    return document


def _property(view: View, name: str, value: str) -> str:
    if name in _OPEN:
        return value
    datum = next((d for d, form in _DATA if form.fullmatch(name)), Datum.TEXT)
    return view.value(datum, value)


def _payment(view: View, payment: Payment) -> dict[str, Any]:
    return {
        "debtor": _side(view, payment.debtor),
        "creditor": _side(view, payment.creditor),
        "amount": str(payment.amount),
        "currency": payment.currency,
        "date": payment.date.isoformat(),
        "reference": view.value(Datum.TEXT, payment.reference),
    }


def _side(view: View, side: Account) -> dict[str, Any]:
    return {
        "name": view.value(Datum.NAME, side.name),
        "account": side.account and view.value(Datum.ACCOUNT, side.account),
        "country": side.country,
    }


def _document(view: View, value: Any, *, people: bool = False) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_document(view, item, people=people) for item in value]
    if not isinstance(value, dict):
        return mask_json(view, value)
    shown = {}
    for name, item in value.items():
        datum = _OF_PEOPLE.get(name) if people else None
        if datum is not None and not view.sees(datum):
            shown[name] = _covered(view, datum, item)
        else:
            shown[name] = _document(view, item, people=people or name in _PEOPLE)
    return shown


def _covered(view: View, datum: Datum, value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return view.value(datum, value)
    if isinstance(value, list):
        return [_covered(view, datum, item) for item in value]
    if isinstance(value, dict):
        return {name: _covered(view, datum, item) for name, item in value.items()}
    return value
