"""Says whether evidence is about a person: by name, account, e-mail or number.

Names agree when they have the same words, in any order and script; anything looser
would hand out other people's data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic_core import to_json

from integritas.kernel.evidence import Message, Party, Payment, Procurement
from integritas.platform.readable import readable_text
from integritas.services.compliance.normalise import parse_name
from integritas.services.compliance.payments.seen import account_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from integritas.kernel.evidence import Content

__all__ = ["subject_matcher"]

_NAMES: Final = ("name", "alias", "previousName", "weakAlias")


@dataclass(frozen=True, slots=True)
class _Person:
    names: frozenset[tuple[str, ...]]
    accounts: frozenset[str]
    texts: tuple[str, ...]


def subject_matcher(asked: Mapping[str, Sequence[str]]) -> Callable[[Content], bool]:
    """Return what says whether content is about a person.

    `asked` has `names`, `accounts`, `emails` and `identifiers`, each perhaps.
    """
    known = (text for texts in asked.values() for text in texts)
    person = _Person(
        names=frozenset(filter(None, map(_words, asked.get("names", ())))),
        accounts=frozenset(filter(None, map(account_key, asked.get("accounts", ())))),
        texts=tuple(_folded(text) for text in known if text.strip()),
    )
    return lambda content: _is_about(person, content)


def _is_about(person: _Person, content: Content) -> bool:
    if isinstance(content, Payment):
        sides = (content.debtor, content.creditor)
        return any(
            _words(side.name) in person.names
            or account_key(side.account) in person.accounts
            for side in sides
        )
    if isinstance(content, Party):
        named = (name for field in _NAMES for name in content.values(field))
        if any(_words(name) in person.names for name in named):
            return True
        values = (v for texts in content.properties.values() for v in texts)
        return any(_folded(value) in person.texts for value in values)
    text = _folded(_text(content))
    return any(known in text for known in person.texts)


def _text(content: Message | Procurement) -> str:
    if isinstance(content, Procurement):
        return to_json(content.document).decode()
    return readable_text(content)


def _words(name: str) -> tuple[str, ...]:
    return tuple(sorted(parse_name(name).tokens))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
