"""Key rotation: a hand-over that both keys sign, as an entry of the log itself.

The hand-over is a C2SP signed note; its text is

```
integritas-key-handover/v1
<origin>
<size of the log at which the old key signed last, this entry included>
<vkey of the old key>
<vkey of the new key>
```

Who trusts one of the two keys can trust the other for its part of the log: checkpoints
up to that size are the old key's, all later ones the new key's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.kernel.errors import InvalidInput
from integritas.services.audit.bodies import VERSION, canonical
from integritas.services.audit.drafts import Draft
from integritas.services.audit.notes import (
    SigningKey,
    VerifierKey,
    parse_signatures,
    parse_verifier_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "EVENT_PREFIX",
    "Handover",
    "KeyChain",
    "handover_draft",
    "key_chain",
    "parse_handover",
]

EVENT_PREFIX: Final = "integritas-key-handover-"
TYPE: Final = "integritas.audit.key_rotated.v1"
_FORMAT: Final = "integritas-key-handover/v1"


@dataclass(frozen=True, slots=True)
class Handover:
    """A hand-over that both keys signed: the old one's last size is `size`."""

    size: int
    old: VerifierKey
    new: VerifierKey


@dataclass(frozen=True, slots=True)
class KeyChain:
    """The keys of a log, each for its part: up to `retired` sizes, then `current`."""

    current: tuple[VerifierKey, ...]
    retired: tuple[tuple[int, VerifierKey], ...] = ()

    def keys_for(self, size: int) -> tuple[VerifierKey, ...]:
        """Return the keys that may have signed the checkpoint of a size."""
        for last, key in self.retired:
            if size <= last:
                return (key,)
        return self.current

    def newest_first(self) -> list[VerifierKey]:
        """Return all keys."""
        return [*self.current, *(key for _, key in reversed(self.retired))]


def key_chain(
    trusted: Sequence[VerifierKey], handovers: Iterable[Handover]
) -> KeyChain:
    """Return the chain that the hand-overs make of the keys trusted.

    Without a hand-over that concerns them, they are trusted for every size.
    """
    steps = sorted(handovers, key=lambda step: step.size)
    known = set(trusted)
    for order in (steps, reversed(steps)):  # forward to new keys, back to old ones
        for step in order:
            if step.old in known or step.new in known:
                known |= {step.old, step.new}
    linked = [step for step in steps if step.old in known]
    if not linked:
        return KeyChain(tuple(trusted))
    return KeyChain((linked[-1].new,), tuple((step.size, step.old) for step in linked))


def handover_draft(
    origin: str, size: int, old: SigningKey, new: SigningKey, *, time: str, actor: str
) -> Draft:
    """Return the entry of a hand-over at `size`, the entry itself counted."""
    lines = [_FORMAT, origin, str(size), old.verifier.vkey(), new.verifier.vkey()]
    text = "\n".join(lines) + "\n"
    note = f"{text}\n{old.sign(text).line()}{new.sign(text).line()}"
    event_id = f"{EVENT_PREFIX}{size}"
    body = canonical(
        {
            "actor": {"id": actor, "kind": "person", "roles": []},
            "data": {"handover": note},
            "event_id": event_id,
            "source": "integritas",
            "subject": origin[:200],
            "time": time,
            "type": TYPE,
            "v": VERSION,
        }
    )
    return Draft(event_id, body, time, "event")


def parse_handover(body: bytes, origin: str) -> Handover | None:
    """Return the hand-over of an entry, if it is one of this log and both signed."""
    try:
        document: Any = orjson.loads(body)
        text, separator, tail = document["data"]["handover"].rpartition("\n\n")
        text += "\n"
        form, name, size, old_text, new_text, end = text.split("\n")
        old, new = parse_verifier_key(old_text), parse_verifier_key(new_text)
        signatures = parse_signatures(tail)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidInput):
        return None
    sound = separator and (form, name, end) == (_FORMAT, origin, "")
    if not sound or not size.isdigit() or document.get("type") != TYPE:
        return None
    for key in (old, new):
        if not any(key.signed(text, signature) for signature in signatures):
            return None
    return Handover(int(size), old, new)
