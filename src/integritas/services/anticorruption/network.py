"""A graph of who buys from, bids beside and shares a desk with whom.

Nodes are organisations, people, addresses, telephones and e-mails; an edge keeps the
processes that are its evidence. It grows process by process and answers for the
neighbourhood of one party. A process that comes again replaces what it told before.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from integritas.services.anticorruption.parties import marks_of, people_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integritas.services.anticorruption.features import Process

__all__ = ["Contest", "Edge", "EdgeKind", "Graph", "Neighbourhood", "Node", "NodeKind"]

_EVIDENCE_SHOWN: Final = 20


class NodeKind(StrEnum):
    """What a node is."""

    ORGANISATION = "organisation"
    PERSON = "person"
    ADDRESS = "address"
    TELEPHONE = "telephone"
    EMAIL = "e-mail"


class EdgeKind(StrEnum):
    """Why two nodes are joined."""

    AWARDED = "awarded"
    BID_BESIDE = "bid beside"
    HAS = "has"
    DIRECTOR = "director"
    OWNER = "owner"


class Node(NamedTuple):
    """A node: `id` is unique in its graph, an organisation's is its party id."""

    id: str
    kind: NodeKind
    name: str


class Edge(NamedTuple):
    """An edge; of AWARDED the source is the buyer. `ocids` are its evidence."""

    source: str
    target: str
    kind: EdgeKind
    ocids: tuple[str, ...]
    why: str


class Contest(NamedTuple):
    """A contest of two or more: who took part, who won (None: nobody alone), when."""

    ocid: str
    tenderers: frozenset[str]
    winner: str | None
    date: str


class Neighbourhood(NamedTuple):
    """The nodes within some steps of a party, and the edges among them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    truncated: bool


_Key = tuple[str, str, EdgeKind]


@dataclass(slots=True)
class Graph:
    """The graph of one dataset."""

    nodes: dict[str, Node] = field(default_factory=dict)
    registered: set[str] = field(default_factory=set)
    _contests: dict[str, Contest] = field(default_factory=dict)
    _entered: dict[str, set[str]] = field(default_factory=dict)
    _edges: dict[_Key, dict[str, None]] = field(default_factory=dict)
    _adjacent: dict[str, set[_Key]] = field(default_factory=dict)
    _told: dict[str, list[_Key]] = field(default_factory=dict)
    _stated: dict[str, set[str]] = field(default_factory=dict)
    _named: dict[str, set[str]] = field(default_factory=dict)

    def add(self, process: Process) -> None:
        """Learn from a process; what it told before is forgotten."""
        self.remove(process.ocid)
        self._add_parties(process)
        tenderers = sorted({t for bid in process.submitted for t in bid.tenderers})
        for place, one in enumerate(tenderers):
            for other in tenderers[place + 1 :]:
                self._join(one, other, EdgeKind.BID_BESIDE, process.ocid)
        for award in process.awards:
            if award.status == "active" and process.buyer is not None:
                for supplier in award.suppliers:
                    self._join(process.buyer, supplier, EdgeKind.AWARDED, process.ocid)
        if len(tenderers) > 1:
            date = process.end or process.release.date or ""
            self._contests[process.ocid] = Contest(
                process.ocid, frozenset(tenderers), process.winner, date
            )
            for tenderer in tenderers:
                self._entered.setdefault(tenderer, set()).add(process.ocid)

    def remove(self, ocid: str) -> None:
        """Forget what a process told."""
        contest = self._contests.pop(ocid, None)
        for tenderer in contest.tenderers if contest is not None else ():
            self._entered[tenderer].discard(ocid)
        for key in self._told.pop(ocid, ()):
            evidence = self._edges.get(key, {})
            evidence.pop(ocid, None)
            if not evidence:
                self._edges.pop(key, None)
                for end in key[:2]:
                    self._adjacent.get(end, set()).discard(key)
                    self._drop(end)
        for party in self._named.pop(ocid, ()):
            self._stated[party].discard(ocid)
            self._drop(party)

    def _drop(self, node: str) -> None:
        """Forget a node that nothing tells of any more."""
        if not self._adjacent.get(node) and not self._stated.get(node):
            for known in (self.nodes, self._adjacent, self._stated, self._entered):
                known.pop(node, None)
            self.registered.discard(node)

    def edges_of(self, party: str, kind: EdgeKind | None = None) -> list[Edge]:
        """Return the edges of a node, of one kind or all, in a stable order."""
        keys = self._adjacent.get(party, set())
        chosen = sorted(k for k in keys if kind is None or k[2] is kind)
        return [self._edge(key) for key in chosen]

    def contests_of(self, party: str) -> list[Contest]:
        """Return the contests that a party took part in, by date."""
        found = (self._contests[ocid] for ocid in self._entered.get(party, ()))
        return sorted(found, key=lambda contest: (contest.date, contest.ocid))

    def neighbours(self, party: str, kind: EdgeKind) -> Iterator[tuple[str, int]]:
        """Yield the other ends of a node's edges, with how many processes tell."""
        for source, target, found in self._adjacent.get(party, set()):
            if found is kind:
                key = (source, target, found)
                yield target if source == party else source, len(self._edges[key])

    def neighbourhood(
        self, party: str, *, steps: int = 2, most: int = 200
    ) -> Neighbourhood | None:
        """Return what lies within some steps of a party, nearest first; None if new."""
        if party not in self.nodes:
            return None
        near = {party: 0}
        queue = deque([party])
        truncated = False
        while queue:
            here = queue.popleft()
            if near[here] == steps:
                continue
            for source, target, _ in sorted(self._adjacent.get(here, set())):
                other = target if source == here else source
                if other in near:
                    continue
                if len(near) == most:
                    truncated = True
                    break
                near[other] = near[here] + 1
                queue.append(other)
        keys = {
            key
            for node in near
            for key in self._adjacent.get(node, set())
            if key[0] in near and key[1] in near
        }
        return Neighbourhood(
            tuple(self.nodes[node] for node in near),
            tuple(self._edge(key) for key in sorted(keys)),
            truncated,
        )

    def _add_parties(self, process: Process) -> None:
        for party in process.release.parties or ():
            if party.id is None:
                continue
            self._know(party.id, NodeKind.ORGANISATION, party.name or party.id)
            self._stated.setdefault(party.id, set()).add(process.ocid)
            self._named.setdefault(process.ocid, set()).add(party.id)
            if party.identifier is not None and party.identifier.id is not None:
                self.registered.add(party.id)
            for kind, value in marks_of(party):
                self._mark(party.id, NodeKind(kind), value, process.ocid)
            for role, name in people_of(party):
                node = f"person:{name}"
                self._know(node, NodeKind.PERSON, name)
                self._join(party.id, node, EdgeKind(role), process.ocid)

    def _mark(self, party: str, kind: NodeKind, value: str, ocid: str) -> None:
        node = f"{kind}:{value}"
        self._know(node, kind, value)
        self._join(party, node, EdgeKind.HAS, ocid)

    def _know(self, node: str, kind: NodeKind, name: str) -> None:
        known = self.nodes.get(node)
        if known is None or known.name == node:
            self.nodes[node] = Node(node, kind, name)

    def _join(self, one: str, other: str, kind: EdgeKind, ocid: str) -> None:
        for node in (one, other):
            if node not in self.nodes:
                self._know(node, NodeKind.ORGANISATION, node)
        key = (one, other, kind)
        self._edges.setdefault(key, {})[ocid] = None
        for node in (one, other):
            self._adjacent.setdefault(node, set()).add(key)
        self._told.setdefault(ocid, []).append(key)

    def _edge(self, key: _Key) -> Edge:
        source, target, kind = key
        ocids = tuple(self._edges[key])
        return Edge(
            source, target, kind, ocids[:_EVIDENCE_SHOWN], _why(kind, len(ocids))
        )


def _why(kind: EdgeKind, number: int) -> str:
    processes = "1 process" if number == 1 else f"{number} processes"
    return {
        EdgeKind.AWARDED: f"awarded in {processes}",
        EdgeKind.BID_BESIDE: f"bid beside each other in {processes}",
        EdgeKind.HAS: f"stated in {processes}",
        EdgeKind.DIRECTOR: f"director according to {processes}",
        EdgeKind.OWNER: f"owner according to {processes}",
    }[kind]
