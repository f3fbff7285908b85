"""Real items are drawn evenly and repeatably; what is malformed is counted."""

from __future__ import annotations

import gzip
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from integritas.kernel.errors import InvalidInput
from integritas.kernel.evidence import Message, parse_evidence
from integritas.samples.api import Sample, missing_kinds, mix, read_folder

MAIL = "From: a@host.example\r\nSubject: Café\r\n\r\nBody {n}\r\n"


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def lines(*values: Any) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def person(number: int, remarks: str, name: str = "GOOSE, Mother") -> str:
    middle = "-0- ," * 7
    return f'{number},"{name}","individual","TEST",{middle}"{remarks}"\r\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mails = [
        {"id": f"m{n}", "label": "spam" if n % 2 else "ham", "raw": MAIL.format(n=n)}
        for n in range(40)
    ]
    write(tmp_path / "messages/spamassassin.jsonl.gz", lines(*mails) + b"{broken\n")
    texts = [{"id": f"s{n}", "label": "ham", "raw": f"text {n}"} for n in range(40)]
    write(tmp_path / "messages/sms.jsonl.gz", lines(*texts, {"id": "no raw"}, 7))
    releases = [
        {"ocid": f"ocds-x-{n}", "tender": {"title": f"T{n}"}} for n in range(30)
    ]
    write(
        tmp_path / "procurement/differential/a.jsonl",
        lines(*releases, {"tender": {}}, [1]) + b"\n",
    )
    package = {"releases": [{"ocid": "ocds-y-1"}, "none"]}
    write(tmp_path / "procurement/ocds-samples/package.json", lines(package))
    records = {"records": [{"ocid": "ocds-y-2", "compiledRelease": {}}]}
    write(tmp_path / "procurement/ocds-samples/records.json", lines(records))
    return tmp_path


@pytest.fixture
def parties(tmp_path: Path) -> Path:
    rows = [
        person(1, "DOB 03 May 1938; nationality Iran; Gender Male."),
        person(2, "DOB 1962; POB Shati.", "DRAKE, Sir Francis"),
        person(3, "DOB May 1970.", "SOLO"),
        '4,"ACME TRADING",-0- ,"TEST",' + "-0- ," * 7 + "-0- \r\n",
        '5,"MARE","vessel","TEST",' + "-0- ," * 7 + "-0- \r\n",
        '6,"SHORT ROW"\r\n',
        "\x1a",
    ]
    write(tmp_path / "watchlists/ofac/sdn.csv", "".join(rows).encode())
    addresses = '4,9,-0- ,"Dubai","United Arab Emirates",-0- \r\n'
    write(tmp_path / "watchlists/ofac/add.csv", addresses.encode())
    return tmp_path


def by_title(folder: Path) -> dict[str, Sample]:
    return {sample.title: sample for sample in read_folder(folder, limit=99, seed=1)}


def named(folder: Path, name: str) -> dict[str, list[str]]:
    item = by_title(folder)[f"Screening of {name}"].evidence[0]
    found: dict[str, list[str]] = item["properties"]
    return found


def test_draws_evenly_over_kinds(folder: Path) -> None:
    reading = read_folder(folder, limit=40, seed=1)

    assert Counter(s.kinds for s in reading) == {
        ("message",): 20,
        ("procurement",): 20,
    }


def test_draws_evenly_over_the_sources_of_a_kind(folder: Path) -> None:
    reading = read_folder(folder, limit=40, seed=1)
    counts = Counter(sample.source for sample in reading)

    assert counts["messages/spamassassin.jsonl.gz"] == 10
    assert counts["messages/sms.jsonl.gz"] == 10


def test_small_sources_leave_their_share_to_others(folder: Path) -> None:
    reading = read_folder(folder, limit=100, seed=1)
    kinds = Counter(sample.kinds for sample in reading)

    assert kinds[("procurement",)] == 32
    assert kinds[("message",)] == 68


def test_limit_above_all_gives_all_once(folder: Path) -> None:
    reading = read_folder(folder, limit=10_000, seed=1)

    assert len(reading) == 112
    assert len({sample.reference for sample in reading}) == 112


def test_same_seed_draws_the_same(folder: Path) -> None:
    first = read_folder(folder, limit=30, seed=1)

    assert read_folder(folder, limit=30, seed=1) == first
    assert read_folder(folder, limit=30, seed=2) != first


def test_malformed_items_are_counted_by_file(folder: Path) -> None:
    reading = read_folder(folder, limit=10, seed=1)

    assert reading.skipped == {
        "messages/spamassassin.jsonl.gz": 1,
        "messages/sms.jsonl.gz": 2,
        "procurement/differential/a.jsonl": 2,
        "procurement/ocds-samples/package.json": 1,
    }


def test_items_are_valid_evidence(folder: Path) -> None:
    for sample in read_folder(folder, limit=1_000, seed=1):
        for item in sample.evidence:
            parse_evidence(item)


def test_mails_keep_bytes_and_label(folder: Path) -> None:
    mail = by_title(folder)["Mail m7"]
    content = parse_evidence(mail.evidence[0])

    assert isinstance(content, Message)
    assert content.raw == MAIL.format(n=7).encode("latin-1")
    assert mail.label == "spam"
    assert mail.reference == "messages/spamassassin.jsonl.gz#8"


def test_records_and_packages_are_read(folder: Path) -> None:
    evidence = by_title(folder)["Contracting process ocds-y-2"].evidence

    assert evidence[0]["record"]["ocid"] == "ocds-y-2"
    assert "Contracting process ocds-y-1" in by_title(folder)


def test_release_may_be_a_file_by_itself(folder: Path) -> None:
    write(folder / "procurement/ocds-samples/one.json", b'{"ocid": "ocds-z-1"}')

    assert "Contracting process ocds-z-1" in by_title(folder)


def test_list_that_cannot_be_read_on_is_counted(parties: Path) -> None:
    path = parties / "watchlists/ofac/sdn.csv"
    path.write_bytes(b'7,"' + b"A" * 200_000 + b'"\r\n')
    write(parties / "messages/sms.jsonl.gz", lines({"raw": "hello"}))
    reading = read_folder(parties, limit=9, seed=1)

    assert reading.skipped == {"watchlists/ofac/sdn.csv": 1}
    assert len(reading) == 1


def test_listed_person_has_birth_date_and_country(parties: Path) -> None:
    assert named(parties, "Mother Goose") == {
        "name": ["Mother Goose"],
        "birthDate": ["1938-05-03"],
        "country": ["ir"],
    }


def test_partial_birth_dates_stay_partial(parties: Path) -> None:
    assert named(parties, "Sir Francis Drake")["birthDate"] == ["1962"]
    assert named(parties, "SOLO")["birthDate"] == ["1970-05"]


def test_organisation_takes_country_from_its_address(parties: Path) -> None:
    sample = by_title(parties)["Screening of ACME TRADING"]

    assert sample.evidence[0]["schema"] == "Organization"
    assert named(parties, "ACME TRADING")["country"] == ["ae"]
    assert sample.label == "listed"


def test_vessels_are_no_parties_and_short_rows_are_counted(parties: Path) -> None:
    reading = read_folder(parties, limit=99, seed=1)

    assert len(reading) == 4
    assert reading.skipped == {"watchlists/ofac/sdn.csv": 1}


def test_only_queries_without_a_match_are_taken(tmp_path: Path) -> None:
    queries = [
        {"query": "Nobody Known", "type": "Person", "expect": None},
        {"query": "Listed Man", "type": "Person", "expect": "17"},
        {"type": "Person", "expect": None},
    ]
    write(tmp_path / "names/screening.jsonl", lines(*queries))
    reading = read_folder(tmp_path, limit=9, seed=1)

    assert [sample.label for sample in reading] == ["not_listed"]
    assert reading.skipped == {"names/screening.jsonl": 1}


def test_missing_kinds_are_named(folder: Path, tmp_path: Path) -> None:
    assert missing_kinds(folder) == ("party", "payment")
    assert read_folder(folder, limit=9, seed=1).missing == ("party", "payment")
    assert missing_kinds(tmp_path / "none") == (
        "message",
        "procurement",
        "party",
        "payment",
    )


def test_truncated_archive_costs_what_is_lost_only(folder: Path) -> None:
    path = folder / "messages/sms.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-20])
    reading = read_folder(folder, limit=1_000, seed=1)

    assert reading.skipped["messages/sms.jsonl.gz"] >= 1
    assert any(s.source == "messages/spamassassin.jsonl.gz" for s in reading)


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b"[]", b"nonsense", b'{"records": 1}', b"{}"]
)
def test_broken_package_is_counted(folder: Path, data: bytes) -> None:
    write(folder / "procurement/ocds-samples/broken.json", data)
    reading = read_folder(folder, limit=1_000, seed=1)

    assert reading.skipped["procurement/ocds-samples/broken.json"] == 1
    assert len(reading) == 112


def test_absent_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"INTEGRITAS_DATA.*not a folder.*unset it"):
        read_folder(tmp_path / "none", limit=9, seed=1)


def test_folder_of_nothing_usable_is_refused_with_the_remedy(tmp_path: Path) -> None:
    write(tmp_path / "messages/sms.jsonl.gz", b"{}\n")

    with pytest.raises(InvalidInput, match=r"INTEGRITAS_DATA: nothing usable.*unset"):
        read_folder(tmp_path, limit=9, seed=1)


def test_mix_notes_what_was_left_out(folder: Path) -> None:
    _, notes = mix(folder, seed=1, count=80)

    assert "messages/sms.jsonl.gz: 2 malformed items left out" in notes
    assert "party: generated, the folder has none" in notes


@pytest.mark.data
def test_real_folder_gives_a_thousand_items() -> None:
    folder = os.environ.get("INTEGRITAS_DATA")
    if not folder:
        pytest.skip("INTEGRITAS_DATA is not set")
    samples, notes = mix(Path(folder), seed=1)
    real = [s for s in samples if s.source not in {"generated", "planted"}]
    kinds = Counter(kind for sample in real for kind in sample.kinds)

    assert len(real) >= 1_000
    assert len({sample.reference for sample in samples}) == len(samples)
    assert set(kinds) == {"message", "procurement", "party"}
    assert max(kinds.values()) - min(kinds.values()) <= 2
    assert not [note for note in notes if "malformed" in note]
    assert {"spam", "ham", "listed", "not_listed"} <= {s.label for s in real}
