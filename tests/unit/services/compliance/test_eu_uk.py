"""The EU's and the UK's lists, read from the forms in which they are published."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from tests.unit.services.compliance.forms import EU, UK

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.api import Query, Screener, load_watchlists
from integritas.services.compliance.eu import read_eu
from integritas.services.compliance.uk import read_uk
from integritas.services.compliance.watchlists import (
    Entry,
    Identifier,
    ListVersion,
    NameKind,
    Quality,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Read = Callable[[Path], tuple[ListVersion, Sequence[Entry]]]


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    for name, text in {"eu": EU, "uk": UK}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "list.xml").write_text(text, encoding="utf-8")
    return tmp_path


def test_an_entry_of_the_eu_has_all_that_is_compared(lists: Path) -> None:
    version, (person, firm) = read_eu(lists / "eu" / "list.xml")
    assert version.version.startswith("2026-05-08.")
    assert (person.uid, person.schema) == ("EU.9001.1", "Person")
    assert [(n.text, n.kind, n.quality) for n in person.names] == [
        ("Yusuf Karim Haddad", NameKind.PRIMARY, Quality.STRONG),
        ("يوسف كريم حداد", NameKind.ALIAS, Quality.STRONG),
        ("Bashir", NameKind.ALIAS, Quality.WEAK),
    ]
    assert person.birth_dates == ("1968-02-04", "1970", "1971")
    assert person.countries == ("sy",)
    assert person.programmes == ("TST",)
    assert person.identifiers == (Identifier("passport", "N007711", "sy"),)
    assert (person.gender, firm.gender) == ("male", "")
    assert (firm.uid, firm.schema, firm.countries) == ("12", "Organization", ("lb",))


def test_an_entry_of_the_uk_has_all_that_is_compared(lists: Path) -> None:
    version, (person, ship) = read_uk(lists / "uk" / "list.xml")
    assert version.version.startswith("2026-05-08.")
    assert (person.uid, person.schema) == ("TST0001", "Person")
    assert [(n.text, n.kind, n.quality) for n in person.names] == [
        ("Anton Ilyich VORONIN", NameKind.PRIMARY, Quality.STRONG),
        ("Abu Salt", NameKind.ALIAS, Quality.WEAK),
        ("Антон Ильич Воронин", NameKind.ALIAS, Quality.STRONG),
    ]
    assert person.birth_dates == ("1961", "1962-03-07", "1963-04")
    assert person.countries == ("ru", "by")
    assert person.programmes == ("The Test Regulations 2026",)
    assert person.identifiers == (Identifier("Passport", "75 0012"),)
    assert (person.gender, ship.gender) == ("male", "")
    assert (ship.schema, ship.identifiers[0].number) == ("Vessel", "9876543")


def test_both_lists_are_screened_against_and_named(lists: Path) -> None:
    screener = Screener(load_watchlists(lists))
    for name, place in {
        "Jusuf Karim Hadad": ("eu", "EU.9001.1"),
        "Voronin, Anton": ("uk", "TST0001"),
    }.items():
        best = screener.screen(Query(name=name, schema="Person"))[0]
        assert (best.entry.list, best.entry.uid) == place


@pytest.mark.parametrize("read", [read_eu, read_uk])
def test_a_packed_list_is_the_same(lists: Path, read: Read) -> None:
    path = lists / ("eu" if read is read_eu else "uk") / "list.xml"
    packed = path.with_suffix(".xml.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(packed) == read(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('euReferenceNumber="EU.9001.1" logicalId="11"', "", "line 4.*no euReference"),
        ('code="person" classificationCode="P"', 'code="tree"', "subjectType 'tree'"),
        ('wholeName="Cedar Gate Trading"', "", "line 21.*12 has no <nameAlias>"),
        ('logicalId="12"', 'euReferenceNumber="EU.9001.1"', "EU.9001.1 occurs twice"),
        ("<export ", "<!DOCTYPE a><export ", "document type declaration"),
        ("</export>", "", "line 27.*truncated"),
        ('encoding="UTF-8"', 'encoding="x-none"', "unknown encoding"),
    ],
)
def test_a_bad_list_of_the_eu_is_refused_by_line(
    lists: Path, old: str, new: str, said: str
) -> None:
    path = lists / "eu" / "list.xml"
    assert old in EU
    path.write_text(EU.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput, match=f"list.xml.*{said}"):
        read_eu(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<UniqueID>TST0002</UniqueID>", "", "line 27.*no UniqueID"),
        (">Ship<", ">Submarine<", "TST0002.*IndividualEntityShip 'Submarine'"),
        ("<Name6>GREY PETREL</Name6>", "", "TST0002 has no <Name>"),
        ("<Designations>", "<html>", "expected <Designations>, found <html>"),
    ],
)
def test_a_bad_list_of_the_uk_is_refused_by_line(
    lists: Path, old: str, new: str, said: str
) -> None:
    path = lists / "uk" / "list.xml"
    assert old in UK
    path.write_text(UK.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidInput, match=f"list.xml.*{said}"):
        read_uk(path)
