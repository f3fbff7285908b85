"""The evidence that the services are measured with: equal parts of five kinds.

Web-form texts of 0.5 to 1 KB, mails, parties, OCDS releases and payments. What the data
folder lacks is generated, and the figures say so.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Final

from integritas.cases.api import NewEvidence, NewSubmission
from integritas.kernel.evidence import content_digest, parse_evidence
from integritas.samples.api import generate, read_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PARTS: Final = ("text", "mail", "party", "release", "payment")
_SEED: Final = 20_260_101
_LEAST, _MOST = 500, 1_000


def mixed(count: int, folder: Path | None) -> tuple[Sequence[NewSubmission], str]:
    """Return submissions of one item each, in turn of each part, and their source."""
    each = -(-count // len(PARTS))
    pools: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    real = 0
    if folder is not None:
        for sample in read_folder(folder, limit=count * 8, seed=_SEED):
            for item in sample.evidence:
                real += _add(pools, item, each)
    for seed in itertools.count(1):
        if all(len(pool) >= each for pool in pools.values()):
            break
        for sample in generate(seed, count * 4):
            for item in sample.evidence:
                _add(pools, item, each)
    items = [item for group in zip(*pools.values(), strict=True) for item in group]
    share = real / len(items)
    source = f"{share:.0%} from INTEGRITAS_DATA, the rest generated"
    return [_submission(item) for item in items[:count]], source


def _add(
    pools: dict[str, list[dict[str, Any]]], item: dict[str, Any], each: int
) -> int:
    """Put an item where it belongs, unless there is enough; return how many it gave.

    A mail gives a web-form text too, cut from its body, where there are too few.
    """
    part = _part(item)
    given = {} if part is None else {part: item}
    if part == "mail" and (text := _text_of(item)) is not None:
        given["text"] = text
    wanted = [name for name in given if len(pools[name]) < each]
    for name in wanted:
        pools[name].append(given[name])
    return len(wanted)


def _part(item: dict[str, Any]) -> str | None:
    if item["kind"] != "message":
        return {"party": "party", "payment": "payment", "procurement": "release"}.get(
            item["kind"]
        )
    if item.get("media_type") == "message/rfc822" or "raw_base64" in item:
        return "mail"
    return "text" if _LEAST <= len(item["raw"]) <= _MOST else None


def _text_of(mail: dict[str, Any]) -> dict[str, Any] | None:
    _, _, body = mail.get("raw", "").replace("\r\n", "\n").partition("\n\n")
    if len(body) < _LEAST:
        return None
    return {"kind": "message", "raw": body[:_MOST], "media_type": "text/plain"}


def _submission(item: dict[str, Any]) -> NewSubmission:
    content = parse_evidence(item)
    evidence = (NewEvidence(content, content_digest(content)),)
    return NewSubmission(channel="api", evidence=evidence, title="bench")
