"""The 50 % rule: who is owned, directly or not, by listed parties together.

Percentages multiply along a chain and add up over all paths; a listed owner counts in
full. Rounds of ownership are followed until nothing changes by more than a billionth:
shares only grow from nothing and are capped at the whole, so this ends. (OFAC, Revised
guidance on entities owned by persons whose property is blocked, 13 August 2014; EU
best practices for the effective implementation of restrictive measures, section on
ownership.) By OFAC's FAQ 401 who is owned by half counts as a listed owner in full of
what it owns in turn: `reached_by_listed` says whom that adds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["THRESHOLD", "Edge", "Owned", "owned_by_listed", "reached_by_listed"]

THRESHOLD: Final = 0.5
"""Half is enough: the rule says 50 percent or more."""

_ROUNDS: Final = 1_000
_STEP: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Edge:
    """That somebody owns a share, in [0, 1], of something."""

    owner: str
    asset: str
    share: float


@dataclass(frozen=True, slots=True)
class Owned:
    """What share listed parties own together, and which of them, by id."""

    share: float
    owners: tuple[str, ...]


def owned_by_listed(edges: Iterable[Edge], listed: Collection[str]) -> dict[str, Owned]:
    """Return the share of each asset that listed parties own, those of none left out.

    An edge told twice counts once, with the greater share. What is listed itself is
    not looked at: it is listed anyway.
    """
    holders = _holders(edges, listed)
    shares = dict.fromkeys(holders, 0.0)
    owners: dict[str, frozenset[str]] = {asset: frozenset() for asset in holders}
    for _ in range(_ROUNDS):
        moved = 0.0
        for asset, of in holders.items():
            share = min(
                1.0,
                sum(
                    part * (1.0 if owner in listed else shares.get(owner, 0.0))
                    for owner, part in of.items()
                ),
            )
            found = frozenset().union(
                *(
                    {owner} if owner in listed else owners.get(owner, frozenset())
                    for owner, part in of.items()
                    if part > 0
                )
            )
            moved = max(moved, share - shares[asset], float(found != owners[asset]))
            shares[asset], owners[asset] = share, found
        if moved <= _STEP:
            break
    return {
        asset: Owned(rounded, tuple(sorted(owners[asset])))
        for asset, share in shares.items()
        if (rounded := round(share, 9)) > 0
    }


def reached_by_listed(
    edges: Iterable[Edge], listed: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return what the rule reaches step by step, and by whose hands.

    An asset is reached where listed and reached owners hold half of it together; those
    owners are named, by id.
    """
    holders = _holders(edges, listed)
    reached: dict[str, tuple[str, ...]] = {}
    while True:
        found = {
            asset: tuple(sorted(hands))
            for asset, of in holders.items()
            if asset not in reached
            and (hands := [o for o in of if of[o] and (o in listed or o in reached)])
            and round(sum(of[owner] for owner in hands), 9) >= THRESHOLD
        }
        if not found:
            return reached
        reached |= found


def _holders(
    edges: Iterable[Edge], listed: Collection[str]
) -> dict[str, dict[str, float]]:
    """Return who owns what share of each asset that is not listed itself."""
    holders: dict[str, dict[str, float]] = {}
    for edge in edges:
        if edge.asset not in listed and edge.owner != edge.asset:
            of = holders.setdefault(edge.asset, {})
            of[edge.owner] = max(of.get(edge.owner, 0.0), min(1.0, edge.share))
    return holders
