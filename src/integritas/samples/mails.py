"""Generated e-mails: questions, tips, newsletters, and the junk among them."""

from __future__ import annotations

import html
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from integritas.samples import vocabulary
from integritas.samples.prose import compose, draw_scene
from integritas.samples.sample import Item, Sample

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from random import Random

    from integritas.samples.prose import Scene

__all__ = ["build_mail", "mail_sample"]

_INBOX = Address("Integrity Office", "tips", "integrity.example")
_SPAM_SHARE = 0.38
_FREE_MAIL = ("mail.example", "post.example", "inbox.example", "correo.example")


def mail_sample(rng: Random, reference: str) -> Sample:
    """Return a sample of one e-mail; its label says spam or ham."""
    label = "spam" if rng.random() < _SPAM_SHARE else "ham"
    families = vocabulary.words("mails")["family"]
    family = rng.choice([entry for entry in families if entry["label"] == label])
    when = vocabulary.moment(rng)
    scene = draw_scene(rng, family["language"], when)
    subject = rng.choice(family["subjects"]).format_map(scene.slots)
    texts = compose(rng, family["parts"], scene)
    item = build_mail(
        rng,
        sender=_sender(rng, family, scene),
        subject=subject,
        text=_lay_out(texts),
        markup=_markup(subject, texts) if family["html"] else None,
        when=when,
    )
    return Sample(
        reference=reference,
        channel="email",
        title=subject,
        evidence=(item,),
        planted=None,
        source="generated",
        label=label,
    )


def build_mail(
    rng: Random,
    *,
    sender: Address,
    subject: str,
    text: str,
    when: datetime,
    markup: str | None = None,
) -> Item:
    """Return an RFC 5322 mail as evidence; with `markup` it is multipart/alternative.

    Machines carry addresses of RFC 5737, hosts reserved names of RFC 2606.
    """
    message = EmailMessage(policy=SMTP)
    stamp = format_datetime(when)
    relay = f"mx{rng.randint(1, 9)}.{sender.domain}"
    peer = f"{rng.choice(('192.0.2', '198.51.100', '203.0.113'))}.{rng.randint(1, 254)}"
    message["Return-Path"] = f"<{sender.addr_spec}>"
    message["Received"] = (
        f"from {relay} ({relay} [{peer}]) by mx.integrity.example with ESMTPS id "
        f"{rng.randbytes(5).hex().upper()} for <{_INBOX.addr_spec}>; {stamp}"
    )
    message["Message-ID"] = f"<{rng.randbytes(9).hex()}@{sender.domain}>"
    message["Date"] = stamp
    message["From"] = sender
    message["To"] = _INBOX
    message["Subject"] = subject
    message.set_content(text, cte=_transfer_encoding(rng, text))
    if markup is not None:
        message.add_alternative(
            markup, subtype="html", cte=_transfer_encoding(rng, markup)
        )
        # Left alone, the library would draw a boundary that no seed repeats.
        message.set_boundary(f"=_{rng.randbytes(12).hex()}")
    return {
        "kind": "message",
        "raw": message.as_bytes().decode("ascii"),
        "media_type": "message/rfc822",
    }


def _transfer_encoding(rng: Random, text: str) -> str:
    if text.isascii() and max(map(len, text.splitlines())) < 900:
        return "7bit"
    return rng.choice(("quoted-printable", "base64"))


def _sender(rng: Random, family: dict[str, Any], scene: Scene) -> Address:
    local = vocabulary.slug(scene.writer.name).replace("-", ".")
    if family["label"] == "spam":
        display = rng.choice(
            ("Customer Care", "Service Team", scene.writer.name, "Award Office")
        )
        domain = f"{scene.supplier.domain.rpartition('.')[0]}{rng.randint(2, 99)}"
        return Address(display, f"info{rng.randint(10, 9_999)}", f"{domain}.invalid")
    if family["html"]:
        return Address("Supplier Bulletin", "bulletin", "notices.example")
    if family["name"] in {"question", "frage", "meeting"}:
        return Address(scene.writer.name, local, scene.supplier.domain)
    return Address(scene.writer.name, local, rng.choice(_FREE_MAIL))


def _lay_out(texts: Sequence[str]) -> str:
    """Set the salutation apart, the middle as a paragraph, the rest on own lines."""
    greeting, *middle, last = texts
    if "\n" in last or len(last) < 40:
        return "\n\n".join((greeting, " ".join(middle), last)) + "\n"
    return "\n\n".join((greeting, " ".join((*middle, last)))) + "\n"


def _markup(subject: str, texts: Sequence[str]) -> str:
    paragraphs = "\n".join(f"<p>{html.escape(text)}</p>" for text in texts)
    return (
        f"<html><head><title>{html.escape(subject)}</title></head>\n"
        f'<body style="font-family: sans-serif">\n{paragraphs}\n</body></html>\n'
    )
