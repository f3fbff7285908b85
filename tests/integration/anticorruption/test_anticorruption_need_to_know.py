"""Networks for somebody from whom evidence is withheld: as if it had told nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.integration.anticorruption.test_anticorruption_datasets import (
    CONTEXT,
    body,
    contest,
    database,
    desk,
    desk_on,
    dossier,
)

from integritas.kernel.contracts import Dossier
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import DEFAULT_TENANT, EventId, EvidenceId
from integritas.services.anticorruption.dataset import Dataset
from integritas.services.anticorruption.desk import DatasetDesk
from integritas.services.anticorruption.network import Graph
from integritas.services.anticorruption.signs import signs_of

__all__ = ["database", "desk"]

SECRET = frozenset({"ev-secret"})


def of(evidence: str, *releases: dict[str, Any]) -> Dossier:
    """Return a dossier whose items all have one id."""
    made = dossier(*releases)
    items = tuple(replace(item, id=EvidenceId(evidence)) for item in made.evidence)
    return replace(made, evidence=items)


async def told(desk: DatasetDesk) -> None:
    """Tell of two contests, the second in confidence."""
    await desk.observe(EventId("e1"), [of("ev-open", contest(1, "A", "B"))])
    await desk.observe(EventId("e2"), [of("ev-secret", contest(2, "A", "C"))])


async def around(desk: DatasetDesk, party: str, **withheld: Any) -> set[str]:
    found = await desk.network(DEFAULT_TENANT, party, **withheld)
    ocids = {ocid for edge in found.neighbourhood.edges for ocid in edge.ocids}
    return {node.id for node in found.neighbourhood.nodes} | ocids


async def test_parties_and_processes_of_withheld_evidence_are_left_out(
    desk: DatasetDesk,
) -> None:
    await told(desk)
    everything = {"A", "B", "C", "city", "o1", "o2"}
    assert await around(desk, "A") == everything
    assert await around(desk, "A", withheld=SECRET) == everything - {"C", "o2"}
    with pytest.raises(NotFound):
        await desk.network(DEFAULT_TENANT, "C", withheld=SECRET)
    # Whoever asks next sees all again.
    assert await around(desk, "A") == everything


async def test_counts_and_signs_are_as_if_it_had_told_nothing(
    desk: DatasetDesk,
) -> None:
    await told(desk)
    found = await desk.get(DEFAULT_TENANT, "observed", SECRET)
    assert (found["processes"], found["parties"]) == (1, 3)
    found = await desk.get(DEFAULT_TENANT, "observed")
    assert (found["processes"], found["parties"]) == (2, 4)
    whole = await desk.profile(DEFAULT_TENANT, "observed", "o1")
    part = await desk.profile(DEFAULT_TENANT, "observed", "o1", SECRET)
    assert part.flags == whole.flags
    with pytest.raises(NotFound, match="no process o2 in observed"):
        await desk.profile(DEFAULT_TENANT, "observed", "o2", SECRET)


async def test_whoever_told_last_of_a_process_decides(desk: DatasetDesk) -> None:
    await told(desk)
    await desk.observe(EventId("e3"), [of("ev-open", contest(2, "A", "C"))])
    assert "C" in await around(desk, "A", withheld=SECRET)
    await desk.observe(EventId("e4"), [of("ev-secret", contest(1, "A", "D"))])
    assert await around(desk, "A", withheld=SECRET) == {"A", "C", "city", "o2"}


async def test_it_is_kept_over_a_start_and_an_erasure(
    desk: DatasetDesk, database: Any
) -> None:
    await told(desk)
    assert await desk.erase(CONTEXT, "B") == 1
    assert await desk.erase(CONTEXT, "A") == 2
    again = desk_on(database)
    assert "C" in await around(again, "city")
    assert "C" not in await around(again, "city", withheld=SECRET)


async def test_what_was_loaded_is_withheld_from_nobody(desk: DatasetDesk) -> None:
    await desk.create(CONTEXT, "notices")
    await desk.load(CONTEXT, "notices", [contest(7)])
    found = await desk.network(
        DEFAULT_TENANT, "A", dataset="notices", withheld=SECRET | {"o7"}
    )
    assert len(found.neighbourhood.nodes) == 3


NAMES = st.sampled_from("ABCDE")
CONTESTS = st.lists(
    st.tuples(st.integers(0, 9), NAMES, NAMES, st.booleans()), max_size=14
)


@given(CONTESTS)
def test_a_graph_without_some_is_the_graph_of_the_others(
    contests: list[tuple[int, str, str, bool]],
) -> None:
    dataset, others = Dataset("d"), Dataset("d")
    last = {number: secret for number, _, _, secret in contests}
    for number, winner, loser, secret in contests:
        release = body(contest(number, winner, loser))
        dataset.learn([release], sources=["ev-secret" if secret else "ev-open"])
        if not secret and not last[number]:
            others.learn([release])
    hidden = {f"o{number}" for number, secret in last.items() if secret}
    assert dataset.told_by(SECRET) == hidden
    before = view(dataset.graph)
    with dataset.without(hidden) as graph:
        assert view(graph) == view(others.graph)
    assert view(dataset.graph) == before


def view(graph: Graph) -> object:
    """Return all that a graph answers, of whichever order it was told."""
    return {
        node: (
            [(edge[:3], sorted(edge.ocids), edge.why) for edge in graph.edges_of(node)],
            graph.contests_of(node),
            signs_of(graph, node),
        )
        for node in sorted(graph.nodes)
    }
