"""What came lately: campaigns of messages that are alike, and who sends how often.

A window of sightings, in the order they were learned. Nothing is swallowed: a campaign
names its cases, each of which stays a case of its own. Questions are asked as of a
cursor, so that what is learned meanwhile does not change an answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
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
"""Messages of a source, or with a band of their signatures in common, that count."""


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
class _Rate:
    """When the newest messages of a source came; times never fall."""

    _seqs: list[int] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)

    @property
    def newest(self) -> int:
        return self._seqs[-1]

    def add(self, seq: int, when: float) -> None:
        self._times.append(max(when, self._times[-1]) if self._times else when)
        self._seqs.append(seq)
        _trim(self._seqs)
        _trim(self._times)

    def counted(
        self, now: float, span_s: int, *, first: int, upto: int
    ) -> tuple[int, float]:
        """Return how many came within a span, and how many a span did before it."""
        end = min(bisect_right(self._seqs, upto), bisect_right(self._times, now))
        begin = min(end, max(bisect_left(self._seqs, first), end - _COUNTED))
        edge = bisect_right(self._times, now - span_s, begin, end)
        if edge == begin:
            return end - edge, 0.0
        spans = max(1.0, (now - span_s - self._times[begin]) / span_s)
        return end - edge, (edge - begin) / spans


@dataclass(slots=True)
class Window:
    """The sightings of one tenant that may still be compared with.

    What a sighting or a question costs does not grow with what came before. A question
    as of a cursor is answered as it was then, if no more than `_COUNTED` messages were
    learned since.
    """

    cursor: int = 0
    _kept: deque[Sighting] = field(default_factory=deque)
    _by_seq: dict[int, Sighting] = field(default_factory=dict)
    _by_evidence: dict[str, int] = field(default_factory=dict)
    _bands: dict[int, list[int]] = field(default_factory=dict)
    _campaigns: dict[str, set[int]] = field(default_factory=dict)
    _rates: dict[tuple[str, str], _Rate] = field(default_factory=dict)
    # One thread answers while another learns.
    _lock: RLock = field(default_factory=RLock)

    def add(self, sighting: Sighting) -> None:
        """Take a sighting in, and let go of those that are too old."""
        seq, when = sighting.seq, sighting.seen_at.timestamp()
        oldest = when - WINDOW_DAYS * _DAY_S
        with self._lock:
            self._kept.append(sighting)
            self._by_seq[seq] = sighting
            self._by_evidence[sighting.evidence_id] = seq
            self._campaigns.setdefault(sighting.campaign, set()).add(seq)
            if sighting.signature is not None:
                for band in bands(sighting.signature):
                    holders = self._bands.setdefault(band, [])
                    holders.append(seq)
                    _trim(holders)
            for key in _sources(sighting.sender, sighting.channel):
                self._rates.setdefault(key, _Rate()).add(seq, when)
            self.cursor = seq
            while len(self._kept) > MOST or self._kept[0].seen_at.timestamp() < oldest:
                self._drop(self._kept.popleft())

    def alike(
        self, signature: Signature, *, upto: int | None = None, besides: str = ""
    ) -> list[Sighting]:
        """Return sightings like a message, the most alike first; `besides` is not."""
        found: list[tuple[float, Sighting]] = []
        with self._lock:
            last = self.cursor if upto is None else upto
            own = self._by_evidence.get(besides)
            for seq in {self._holder(band, last, own) for band in bands(signature)}:
                other = self._by_seq.get(seq)
                if other is None or other.signature is None:
                    continue
                share = likeness(signature, other.signature)
                if share >= ALIKE:
                    found.append((share, other))
        found.sort(key=lambda item: (-item[0], item[1].seq))
        return [sighting for _, sighting in found]

    def seen(self, signature: Signature, evidence_id: str, *, upto: int) -> Seen | None:
        """Return the campaign that a message belongs to, if there is one."""
        with self._lock:
            found = self.alike(signature, upto=upto, besides=evidence_id)
            if not found:
                return None
            campaign = found[0].campaign
            members = self._campaigns[campaign]
            later = sum(seq in members for seq in range(upto + 1, self.cursor + 1))
            own = self._by_evidence.get(evidence_id, 0)
            others = len(members) - later - (own <= upto and own in members)
        return Seen(campaign, others) if others + 1 >= LEAST else None

    def floods(
        self, sender: str, channel: str, at: datetime, *, upto: int
    ) -> Iterable[Flood]:
        """Yield what comes much more often than usual at a moment."""
        now = at.timestamp()
        if sender:
            count, _ = self._counted(("sender", sender), now, _SENDER_S, upto)
            if count >= _SENDER_MANY:
                yield Flood("sender", count, _SENDER_S // 60)
        count, usual = self._counted(("channel", channel), now, _CHANNEL_S, upto)
        if count >= _CHANNEL_MANY and count >= _CHANNEL_TIMES * usual:
            yield Flood("channel", count, _CHANNEL_S // 60)

    def larger(self, one: str, other: str) -> tuple[str, str]:
        """Return which of two campaigns keeps its name when they join, and the other.

        It is the larger (of two as large, the older): so no sighting is renamed more
        often than a window can double.
        """
        with self._lock:
            sizes = {name: len(self._campaigns[name]) for name in (one, other)}
        into, gone = sorted(sizes, key=lambda name: (-sizes[name], name))
        return into, gone

    def rename(self, gone: str, into: str) -> None:
        """Let a campaign be part of another: a message turned out to be alike to both.

        Sightings are replaced, not changed: an answer may hold them.
        """
        with self._lock:
            moved = self._campaigns.pop(gone)
            for seq in moved:
                self._by_seq[seq] = replace(self._by_seq[seq], campaign=into)
            self._campaigns.setdefault(into, set()).update(moved)

    def _holder(self, band: int, last: int, own: int | None) -> int:
        """Return the newest sighting of a band up to a cursor, 0 if there is none."""
        holders = self._bands.get(band, [])
        place = bisect_right(holders, last) - 1
        if place >= 0 and holders[place] == own:
            place -= 1
        return holders[place] if place >= 0 else 0

    def _counted(
        self, key: tuple[str, str], now: float, span_s: int, upto: int
    ) -> tuple[int, float]:
        with self._lock:
            rate = self._rates.get(key)
            if rate is None:
                return 0, 0.0
            return rate.counted(now, span_s, first=self._kept[0].seq, upto=upto)

    def _drop(self, old: Sighting) -> None:
        campaign = self._by_seq.pop(old.seq).campaign
        self._by_evidence.pop(old.evidence_id, None)
        members = self._campaigns[campaign]
        members.discard(old.seq)
        if not members:
            del self._campaigns[campaign]
        # Where the newest goes, nothing is left: those before it are older still.
        if old.signature is not None:
            for band in set(bands(old.signature)):
                if self._bands[band][-1] == old.seq:
                    del self._bands[band]
        for key in _sources(old.sender, old.channel):
            if self._rates[key].newest == old.seq:
                del self._rates[key]


def _trim(newest: list[int] | list[float]) -> None:
    """Let the oldest go, half of all at a time, so that it costs little each."""
    if len(newest) > 2 * _COUNTED:
        del newest[:-_COUNTED]


def _sources(sender: str, channel: str) -> list[tuple[str, str]]:
    named = [("sender", sender)] if sender else []
    return [*named, ("channel", channel)]
