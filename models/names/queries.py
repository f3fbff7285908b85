"""Queries as callers ask them: listed names, changed, and parties not listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.names import perturb
from models.names.perturb import distinctive, words_of

if TYPE_CHECKING:
    from random import Random

    from integritas.services.compliance.api import Watchlists

# Ordinary names of many countries, and the words firms are called by.
FIRST = [
    "Maria",
    "Jose",
    "Juan",
    "Carlos",
    "Luis",
    "Ana",
    "Carmen",
    "Antonio",
    "John",
    "James",
    "Robert",
    "David",
    "Michael",
    "William",
    "Mary",
    "Anna",
    "Elena",
    "Olga",
    "Ivan",
    "Sergei",
    "Dmitry",
    "Vladimir",
    "Natalia",
    "Mohammed",
    "Ahmed",
    "Ali",
    "Hassan",
    "Omar",
    "Fatima",
    "Yusuf",
    "Ibrahim",
    "Khalid",
    "Abdullah",
    "Mustafa",
    "Mehmet",
    "Ayse",
    "Wei",
    "Li",
    "Ming",
    "Jing",
    "Hiroshi",
    "Yuki",
    "Kim",
    "Min",
    "Raj",
    "Amit",
    "Priya",
    "Sanjay",
    "Peter",
    "Hans",
    "Klaus",
    "Pierre",
    "Marie",
    "Giovanni",
    "Marco",
    "Kwame",
    "Amina",
    "Samuel",
    "Grace",
    "Daniel",
    "Sarah",
    "Thomas",
    "Paul",
    "Ingrid",
    "Lars",
    "Sven",
    "Piotr",
    "Jan",
    "Viktor",
    "Andrei",
    "Karim",
    "Leila",
    "Reza",
    "Hossein",
    "Zahra",
    "Mahmoud",
    "Tariq",
    "Imran",
    "Bilal",
    "Nadia",
    "Sofia",
    "Pedro",
    "Miguel",
    "Jorge",
    "Andrea",
]
LAST = [
    "Garcia",
    "Hernandez",
    "Lopez",
    "Martinez",
    "Rodriguez",
    "Perez",
    "Gonzalez",
    "Silva",
    "Santos",
    "Smith",
    "Johnson",
    "Williams",
    "Brown",
    "Jones",
    "Miller",
    "Davis",
    "Wilson",
    "Taylor",
    "Anderson",
    "Muller",
    "Schmidt",
    "Weber",
    "Fischer",
    "Rossi",
    "Russo",
    "Ferrari",
    "Dubois",
    "Martin",
    "Bernard",
    "Ivanov",
    "Petrov",
    "Smirnov",
    "Popov",
    "Volkov",
    "Kovalenko",
    "Shevchenko",
    "Nowak",
    "Kowalski",
    "Novak",
    "Horvat",
    "Khan",
    "Ahmed",
    "Hussain",
    "Malik",
    "Ali",
    "Hassan",
    "Ibrahim",
    "Saleh",
    "Rahman",
    "Ahmadi",
    "Hosseini",
    "Karimi",
    "Mohammadi",
    "Yilmaz",
    "Demir",
    "Kaya",
    "Wang",
    "Li",
    "Zhang",
    "Chen",
    "Liu",
    "Yang",
    "Kim",
    "Lee",
    "Park",
    "Nguyen",
    "Tran",
    "Tanaka",
    "Suzuki",
    "Sato",
    "Singh",
    "Kumar",
    "Sharma",
    "Patel",
    "Gupta",
    "Das",
    "Okafor",
    "Mensah",
    "Diallo",
    "Traore",
    "Haddad",
    "Khoury",
    "Mansour",
    "Nasser",
    "Hansen",
    "Larsen",
    "Johansson",
    "Virtanen",
    "Jensen",
]
BUSINESS = [
    "Atlas",
    "Orion",
    "Pacific",
    "Atlantic",
    "Northern",
    "Southern",
    "Eastern",
    "Golden",
    "Silver",
    "Global",
    "United",
    "National",
    "Royal",
    "Star",
    "Sun",
    "Blue",
    "Green",
    "Delta",
    "Omega",
    "Alpha",
    "Falcon",
    "Eagle",
    "Phoenix",
    "Crescent",
    "Horizon",
    "Summit",
    "Pioneer",
    "Premier",
    "Prime",
    "Royal",
    "Victory",
    "Liberty",
    "Modern",
    "Advanced",
    "Continental",
    "Oriental",
    "Imperial",
]
TRADE = [
    "Trading",
    "Shipping",
    "Textiles",
    "Pharma",
    "Logistics",
    "Holdings",
    "Energy",
    "Petroleum",
    "Marine",
    "Construction",
    "Engineering",
    "Foods",
    "Motors",
    "Electronics",
    "Investments",
    "Capital",
    "Services",
    "Industries",
    "Mining",
    "Steel",
    "Chemicals",
    "Airlines",
    "Bank",
    "Insurance",
    "Technologies",
    "Consulting",
    "Exports",
    "Metals",
    "Transport",
]
FORMS = ("Ltd", "LLC", "Co", "SA", "AG", "GmbH", "Inc", "Corp", "PLC", "", "FZE", "BV")

CHANGES: tuple[tuple[perturb.Change | None, int], ...] = (
    (None, 6),
    (perturb.typo, 6),
    (perturb.typos, 7),
    (perturb.spelling, 4),
    (perturb.reorder, 4),
    (perturb.drop, 4),
    (perturb.drop_any, 3),
    (perturb.drop_form, 1),
    (perturb.initial, 1),
    (perturb.spaces, 1),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and the uids that answer it (none: nobody is listed under it)."""

    name: str
    schema: str
    uids: frozenset[tuple[str, str]]


def listed(lists: Watchlists, count: int, random: Random) -> list[Asked]:
    """Return queries for listed parties, their names changed in many ways."""
    changes, shares = zip(*CHANGES, strict=True)
    made: list[Asked] = []
    while len(made) < count:
        entry = random.choice(lists.entries)
        name = random.choice(entry.names).text
        (change,) = random.choices(changes, shares)
        text = change(name, random) if change and name.isascii() else name
        if text:
            person = entry.schema == "Person"
            schema = "Person" if person else "LegalEntity"
            made.append(Asked(text, schema, frozenset({(entry.list, entry.uid)})))
    return made


def absent(lists: Watchlists, count: int, random: Random) -> list[Asked]:
    """Return queries for people and firms whose exact name no list holds."""
    known = {frozenset(n.text.lower().split()) for e in lists.entries for n in e.names}
    names = [
        (e.schema == "Person", n.text)
        for e in lists.entries
        for n in e.names[:1]
        if len(n.text.split()) > 1
    ]
    words = {
        person: sorted(
            {
                w
                for p, name in names
                if p == person
                for parts in [words_of(name)]
                for w in (parts[at] for at in distinctive(parts))
            }
        )
        for person in (True, False)
    }
    made: list[Asked] = []
    while len(made) < count:
        text, person = _absent(names, words, random)
        if text and frozenset(text.lower().split()) not in known:
            schema = "Person" if person else "LegalEntity"
            made.append(Asked(text, schema, frozenset()))
    return made


def _absent(
    names: list[tuple[bool, str]], words: dict[bool, list[str]], random: Random
) -> tuple[str | None, bool]:
    kind = random.random()
    if kind < 0.42:
        return f"{random.choice(FIRST)} {random.choice(LAST)}", True
    if kind < 0.84:
        form = random.choice(FORMS)
        name = f"{random.choice(BUSINESS)} {random.choice(TRADE)} {form}"
        return name.strip(), False
    person, name = random.choice(names)
    if kind < 0.94:
        return perturb.replace(name, random, words[person]), person
    _, other = random.choice([n for n in names if n[0] == person])
    parts, others = words_of(name), words_of(other)
    return f"{parts[0]} {others[-1]}", person
