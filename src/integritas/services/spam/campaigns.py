"""What came lately: campaigns of messages that are alike, and who sends how often.

A window of sightings, in the order they were learned. Nothing is swallowed: a campaign
names its cases, each of which stays a case of its own. Questions are asked as of a
cursor, so that what is learned meanwhile does not change an answer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from integritas.services.spam.fingerprint import Signature, bands, likeness

if TYPE_CHECKING:
    from collections.abc import Iterable


__all__ = ["ALIKE", "LEAST", "WINDOW_DAYS", "Flood", "Seen", "Sighting", "Window"]

ALIKE: Final = 0.5
"""Share of word triples in common from which on two messages are alike."""
LEAST: Final = 2
"""Messages that make a campaign."""
WINDOW_DAYS: Final = 14
MOST: Final = 20_000
"""Messages a window holds; older ones are found by their campaign's name only."""

_DAY_S: Final = 86_400
_SENDER_S, _SENDER_MANY = 3_600, 20
_CHANNEL_S, _CHANNEL_MANY, _CHANNEL_TIMES = 600, 100, 10
_COUNTED: Final = 2_000


@dataclass(frozen=True, slots=True)
class Sighting:
    """A message that was seen: by whom, where, when, and what it looked like."""

    seq: int
    evidence_id: str
    channel: str
    sender: str
    seen_at: datetime
    signature: Signature | None
    campaign: str


class Seen(NamedTuple):
    """The campaign a message belongs to, and how many others of it were seen."""

    campaign: str
    others: int


class Flood(NamedTuple):
    """More messages than usual from a sender or over a channel."""

    source: str
    messages: int
    minutes: int


@dataclass(slots=True)
class Window:
    """The sightings of one tenant that may still be compared with."""

    cursor: int = 0
    _kept: deque[Sighting] = field(default_factory=deque)
    _by_seq: dict[int, Sighting] = field(default_factory=dict)
    _bands: dict[int, int] = field(default_factory=dict)
    _campaigns: dict[str, list[int]] = field(default_factory=dict)
    _times: dict[tuple[str, str], deque[tuple[int, float]]] = field(
        default_factory=dict
    )

    def add(self, sighting: Sighting) -> None:
        """Take a sighting in, and let go of those that are too old."""
        self._kept.append(sighting)
        self._by_seq[sighting.seq] = sighting
        self._campaigns.setdefault(sighting.campaign, []).append(sighting.seq)
        if sighting.signature is not None:
            for band in bands(sighting.signature):
                self._bands[band] = sighting.seq
        moment = (sighting.seq, sighting.seen_at.timestamp())
        for key in _sources(sighting.sender, sighting.channel):
            self._times.setdefault(key, deque(maxlen=_COUNTED)).append(moment)
        self.cursor = sighting.seq
        oldest = sighting.seen_at.timestamp() - WINDOW_DAYS * _DAY_S
        while len(self._kept) > MOST or self._kept[0].seen_at.timestamp() < oldest:
            self._drop(self._kept.popleft())

    def alike(
        self, signature: Signature, *, upto: int | None = None, besides: str = ""
    ) -> list[Sighting]:
        """Return sightings like a message, the most alike first; `besides` is not."""
        found: list[tuple[float, Sighting]] = []
        for seq in {self._bands.get(band, 0) for band in bands(signature)}:
            other = self._by_seq.get(seq)
            if other is None or other.signature is None:
                continue
            if other.evidence_id == besides or (upto is not None and seq > upto):
                continue
            share = likeness(signature, other.signature)
            if share >= ALIKE:
                found.append((share, other))
        found.sort(key=lambda item: (-item[0], item[1].seq))
        return [sighting for _, sighting in found]

    def seen(self, signature: Signature, evidence_id: str, *, upto: int) -> Seen | None:
        """Return the campaign that a message belongs to, if there is one."""
        found = self.alike(signature, upto=upto, besides=evidence_id)
        if not found:
            return None
        campaign = found[0].campaign
        others = sum(
            seq <= upto and self._evidence(seq) != evidence_id
            for seq in tuple(self._campaigns.get(campaign, ()))
        )
        return Seen(campaign, others) if others + 1 >= LEAST else None

    def floods(
        self, sender: str, channel: str, at: datetime, *, upto: int
    ) -> Iterable[Flood]:
        """Yield what comes much more often than usual at a moment."""
        now = at.timestamp()
        if sender:
            count = self._count(("sender", sender), now, _SENDER_S, upto)
            if count >= _SENDER_MANY:
                yield Flood("sender", count, _SENDER_S // 60)
        key = ("channel", channel)
        count = self._count(key, now, _CHANNEL_S, upto)
        if count >= _CHANNEL_MANY and count >= _CHANNEL_TIMES * self._usual(key, now):
            yield Flood("channel", count, _CHANNEL_S // 60)

    def rename(self, old: str, new: str) -> None:
        """Let a campaign be part of another: a message turned out to be alike to both.

        Sightings are replaced, not changed: an answer may be reading them.
        """
        for seq in self._campaigns.pop(old, ()):
            self._by_seq[seq] = replace(self._by_seq[seq], campaign=new)
            self._campaigns.setdefault(new, []).append(seq)

    def _evidence(self, seq: int) -> str:
        known = self._by_seq.get(seq)
        return "" if known is None else known.evidence_id

    def _count(self, key: tuple[str, str], now: float, span_s: int, upto: int) -> int:
        count = 0
        for seq, when in reversed(tuple(self._times.get(key, ()))):
            if when <= now - span_s:  # they came in order, or nearly
                break
            count += seq <= upto and when <= now
        return count

    def _usual(self, key: tuple[str, str], now: float) -> float:
        """Return how many a span there were, over what came before this one."""
        times = [t for _, t in tuple(self._times.get(key, ())) if t <= now - _CHANNEL_S]
        if not times:
            return 0.0
        spans = max(1.0, (now - _CHANNEL_S - times[0]) / _CHANNEL_S)
        return len(times) / spans

    def _drop(self, old: Sighting) -> None:
        current = self._by_seq.pop(old.seq)
        seqs = self._campaigns.get(current.campaign, [])
        if old.seq in seqs:
            seqs.remove(old.seq)
        if not seqs:
            self._campaigns.pop(current.campaign, None)
        if old.signature is not None:
            for band in bands(old.signature):
                if self._bands.get(band) == old.seq:
                    del self._bands[band]
        for key in _sources(old.sender, old.channel):
            times = self._times.get(key)
            if times and times[0][0] == old.seq:
                times.popleft()
            if not times:
                self._times.pop(key, None)


def _sources(sender: str, channel: str) -> list[tuple[str, str]]:
    named = [("sender", sender)] if sender else []
    return [*named, ("channel", channel)]
