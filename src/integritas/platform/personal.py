"""Personal data in free text: found by pattern, believed only if its checksum holds.

Kinds: e-mail, phone (libphonenumber), IBAN (ISO 13616, mod 97), payment card (ISO/IEC
7812, Luhn), national ids (python-stdnum, each with its country's checksum), dates of
birth (a date beside a word that says so), IP address.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import phonenumbers
from stdnum import iban, luhn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = [
    "MOST_CHARACTERS",
    "PHONE_REGIONS",
    "PersonalData",
    "PersonalKind",
    "find_personal",
    "redact",
]

# A text longer than this is refused by the routes: it is no message.
MOST_CHARACTERS: Final = 200_000

PHONE_REGIONS: Final = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""Countries (ISO 3166-1 alpha-2) whose phone numbers are known."""


class PersonalKind(StrEnum):
    """What a piece of personal data is."""

    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    CARD = "card"
    NATIONAL_ID = "national_id"
    BIRTH_DATE = "birth_date"
    IP_ADDRESS = "ip_address"


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Where personal data stands: characters `start` up to, not including, `end`.

    `detail` says more of the kind: the scheme of a national id (`es.dni`), the country
    of a phone number or an IBAN.
    """

    kind: PersonalKind
    start: int
    end: int
    detail: str = ""


# Without one of these there is nothing to find: most texts of findings have none.
_MAY: Final = re.compile(r"[\d@]|:[a-fA-F]{0,4}:")
# The patterns begin with a set of characters and look back behind it: then `re` passes
# by all others in one loop of C. With the look first it tries at every character.
_LOCAL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]*")
_LONGEST_LOCAL: Final = 64
_AT_DOMAIN: Final = re.compile(r"@(?:[\w-]{1,63}\.)+[^\W\d_]{2,24}(?![\w@])")
_IBAN: Final = re.compile(r"[A-Z](?<!\w[A-Z])[A-Z]\d{2}(?:[ -]?[A-Z0-9]{2,4}){3,8}\b")
_CARD: Final = re.compile(
    r"\d(?<![\w.+-]\d)(?<!\d \d)(?:[ -]?\d){12,18}(?![\w-])(?! \d)"
)
# Numbers that issuers give out, with their lengths: a French national id of 15 digits
# passes Luhn one time in ten. Visa; Mastercard; American Express; Diners Club; JCB;
# Discover; UnionPay; Maestro.
_ISSUED: Final = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|"
    r"3(?:0[0-5]|[689]\d)\d{11}|35\d{14,17}|6(?:011|4[4-9]\d|5\d\d)\d{12,15}|"
    r"62\d{14,17}|(?:50|5[6-8]|67)\d{14,17}"
)
_IP: Final = re.compile(
    r"[\da-fA-F:](?<![\w.:][\da-fA-F:])(?:"
    r"(?<=\d)\d{0,2}(?:\.\d{1,3}){3}|"
    r"(?<=[0-9a-fA-F])[0-9a-fA-F]{0,3}(?::[0-9a-fA-F]{0,4}){2,7}|"
    r"(?<=:)[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){1,6})"
    r"(?![\w:]|\.\d)"
)
_MAY_IP: Final = re.compile(r"[.:](?:(?<=\d\.)\d{1,3}\.\d|(?<=:)[0-9a-fA-F]{0,4}:)")
_BORN: Final = re.compile(
    r"[BbDdGgNn](?<!\w[BbDdGgNn])(?i:"
    r"(?<=b)(?:orn|irth|irthdate|irthday)|(?<=d)\.?o\.?b\.?|"
    r"(?<=g)(?:eboren|eb\.|eburtsdatum)|"
    r"(?<=n)(?:é|ée|acid[oa]|ascid[oa]|acimiento|aissance))\b[^\d\n]{0,24}?"
    r"(\d{4}-\d{2}-\d{2}|\d{1,2}[./ -]\d{1,2}[./ -]\d{2,4}|"
    r"\d{1,2}\.? \w{3,9} \d{4}|\w{3,9} \d{1,2}, \d{4})"
)
# What may be an id: digits and letters, grouped by dots, dashes, slashes or spaces.
_NUMBER: Final = re.compile(
    r"[\dA-Z](?<![\w.+/-][\dA-Z])(?:"
    r"(?<=\d)\d{0,5}(?: \d{2,5}){1,6}|"
    r"(?<=[A-Z0-9])[A-Z0-9]{0,17}(?:[./+-][A-Z0-9]{1,9}){0,4})"
    r"(?!\w)"
)
# What a phone number with a country code begins with, as libphonenumber reads it.
_PLUS: Final = re.compile(r"\+[\Wx]{0,10}\d")
# Schemes of python-stdnum whose check digits make a chance match unlikely, each with
# the form that a text must have before the scheme is asked.
_SCHEMES: Final = (
    ("es.dni", r"\d{8}-?[A-Z]"),
    ("es.nie", r"[XYZ]-?\d{7}-?[A-Z]"),
    ("it.codicefiscale", r"[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]"),
    ("fr.nir", r"[12] ?\d{2} ?\d{2} ?\d[\dAB] ?\d{3} ?\d{3} ?\d{2}"),
    ("de.idnr", r"\d{2} ?\d{3} ?\d{3} ?\d{3}"),
    ("pl.pesel", r"\d{11}"),
    ("nl.bsn", r"\d{4}\.?\d{2}\.?\d{3}"),
    ("be.nn", r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}\.?\d{2}"),
    ("br.cpf", r"\d{3}\.?\d{3}\.?\d{3}-?\d{2}"),
    ("se.personnummer", r"\d{6}(?:\d\d)?[-+]\d{4}"),
    ("fi.hetu", r"\d{6}[-+A]\d{3}[0-9A-Z]"),
    ("dk.cpr", r"\d{6}-\d{4}"),
    ("us.ssn", r"\d{3}-\d{2}-\d{4}"),
    ("cn.ric", r"\d{17}[\dX]"),
    ("in_.aadhaar", r"\d{4} ?\d{4} ?\d{4}"),
    ("in_.pan", r"[A-Z]{3}[ABCFGHLJPTE][A-Z]\d{4}[A-Z]"),
    ("ro.cnp", r"\d{13}"),
    ("bg.egn", r"\d{10}"),
    ("tr.tckimlik", r"\d{11}"),
    ("ch.ssn", r"756\.?\d{4}\.?\d{4}\.?\d{2}"),
    ("gb.nhs", r"\d{3} ?\d{3} ?\d{4}"),
    ("za.idnr", r"\d{13}"),
    ("mx.curp", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[0-9A-Z]\d"),
    ("ru.inn", r"\d{12}"),
)


def _validators() -> tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]:
    found = []
    for name, form in _SCHEMES:
        module: Any = import_module(f"stdnum.{name}")
        found.append((name.replace("in_", "in"), re.compile(form), module.is_valid))
    return tuple(found)


_VALIDATORS: Final = _validators()
# Plain runs of digits are ids only where the text says so: an order number of eleven
# digits passes one of these checksums too often.
_SAYS_ID: Final = re.compile(
    r"\b(?:id|identity|ssn|social security|passport|tax|tin|nif|dni|nie|cpf|pesel|bsn|"
    r"nhs|personal number|national|inn|cnp|egn|aadhaar|steuer\w*|codice fiscale|curp|"
    r"ric|tckn|kimlik|nir|insee|ausweis\w*)\b",
    re.IGNORECASE,
)
_NEAR: Final = 48


def find_personal(text: str, region: str | None = None) -> tuple[PersonalData, ...]:
    """Return what personal data a text holds, in order and without overlaps.

    `region` (ISO 3166-1 alpha-2) lets phone numbers without a country code be found;
    without it only international ones are. Where two kinds claim the same characters,
    the one with the stronger check wins.
    """
    if _MAY.search(text) is None:
        return ()
    taken: list[PersonalData] = []
    _take(taken, (*_plain(text), *_ids(text)))
    _take(taken, _phones(_without(text, taken), region))
    return tuple(taken)


def redact(
    text: str,
    found: Sequence[PersonalData],
    shown: Callable[[PersonalData], str] = lambda item: f"[{item.kind}]",
) -> str:
    """Return the text with each piece as `shown`, by its kind: `[email]`."""
    parts, place = [], 0
    for item in sorted(found, key=_start):
        parts += [text[place : item.start], shown(item)]
        place = item.end
    return "".join([*parts, text[place:]])


def _take(taken: list[PersonalData], found: Iterable[PersonalData]) -> None:
    """Add what claims characters that nobody has claimed; `taken` stays in order."""
    for piece in found:
        at = bisect(taken, piece.start, key=_start)
        if (at == 0 or taken[at - 1].end <= piece.start) and (
            at == len(taken) or piece.end <= taken[at].start
        ):
            taken.insert(at, piece)


def _start(piece: PersonalData) -> int:
    return piece.start


def _without(text: str, found: Sequence[PersonalData]) -> str:
    """Return the text with each piece blotted out, as long as before.

    An IBAN is half a dozen phone numbers to try, and to try one is what costs most.
    """
    return redact(text, found, lambda item: "x" * (item.end - item.start))


def _plain(text: str) -> Iterator[PersonalData]:
    for start, end in _emails(text):
        yield PersonalData(PersonalKind.EMAIL, start, end)
    for match in _IBAN.finditer(text):
        end = _iban_end(match[0])
        if end:
            yield PersonalData(
                PersonalKind.IBAN,
                match.start(),
                match.start() + end,
                match[0][:2].lower(),
            )
    for match in _CARD.finditer(text):
        digits = re.sub(r"[ -]", "", match[0])
        if _ISSUED.fullmatch(digits) and luhn.is_valid(digits):
            yield PersonalData(PersonalKind.CARD, match.start(), match.end())
    for match in _BORN.finditer(text):
        yield PersonalData(PersonalKind.BIRTH_DATE, match.start(1), match.end(1))
    if _MAY_IP.search(text) is None:
        return
    for match in _IP.finditer(text):
        if _is_address(match[0]):
            yield PersonalData(PersonalKind.IP_ADDRESS, match.start(), match.end())


def _emails(text: str) -> Iterator[tuple[int, int]]:
    """Yield where addresses begin and end: from each `@` forward, then back."""
    last = 0
    for match in _AT_DOMAIN.finditer(text):
        at = match.start()
        before = text[max(last, at - _LONGEST_LOCAL) : at][::-1]
        local = _LOCAL.match(before)
        if local is not None and local.end():
            last = match.end()
            yield at - local.end(), last


def _iban_end(text: str) -> int:
    """Return where the IBAN at the start of a text ends, 0 if there is none.

    The pattern may have taken a word behind it too.
    """
    end = len(text)
    while end > 14:
        if iban.is_valid(text[:end]):
            return end
        cut = max(text.rfind(" ", 0, end), text.rfind("-", 0, end))
        end = max(0, cut)
    return 0


def _is_address(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_loopback)


def _ids(text: str) -> Iterator[PersonalData]:
    for match in _NUMBER.finditer(text):
        written = match[0]
        if not 8 <= len(written) <= 24 or not any(map(str.isdigit, written)):
            continue
        for name, form, is_valid in _VALIDATORS:
            if form.fullmatch(written) and is_valid(written):
                if written.isdigit() and not _said(text, match.start()):
                    continue
                yield PersonalData(
                    PersonalKind.NATIONAL_ID, match.start(), match.end(), name
                )
                break


def _said(text: str, start: int) -> bool:
    return _SAYS_ID.search(text, max(0, start - _NEAR), start) is not None


def _phones(text: str, region: str | None) -> Iterator[PersonalData]:
    if region is None and _PLUS.search(text) is None:
        return
    for match in phonenumbers.PhoneNumberMatcher(text, region):
        country = phonenumbers.region_code_for_number(match.number) or ""
        yield PersonalData(PersonalKind.PHONE, match.start, match.end, country.lower())
