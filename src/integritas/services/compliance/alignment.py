"""Which tokens of two names belong together, and which are left over."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from rapidfuzz.distance import OSA

from integritas.services.compliance.agreement import (
    AGREEING,
    Agreement,
    Mode,
    agree,
)
from integritas.services.compliance.mandarin import pinyin

if TYPE_CHECKING:
    from integritas.services.compliance.normalise import Name

__all__ = ["Alignment", "Pair", "align"]

# Runs of tokens that agree once their spaces are gone.
GLUED: Final = 0.97
RUN_ALIKE: Final = 0.75
_LEAST_RUN: Final = 4
_RUN_APART: Final = 2
_LIGHT_ALIKE: Final = 0.66
ACRONYM: Final = 0.8


# Tuples: a screening makes thousands, and a frozen dataclass takes thrice as long.
class Pair(NamedTuple):
    """Two aligned tokens (or runs of tokens) and how far they agree."""

    left: str
    right: str
    agreement: Agreement


class Alignment(NamedTuple):
    """Aligned content tokens in the left name's order, and what found no partner.

    `first` and `last` are the likenesses of what stands first and last in both names.
    """

    pairs: tuple[Pair, ...]
    left_only: tuple[str, ...]
    right_only: tuple[str, ...]
    reordered: bool = False
    first: float = 1.0
    last: float = 1.0


def align(left: Name, right: Name) -> Alignment:
    """Return the alignment of two names that have tokens."""
    ours, theirs = left.content, right.content
    if ours == theirs:
        return Alignment(tuple(Pair(t, t, agree(t, t)) for t in ours), (), ())
    mode = _mode(left, right)
    found = _aligned(ours, theirs, mode)
    if len(ours) + len(theirs) > 2 and (found.left_only or found.right_only):
        joined = _joined(ours, theirs, mode)
        others = _joined(theirs, joined, mode)
        if joined != ours or others != theirs:
            found = _aligned(joined, others, mode)
    if found.left_only or found.right_only:
        return _without_light(found, left, right)
    return found


def _without_light(found: Alignment, left: Name, right: Name) -> Alignment:
    """Pair what is left over with a particle or title that it misspells."""
    pairs = list(found.pairs)
    left_only, right_only = list(found.left_only), list(found.right_only)
    for rest, name, turned in ((left_only, right, False), (right_only, left, True)):
        for word in tuple(rest):
            light = _misspelt(word, name)
            if light is not None:
                rest.remove(word)
                ends = (light, word) if turned else (word, light)
                pairs.append(Pair(*ends, agree(word, light)))
    return found._replace(
        pairs=tuple(pairs),
        left_only=tuple(left_only),
        right_only=tuple(right_only),
    )


def _misspelt(word: str, name: Name) -> str | None:
    if len(word) < 3:
        return None
    for light in name.tokens:
        if light not in name.content and agree(word, light).likeness >= _LIGHT_ALIKE:
            return light
    return None


def _mode(left: Name, right: Name) -> Mode:
    if left.abjad or right.abjad:
        return Mode.ABJAD
    if all(map(pinyin, left.content)) and all(map(pinyin, right.content)):
        return Mode.MANDARIN
    return Mode.PLAIN


def _joined(
    ours: tuple[str, ...], theirs: tuple[str, ...], mode: Mode
) -> tuple[str, ...]:
    """Join neighbours whose run stands in the other name as one word."""
    wanted = [t for t in theirs if t not in ours and len(t) >= _LEAST_RUN]
    if not wanted:
        return ours
    for size in range(min(4, len(ours)), 1, -1):
        for place in range(len(ours) - size + 1):
            parts = ours[place : place + size]
            if _stands_as_one(parts, theirs, wanted, mode):
                rest = (*ours[:place], "".join(parts), *ours[place + size :])
                return _joined(rest, theirs, mode)
    return ours


def _stands_as_one(
    parts: tuple[str, ...], theirs: tuple[str, ...], wanted: list[str], mode: Mode
) -> bool:
    run = "".join(parts)
    first, last = run[0], run[-1]
    for word in wanted:
        # The cheap questions first: hardly any run is of a word's length.
        if abs(len(run) - len(word)) > _RUN_APART and mode is not Mode.MANDARIN:
            continue
        ends = word[0] in {first, last} or word[-1] in {first, last}
        if ends and _runs_alike(run, parts, word, mode):
            return not all(part in theirs for part in parts)
    return False


def _runs_alike(run: str, parts: tuple[str, ...], word: str, mode: Mode) -> bool:
    if run == word:
        return True
    whole = agree(run, word, mode).likeness
    if whole < GLUED * 0.85:
        return False
    return whole > 0.1 + max(agree(part, word).likeness for part in parts)


def _aligned(ours: tuple[str, ...], theirs: tuple[str, ...], mode: Mode) -> Alignment:
    links = _links(ours, theirs, mode)
    by_left = {i: (j, agreement) for agreement, i, j in links}
    by_right = {j: agreement for agreement, _, j in links}
    pairs = [Pair(ours[i], theirs[j], a) for a, i, j in links]
    left_only = [t for i, t in enumerate(ours) if i not in by_left]
    right_only = [t for j, t in enumerate(theirs) if j not in by_right]
    # A word said twice is no other word, unless another stands in its place.
    if not right_only:
        left_only = [t for t in left_only if t not in theirs]
    elif not left_only:
        right_only = [t for t in right_only if t not in ours]
    _take_acronym(left_only, right_only, pairs)
    _take_acronym(right_only, left_only, pairs, mirrored=True)
    _take_run(left_only, right_only, pairs)
    places = [j for _, _, j in links]
    ends = [
        min(
            by_left[i][1].likeness if i in by_left else 0.0,
            by_right[j].likeness if j in by_right else 0.0,
        )
        for i, j in ((0, 0), (len(ours) - 1, len(theirs) - 1))
    ]
    return Alignment(
        pairs=tuple(pairs),
        left_only=tuple(left_only),
        right_only=tuple(right_only),
        reordered=any(earlier > later for earlier, later in pairwise(places)),
        first=ends[0],
        last=ends[1],
    )


def _links(
    left: tuple[str, ...], right: tuple[str, ...], mode: Mode
) -> list[tuple[Agreement, int, int]]:
    """Return (agreement, i, j) of each aligned pair in order of `left`; greedy."""
    options = []
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            found = agree(a, b, mode)
            if found.likeness > 0.0:
                # The nearer in place, the better, where tokens repeat.
                options.append(
                    (-found.likeness, -len(a) - len(b), abs(i - j), i, j, found)
                )
    options.sort()
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    links = []
    for _, _, _, i, j, found in options:
        if i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            links.append((found, i, j))
    links.sort(key=lambda link: link[1])
    return links


def _take_acronym(
    short: list[str], long: list[str], pairs: list[Pair], *, mirrored: bool = False
) -> None:
    """Pair a word with the words whose initials it is (ISO 4 leaves out particles)."""
    if len(long) < 2:
        return
    initials = "".join(word[0] for word in long)
    if initials in short:
        run = " ".join(long)
        ends = (run, initials) if mirrored else (initials, run)
        pairs.append(Pair(*ends, Agreement(ACRONYM, 0, 1.0)))
        short.remove(initials)
        long.clear()


def _take_run(left: list[str], right: list[str], pairs: list[Pair]) -> None:
    """Pair what is not equal as one run, if it agrees as such: spaces have moved."""
    unequal = [p for p in pairs if p.agreement.likeness < 1.0]
    ours = [*(p.left for p in unequal), *left]
    theirs = [*(p.right for p in unequal), *right]
    if not left or not right or len(ours) + len(theirs) < 3:
        return
    run, other = "".join(ours), "".join(theirs)
    edits = OSA.distance(run, other)
    alike = 1.0 - edits / max(len(run), len(other))
    if alike < max(RUN_ALIKE, AGREEING):
        return
    for pair in unequal:
        pairs.remove(pair)
    left.clear()
    right.clear()
    found = Agreement(GLUED * alike, edits, alike)
    pairs.append(Pair(" ".join(ours), " ".join(theirs), found))
