from __future__ import annotations

import math
import pickle

from integritas.services.anticorruption.features import Margin
from integritas.services.anticorruption.ledger import (
    EMPTY_REFERENCE,
    Group,
    Ledger,
    Share,
    freeze,
)


def test_an_empty_ledger_prints_meta_only() -> None:
    assert Ledger().document() == {"Meta": {}}
    assert Ledger().document(meta=False) == {}


def test_a_flag_stands_under_its_group_and_key() -> None:
    ledger = Ledger()
    ledger.flag(Group.TENDERER, "A", "R028", 1.0)
    ledger.flag(Group.TENDERER, "A", "R024", 0.5)
    assert ledger.document(meta=False) == {
        "Tenderer": {"A": {"R028": 1.0, "R024": 0.5}}
    }


def test_counts_add_up() -> None:
    ledger = Ledger()
    ledger.count("R025", "A", 1, 1)
    ledger.count("R025", "A", 0, 3)
    assert ledger.shares["R025"]["A"] == Share(1, 4)
    assert ledger.shares["R025"]["A"].ratio == 0.25


def test_meta_is_rounded_to_four_decimals() -> None:
    ledger = Ledger()
    ledger.fences["R024"] = {"q1": 0.123456, "q3": math.inf}
    assert ledger.document() == {"Meta": {"R024": {"q1": 0.1235, "q3": math.inf}}}


def test_all_maps_are_printed_if_maps_are_wanted() -> None:
    ledger = Ledger(with_maps=True)
    ledger.map_tenderers("ocid_tenderer", "x", ["B", "A", "B"])
    ledger.map_tenderers("ocid_tenderer", "y", [])
    ledger.map_organisation("ocid_buyer_r038", "x", "P")
    maps = ledger.document()["Maps"]
    assert isinstance(maps, dict)
    assert len(maps) == 8
    assert maps["ocid_tenderer"] == {"x": ["A", "B"]}
    assert maps["ocid_buyer_r038"] == {"x": "P"}
    assert maps["ocid_tenderer_r058"] == {}


def test_no_maps_are_kept_if_none_are_wanted() -> None:
    ledger = Ledger()
    ledger.map_tenderers("ocid_tenderer", "x", ["A"])
    ledger.map_organisation("ocid_buyer_r038", "x", "P")
    assert "Maps" not in ledger.document()


def test_freeze_keeps_what_the_set_knows() -> None:
    ledger = Ledger(currency="USD")
    ledger.processes = 3
    ledger.varieties["S"] = (2, {"10"})
    reference = freeze(ledger, version="set@3")
    assert (reference.version, reference.currency, reference.processes) == (
        "set@3",
        "USD",
        3,
    )
    assert reference.varieties["S"].codes == frozenset({"10"})


def test_a_reference_does_not_change_when_its_ledger_goes_on() -> None:
    ledger = Ledger()
    ledger.count("R025", "A", 1, 1)
    ledger.fences["R025"] = {"q1": 1.0}
    reference = freeze(ledger, version="set@1")
    ledger.count("R025", "A", 1, 1)
    ledger.count("R025", "B", 1, 1)
    ledger.fences["R025"]["q1"] = 0.0
    assert reference.shares["R025"] == {"A": Share(1, 1)}
    assert reference.fences["R025"] == {"q1": 1.0}


def test_the_empty_reference_knows_nothing() -> None:
    assert EMPTY_REFERENCE.version == "empty"
    assert not EMPTY_REFERENCE.fences
    assert not EMPTY_REFERENCE.shares


def test_a_ledger_comes_whole_from_another_process() -> None:
    ledger = Ledger(currency="USD")
    ledger.margins["o1"] = Margin(0.25, "A", "B", 80.0, 100.0, "USD", 1, 0)
    ledger.count("R025", "A", 1, 2)
    ledger.flag(Group.OCID, "o1", "R003", 1.0)
    same = pickle.loads(pickle.dumps(ledger))  # noqa: S301 - our own
    assert same.margins == ledger.margins
    assert same.shares == ledger.shares
    assert same.document() == ledger.document()
