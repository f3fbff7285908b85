from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.ofac import read_ofac
from integritas.services.compliance.watchlists import (
    Entry,
    Identifier,
    NameKind,
    Quality,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def ofac(folder: Path) -> Path:
    return folder / "ofac"


def entry(ofac: Path, uid: str) -> Entry:
    _, entries = read_ofac(ofac)
    return next(e for e in entries if e.uid == uid)


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_a_person_is_read_given_names_first(ofac: Path) -> None:
    assert entry(ofac, "101").name == "Mikhail Petrovich ORLOV"


def test_a_company_keeps_its_name(ofac: Path) -> None:
    assert entry(ofac, "102").name == "VOSTOK MARINE TRADING LLC"


def test_types_become_schemas(ofac: Path) -> None:
    _, entries = read_ofac(ofac)
    assert [e.schema for e in entries] == [
        "Person",
        "Organization",
        "Vessel",
        "Person",
        "Vessel",
    ]


def test_aliases_are_read_with_kind_and_quality(ofac: Path) -> None:
    names = {n.text: (n.kind, n.quality) for n in entry(ofac, "101").names}
    assert names["Michael ORLOFF"] == (NameKind.ALIAS, Quality.STRONG)
    assert names["MISHA"] == (NameKind.ALIAS, Quality.WEAK)


def test_a_former_name_is_told(ofac: Path) -> None:
    assert entry(ofac, "102").names[1].kind is NameKind.FORMER


def test_remarks_give_birth_country_and_identifier(ofac: Path) -> None:
    person = entry(ofac, "101")
    assert person.birth_dates == ("1971-03-12",)
    assert person.countries == ("ru",)
    assert person.identifiers == (Identifier("Passport", "7712345678", "ru"),)


def test_remarks_give_gender(ofac: Path) -> None:
    found = [entry(ofac, uid).gender for uid in ("101", "102", "104")]
    assert found == ["male", "", "female"]


def test_partial_and_alternative_birth_dates(ofac: Path) -> None:
    assert entry(ofac, "104").birth_dates == ("1965", "1966-04")


def test_addresses_and_flags_give_countries(ofac: Path) -> None:
    assert entry(ofac, "102").countries == ("ru",)
    assert entry(ofac, "103").countries == ("pa",)


def test_programmes_are_split(ofac: Path) -> None:
    assert entry(ofac, "101").programmes == ("TEST-A", "TEST-B")


def test_a_ship_has_its_number(ofac: Path) -> None:
    assert entry(ofac, "103").identifiers[0].number == "IMO 9123456"


def test_the_version_is_a_hash_of_the_content(ofac: Path) -> None:
    before, _ = read_ofac(ofac)
    again, _ = read_ofac(ofac)
    append(ofac / "add.csv", '101,9,-0- ,"Riga","Latvia",-0- \n')
    after, _ = read_ofac(ofac)
    assert before == again
    assert before.digest != after.digest
    assert str(before) == f"ofac@{before.digest[:12]}"


def test_addresses_are_optional(ofac: Path) -> None:
    (ofac / "add.csv").unlink()
    assert len(read_ofac(ofac)[1]) == 5


def test_the_consolidated_list_is_read_too(ofac: Path) -> None:
    row = '900,"NEW ONE",-0- ,"P",' + ",".join(["-0- "] * 8)
    (ofac / "cons_prim.csv").write_text(row + "\n\x1a", encoding="utf-8")
    alias = '900,1,"aka","N ONE",-0- \n\x1a'
    (ofac / "cons_alt.csv").write_text(alias, encoding="utf-8")
    assert entry(ofac, "900").names[1].text == "N ONE"


def refused(ofac: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        read_ofac(ofac)
    return str(caught.value)


def test_a_row_cut_short_names_file_and_line(ofac: Path) -> None:
    path = ofac / "sdn.csv"
    path.write_text(path.read_text(encoding="utf-8")[:250], encoding="utf-8")
    assert "sdn.csv, line 2" in refused(ofac)


def test_a_file_cut_between_rows_is_noticed_by_its_aliases(ofac: Path) -> None:
    path = ofac / "sdn.csv"
    path.write_text(path.read_text(encoding="utf-8").split("\n")[0], encoding="utf-8")
    message = refused(ofac)
    assert "alt.csv, line 2" in message
    assert "sdn.csv" in message
    assert "truncated" in message


@pytest.mark.parametrize("name", ["alt.csv", "add.csv"])
def test_a_file_cut_between_rows_is_noticed_by_its_end(ofac: Path, name: str) -> None:
    path = ofac / name
    path.write_text(path.read_text(encoding="utf-8").split("\n")[0], encoding="utf-8")
    message = refused(ofac)
    assert f"{name} lacks the end mark" in message
    assert "download it again" in message


def test_files_that_all_lack_the_end_mark_are_read(ofac: Path) -> None:
    for path in ofac.glob("*.csv"):
        text = path.read_text(encoding="utf-8").replace("\x1a", "")
        path.write_text(text, encoding="utf-8")
    assert len(read_ofac(ofac)[1]) == 5


def test_an_open_quote_is_refused(ofac: Path) -> None:
    append(ofac / "alt.csv", '101,7,"aka","NEVER CLOSED')
    assert "alt.csv, line" in refused(ofac)


def test_wrong_columns_are_refused(ofac: Path) -> None:
    append(ofac / "alt.csv", "101,7,aka\n")
    message = refused(ofac)
    assert "expected 5 columns" in message
    assert "found 3" in message


def test_a_header_is_not_an_ofac_list(ofac: Path) -> None:
    (ofac / "alt.csv").write_text("ent_num,a,b,c,d\n", encoding="utf-8")
    assert "alt.csv, line 1" in refused(ofac)


def test_html_is_refused(ofac: Path) -> None:
    (ofac / "sdn.csv").write_text("\n<!DOCTYPE html><html>", encoding="utf-8")
    message = refused(ofac)
    assert "sdn.csv, line 1" in message
    assert "HTML" in message


def test_an_empty_file_is_refused(ofac: Path) -> None:
    (ofac / "sdn.csv").write_bytes(b"")
    assert "found nothing" in refused(ofac)


def test_a_type_unheard_of_is_refused(ofac: Path) -> None:
    row = '900,"NEW ONE","starship","P",' + ",".join(["-0- "] * 8)
    append(ofac / "sdn.csv", row + "\n")
    assert "'starship' is unknown" in refused(ofac)


def test_bytes_that_are_no_text_are_refused_with_line(ofac: Path) -> None:
    (ofac / "add.csv").write_bytes(b'101,1,-0- ,"a","b",-0- \n\xff\xfe\n')
    assert "add.csv, line 2: not UTF-8" in refused(ofac)


@pytest.mark.parametrize("name", ["sdn.csv", "alt.csv"])
def test_a_missing_file_is_named(ofac: Path, name: str) -> None:
    (ofac / name).unlink()
    assert name in refused(ofac)


def test_an_empty_folder_says_what_is_expected(tmp_path: Path) -> None:
    assert "expected sdn.csv" in refused(tmp_path)
