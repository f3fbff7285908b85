"""The generator and the mix: repeatable, of all kinds, valid, without repeats."""

from __future__ import annotations

import email
import email.policy
import json
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.errors import InvalidInput
from integritas.kernel.evidence import EvidenceKind, Message, parse_evidence
from integritas.samples.api import (
    EXPECTATIONS,
    FOLDER_COUNT,
    GENERATED_COUNT,
    Sample,
    generate,
    mix,
    planted_samples,
)

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {kind.value for kind in EvidenceKind}


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return list(generate(11, 400))


def bodies(samples: list[Sample], channel: str) -> list[str]:
    return [str(s.evidence[0]["raw"]) for s in samples if s.channel == channel]


def text_of(raw: str) -> str:
    message = email.message_from_string(raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_same_seed_gives_same_samples(samples: list[Sample]) -> None:
    assert list(generate(11, 400)) == samples


def test_other_seed_gives_other_samples(samples: list[Sample]) -> None:
    other = list(generate(12, 400))

    assert all(a.evidence != b.evidence for a, b in zip(samples, other, strict=True))


def test_greater_count_only_adds(samples: list[Sample]) -> None:
    assert list(generate(11, 30)) == samples[:30]


def test_every_item_is_valid_evidence(samples: list[Sample]) -> None:
    for sample in samples:
        for item in sample.evidence:
            parse_evidence(item)


def test_samples_are_json(samples: list[Sample]) -> None:
    again = json.loads(json.dumps([asdict(sample) for sample in samples]))

    assert [entry["reference"] for entry in again] == [s.reference for s in samples]


def test_kinds_come_in_fixed_numbers(samples: list[Sample]) -> None:
    counts = Counter(kind for sample in samples for kind in sample.kinds)

    assert counts == {"message": 240, "procurement": 80, "party": 60, "payment": 60}


def test_some_samples_mix_kinds(samples: list[Sample]) -> None:
    mixed = [sample for sample in samples if len(sample.kinds) > 1]

    assert len(mixed) == 20
    for sample in mixed:
        assert sample.kinds == ("message", "party", "payment")
        _, party, payment = sample.evidence
        assert payment["creditor"]["name"] in party["properties"]["name"]


def test_references_are_unique(samples: list[Sample]) -> None:
    assert len({sample.reference for sample in samples}) == len(samples)


def test_no_two_mails_say_the_same(samples: list[Sample]) -> None:
    texts = [text_of(raw) for raw in bodies(samples, "email")]

    assert len(set(texts)) == len(texts) == 160


@pytest.mark.parametrize("channel", ["form", "webhook"])
def test_short_texts_vary(samples: list[Sample], channel: str) -> None:
    texts = bodies(samples, channel)

    assert len(set(texts)) == len(texts) >= 20


def test_mails_are_taken_for_mail(samples: list[Sample]) -> None:
    for raw in bodies(samples, "email"):
        content = parse_evidence({"kind": "message", "raw": raw})

        assert isinstance(content, Message)
        assert content.media_type == "message/rfc822"


def test_mails_have_the_headers_of_real_ones(samples: list[Sample]) -> None:
    for raw in bodies(samples, "email"):
        message = email.message_from_string(raw, policy=email.policy.default)

        assert not message.defects
        for name in ("Received", "Message-ID", "Date", "From", "To", "Subject"):
            assert message[name], name


def test_message_ids_are_unique(samples: list[Sample]) -> None:
    ids = {
        email.message_from_string(raw)["Message-ID"] for raw in bodies(samples, "email")
    }

    assert len(ids) == 160


def test_hosts_are_reserved_names(samples: list[Sample]) -> None:
    for raw in bodies(samples, "email"):
        message = email.message_from_string(raw, policy=email.policy.default)
        domain = message["From"].addresses[0].domain

        assert domain.rpartition(".")[2] in {"example", "invalid", "test"}


def test_no_slot_is_left_unfilled(samples: list[Sample]) -> None:
    texts = [text_of(raw) for raw in bodies(samples, "email")]
    texts += bodies(samples, "form") + bodies(samples, "webhook")

    assert not [text for text in texts if "{" in text or "}" in text]


def test_messages_come_in_several_scripts(samples: list[Sample]) -> None:
    text = "".join(text_of(raw) for raw in bodies(samples, "email"))

    for letters in ("ß", "ç", "ñ", "ł", "ж"):
        assert letters in text


def test_spam_and_ham_are_both_there(samples: list[Sample]) -> None:
    labels = Counter(sample.label for sample in samples if sample.channel == "email")

    assert labels["spam"] > 40
    assert labels["ham"] > 60


def test_mix_without_folder_is_all_generated() -> None:
    samples, notes = mix(None, seed=3)

    assert len(samples) == GENERATED_COUNT
    assert {sample.source for sample in samples} == {"generated", "planted"}
    assert any("generated" in note and "INTEGRITAS_DATA" in note for note in notes)


def test_mix_is_repeatable() -> None:
    assert mix(None, seed=3, count=60) == mix(None, seed=3, count=60)


def test_mix_always_holds_the_planted_cases() -> None:
    samples, _ = mix(None, seed=5, count=60)
    found = {sample.reference for sample in samples if sample.planted}

    assert len(samples) == 60
    assert found == {sample.reference for sample in planted_samples()}


def test_mix_spreads_the_planted_cases() -> None:
    samples, _ = mix(None, seed=5)
    places = [n for n, sample in enumerate(samples) if sample.planted]

    assert places[-1] - places[0] > len(samples) // 2


@pytest.mark.parametrize("count", [1, 33])
def test_mix_refuses_a_count_too_small(count: int) -> None:
    with pytest.raises(InvalidInput, match=f"count is {count}.*at least 34"):
        mix(None, seed=1, count=count)


def test_mix_generates_the_kinds_a_folder_lacks(tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.mkdir()
    lines = [
        json.dumps({"query": f"Nobody {n}", "type": "Person", "expect": None})
        for n in range(100)
    ]
    (names / "screening.jsonl").write_text("\n".join(lines), encoding="utf-8")

    samples, notes = mix(tmp_path, seed=1, count=100)
    rest = [sample for sample in samples if sample.planted is None]
    real = [sample for sample in rest if sample.source != "generated"]

    assert len(samples) == 100
    assert len(real) == 100 - 30 - len(planted_samples())
    assert {kind for sample in rest for kind in sample.kinds} == KINDS
    assert "payment: generated, the folder has none" in notes
    assert f"{len(real)} items come from the data folder" in notes


def test_folder_count_leaves_room_for_a_thousand_real_items() -> None:
    share = FOLDER_COUNT // 10

    assert FOLDER_COUNT - share - len(planted_samples()) >= 1_000


def test_expectations_cover_the_planted_cases() -> None:
    planted = [s.planted for s in planted_samples() if s.planted]

    assert {case.expect for case in planted} == EXPECTATIONS
