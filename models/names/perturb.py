"""Seeded perturbations of listed names: what may change without another party, and what
makes it another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from integritas.services.compliance.normalise import LEGAL_FORMS, PARTICLES, parse_name
from integritas.services.compliance.vocabulary import PATRONYMICS, PLACES, SHORT_FORMS

Change = Callable[[str, Random], str | None]

# Spellings that romanisations and lists exchange freely.
_SPELLINGS = (
    ("kh", "h"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("y", "i"), ("aa", "a"),
    ("dj", "j"), ("ph", "f"), ("q", "k"), ("ck", "k"), ("w", "v"), ("th", "t"),
    ("gh", "g"), ("zh", "j"), ("sch", "sh"), ("x", "ks"), ("iy", "y"), ("ei", "ey"),
    ("mohammed", "muhammad"), ("mohamed", "mohammad"), ("ahmed", "ahmad"),
    ("hussein", "husayn"), ("abdul", "abdel"), ("yev", "ev"), ("ae", "e"),
)  # fmt: skip
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_FORMS = ("LTD", "LLC", "INC", "CORP", "GMBH", "S.A.", "AG", "PLC", "JSC", "B.V.")
_TITLES = ("Mr.", "Dr.", "President", "General", "Haji", "Sheikh")


def words_of(name: str) -> list[str]:
    """Return the words as written, without commas."""
    return name.replace(",", " ").split()


def distinctive(words: Sequence[str]) -> list[int]:
    """Return the places of words that tell names apart."""
    places = []
    for place, word in enumerate(words):
        token = parse_name(word).tokens
        if token and token[0] not in LEGAL_FORMS | PARTICLES and len(token[0]) > 2:
            places.append(place)
    return places


def typo(name: str, random: Random) -> str | None:
    """Change one letter of any word: insert, delete, replace, swap."""
    words = words_of(name)
    places = [p for p, word in enumerate(words) if len(word) > 3 and word.isalpha()]
    if not places:
        return None
    place = random.choice(places)
    word = words[place]
    at = random.randrange(len(word) - 1)
    letter = random.choice(_LETTERS)
    letter = letter.upper() if word.isupper() else letter
    words[place] = random.choice(
        (
            word[:at] + letter + word[at:],
            word[:at] + word[at + 1 :],
            word[:at] + letter + word[at + 1 :],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        )
    )
    return " ".join(words)


def typos(name: str, random: Random) -> str | None:
    """Make two typos, where the name is long enough to bear them."""
    once = typo(name, random) if len(name) > 7 else None
    return typo(once, random) if once else None


def spelling(name: str, random: Random) -> str | None:
    """Spell a sound another way."""
    folded = " ".join(words_of(name)).lower()
    options = [
        (a, b) for pair in _SPELLINGS for a, b in (pair, pair[::-1]) if a in folded
    ]
    if not options:
        return None
    for old, new in random.sample(options, min(2, len(options))):
        folded = folded.replace(old, new, 1)
    return folded.title()


def reorder(name: str, random: Random) -> str | None:
    """Put the last word first, with or without a comma."""
    words = words_of(name)
    if len(words) < 2 or any(w.lower() in PATRONYMICS for w in words):
        return None
    comma = random.choice((",", ""))
    return f"{words[-1]}{comma} {' '.join(words[:-1])}"


def drop(name: str, random: Random) -> str | None:
    """Leave out one of three or more telling words, seldom the first or last."""
    words = words_of(name)
    places = distinctive(words)
    if len(places) < 3:
        return None
    inner = places[1:-1] if random.random() < 0.8 else places
    place = random.choice(inner)
    return " ".join(words[:place] + words[place + 1 :])


def drop_any(name: str, random: Random) -> str | None:
    """Leave out any one of three or more words."""
    words = words_of(name)
    if len(words) < 3:
        return None
    del words[random.randrange(len(words))]
    return " ".join(words)


def initial(name: str, random: Random) -> str | None:
    """Give the first name, or a middle one, by its initial."""
    words = words_of(name)
    places = distinctive(words)
    if len(places) < 2:
        return None
    place = random.choice(places[:-1])
    words[place] = words[place][0] + random.choice((".", ""))
    return " ".join(words)


def short_form(name: str, random: Random) -> str | None:
    """Use the short form of a first name."""
    words = words_of(name)
    options = [
        (place, short)
        for place, word in enumerate(words)
        for short, fulls in SHORT_FORMS.items()
        if word.lower() in fulls
    ]
    if not options:
        return None
    place, short = random.choice(options)
    words[place] = short.title()
    return " ".join(words)


def spaces(name: str, random: Random) -> str | None:
    """Join two words, or split one."""
    words = words_of(name)
    if len(words) > 1 and random.random() < 0.6:
        at = random.randrange(len(words) - 1)
        words[at : at + 2] = [words[at] + words[at + 1].lower()]
        return " ".join(words)
    long = [p for p, word in enumerate(words) if len(word) > 6]
    if not long:
        return None
    place = random.choice(long)
    at = random.randrange(3, len(words[place]) - 2)
    words[place : place + 1] = [words[place][:at], words[place][at:]]
    return " ".join(words)


def repeat(name: str, random: Random) -> str | None:
    """Say a word twice."""
    words = words_of(name)
    at = random.randrange(len(words))
    return " ".join([*words[: at + 1], words[at], *words[at + 1 :]])


def title(name: str, random: Random) -> str | None:
    """Put a title in front."""
    return f"{random.choice(_TITLES)} {name}"


def drop_form(name: str, _: Random) -> str | None:
    """Leave out or change nothing but the legal form."""
    words = words_of(name)
    kept = [w for w in words if not set(parse_name(w).tokens) <= LEGAL_FORMS]
    return " ".join(kept) if 0 < len(kept) < len(words) else None


def replace(name: str, random: Random, others: Sequence[str]) -> str | None:
    """Put another telling word in the place of one."""
    words = words_of(name)
    places = distinctive(words)
    if len(places) < 2:
        return None
    place = random.choice(places)
    word = random.choice(others)
    if parse_name(word).tokens == parse_name(words[place]).tokens:
        return None
    words[place] = word
    return " ".join(words)


def other_initial(name: str, random: Random) -> str | None:
    """Give a first name by an initial that is not its own."""
    words = words_of(name)
    places = distinctive(words)
    if len(places) < 2:
        return None
    place = places[0]
    letter = random.choice(
        [c for c in _LETTERS.upper() if c != words[place][0].upper()]
    )
    words[place] = letter + "."
    return " ".join(words)


def only_initials(name: str, _: Random) -> str | None:
    """Leave nothing but initials."""
    words = words_of(name)
    return " ".join(w[0] + "." for w in words) if 1 < len(words) < 4 else None


def only_last(name: str, _: Random) -> str | None:
    """Leave nothing but the last word."""
    words = words_of(name)
    return words[-1] if len(words) > 1 and len(words[-1]) > 2 else None


def exchange(name: str, _: Random) -> str | None:
    """Make the father the child."""
    words = words_of(name)
    at = [p for p, w in enumerate(words[1:-1], 1) if w.lower() in PATRONYMICS]
    if not at:
        return None
    words[at[0] - 1], words[at[0] + 1] = words[at[0] + 1], words[at[0] - 1]
    return " ".join(words)


def other_number(name: str, random: Random) -> str | None:
    """Change a number, or add one."""
    found = re.search(r"\d+", name)
    if found is None:
        return f"{name} {random.randrange(2, 40)}"
    number = int(found[0]) + random.randrange(1, 90)
    return f"{name[: found.start()]}{number}{name[found.end() :]}"


def branch(name: str, random: Random) -> str | None:
    """Add a place to a house's name: another branch of it."""
    words = words_of(name)
    place = random.choice(sorted(PLACES)).upper()
    at = max(1, len(words) - 1)
    return " ".join([*words[:at], place, *words[at:]])


def other_form(name: str, random: Random) -> str | None:
    """Put another legal form in the place of the one there is."""
    bare = drop_form(name, random)
    if bare is None:
        return None
    form = random.choice(_FORMS)
    return (
        None if parse_name(form).legal <= parse_name(name).legal else f"{bare} {form}"
    )
