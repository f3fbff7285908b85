"""Who sees how much of personal data in ordinary answers: one table, role by role.

The table is data, printed in docs/reference/personal-data.md, and a test compares. What
it hides is shown to whoever may reveal it (`evidence:raw`), and that is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from integritas.identity.policy import Role
from integritas.platform.personal import PersonalKind, find_personal, redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integritas.platform.personal import PersonalData

__all__ = ["DISCLOSURE", "Datum", "Form", "Sight", "View", "view_of"]


class Datum(StrEnum):
    """A category of personal data."""

    NAME = "name"
    BIRTH_DATE = "birth_date"
    CONTACT = "contact"
    ACCOUNT = "account"
    IDENTIFIER = "identifier"
    TEXT = "text"


class Form(StrEnum):
    """How much of a piece is shown; the later the more."""

    HIDDEN = "hidden"
    PARTIAL = "partial"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a role looks for in a case, and how it sees each category."""

    purpose: str
    forms: Mapping[Datum, Form]


_ORDER: Final = tuple(Form)
_H, _P, _C = Form.HIDDEN, Form.PARTIAL, Form.CLEAR


def _sight(purpose: str, *forms: Form) -> Sight:
    return Sight(purpose, MappingProxyType(dict(zip(Datum, forms, strict=True))))


# Columns: name, birth date, contact, account, identifier, text.
_INVESTIGATE: Final = (_C, _C, _P, _P, _P, _C)
DISCLOSURE: Final[Mapping[Role, Sight]] = MappingProxyType(
    {
        Role.VIEWER: _sight("follow how cases go", _H, _H, _H, _H, _H, _H),
        Role.ANALYST: _sight("investigate", *_INVESTIGATE),
        Role.REVIEWER: _sight("judge what was found", *_INVESTIGATE),
        Role.AUDITOR: _sight("check what was done", _P, _P, _P, _P, _P, _H),
        Role.ADMIN: _sight("all of these", *_INVESTIGATE),
        Role.SERVICE: _sight("pass cases on", _H, _H, _H, _H, _H, _H),
    }
)
"""For each role: why it looks at cases, and what it sees of personal data there."""

DATUM_OF: Final[Mapping[PersonalKind, Datum]] = MappingProxyType(
    {
        PersonalKind.EMAIL: Datum.CONTACT,
        PersonalKind.PHONE: Datum.CONTACT,
        PersonalKind.IP_ADDRESS: Datum.CONTACT,
        PersonalKind.IBAN: Datum.ACCOUNT,
        PersonalKind.CARD: Datum.ACCOUNT,
        PersonalKind.NATIONAL_ID: Datum.IDENTIFIER,
        PersonalKind.BIRTH_DATE: Datum.BIRTH_DATE,
    }
)
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TAIL: Final = 4


@dataclass(frozen=True, slots=True)
class View:
    """How a caller sees personal data: the most open form of all their roles."""

    forms: Mapping[Datum, Form]

    def sees(self, datum: Datum) -> bool:
        """Say whether a category is shown in clear."""
        return self.forms[datum] is Form.CLEAR

    def value(self, datum: Datum, value: str) -> str:
        """Return a value of a category as the caller sees it.

        Prose in clear still has what its patterns find in their own forms.
        """
        if not value:
            return value
        form = self.forms[datum]
        if form is Form.HIDDEN:
            return f"[{datum}]"
        if datum is Datum.TEXT:
            return self.text(value)
        return value if form is Form.CLEAR else _partial(datum, value)

    def text(self, text: str) -> str:
        """Return words that may be shown, without the pieces that may not.

        Patterns find no names: what nobody may read is `value(Datum.TEXT, …)`.
        """
        found = [p for p in find_personal(text) if not self.sees(DATUM_OF[p.kind])]
        return redact(text, found, lambda piece: self._piece(text, piece))

    def remark(self, text: str) -> str:
        """Return what colleagues wrote: titles, reasons, names of files.

        Who reads prose reads it as it stands, so that who edits it loses nothing.
        """
        return text if self.sees(Datum.TEXT) else self.text(text)

    def _piece(self, text: str, piece: PersonalData) -> str:
        datum, written = DATUM_OF[piece.kind], text[piece.start : piece.end]
        if self.forms[datum] is Form.HIDDEN:
            return f"[{piece.kind}]"
        return _partial(datum, written)


def _partial(datum: Datum, value: str) -> str:
    """Return what tells values apart without telling them: initials, year, ends."""
    if datum is Datum.NAME:
        return " ".join(f"{word[0]}." for word in value.split())
    if datum is Datum.BIRTH_DATE:
        years = _YEAR.findall(value)
        return ", ".join(years) or f"[{datum}]"
    name, at, domain = value.partition("@")
    if at:
        return f"{name[:1]}…@{domain}"
    plain = "".join(filter(str.isalnum, value))
    # Of a short one its end would tell nearly all.
    return f"…{plain[-_TAIL:]}" if len(plain) >= 2 * _TAIL else f"[{datum}]"


def view_of(roles: Iterable[str]) -> View:
    """Return the view of whoever has these roles; without a role all is hidden."""
    return _view(frozenset(roles))


@lru_cache(maxsize=128)
def _view(roles: frozenset[str]) -> View:
    sights = [DISCLOSURE[Role(role)] for role in roles if role in set(Role)]
    return View(
        MappingProxyType(
            {
                datum: max(
                    (sight.forms[datum] for sight in sights),
                    key=_ORDER.index,
                    default=Form.HIDDEN,
                )
                for datum in Datum
            }
        )
    )
