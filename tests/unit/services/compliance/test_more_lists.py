"""OpenSanctions' JSON lines and a firm's own CSV: read whole, or refused by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.api import (
    Query,
    Screener,
    load_watchlists,
    refresh_lists,
)

Json = dict[str, Any]
PERSON: Json = {
    "id": "NK-1",
    "schema": "Person",
    "properties": {
        "name": ["Mikhail Petrovich Orlov"],
        "weakAlias": ["Misha"],
        "birthDate": ["1971-03-12", "nonsense"],
        "nationality": ["ru"],
        "gender": ["male"],
        "passportNumber": ["7712345678"],
        "topics": ["sanction"],
    },
}
OWNERSHIP: Json = {"id": "x", "schema": "Ownership", "properties": {"owner": ["NK-1"]}}
HEADER = "id,name,schema,aliases,birth_dates,countries,identifiers\n"
ROW = "7,Zanzibar Holdings,Company,ZH;Zan Hold,,Panama;de,A1;B2\n"


def ftm(folder: Path, *lines: Json | str) -> Path:
    (folder / "opensanctions").mkdir(parents=True, exist_ok=True)
    texts = [x if isinstance(x, str) else json.dumps(x) for x in lines]
    (folder / "opensanctions" / "entities.ftm.json").write_text("\n".join(texts))
    return folder


def own(folder: Path, text: str) -> Path:
    (folder / "own").mkdir(parents=True, exist_ok=True)
    (folder / "own" / "list.csv").write_text(text, encoding="utf-8-sig")
    return folder


def test_entities_are_read_and_found(tmp_path: Path) -> None:
    nameless = {**PERSON, "id": "NK-2", "properties": {}}
    lists = load_watchlists(ftm(tmp_path, PERSON, OWNERSHIP, "", nameless))
    (entry,) = lists.entries
    assert (entry.list, entry.uid, entry.birth_dates) == (
        "opensanctions",
        "NK-1",
        ("1971-03-12",),
    )
    assert (entry.countries, entry.programmes) == (("ru",), ("sanction",))
    assert entry.gender == "male"
    (hits,) = Screener(lists).screen_all([Query("Mikhail Orlov", "Person")])
    assert hits[0].match


def test_own_rows_may_tell_the_gender(tmp_path: Path) -> None:
    head = HEADER.replace("\n", ",gender\n")
    rows = "1,Ann Li,Person,,,,,F\n2,Bo Li,Person,,,,,\n"
    first, second = load_watchlists(own(tmp_path, head + rows)).entries
    assert (first.gender, second.gender) == ("female", "")
    with pytest.raises(InvalidInput, match="line 2: 'x' is no gender"):
        load_watchlists(own(tmp_path, head + "1,Ann Li,Person,,,,,x\n"))


def test_own_rows_are_read_and_found(tmp_path: Path) -> None:
    lists = load_watchlists(own(tmp_path, HEADER + ROW))
    (entry,) = lists.entries
    assert [name.text for name in entry.names] == [
        "Zanzibar Holdings",
        "ZH",
        "Zan Hold",
    ]
    assert entry.countries == ("pa", "de")
    assert [i.number for i in entry.identifiers] == ["A1", "B2"]
    (hits,) = Screener(lists).screen_all([Query("Zanzibar Holdings")])
    assert hits[0].match


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['{"id": "a", "schema": "Per'], "line 1: is not JSON"),
        ([PERSON, json.dumps(PERSON)[:40]], "line 2: is not JSON"),
        (["<!doctype html>"], "line 1: is not JSON"),
        (["[]"], "no FollowTheMoney entity"),
        (['{"schema": "Person"}'], "has no id"),
        ([""], "holds no entry"),
        ([OWNERSHIP], "holds no entry"),
    ],
)
def test_what_is_no_list_of_entities_is_refused(
    tmp_path: Path, lines: list[Json | str], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        load_watchlists(ftm(tmp_path, *lines))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name\nA\n", "line 1: no id"),
        ("id,name,salary\n1,A,2\n", "line 1: 'salary'"),
        ("id,name\n1,A\n1,B\n", "line 3: the id 1 was there before"),
        ("id,name\n1,\n", "line 2: id or name is empty"),
        ("id,name\n1,A,x\n", "line 2: has more or fewer"),
        ("id,name\n1\n", "line 2: has more or fewer"),
        ('id,name\n1,"A\n', "list.csv, line .: unexpected end"),
        ("id,name,countries\n1,A,Atlantis\n", "'Atlantis' is no country"),
        ("id,name,birth_dates\n1,A,1950-13-99\n", "'1950-13-99' is no date"),
        ("id,name,schema\n1,A,Persn\n", "line 2: 'Persn' is no schema: write one of"),
        ("id,name\n", "holds no row"),
        ("", "line 1: no id"),
    ],
)
def test_what_is_wrong_in_a_firms_list_is_named(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        load_watchlists(own(tmp_path, text))


def test_a_truncated_file_never_replaces_the_good_one(tmp_path: Path) -> None:
    target = tmp_path / "target"
    good, bad = tmp_path / "good", tmp_path / "bad"
    (change,) = refresh_lists(ftm(good, PERSON), target)
    assert change.added == ("NK-1",)
    with pytest.raises(InvalidInput):
        refresh_lists(ftm(bad, json.dumps(PERSON)[:50]), target)
    assert [entry.uid for entry in load_watchlists(target).entries] == ["NK-1"]
    changed = {**PERSON, "properties": {"name": ["Mikhail Orlov"]}}
    (change,) = refresh_lists(own(ftm(bad, changed), HEADER + ROW), target)[:1]
    assert change.changed == ("NK-1",)
    assert len(load_watchlists(target).versions) == 2


def test_a_list_that_lost_much_is_taken_over_only_when_told_so(tmp_path: Path) -> None:
    target, rows = tmp_path / "target", [f"{n},Name {n}\n" for n in range(100)]
    source = own(tmp_path / "source", "id,name\n" + "".join(rows))
    refresh_lists(source, target)
    own(tmp_path / "source", "id,name\n" + "".join(rows[:79]))
    with pytest.raises(InvalidInput, match=r"from 100 names to 79.*--shrunk"):
        refresh_lists(source, target)
    assert len(load_watchlists(target).entries) == 100
    (change,) = refresh_lists(source, target, shrunk=True)
    assert len(change.removed) == 21
    own(tmp_path / "source", "id,name\n" + "".join(rows[:64]))
    (change,) = refresh_lists(source, target)  # a small one may
    assert len(change.removed) == 15


def test_one_list_that_is_refused_keeps_all_as_they_were(tmp_path: Path) -> None:
    target, rows = tmp_path / "target", [f"{n},Name {n}\n" for n in range(100)]
    source = own(ftm(tmp_path / "source", PERSON), "id,name\n" + "".join(rows))
    refresh_lists(source, target)
    before = load_watchlists(target).versions
    changed = {**PERSON, "properties": {"name": ["Mikhail Orlov"]}}
    own(ftm(source, changed), "id,name\n" + "".join(rows[:50]))
    with pytest.raises(InvalidInput, match="--shrunk"):
        refresh_lists(source, target)
    assert load_watchlists(target).versions == before
