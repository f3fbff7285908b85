"""Generated short texts: reports by web form, text messages, and mixed tips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.samples import vocabulary
from integritas.samples.parties import company_party
from integritas.samples.payments import payment
from integritas.samples.prose import compose, draw_scene
from integritas.samples.sample import Item, Sample

if TYPE_CHECKING:
    from random import Random

    from integritas.samples.prose import Scene

__all__ = ["form_sample", "mixed_sample", "sms_sample", "text_item"]

_JUNK_SHARE = 0.25


def form_sample(rng: Random, reference: str) -> Sample:
    """Return a sample of one report by web form."""
    title, item, label, _ = _form(rng, junk=rng.random() < _JUNK_SHARE)
    return Sample(reference, "form", title, (item,), None, "generated", label)


def sms_sample(rng: Random, reference: str) -> Sample:
    """Return a sample of one text message."""
    label = "spam" if rng.random() < _JUNK_SHARE else "ham"
    families = [f for f in vocabulary.words("sms")["sms"] if f["label"] == label]
    family = rng.choice(families)
    scene = draw_scene(rng, family["language"], vocabulary.moment(rng))
    text = " ".join(compose(rng, family["parts"], scene))
    return Sample(
        reference,
        "webhook",
        f"Text message from {vocabulary.phone(rng)}",
        (text_item(text),),
        None,
        "generated",
        label,
    )


def mixed_sample(rng: Random, reference: str) -> Sample:
    """Return a tip with the supplier it names as party and a payment to it."""
    title, item, label, scene = _form(rng, junk=False)
    supplier = scene.supplier
    evidence = (item, company_party(rng, supplier), payment(rng, creditor=supplier))
    return Sample(reference, "form", title, evidence, None, "generated", label)


def text_item(text: str) -> Item:
    """Return plain text as evidence."""
    return {"kind": "message", "raw": text, "media_type": "text/plain"}


def _form(rng: Random, *, junk: bool) -> tuple[str, Item, str, Scene]:
    label = "spam" if junk else "ham"
    families = [f for f in vocabulary.words("sms")["form"] if f["label"] == label]
    family = rng.choice(families)
    scene = draw_scene(rng, family["language"], vocabulary.moment(rng))
    category = family["category"]
    text = (
        f"Category: {category}\nOrganisation: {scene.slots['buyer']}\n"
        f"Place: {scene.slots['town']}\n\n"
        + " ".join(compose(rng, family["parts"], scene))
    )
    return f"Report by form: {category}", text_item(text), label, scene
