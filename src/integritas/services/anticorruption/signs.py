"""Signs of collusion and of shells in a graph: formula, default and source of each.

A sign is a reason to look at a party, never a proof.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from integritas.services.anticorruption.network import EdgeKind, NodeKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.network import Graph

__all__ = ["SIGNS", "Sign", "SignSpec", "signs_of"]

_OECD: Final = "OECD, Guidelines for fighting bid rigging in public procurement (2012)"


@dataclass(frozen=True, slots=True)
class SignSpec:
    """What a sign declares of itself; `defaults` are its thresholds by name."""

    code: str
    title: str
    formula: str
    why: str
    source: str
    points: float
    defaults: dict[str, float]


class Sign(NamedTuple):
    """A sign found on a party, the others it involves, and a sentence of figures."""

    code: str
    title: str
    value: float
    others: tuple[str, ...]
    text: str


_Finder = Callable[["Graph", str, SignSpec], Sign | None]


def signs_of(graph: Graph, party: str) -> list[Sign]:
    """Return the signs on a party, by code."""
    found = (find(graph, party, spec) for spec, find in SIGNS)
    return [sign for sign in found if sign is not None]


_COVER: Final = SignSpec(
    code="N01",
    title="Cover bidder",
    formula="contests lost to the most frequent winner / contests >= share,"
    " of a party that bid in enough contests and won none",
    why="Who always loses, and to the same rival, may bid for show.",
    source=f"{_OECD}; Imhof, Karagök, Rutz, Screening for bid rigging (2018)",
    points=45,
    defaults={"contests": 5, "share": 0.6},
)


def _cover_bidder(graph: Graph, party: str, spec: SignSpec) -> Sign | None:
    contests = [c for c in graph.contests_of(party) if c.winner is not None]
    if len(contests) < spec.defaults["contests"]:
        return None
    if any(contest.winner == party for contest in contests):
        return None
    winner, wins = Counter(c.winner or "" for c in contests).most_common(1)[0]
    share = wins / len(contests)
    if share < spec.defaults["share"]:
        return None
    text = (
        f"Lost all {len(contests)} contests, {wins} of them to the same tenderer"
        f" ({share:.0%})"
    )
    return Sign(spec.code, spec.title, share, (winner,), text)


def _rotation(graph: Graph, party: str, spec: SignSpec) -> Sign | None:
    contests = [c for c in graph.contests_of(party) if c.winner is not None]
    wins = Counter(c.winner or "" for c in contests)
    ring = {winner for winner, number in wins.items() if number > 1}
    inside = [c for c in contests if c.winner in ring and ring <= c.tenderers]
    if party not in ring or len(ring) < 2:
        return None
    if len(inside) < spec.defaults["contests"]:
        return None
    changes = sum(one.winner != other.winner for one, other in pairwise(inside)) / (
        len(inside) - 1
    )
    most = max(Counter(c.winner for c in inside).values()) / len(inside)
    fair = most <= spec.defaults["spread"] / len(ring)
    if changes < spec.defaults["changes"] or not fair:
        return None
    text = (
        f"{len(ring)} tenderers met in {len(inside)} contests and won in turn:"
        f" the winner changed {changes:.0%} of the times"
    )
    return Sign(spec.code, spec.title, changes, tuple(sorted(ring - {party})), text)


def _shared_marks(graph: Graph, party: str, spec: SignSpec) -> Sign | None:
    rivals = {other for other, _ in graph.neighbours(party, EdgeKind.BID_BESIDE)}
    buyers = {
        edge.source
        for edge in graph.edges_of(party, EdgeKind.AWARDED)
        if edge.target == party
    }
    shared: dict[str, set[str]] = {}
    for kind in (EdgeKind.HAS, EdgeKind.DIRECTOR, EdgeKind.OWNER):
        for mark, _ in graph.neighbours(party, kind):
            for other, _ in graph.neighbours(mark, kind):
                if other in rivals | buyers:
                    shared.setdefault(other, set()).add(graph.nodes[mark].kind)
    if len(shared) < spec.defaults["parties"]:
        return None
    kinds = ", ".join(sorted({kind for found in shared.values() for kind in found}))
    text = f"Shares {kinds} with {len(shared)} of its rivals or buyers"
    others = tuple(sorted(shared))
    return Sign(spec.code, spec.title, float(len(shared)), others, text)


def _shell(graph: Graph, party: str, spec: SignSpec) -> Sign | None:
    node = graph.nodes.get(party)
    won = [e for e in graph.edges_of(party, EdgeKind.AWARDED) if e.target == party]
    if node is None or node.kind is not NodeKind.ORGANISATION or not won:
        return None
    marks = [graph.nodes[m] for m, _ in graph.neighbours(party, EdgeKind.HAS)]
    reachable = any(m.kind in {NodeKind.TELEPHONE, NodeKind.EMAIL} for m in marks)
    crowd = max(
        (
            sum(1 for _ in graph.neighbours(m.id, EdgeKind.HAS))
            for m in marks
            if m.kind is NodeKind.ADDRESS
        ),
        default=0,
    )
    nominee = max(
        (
            sum(1 for _ in graph.neighbours(person, kind))
            for kind in (EdgeKind.DIRECTOR, EdgeKind.OWNER)
            for person, _ in graph.neighbours(party, kind)
        ),
        default=0,
    )
    features = {
        "no entry in a register": party not in graph.registered,
        "no telephone and no e-mail": not reachable,
        f"an address with {crowd} parties": crowd >= spec.defaults["parties"],
        f"a director or owner of {nominee} parties": nominee
        >= spec.defaults["parties"],
    }
    found = [name for name, given in features.items() if given]
    if len(found) < spec.defaults["features"]:
        return None
    return Sign(
        spec.code,
        spec.title,
        float(len(found)),
        (),
        f"It won, and has {', '.join(found)}",
    )


def _community(graph: Graph, party: str, spec: SignSpec) -> Sign | None:
    """Find the winner and its cover bidders from any of them."""
    own = _cover_bidder(graph, party, _COVER)
    winner = party if own is None else own.others[0]
    won = [c for c in graph.contests_of(winner) if c.winner == winner]
    if len(won) < spec.defaults["contests"]:
        return None
    often = Counter(rival for contest in won for rival in contest.tenderers)
    covers = {
        rival
        for rival, met in often.items()
        if met >= spec.defaults["contests"] * _COVER.defaults["share"]
        and (sign := _cover_bidder(graph, rival, _COVER)) is not None
        and sign.others == (winner,)
    }
    if len(covers) < spec.defaults["covers"]:
        return None
    closed = sum(c.tenderers <= covers | {winner} for c in won) / len(won)
    if closed < spec.defaults["share"]:
        return None
    others = tuple(sorted((covers | {winner}) - {party}))
    text = (
        f"{len(covers)} tenderers that never won lost to the same rival, and were the"
        f" only others in {closed:.0%} of the {len(won)} contests it won"
    )
    return Sign(spec.code, spec.title, closed, others, text)


SIGNS: Final[tuple[tuple[SignSpec, _Finder], ...]] = (
    (
        _COVER,
        _cover_bidder,
    ),
    (
        SignSpec(
            code="N02",
            title="Win rotation",
            formula="of contests in which all that won twice or more took part: share"
            " of consecutive contests with another winner >= changes, and nobody won"
            " more than spread / ring of them",
            why="A cartel lets its members win in turn.",
            source=f"{_OECD}: the winners take turns",
            points=50,
            defaults={"contests": 6, "changes": 0.8, "spread": 1.5},
        ),
        _rotation,
    ),
    (
        SignSpec(
            code="N03",
            title="Shared identifiers",
            formula="number of rivals and buyers with the same telephone, e-mail,"
            " address, director or owner >= parties",
            why="Firms that share a desk or an owner do not compete.",
            source=f"{_OECD}; World Bank, Fraud and corruption handbook (2013)",
            points=45,
            defaults={"parties": 1},
        ),
        _shared_marks,
    ),
    (
        SignSpec(
            code="N04",
            title="Shell company",
            formula="of a winner: no entry in a register, neither telephone nor e-mail,"
            " an address with so many parties, a director or owner of so many parties;"
            " number that hold >= features",
            why="A firm without staff, phone or register passes money on.",
            source="FATF, Concealment of Beneficial Ownership (2018): shell companies",
            points=40,
            defaults={"parties": 3, "features": 3},
        ),
        _shell,
    ),
    (
        SignSpec(
            code="N05",
            title="Community of cover bidders",
            formula="of a tenderer that won enough contests: cover bidders (N01) that"
            " lost to it >= covers, and share of the contests it won in which nobody"
            " else took part >= share",
            why="A cartel that keeps to itself leaves no competition to lose to.",
            source="Wachs and Kertész, A network approach to cartel detection in public"
            " auction markets, Scientific Reports 9 (2019): cohesive, exclusive groups",
            points=55,
            defaults={"contests": 5, "covers": 2, "share": 0.6},
        ),
        _community,
    ),
)
