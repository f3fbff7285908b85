"""Evidence bundles verify by themselves, and no value in them can change."""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from integritas.kernel.contracts import Checkpoint, LoggedEntry
from integritas.kernel.errors import InvalidInput
from integritas.kernel.ids import EventId
from integritas.services.audit.bodies import canonical
from integritas.services.audit.bundles import build_bundle, verify_bundle
from integritas.services.audit.merkle import inclusion_ranges, leaf_hash, root_of
from integritas.services.audit.notes import SigningKey, checkpoint_text

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = SigningKey("integritas/main", bytes(range(32)))
STRANGER = SigningKey("integritas/main", bytes(32))


def entry(number: int) -> LoggedEntry:
    body = canonical(
        {
            "actor": {"id": "user_1"},
            "event_id": f"evt_{number}",
            "subject": f"case_{number % 3}",
            "time": "2026-01-01T00:00:00.000000Z",
            "type": "integritas.case.opened.v1",
        }
    )
    return LoggedEntry(number, EventId(f"evt_{number}"), body, leaf_hash(body))


ENTRIES = [entry(number) for number in range(20)]
HASHES = [entry.leaf_hash for entry in ENTRIES]


def checkpoint(size: int, key: SigningKey = KEY) -> Checkpoint:
    root = root_of(HASHES[:size])
    text = checkpoint_text(key.name, size, root)
    return Checkpoint(key.name, size, root, f"{text}\n{key.sign(text).line()}")


def bundle() -> dict[str, Any]:
    proven = [
        (entry, [root_of(HASHES[a:b]) for a, b in inclusion_ranges(entry.index, 20)])
        for entry in ENTRIES
        if entry.index % 3 == 1
    ]
    return dict(build_bundle("case_1", checkpoint(20), [KEY.verifier.vkey()], proven))


def places(document: dict[str, Any], **given: Any) -> list[str]:
    return [found.place for found in verify_bundle(document, **given).differences]


def test_a_bundle_verifies_by_itself() -> None:
    report = verify_bundle(orjson.dumps(bundle()))
    assert report.sound
    assert (report.origin, report.size) == ("integritas/main", 20)
    assert "keys are the bundle's own" in report.notes[0]


def test_a_bundle_verifies_with_the_trusted_key() -> None:
    report = verify_bundle(bundle(), keys=[KEY.verifier])
    assert report.sound
    assert report.notes == ("7 entries on case_1",)


def test_a_bundle_of_another_key_does_not_verify() -> None:
    assert places(bundle(), keys=[STRANGER.verifier]) == ["keys", "checkpoint"]


def test_a_bundle_reads_as_a_person_would_say_it() -> None:
    assert bundle()["summary"][0] == (
        "1: 2026-01-01T00:00:00.000000Z integritas.case.opened.v1 on case_1 by user_1"
    )


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda b: b.update(origin="integritas/mine"), "origin"),
        (lambda b: b.update(subject="case_2"), "entries[0].body"),
        (lambda b: b.update(checkpoint=checkpoint(20, STRANGER).note), "checkpoint"),
        (lambda b: b.update(checkpoint=checkpoint(19).note), "entries[0]"),
        (lambda b: b.update(keys=[STRANGER.verifier.vkey()]), "checkpoint"),
        (lambda b: b["entries"].reverse(), "entries[1].index"),
        (lambda b: b["entries"].append(b["entries"][0]), "entries[7].index"),
        (lambda b: b.update(entries=[], summary=[]), "entries"),
        (lambda b: b["entries"][2].update(index=8), "entries[2]"),
        (lambda b: b["entries"][2].update(index=99), "entries[2]"),
        (lambda b: b["entries"][2].update(body="{}"), "entries[2]"),
        (lambda b: b["entries"][2].update(proof=[]), "entries[2]"),
        (lambda b: b["entries"][2]["proof"].reverse(), "entries[2]"),
        (lambda b: b["entries"][2]["proof"].append("?"), "entries[2]"),
        (lambda b: b["summary"].pop(), "summary[6]"),
        (lambda b: b["summary"].append("more"), "summary"),
        (lambda b: b["summary"].reverse(), "summary[0]"),
    ],
    ids=itertools.count(1),
)
def test_a_changed_bundle_names_the_place(
    change: Callable[[dict[str, Any]], None], place: str
) -> None:
    document = copy.deepcopy(bundle())
    change(document)
    assert place in places(document)


@pytest.mark.parametrize("step", range(7))
def test_no_byte_of_a_bundle_can_change(step: int) -> None:
    raw = orjson.dumps(bundle())
    for at in range(step, len(raw), 61):
        changed = bytearray(raw)
        changed[at] ^= 1
        try:
            report = verify_bundle(bytes(changed), keys=[KEY.verifier])
        except InvalidInput:
            continue
        assert not report.sound, raw[max(at - 20, 0) : at + 20]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"", "not an evidence bundle"),
        (b"[]", "not an evidence bundle"),
        (b"{}", "format"),
        (orjson.dumps(bundle() | {"more": 1}), "more"),
        (orjson.dumps(bundle() | {"format": "v2"}), "format"),
        (orjson.dumps(bundle() | {"keys": "one"}), "keys"),
        (orjson.dumps(bundle() | {"checkpoint": "none"}), "signed note"),
        (orjson.dumps(bundle() | {"keys": ["none"]}), "valid key"),
    ],
)
def test_what_is_no_bundle_is_refused(document: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        verify_bundle(document)


def test_a_checkpoint_that_contradicts_the_bundle_is_a_difference() -> None:
    same, older = checkpoint(20).note, checkpoint(10).note
    assert places(bundle(), checkpoints=[same, older]) == []
    root = root_of(HASHES[:10])
    text = checkpoint_text("integritas/main", 20, root)
    fork = f"{text}\n{KEY.sign(text).line()}"
    assert places(bundle(), checkpoints=[fork]) == ["checkpoint of size 20"]
    foreign = checkpoint(20, STRANGER).note
    assert places(bundle(), checkpoints=[foreign]) == ["checkpoint of size 20"]
