"""Fills text families: one alternative of each part, slots from one invented scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integritas.samples import vocabulary
from integritas.samples.payments import iban

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from random import Random

__all__ = ["Scene", "compose", "draw_scene"]

_SEPARATORS = {"en": ",", "de": ".", "es": ".", "pt": "."}
_HOME = {"en": "gb", "pt": "br", "ru": "ua"}
# After what a capital comes; after a salutation's comma only in English.
_ENDS = ((".", "!", "?", ":", ")"), (".", "!", "?", ":", ")", ","))
_FEES = (19, 29, 49, 75, 95, 149, 250, 399)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who and what a text tells of; `slots` fills its templates."""

    language: str
    writer: vocabulary.Person
    supplier: vocabulary.Company
    slots: Mapping[str, str]


def draw_scene(rng: Random, language: str, when: datetime) -> Scene:
    """Draw people, a supplier, a buyer and figures for one text."""
    home = _HOME.get(language, language)
    writer = vocabulary.person(rng, home)
    supplier = vocabulary.company(rng, home)
    lists = vocabulary.words("words")["words"][language]
    small, large = rng.randrange(2, 90) * 500, rng.randrange(50, 900) * 1_000
    amount = rng.choice((small, small, large))
    fee = rng.choice(_FEES)
    currency = "USD" if language == "en" and rng.random() < 0.5 else "EUR"
    official = vocabulary.person(rng, home)
    slots = {
        "person": writer.native,
        "first": official.given,
        "official": official.native,
        "supplier": supplier.name,
        "buyer": vocabulary.buyer(rng),
        "town": vocabulary.town(rng),
        "street": vocabulary.street_address(rng),
        "item": rng.choice(lists["items"]),
        "role": rng.choice(lists["roles"]),
        "amount": f"{_number(amount, language)} {currency}",
        "amount_plain": f"{amount * 10:,}",
        "fee": f"{fee} {currency}",
        "fee_plain": str(fee),
        "percent": str(rng.randint(3, 18)),
        "tender": f"{rng.choice('ABCDEFGHKLMNPRS')}{when.year}/{rng.randint(11, 988)}",
        "section": str(rng.randint(2, 19)),
        "digits": str(rng.randint(1_200, 98_765)),
        "days": str(rng.randint(8, 60)),
        "hours": rng.choice(("12", "24", "36", "48", "72")),
        "day": _day(when, rng, language),
        "iban": iban(rng, home if home in {"gb", "de", "fr", "es", "pl"} else "nl"),
        "url": f"https://{vocabulary.slug(supplier.name)}-{rng.randint(2, 999)}"
        f".{rng.choice(('example', 'invalid', 'test'))}/{rng.randbytes(4).hex()}",
    }
    return Scene(language=language, writer=writer, supplier=supplier, slots=slots)


def compose(
    rng: Random, parts: Sequence[Sequence[str]], scene: Scene
) -> tuple[str, ...]:
    """Draw one alternative of each part and fill its slots; empty ones left out."""
    texts: list[str] = []
    for part in parts:
        # A legal form may end in a full stop of its own.
        text = rng.choice(part).format_map(scene.slots).replace("..", ".")
        goes_on = bool(texts) and not texts[-1].endswith(_ENDS[scene.language == "en"])
        if text:
            texts.append(text if goes_on else text[0].upper() + text[1:])
    return tuple(texts)


def _number(value: int, language: str) -> str:
    return f"{value:,}".replace(",", _SEPARATORS.get(language, " "))


def _day(when: datetime, rng: Random, language: str) -> str:
    day = when.replace(day=rng.randint(1, 28))
    if language == "en":
        return f"{day.day} {day:%B}"
    if language in {"de", "pl", "ru"}:
        return f"{day:%d.%m.%Y}"
    return f"{day:%d/%m/%Y}"
