"""Each sign on a planted and on an innocent network; how the graph answers."""

from __future__ import annotations

from typing import Any

import pytest

from integritas.services.anticorruption.features import Process, read_process
from integritas.services.anticorruption.network import EdgeKind, Graph
from integritas.services.anticorruption.signs import SIGNS, signs_of

Json = dict[str, Any]


def contest(
    number: int, winner: str, *losers: str, parties: tuple[Json, ...] = ()
) -> Process:
    bids = [{"status": "valid", "tenderers": [{"id": t}]} for t in (winner, *losers)]
    made: Json = {
        "ocid": f"o{number:03}",
        "buyer": {"id": "city"},
        "parties": list(parties),
        "tender": {"tenderPeriod": {"endDate": f"2024-01-{number + 1:02}T00:00:00Z"}},
        "bids": {"details": bids},
        "awards": [{"status": "active", "suppliers": [{"id": winner}]}],
    }
    process = read_process(made)
    assert process is not None
    return process


def graph_of(*processes: Process) -> Graph:
    graph = Graph()
    for process in processes:
        graph.add(process)
    return graph


def found(graph: Graph, party: str) -> dict[str, tuple[str, ...]]:
    return {sign.code: sign.others for sign in signs_of(graph, party)}


@pytest.fixture
def market() -> Graph:
    """An innocent market: six firms, all of which win now and then, by no pattern."""
    firms = "UVWXYZ"
    order = "UUVXWWZYUVVXYZZWXUYV"
    return graph_of(
        *(
            contest(n, winner, *(f for f in firms if f != winner and (n + ord(f)) % 3))
            for n, winner in enumerate(order)
        )
    )


def test_an_innocent_market_has_no_signs(market: Graph) -> None:
    for firm in "UVWXYZ":
        assert found(market, firm) == {}, firm


def test_a_cover_bidder_always_loses_to_the_same() -> None:
    graph = graph_of(
        *(contest(n, "A", "C", f"T{n}") for n in range(5)),
        contest(5, "B", "C"),
    )
    assert found(graph, "C") == {"N01": ("A",)}
    assert "N01" not in found(graph, "A")
    assert "N01" not in found(graph, "T1")


def test_who_loses_to_many_is_no_cover_bidder() -> None:
    graph = graph_of(*(contest(n, f"W{n % 4}", "C") for n in range(8)))
    assert found(graph, "C") == {}


def test_a_winner_and_its_cover_bidders_are_a_community() -> None:
    graph = graph_of(
        *(contest(n, "A", "C", "D") for n in range(5)),
        contest(5, "A", "C", "D", "V"),
        contest(6, "V", "U"),
    )
    assert found(graph, "A") == {"N05": ("C", "D")}
    assert found(graph, "C") == {"N01": ("A",), "N05": ("A", "D")}
    assert found(graph, "V") == {}


def test_cover_bidders_among_honest_rivals_are_no_community() -> None:
    graph = graph_of(
        *(contest(n, "A", "C", "D", f"T{n}") for n in range(6)),
        *(contest(10 + n, f"T{n}", "A") for n in range(6)),
    )
    assert "N05" not in found(graph, "A")


def test_a_ring_wins_in_turn() -> None:
    graph = graph_of(
        *(
            contest(n, "ABC"[n % 3], *("ABC"[(n + k) % 3] for k in (1, 2)))
            for n in range(9)
        )
    )
    assert found(graph, "A") == {"N02": ("B", "C")}
    assert found(graph, "C") == {"N02": ("A", "B")}


def test_a_streak_is_no_rotation() -> None:
    graph = graph_of(
        *(contest(n, "A" if n < 5 else "B", "B" if n < 5 else "A") for n in range(10))
    )
    assert "N02" not in found(graph, "A")


DESK = {"contactPoint": {"telephone": "+49 30 123 45 67"}}


def test_rivals_that_share_a_telephone() -> None:
    parties = ({"id": "A", **DESK}, {"id": "B", **DESK}, {"id": "C"})
    graph = graph_of(contest(0, "A", "B", "C", parties=parties))
    assert found(graph, "A")["N03"] == ("B",)
    assert "N03" not in found(graph, "C")


def test_a_director_of_two_rivals() -> None:
    boss = {"directors": [{"name": "Max MÜLLER"}]}
    same = {"beneficialOwners": [{"name": "max  müller"}], "directors": []}
    parties = ({"id": "A", **boss}, {"id": "B", **boss}, {"id": "C", **same})
    graph = graph_of(contest(0, "A", "B", "C", parties=parties))
    assert found(graph, "A")["N03"] == ("B",)


def test_a_tenderer_at_the_buyers_desk() -> None:
    parties = ({"id": "city", **DESK}, {"id": "A", **DESK})
    graph = graph_of(contest(0, "A", "B", parties=parties))
    assert found(graph, "A")["N03"] == ("city",)


def test_who_shares_a_desk_and_never_meets_is_no_sign() -> None:
    graph = graph_of(
        contest(0, "A", "X", parties=({"id": "A", **DESK},)),
        contest(1, "B", "Y", parties=({"id": "B", **DESK},)),
    )
    assert "N03" not in found(graph, "A")


MAIL_DROP = {"address": {"streetAddress": "Harbour 1", "locality": "Port"}}


def test_a_shell_has_an_address_and_nothing_else() -> None:
    crowd = tuple({"id": f"P{n}", **MAIL_DROP} for n in range(3))
    graph = graph_of(contest(0, "S", "B", parties=({"id": "S", **MAIL_DROP}, *crowd)))
    (sign,) = (s for s in signs_of(graph, "S") if s.code == "N04")
    assert sign.text == (
        "It won, and has no entry in a register, no telephone and no e-mail,"
        " an address with 4 parties"
    )


def test_a_firm_with_a_register_entry_and_a_phone_is_no_shell() -> None:
    firm = {
        "id": "F",
        "identifier": {"scheme": "DE-HRB", "id": "1"},
        **DESK,
        **MAIL_DROP,
    }
    crowd = tuple({"id": f"P{n}", **MAIL_DROP} for n in range(3))
    assert "N04" not in found(
        graph_of(contest(0, "F", "B", parties=(firm, *crowd))), "F"
    )


def test_every_edge_says_why_it_exists(market: Graph) -> None:
    near = market.neighbourhood("U", steps=1)
    assert near is not None
    assert near.nodes[0].id == "U"
    assert {edge.kind for edge in near.edges} == {EdgeKind.AWARDED, EdgeKind.BID_BESIDE}
    (awarded,) = market.edges_of("U", EdgeKind.AWARDED)
    assert (awarded.source, awarded.target) == ("city", "U")
    assert awarded.why == "awarded in 4 processes"
    assert awarded.ocids == ("o000", "o001", "o008", "o017")


def test_a_neighbourhood_is_cut_off_and_says_so(market: Graph) -> None:
    near = market.neighbourhood("U", most=3)
    assert near is not None
    assert (len(near.nodes), near.truncated) == (3, True)
    assert market.neighbourhood("nobody") is None


def test_a_process_that_comes_again_replaces_what_it_told() -> None:
    graph = graph_of(contest(0, "A", "B"), contest(0, "A", "C"))
    (edge,) = graph.edges_of("A", EdgeKind.BID_BESIDE)
    assert edge.target == "C"
    assert [c.tenderers for c in graph.contests_of("A")] == [{"A", "C"}]
    assert graph.contests_of("B") == []


def test_every_sign_states_formula_default_and_source() -> None:
    codes = [spec.code for spec, _ in SIGNS]
    assert codes == sorted(set(codes))
    for spec, _ in SIGNS:
        assert spec.formula
        assert spec.source
        assert spec.why
        assert spec.defaults
        assert all(name in spec.formula for name in spec.defaults if name != "contests")
