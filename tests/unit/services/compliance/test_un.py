from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.un import read_un
from integritas.services.compliance.watchlists import (
    Entry,
    Identifier,
    NameKind,
    Quality,
)

if TYPE_CHECKING:
    from pathlib import Path

LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE CONSOLIDATED_LIST [
  <!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
  <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">
]>
<CONSOLIDATED_LIST><INDIVIDUALS>&d;</INDIVIDUALS></CONSOLIDATED_LIST>
"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE CONSOLIDATED_LIST [<!ENTITY f SYSTEM "file:///etc/hostname">]>
<CONSOLIDATED_LIST><INDIVIDUALS>&f;</INDIVIDUALS></CONSOLIDATED_LIST>
"""


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "un" / "consolidated.xml"


def entry(path: Path, uid: str) -> Entry:
    return next(e for e in read_un(path)[1] if e.uid == uid)


def test_the_parts_of_a_name_are_joined(path: Path) -> None:
    assert entry(path, "9001").name == "SALIM AL-QASIMI"


def test_the_gender_is_told(path: Path) -> None:
    assert entry(path, "9001").gender == "male"


def test_original_script_and_aliases_are_names(path: Path) -> None:
    names = {n.text: n.quality for n in entry(path, "9001").names}
    assert names["سالم القاسمي"] is Quality.STRONG
    assert names["Abu Nimr"] is Quality.WEAK
    assert names["The Carpenter"] is Quality.WEAK


def test_a_former_name_is_told(path: Path) -> None:
    assert entry(path, "9002").names[1].kind is NameKind.FORMER


def test_a_span_of_birth_years_is_every_year(path: Path) -> None:
    assert entry(path, "9001").birth_dates == ("1960", "1961", "1962")


def test_countries_come_from_nationality_and_address(path: Path) -> None:
    assert entry(path, "9001").countries == ("ye",)
    assert entry(path, "9002").countries == ("so",)


def test_documents_are_identifiers(path: Path) -> None:
    wanted = (Identifier("Passport", "00385937", "ye"),)
    assert entry(path, "9001").identifiers == wanted


def test_individuals_are_people_and_entities_organisations(path: Path) -> None:
    assert [e.schema for e in read_un(path)[1]] == ["Person", "Organization"]


def test_the_version_has_the_lists_own_date(path: Path) -> None:
    version, _ = read_un(path)
    assert version.date == "2026-02-27"
    assert version.version.startswith("2026-02-27.")


def test_packed_and_plain_are_the_same(path: Path) -> None:
    packed = path.with_suffix(".xml.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_un(packed) == read_un(path)


def refused(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_un(path)
    assert path.name in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE])
def test_entities_are_refused_before_they_are_defined(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    message = refused(path)
    assert "line 2" in message
    assert "document type" in message


def test_html_is_refused(path: Path) -> None:
    path.write_text("<html><body>Moved</body></html>", encoding="utf-8")
    assert "found <html>" in refused(path)


def test_a_truncated_file_names_the_line(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8")[:900], encoding="utf-8")
    assert "line 21" in refused(path)


def test_truncated_packing_is_refused(path: Path) -> None:
    packed = path.with_suffix(".xml.gz")
    packed.write_bytes(gzip.compress(path.read_bytes())[:-200])
    assert "cannot be read" in refused(packed)


def test_what_is_not_packed_is_refused(path: Path) -> None:
    packed = path.with_suffix(".xml.gz")
    packed.write_bytes(path.read_bytes())
    assert "cannot be read" in refused(packed)


def test_an_entry_without_id_names_its_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("<DATAID>9002</DATAID>", "")
    path.write_text(text, encoding="utf-8")
    assert "<ENTITY> lacks DATAID" in refused(path)


def test_an_id_given_twice_is_refused(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("9002", "9001")
    path.write_text(text, encoding="utf-8")
    assert "9001 occurs twice" in refused(path)


def test_a_list_without_entries_is_refused(path: Path) -> None:
    path.write_text("<CONSOLIDATED_LIST/>", encoding="utf-8")
    assert "holds no entry" in refused(path)


def test_an_empty_file_is_refused(path: Path) -> None:
    path.write_bytes(b"")
    assert "line 1" in refused(path)
