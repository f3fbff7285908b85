"""Texts with personal data at known places, made anew from a seed."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import phonenumbers
from stdnum import iban, luhn
from stdnum.br import cpf
from stdnum.es import dni
from stdnum.fr import nir
from stdnum.pl import pesel

from integritas.platform.personal import PersonalKind, find_personal

if TYPE_CHECKING:
    from collections.abc import Callable

REGIONS = ("DE", "FR", "GB", "US", "BR", "IN", "ZA", "PL", "ES", "IT", "NL", "JP")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
NAMES = ("ana", "li.wei", "j-smith", "omar_k", "p.novak", "maria.e")


def _digits(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


def _email(random: Random) -> str:
    return f"{random.choice(NAMES)}@mail{random.randrange(99)}.example.org"


def _phone(random: Random) -> str:
    number = phonenumbers.example_number(random.choice(REGIONS))
    assert number is not None, "every region has an example"
    form = random.choice(
        (
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
            phonenumbers.PhoneNumberFormat.E164,
        )
    )
    return str(phonenumbers.format_number(number, form))


def _iban(random: Random) -> str:
    country, body = random.choice(
        (
            ("DE", f"37040044{_digits(random, 10)}"),
            ("GB", f"NWBK601613{_digits(random, 8)}"),
            ("AT", f"19043{_digits(random, 11)}"),
        )
    )
    number = f"{country}{iban.calc_check_digits(f'{country}00{body}')}{body}"
    return str(iban.format(number)) if random.random() < 0.5 else number


def _card(random: Random) -> str:
    start, length = random.choice((("4", 16), ("51", 16), ("37", 15)))
    body = start + _digits(random, length - len(start) - 1)
    number = body + luhn.calc_check_digit(body)
    if length == 15:
        return f"{number[:4]} {number[4:10]} {number[10:]}"
    sign = random.choice((" ", "-", ""))
    return sign.join(number[at : at + 4] for at in range(0, 16, 4))


def _dni(random: Random) -> str:
    body = _digits(random, 8)
    return body + dni.calc_check_digit(body)


def _cpf(random: Random) -> str:
    body = _digits(random, 9)
    number = next(
        n for c in range(100) if cpf.is_valid(n := f"{body}{c:02d}") or c == 99
    )
    return str(cpf.format(number))


def _nir(random: Random) -> str:
    body = (
        f"{random.choice('12')}{random.randrange(40, 99)}{random.randrange(1, 13):02d}"
    )
    body += f"75{_digits(random, 3)}{_digits(random, 3)}"
    return body + nir.calc_check_digits(body)


def _pesel(random: Random) -> str:
    body = f"{random.randrange(40, 99)}{random.randrange(1, 13):02d}"
    body += f"{random.randrange(1, 29):02d}{_digits(random, 4)}"
    return body + pesel.calc_check_digit(body)


def _born(random: Random) -> str:
    day, month = random.randrange(1, 29), random.randrange(1, 13)
    year = random.randrange(1940, 2005)
    return random.choice(
        (
            f"{day:02d}.{month:02d}.{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day}/{month}/{year}",
            f"{MONTHS[month - 1]} {day}, {year}",
            f"{day} {MONTHS[month - 1]} {year}",
        )
    )


def _address(random: Random) -> str:
    return f"203.0.113.{random.randrange(1, 255)}"


PIECES: dict[PersonalKind, tuple[tuple[str, Callable[[Random], str]], ...]] = {
    PersonalKind.EMAIL: (("Write to ", _email), ("E-Mail: ", _email), ("<", _email)),
    PersonalKind.PHONE: (
        ("Call me at ", _phone),
        ("Tel.: ", _phone),
        ("Mein Handy ist ", _phone),
    ),
    PersonalKind.IBAN: (
        ("Pay into ", _iban),
        ("IBAN: ", _iban),
        ("mon compte ", _iban),
    ),
    PersonalKind.CARD: (("My card is ", _card), ("Karte ", _card)),
    PersonalKind.NATIONAL_ID: (
        ("DNI ", _dni),
        ("CPF ", _cpf),
        ("NIR ", _nir),
        ("Mój PESEL to ", _pesel),
    ),
    PersonalKind.BIRTH_DATE: (
        ("Date of birth: ", _born),
        ("She was born on ", _born),
        ("DOB ", _born),
        ("Geboren am ", _born),
        ("née le ", _born),
    ),
    PersonalKind.IP_ADDRESS: (("Signed in from ", _address),),
}


def _harmless(random: Random) -> str:
    return random.choice(
        (
            f"Order {_digits(random, 11)} was shipped",
            f"Invoice of 2026-04-{random.randrange(10, 30)}: {_digits(random, 3)}.00",
            f"Version {_digits(random, 1)}.{_digits(random, 1)}.{_digits(random, 1)}",
            f"Lot {_digits(random, 4)}-{_digits(random, 4)} of {_digits(random, 8)}",
            f"Call +{_digits(random, 3)} is no number",
            f"Founded in {random.randrange(1900, 2020)}, moved on 12.03.2001",
            f"Tracking 00{_digits(random, 18)} and {_digits(random, 16)}",
            f"Ticket DE{_digits(random, 8)} costs EUR 1,{_digits(random, 3)}.50",
            f"We met at 10:{random.randrange(10, 60)} in room {_digits(random, 3)}",
        )
    )


def measure(texts: int = 2_000) -> dict[str, float]:
    """Return precision over all kinds, and recall by kind; exact places count."""
    random = Random(7)  # noqa: S311 - the same texts every time
    found_right = found = 0
    wanted = dict.fromkeys(PIECES, 0)
    hit = dict.fromkeys(PIECES, 0)
    for _ in range(texts):
        kind = random.choice(list(PIECES))
        lead, make = random.choice(PIECES[kind])
        before, piece = f"{_harmless(random)}. {lead}", make(random)
        text = f"{before}{piece} soon. {_harmless(random)}."
        says = find_personal(text)
        truth = (kind, len(before), len(before) + len(piece))
        right = any((s.kind, s.start, s.end) == truth for s in says)
        wanted[kind] += 1
        hit[kind] += right
        found += len(says)
        found_right += right
    recall = {f"recall_{k}": round(hit[k] / wanted[k], 3) for k in PIECES}
    return {"precision": round(found_right / max(1, found), 3), **recall}
