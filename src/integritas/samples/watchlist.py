"""A synthetic watchlist in the form of OFAC's files, for demos without a real one.

Columns as in the Treasury's data specification (SDN data formats, `sdn.csv`, `alt.csv`,
`add.csv`): no header, `-0- ` for an empty value. Every entry is invented and carries
the programme SYNTHETIC-DEMO; numbers start at 9,000,001, far above real ones, so that
the list can stand beside the real one.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = [
    "LISTED_BROKER",
    "LISTED_COMPANY",
    "LISTED_NAMESAKE",
    "LISTED_PERSON",
    "PROGRAMME",
    "Listed",
    "synthetic_watchlist",
]

PROGRAMME: Final = "SYNTHETIC-DEMO"
_FIRST: Final = 9_000_001
_PERSONS, _FIRMS, _VESSELS = 120, 60, 16
_SEED = 20_260_630


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry: name as the list writes it, `individual`, `vessel` or `` for a firm."""

    name: str
    kind: str
    remarks: str = ""
    aliases: tuple[str, ...] = ()
    city: str = ""
    country: str = ""


LISTED_PERSON: Final = Listed(
    "GORELKINOV, Timofey Arkadyevich",
    "individual",
    "DOB 14 Mar 1968; POB Zelenopil; nationality Russia; Gender Male.",
    ("GORELKINOFF, Timothy",),
    "Zelenopil",
    "Russia",
)
LISTED_BROKER: Final = Listed(
    "OKWUDILIGBO, Chinedu Amobi",
    "individual",
    "DOB 02 Nov 1975; nationality Nigeria; Gender Male.",
    ("OKWUDILIGBO, Festus", "FESTUS THE BROKER"),
    "Port Kestrel",
    "Nigeria",
)
LISTED_COMPANY: Final = Listed(
    "MERIDIAN KESTRELLA TRADING FZE",
    "",
    "Organization Established Date 2011; Company Number SYN-55120.",
    ("MERIDIAN KESTRELLA GENERAL TRADING",),
    "Dubai",
    "United Arab Emirates",
)
LISTED_NAMESAKE: Final = Listed(
    "HADDOUCHENE, Samir Abdelmalek",
    "individual",
    "DOB 09 Jul 1951; POB Taiz; nationality Yemen; Gender Male.",
    (),
    "Taiz",
    "Yemen",
)

# Syllables, not names: nobody is called like this by intention.
_HEADS = ("Zhav", "Drom", "Kvel", "Mur", "Osh", "Prib", "Tavr", "Uzg", "Vark", "Yelm")
_MIDDLES = ("ado", "ebi", "ili", "oru", "ume", "ara", "iso", "otu")
_TAILS = ("shkan", "dzevic", "mbura", "llahim", "rquez", "ntsev", "ghari", "kposo")
_GIVEN = ("Abdo", "Bilyana", "Cheng", "Davit", "Esra", "Farrukh", "Goran", "Huda")
_MORE_GIVEN = ("Ilyas", "Jovan", "Kamal", "Lumumba", "Minh", "Nadir", "Pilar", "Ruslan")
_TRADES = (
    "SHIPPING",
    "PETROCHEMICAL",
    "EXCHANGE",
    "AVIATION PARTS",
    "HOLDING",
    "MINING",
)
_FORMS = ("LLC", "CO. LTD.", "S.A.", "JSC", "FZCO", "LIMITADA")
_COUNTRIES = ("Iran", "Syria", "Russia", "Venezuela", "Burma", "Belarus", "Mali")


def synthetic_watchlist(directory: Path) -> Path:
    """Write `synthetic/sdn.csv`, `alt.csv` and `add.csv` below `directory`.

    The same bytes every time. Returns `directory`, a lists folder ready to be loaded.

    Raises:
        OSError: the folder cannot be written.
    """
    sdn: list[Sequence[str | int]] = []
    alt: list[Sequence[str | int]] = []
    add: list[Sequence[str | int]] = []
    for number, entry in enumerate(_entries(), start=_FIRST):
        remarks = f"{entry.remarks} SYNTHETIC ENTRY, not a real listing.".strip()
        fields: list[str | int] = [""] * 12
        fields[:4] = [number, entry.name, entry.kind, PROGRAMME]
        if entry.kind == "vessel":
            fields[5:10] = ["SYN1", "General Cargo", "5200", "3100", entry.country]
        fields[11] = remarks
        sdn.append(fields)
        for alias in entry.aliases:
            alt.append((number, _FIRST + len(alt), "aka", alias, ""))
        if entry.city:
            add.append((number, _FIRST + len(add), "", entry.city, entry.country, ""))
    folder = directory / "synthetic"
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("sdn", sdn), ("alt", alt), ("add", add)):
        (folder / f"{name}.csv").write_text(_form(rows), encoding="utf-8", newline="")
    return directory


def _entries() -> list[Listed]:
    rng = Random(_SEED)  # noqa: S311 - the list must be the same every time
    entries: dict[str, Listed] = {
        entry.name: entry
        for entry in (LISTED_PERSON, LISTED_BROKER, LISTED_COMPANY, LISTED_NAMESAKE)
    }
    makers = (_individual,) * _PERSONS + (_firm,) * _FIRMS + (_vessel,) * _VESSELS
    for make in makers:
        entry = make(rng)
        while entry.name in entries:
            entry = make(rng)
        entries[entry.name] = entry
    return list(entries.values())


def _individual(rng: Random) -> Listed:
    family = _word(rng)
    given = f"{rng.choice(_GIVEN)} {rng.choice(_MORE_GIVEN)}"
    country = rng.choice(_COUNTRIES)
    months = [
        "Jan",
        "Feb",
        "Mar",
        "Apr",
        "May",
        "Jun",
        "Jul",
        "Aug",
        "Sep",
        "Oct",
        "Nov",
        "Dec",
    ]
    born = f"{rng.randint(1, 28):02d} {rng.choice(months)} {rng.randint(1942, 1996)}"
    aliases = (
        (f"{family.upper()}, {given.split(maxsplit=1)[0]}",)
        if rng.random() < 0.4
        else ()
    )
    return Listed(
        f"{family.upper()}, {given}",
        "individual",
        f"DOB {born}; nationality {country}.",
        aliases,
        _word(rng),
        country,
    )


def _firm(rng: Random) -> Listed:
    stem = _word(rng).upper()
    name = f"{stem} {rng.choice(_TRADES)} {rng.choice(_FORMS)}"
    aliases = (f"{stem} GROUP",) if rng.random() < 0.3 else ()
    return Listed(name, "", "", aliases, _word(rng), rng.choice(_COUNTRIES))


def _vessel(rng: Random) -> Listed:
    name = f"{_word(rng).upper()} {rng.choice(('STAR', 'PEARL', 'WIND', 'QUEEN'))}"
    return Listed(name, "vessel", country=rng.choice(_COUNTRIES))


def _word(rng: Random) -> str:
    return rng.choice(_HEADS) + rng.choice(_MIDDLES) + rng.choice(_TAILS)


def _form(rows: Iterable[Sequence[str | int]]) -> str:
    """Write texts in quotes, numbers and the sign for nothing without, as OFAC does."""
    lines: list[str] = []
    for row in rows:
        cells: list[str] = []
        for value in row:
            if isinstance(value, int):
                cells.append(str(value))
            elif value:
                cells.append(_quoted(value))
            else:
                cells.append("-0- ")
        lines.append(",".join(cells) + "\r\n")
    return "".join(lines)


def _quoted(text: str) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow([text])
    return out.getvalue()
