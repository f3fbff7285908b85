"""Typed identifiers: a prefix, an underscore, a UUIDv7 in Crockford base32.

`case_01JF8R…`: 26 characters after the prefix (RFC 9562 section 5.7 for the bits,
Crockford for the alphabet), so ids sort by creation time and carry no meaning.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final, NewType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.clock import Clock, Randomness

__all__ = [
    "ALPHABET",
    "DEFAULT_TENANT",
    "ApprovalId",
    "AttachmentId",
    "CaseId",
    "EventId",
    "EvidenceId",
    "FindingId",
    "IdFactory",
    "KeyId",
    "RunId",
    "SubmissionId",
    "TenantId",
    "UserId",
    "is_id",
    "valid_tenant",
]

TenantId = NewType("TenantId", str)
SubmissionId = NewType("SubmissionId", str)
CaseId = NewType("CaseId", str)
EvidenceId = NewType("EvidenceId", str)
FindingId = NewType("FindingId", str)
ApprovalId = NewType("ApprovalId", str)
AttachmentId = NewType("AttachmentId", str)
RunId = NewType("RunId", str)
EventId = NewType("EventId", str)
UserId = NewType("UserId", str)
KeyId = NewType("KeyId", str)

DEFAULT_TENANT: Final = TenantId("main")
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_BODY: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_TENANT: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")
_PAIRS: Final = tuple(a + b for a in ALPHABET for b in ALPHABET)


def is_id(text: str, prefix: str) -> bool:
    """Say whether `text` is an id of this prefix."""
    head, separator, body = text.partition("_")
    return head == prefix and separator == "_" and _BODY.fullmatch(body) is not None


def valid_tenant(text: str) -> bool:
    """Say whether `text` may name a tenant: lower case letters, digits, hyphens."""
    return _TENANT.fullmatch(text) is not None


class IdFactory:
    """Makes ids from an injected clock and randomness.

    Within one factory ids ascend strictly: the 74 random bits count up inside a
    millisecond (RFC 9562 section 6.2, method 2), and a clock that jumps back is
    treated as standing still. Threads may share a factory.
    """

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        """Take the clock and the randomness to use."""
        self._clock = clock
        self._randomness = randomness
        self._lock = threading.Lock()  # the writer's thread makes ids too
        self._millis = -1
        self._tail = 0
        self._head = -1, ""

    def new(self, prefix: str) -> str:
        """Return a fresh id, e.g. `new("case")`."""
        with self._lock:
            body = self._encode(self._next(self._now()))
        return f"{prefix}_{body}"

    def many(self, prefix: str, count: int) -> Sequence[str]:
        """Return `count` fresh ids, ascending: cheaper than one by one."""
        found: list[str] = []
        with self._lock:
            millis = self._now()
            while len(found) < count:
                # A run of them shares all but its last two characters.
                value = self._next(millis)
                last = value & 1023
                size = min(count - len(found), 1024 - last)
                self._tail += size - 1
                head = f"{prefix}_{self._encode(value)[:-2]}"
                found += [head + pair for pair in _PAIRS[last : last + size]]
        return found

    def case(self) -> CaseId:
        """Return a fresh case id."""
        return CaseId(self.new("case"))

    def submission(self) -> SubmissionId:
        """Return a fresh submission id."""
        return SubmissionId(self.new("sub"))

    def evidence(self) -> EvidenceId:
        """Return a fresh evidence id."""
        return EvidenceId(self.new("ev"))

    def finding(self) -> FindingId:
        """Return a fresh finding id."""
        return FindingId(self.new("find"))

    def approval(self) -> ApprovalId:
        """Return a fresh approval id."""
        return ApprovalId(self.new("appr"))

    def run(self) -> RunId:
        """Return a fresh run id."""
        return RunId(self.new("run"))

    def event(self) -> EventId:
        """Return a fresh event id."""
        return EventId(self.new("evt"))

    def user(self) -> UserId:
        """Return a fresh user id."""
        return UserId(self.new("user"))

    def key(self) -> KeyId:
        """Return a fresh API key id."""
        return KeyId(self.new("key"))

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)

    def _next(self, millis: int) -> int:
        if millis > self._millis:
            self._millis = millis
            # The top bit stays clear so that counting up has room.
            self._tail = int.from_bytes(self._randomness.token_bytes(10)) >> 7
        else:
            self._tail += 1
        rand_a, rand_b = self._tail >> 62, self._tail & ((1 << 62) - 1)
        return (
            (self._millis << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b
        )

    def _encode(self, value: int) -> str:
        # Ids that count up inside a millisecond share all but their last characters.
        head = value >> 20
        known, text = self._head
        if head != known:
            text = _encode(head)
            self._head = head, text
        return text + _PAIRS[(value >> 10) & 1023] + _PAIRS[value & 1023]


def _encode(head: int) -> str:
    parts = [""] * 11
    for place in range(10, -1, -1):
        parts[place] = _PAIRS[head & 1023]
        head >>= 10
    return "".join(parts)
