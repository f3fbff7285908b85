"""Readers of the files of a data folder: each item a sample, or None if malformed."""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from integritas.kernel.errors import InvalidInput
from integritas.kernel.evidence import EvidenceKind, parse_evidence
from integritas.samples.sample import Item, Sample

if TYPE_CHECKING:
    from typing import IO

__all__ = ["SOURCES", "Items", "Source"]

Items: TypeAlias = Iterator[Sample | None]


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one sort: where they lie, the kind they give, how one is read."""

    pattern: str
    kind: EvidenceKind
    read: Callable[[Path, str], Items]


_BROKEN_FILE: Final = (OSError, EOFError, zlib.error)
_LABELS: Final = frozenset(("spam", "ham"))
_FORMS: Final = frozenset(("releases", "records", "ocid"))
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_BORN: Final = re.compile(r"\bDOB (?:circa )?(?:(?:(\d\d) )?([A-Z][a-z]{2}) )?(\d{4})")
_NATIONALITY: Final = re.compile(r"\bnationality ([A-Za-z, ]+)[;.]")
_EMPTY: Final = "-0-"
_END_OF_FILE: Final = "\x1a"
_COUNTRIES: Final = {
    "Afghanistan": "af",
    "Belarus": "by",
    "Bosnia and Herzegovina": "ba",
    "Bulgaria": "bg",
    "Burma": "mm",
    "China": "cn",
    "Colombia": "co",
    "Congo, Democratic Republic of the": "cd",
    "Cuba": "cu",
    "Cyprus": "cy",
    "Egypt": "eg",
    "Germany": "de",
    "Guatemala": "gt",
    "Honduras": "hn",
    "Hong Kong": "hk",
    "India": "in",
    "Iran": "ir",
    "Iraq": "iq",
    "Italy": "it",
    "Jordan": "jo",
    "Korea, North": "kp",
    "Kuwait": "kw",
    "Lebanon": "lb",
    "Libya": "ly",
    "Malta": "mt",
    "Mexico": "mx",
    "Nicaragua": "ni",
    "Nigeria": "ng",
    "Pakistan": "pk",
    "Panama": "pa",
    "Peru": "pe",
    "Russia": "ru",
    "Saudi Arabia": "sa",
    "Singapore": "sg",
    "Somalia": "so",
    "South Africa": "za",
    "South Sudan": "ss",
    "Spain": "es",
    "Sudan": "sd",
    "Switzerland": "ch",
    "Syria": "sy",
    "Thailand": "th",
    "Turkey": "tr",
    "Ukraine": "ua",
    "United Arab Emirates": "ae",
    "United Kingdom": "gb",
    "United States": "us",
    "Venezuela": "ve",
    "Yemen": "ye",
    "Zimbabwe": "zw",
}


def _mails(path: Path, source: str) -> Items:
    for reference, line in _lines(path, source):
        yield _message(line, reference, source, "message/rfc822")


def _texts(path: Path, source: str) -> Items:
    for reference, line in _lines(path, source):
        yield _message(line, reference, source, "text/plain")


def _message(
    line: dict[str, Any] | None, reference: str, source: str, media_type: str
) -> Sample | None:
    if line is None or not isinstance(line.get("raw"), str):
        return None
    label = line.get("label")
    mail = media_type == "message/rfc822"
    return _checked(
        Sample(
            reference=reference,
            channel="email" if mail else "webhook",
            title=f"{'Mail' if mail else 'Text message'} {line.get('id', reference)}",
            evidence=(
                {"kind": "message", "raw": line["raw"], "media_type": media_type},
            ),
            planted=None,
            source=source,
            label=label if label in _LABELS else None,
        )
    )


def _release_lines(path: Path, source: str) -> Items:
    for reference, line in _lines(path, source):
        yield _process("release", line, reference, source)


def _packages(path: Path, source: str) -> Items:
    """Read a release package, a record package, or a release by itself."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        yield None
        return
    if not isinstance(document, dict) or not _FORMS & document.keys():
        yield None
        return
    for form, key in (("release", "releases"), ("record", "records")):
        entries = document.get(key, [])
        if not isinstance(entries, list):
            yield None
            continue
        for number, entry in enumerate(entries, start=1):
            yield _process(form, entry, f"{source}#{key}-{number}", source)
    if "ocid" in document:
        yield _process("release", document, source, source)


def _process(form: str, document: Any, reference: str, source: str) -> Sample | None:  # noqa: ANN401 - whatever the JSON holds
    if not isinstance(document, dict):
        return None
    tender = document.get("tender")
    title = tender.get("title") if isinstance(tender, dict) else None
    return _checked(
        Sample(
            reference=reference,
            channel="bulk",
            title=str(title or f"Contracting process {document.get('ocid')}"),
            evidence=({"kind": "procurement", form: document},),
            planted=None,
            source=source,
        )
    )


def _listed_parties(path: Path, source: str) -> Items:
    """Read persons and organisations of OFAC's sdn.csv; vessels and aircraft left."""
    countries = _countries(path.with_name("add.csv"))
    for number, row in _rows(path):
        if row is None or len(row) != 12 or not row[1].strip():
            yield None
            continue
        uid, name, kind, remarks = row[0], row[1], row[2].strip(), row[11]
        if kind not in {"individual", _EMPTY}:
            continue
        properties = _identity(name, remarks, person=kind == "individual")
        if "country" not in properties and uid in countries:
            properties["country"] = [countries[uid]]
        schema = "Person" if kind == "individual" else "Organization"
        yield _party(schema, properties, f"{source}#{number}", source, "listed")


def _unlisted_parties(path: Path, source: str) -> Items:
    """Read the queries that match nothing; those that match are no samples here."""
    for reference, line in _lines(path, source):
        if line is None or not isinstance(line.get("query"), str):
            yield None
        elif line.get("expect") is None:
            schema = "Person" if line.get("type") == "Person" else "Organization"
            properties = {"name": [line["query"]]}
            yield _party(schema, properties, reference, source, "not_listed")


def _identity(name: str, remarks: str, *, person: bool) -> dict[str, list[str]]:
    """Return name, birth date and nationality as FollowTheMoney properties."""
    family, comma, given = name.partition(", ")
    ordered = f"{given} {family.title()}" if person and comma else name
    properties = {"name": [ordered]}
    born = _BORN.search(remarks)
    if person and born:
        day, month, year = born.groups()
        parts = [year]
        if month in _MONTHS:
            parts.append(f"{_MONTHS.index(month) + 1:02d}")
            parts += [day] if day else []
        properties["birthDate"] = ["-".join(parts)]
    nationality = _NATIONALITY.search(remarks)
    if nationality and nationality[1] in _COUNTRIES:
        properties["country"] = [_COUNTRIES[nationality[1]]]
    return properties


def _party(
    schema: str,
    properties: Mapping[str, list[str]],
    reference: str,
    source: str,
    label: str,
) -> Sample | None:
    item: Item = {"kind": "party", "schema": schema, "properties": dict(properties)}
    title = f"Screening of {properties['name'][0]}"
    return _checked(Sample(reference, "api", title, (item,), None, source, label))


def _checked(sample: Sample) -> Sample | None:
    try:
        for item in sample.evidence:
            parse_evidence(item)
    except InvalidInput:
        return None
    return sample


def _countries(path: Path) -> dict[str, str]:
    """Return the country of the first address of each entry, where it has one."""
    found: dict[str, str] = {}
    for _, row in _rows(path) if path.is_file() else ():
        if row is not None and len(row) == 6 and row[4].strip() in _COUNTRIES:
            found.setdefault(row[0], _COUNTRIES[row[4].strip()])
    return found


def _lines(path: Path, source: str) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Yield a reference and the object of each line; None where a line is no object."""
    number = 0
    try:
        with _open(path) as file:
            for number, raw in enumerate(file, start=1):
                if raw.strip():
                    yield f"{source}#{number}", _object(raw)
    except _BROKEN_FILE:
        yield f"{source}#{number + 1}", None


def _open(path: Path) -> IO[bytes] | gzip.GzipFile:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    return path.open("rb")


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _rows(path: Path) -> Iterator[tuple[int, list[str] | None]]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                if row and row[0] != _END_OF_FILE:
                    yield number, row
    except (OSError, csv.Error):
        yield number + 1, None


SOURCES: Final = (
    Source("messages/spamassassin.jsonl.gz", EvidenceKind.MESSAGE, _mails),
    Source("messages/sms.jsonl.gz", EvidenceKind.MESSAGE, _texts),
    Source(
        "procurement/differential/*.jsonl", EvidenceKind.PROCUREMENT, _release_lines
    ),
    Source("procurement/ocds-samples/*.json", EvidenceKind.PROCUREMENT, _packages),
    Source("watchlists/ofac/sdn.csv", EvidenceKind.PARTY, _listed_parties),
    Source("names/screening.jsonl", EvidenceKind.PARTY, _unlisted_parties),
)
