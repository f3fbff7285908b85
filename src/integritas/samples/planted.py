"""The planted cases: fixed stories whose outcome is known beforehand."""

from __future__ import annotations

import html
from email.headerregistry import Address
from random import Random
from typing import TYPE_CHECKING, Any, Final

from integritas.samples import vocabulary
from integritas.samples.mails import build_mail
from integritas.samples.payments import account
from integritas.samples.releases import FLAWS, Bid, Shape, build_release
from integritas.samples.sample import Item, Planted, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["planted_samples"]

_ZERO_WIDTH_SPACE = "\u200b"
_FLAG_STORIES: Final = {
    "R003": "A tender that was open for four days only",
    "R018": "An open tender with a single bid and no competition",
    "R024": "A losing bid 0.3 % above the winner's",
    "R028": "Two losing bids alike to the cent",
    "R030": "The winning bid came 41 hours after the deadline",
    "R035": "Everybody but the winner was disqualified",
    "R036": "The lowest bid, 13 % cheaper, was disqualified",
    "R058": "A winner at less than half of the next price",
}
_CLEAN: Final = Shape(
    (Bid("1", after_h=-26), Bid("1.082", after_h=-49), Bid("1.131", after_h=-5)),
    period_days=42,
)


def planted_samples() -> tuple[Sample, ...]:
    """Return the planted cases, the same every time."""
    return (*_listed(), *_messages(), *_releases())


def _sample(
    name: str, story: str, expect: str, channel: str, *evidence: Item
) -> Sample:
    return Sample(
        reference=f"planted-{name}",
        channel=channel,
        title=story,
        evidence=evidence,
        planted=Planted(name, story, expect),
        source="planted",
    )


def _listed() -> tuple[Sample, ...]:
    return (
        _sample(
            "transliterated-name",
            "A listed person, registered under his name in Cyrillic",
            "sanctions.hit",
            "api",
            _person("Тимофей Аркадьевич Горелкинов", "1968-03-14", "ru"),
        ),
        _sample(
            "alias-in-a-tip",
            "A tip about a man whom the list knows under another name",
            "sanctions.hit",
            "email",
            _mail("alias_tip"),
            _person("Festus Okwudiligbo", "1975-11-02", "ng"),
        ),
        _sample(
            "look-alike-creditor",
            "A payment to a listed company under a look-alike name",
            "sanctions.hit",
            "api",
            _payment(
                ("Velmonte Obras Civiles S.L.", "es"),
                ("Meridiam Kestrela Trading F.Z.E.", "ae"),
                "84350.00",
                "PO 55120 final payment",
            ),
        ),
        _sample(
            "innocent-namesake",
            "A student with a listed man's first and last name, not his age or country",
            "no sanctions.hit",
            "api",
            _person("Samir Haddouchene", "2003-05-21", "ca"),
        ),
    )


def _messages() -> tuple[Sample, ...]:
    company = vocabulary.Company(
        "Tarnbeck Alimentação Escolar Ltda.", "br", "tarnbeck.example"
    )
    return (
        _sample(
            "zero-width-spam",
            "Lottery spam, its words split by invisible characters",
            "spam",
            "email",
            _mail(
                "zero_width", dress=lambda text: text.replace("*", _ZERO_WIDTH_SPACE)
            ),
        ),
        _sample(
            "hidden-text-spam",
            "Pill spam that hides honest sentences from the reader",
            "spam",
            "email",
            _hidden_markup(),
        ),
        _sample(
            "loud-tip",
            "An honest tip that looks like spam: urgency, capitals, cash",
            "tip delivered",
            "email",
            _mail("loud_tip"),
        ),
        _sample(
            "tip-with-payment",
            "A tip in Portuguese with the supplier and a payment",
            "tip delivered",
            "email",
            _mail("foreign_tip"),
            {
                "kind": "party",
                "schema": "Company",
                "properties": {
                    "name": [company.name],
                    "country": [company.country],
                    "registrationNumber": ["BR-DEMO-480113"],
                },
            },
            _payment(
                (company.name, company.country),
                ("Montalvião Veículos Ltda.", "br"),
                "96500.00",
                "NF 30214",
            ),
        ),
    )


def _releases() -> tuple[Sample, ...]:
    flawed = (
        _sample(f"tender-{code.lower()}", story, code, "bulk", _release(FLAWS[code]))
        for code, story in _FLAG_STORIES.items()
    )
    clean = _sample(
        "tender-clean",
        "A tender as it should be: time, competition, distance",
        "clean",
        "bulk",
        _release(_CLEAN),
    )
    return (*flawed, clean)


def _release(shape: Shape) -> Item:
    return {"kind": "procurement", "release": build_release(_rng(str(shape)), shape)}


def _person(name: str, born: str, country: str) -> Item:
    properties = {"name": [name], "birthDate": [born], "nationality": [country]}
    return {"kind": "party", "schema": "Person", "properties": properties}


def _payment(
    debtor: tuple[str, str], creditor: tuple[str, str], amount: str, reference: str
) -> Item:
    """Return a payment between two of (name, country)."""
    rng = _rng(creditor[0])
    return {
        "kind": "payment",
        "debtor": account(rng, *debtor),
        "creditor": account(rng, *creditor),
        "amount": amount,
        "currency": "EUR",
        "date": "2026-05-18",
        "reference": reference,
    }


def _mail(name: str, *, dress: Callable[[str], str] = str) -> Item:
    entry = _text(name)
    return build_mail(
        _rng(name),
        sender=Address(*entry["sender"]),
        subject=dress(entry["subject"]),
        text=dress(entry["text"].lstrip()),
        when=vocabulary.NEWEST,
    )


def _hidden_markup() -> Item:
    entry = _text("hidden_markup")
    hidden = html.escape(entry["hidden"])
    return build_mail(
        _rng("hidden_markup"),
        sender=Address(*entry["sender"]),
        subject=entry["subject"],
        text=entry["visible"] + "\n",
        markup=(
            f"<html><body><p>{html.escape(entry['visible'])}</p>\n"
            f'<div style="display:none">{hidden}</div>\n'
            f'<p style="color:#ffffff;font-size:1px">{hidden}</p></body></html>\n'
        ),
        when=vocabulary.NEWEST,
    )


def _text(name: str) -> Mapping[str, Any]:
    entry: Mapping[str, Any] = vocabulary.words("planted")["mail"][name]
    return entry


def _rng(text: str) -> Random:
    return Random(text)  # noqa: S311 - the stories must be the same every time
