"""Labelled pairs made from listed names: the same party, or another one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.names import perturb
from models.names.perturb import distinctive, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from models.names.perturb import Change

    from integritas.services.compliance.api import Watchlists

# Change -> how often, among those that apply.
SAME_PERSON: dict[Change, int] = {
    perturb.typo: 6,
    perturb.typos: 3,
    perturb.spelling: 6,
    perturb.reorder: 4,
    perturb.drop: 6,
    perturb.initial: 2,
    perturb.short_form: 3,
    perturb.spaces: 2,
    perturb.repeat: 1,
    perturb.title: 2,
}
SAME_HOUSE: dict[Change, int] = {
    perturb.typo: 8,
    perturb.typos: 4,
    perturb.drop_form: 4,
    perturb.spaces: 2,
}
OTHER_PERSON: dict[Change, int] = {
    perturb.other_initial: 1,
    perturb.only_initials: 1,
    perturb.only_last: 2,
    perturb.exchange: 2,
}
OTHER_HOUSE: dict[Change, int] = {
    perturb.other_number: 1,
    perturb.branch: 1,
    perturb.other_form: 1,
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Two names and whether they name one party; `kind` says how it was made."""

    schema: str
    left: str
    right: str
    same: bool
    kind: str


def pairs(lists: Watchlists, count: int, random: Random) -> list[Labelled]:
    """Return `count` pairs, half of them of one party."""
    names = [
        ("Person" if e.schema == "Person" else "Company", n.text)
        for e in lists.entries
        if e.schema != "Vessel"
        for n in e.names[:2]
        if n.text.isascii() and 1 < len(n.text.split()) < 8
    ]
    words = {
        schema: sorted(
            {
                w
                for s, name in names
                if s == schema
                for parts in [words_of(name)]
                for w in (parts[p] for p in distinctive(parts))
            }
        )
        for schema in ("Person", "Company")
    }
    made: list[Labelled] = []
    while len(made) < count:
        schema, name = random.choice(names)
        same = len(made) % 2 == 0
        pair = _pair(schema, name, words[schema], same=same, random=random)
        if pair is not None:
            made.append(pair)
    return made


def _pair(
    schema: str, name: str, words: Sequence[str], *, same: bool, random: Random
) -> Labelled | None:
    person = schema == "Person"
    if same:
        table = SAME_PERSON if person else SAME_HOUSE
    elif random.random() < 0.75:
        other = perturb.replace(name, random, words)
        return Labelled(schema, other, name, False, "replace") if other else None
    else:
        table = OTHER_PERSON if person else OTHER_HOUSE
    (change,) = random.choices(list(table), list(table.values()))
    changed = change(name, random)
    if changed is None or changed == name:
        return None
    return Labelled(schema, changed, name, same, change.__name__)


def shared_words(lists: Watchlists, count: int, random: Random) -> list[Labelled]:
    """Return pairs of names of different entries that have a telling word in common."""
    bearers: defaultdict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for entry in lists.entries:
        if entry.schema == "Vessel":
            continue
        schema = "Person" if entry.schema == "Person" else "Company"
        name = entry.names[0].text
        words = words_of(name)
        for place in distinctive(words):
            bearers[words[place].lower()].append((entry.uid, schema, name))
    common = sorted(word for word, found in bearers.items() if 1 < len(found) < 60)
    made: list[Labelled] = []
    while len(made) < count:
        (uid, schema, left), (other, kind, right) = random.sample(
            bearers[random.choice(common)], 2
        )
        if uid != other and schema == kind and sorted(left) != sorted(right):
            made.append(Labelled(schema, left, right, False, "shared_word"))
    return made
