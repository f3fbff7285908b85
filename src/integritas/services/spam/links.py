"""What links give away without asking the network.

Looks at hosts and paths only: numeric hosts, punycode and mixed scripts (RFC 5891, UTS
#39), names that imitate well-known ones, text that shows another host than the target,
words that ask for credentials, names before an `@`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein

__all__ = ["MAX_LINKS", "link_signals", "link_traits"]

MAX_LINKS: Final = 20
_LOOKED_AT: Final = 16_000  # bytes of HTML
_TARGET: Final = re.compile(rb"[^\s<>\"'()\[\]{}|\\^`]{1,500}")
_SCHEMES: Final = (b"http", b"https")
# A link whose text is itself the name of a host.
_ANCHOR: Final = re.compile(
    rb"<(?i:a\s[^<>]{0,200}?href\s*=\s*[\"']?https?://(?:[^/\"'\s>@]{0,100}@)?"
    rb"([a-z0-9.-]{1,200})[^<>]{0,500}>\s{0,20}(?:https?://)?"
    rb"((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,12})(?=[\s</]))",
)  # with a plain first byte the search is fast
_NUMERIC: Final = re.compile(
    rb"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9]{8,10}|0x[0-9a-f]{8})$", re.IGNORECASE
)
_CREDENTIALS: Final = re.compile(
    rb"log-?in|sign-?in|verif|account|passw|secure|confirm|update|wallet|billing",
    re.IGNORECASE,
)
# Names that are imitated; a host that is one, or lies below it, is no imitation.
_WELL_KNOWN: Final = (
    "paypal",
    "amazon",
    "microsoft",
    "apple",
    "google",
    "facebook",
    "netflix",
    "instagram",
    "linkedin",
    "dropbox",
    "docusign",
    "ebay",
    "coinbase",
    "wellsfargo",
    "citibank",
    "barclays",
    "santander",
    "hsbc",
    "americanexpress",
    "mastercard",
    "fedex",
    "dhl",
    "usps",
)
_SHORT_HOSTS: Final = frozenset(
    b"bit.ly t.co goo.gl tinyurl.com ow.ly is.gd buff.ly cutt.ly rb.gy".split()
)


def link_signals(text: bytes, markup: bytes, html: bytes = b"") -> list[str]:
    """Return the signals of the links in text, markup and the HTML it is of."""
    found: dict[str, None] = {}
    for number, match in enumerate(_ANCHOR.finditer(html[:_LOOKED_AT])):
        if number == MAX_LINKS:
            break
        if _owner(match[1].lower()) != _owner(match[2].lower()):
            found["url=whose text shows another host than its target"] = None
    for source in (markup, text):
        for link in _links(source):
            for trait in link_traits(link):
                found[f"url={trait}"] = None
    return list(found)


def _links(source: bytes) -> list[bytes]:
    """Return the first links in a text, without their scheme."""
    links: list[bytes] = []
    end = 0
    at = source.find(b"://")
    while at >= 0 and len(links) < MAX_LINKS:
        scheme = source[max(end, at - 5) : at].lower()
        target = _TARGET.match(source, at + 3) if scheme.endswith(_SCHEMES) else None
        if target:
            links.append(target[0])
            end = target.end()
        at = source.find(b"://", max(end, at + 1))
    return links


@lru_cache(maxsize=4_096)
def link_traits(link: bytes) -> tuple[str, ...]:
    """Return what stands out in a link (without its scheme), in words."""
    authority, slash, path = link.partition(b"/")
    traits = []
    if b"@" in authority:
        traits.append("with a name before its host")
        authority = authority.rpartition(b"@")[2]
    host, colon, port = authority.lower().partition(b":")
    host = host.rstrip(b".")
    if colon and port not in (b"80", b"443", b""):
        traits.append("to an unusual port")
    if _NUMERIC.match(host):
        traits.append("to a numeric host")
    elif b"xn--" in host or not host.isascii():
        traits.append("to a host with letters beyond ASCII")
    elif host.count(b".") > 3:
        traits.append("to a host of many labels")
    if host in _SHORT_HOSTS:
        traits.append("through a shortener")
    if slash and _CREDENTIALS.search(path):
        traits.append("with words that ask for credentials")
    imitated = _imitated(host)
    if imitated:
        traits.append(f"that imitates {imitated}")
    if b"%" in host or path.count(b"%") > 6:
        traits.append("with much of it encoded")
    return tuple(traits)


def _owner(host: bytes) -> bytes:
    """Return the labels of a host that its owner registered, by rule of thumb."""
    labels = host.split(b".")
    short = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return b".".join(labels[-3 if short else -2 :])


def _imitated(host: bytes) -> str:
    """Return the well-known name that a host imitates, or an empty text."""
    labels = host.decode("ascii", "ignore").split(".")
    if len(labels) < 2:
        return ""
    second = labels[-2]
    if len(labels) > 2 and second in ("co", "com", "org", "ac", "gov"):
        second = labels[-3]
    if second in _NAMES:
        return ""
    named = _NAMED.search(host)
    if named:
        return named[1].decode()
    plain = second.translate(_LEET)
    if plain in _NAMES:
        return plain
    for name in _BY_LETTER.get(second[:1], ()):
        near = abs(len(second) - len(name)) <= 1
        if near and DamerauLevenshtein.distance(second, name, score_cutoff=1) <= 1:
            return name
    return ""


_LEET: Final = str.maketrans("01345", "oleas")
_NAMES: Final = frozenset(_WELL_KNOWN)
_NAMED: Final = re.compile(
    rb"(?:^|[.-])(" + "|".join(_WELL_KNOWN).encode() + rb")(?=[.-][a-z0-9-]+\.)"
)
_BY_LETTER: Final = {
    letter: [name for name in _WELL_KNOWN if name[0] == letter and len(name) > 5]
    for letter in {name[0] for name in _WELL_KNOWN}
}
