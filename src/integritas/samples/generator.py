"""Deals generated samples of all kinds, and mixes them with those of a data folder."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

from integritas.kernel.errors import InvalidInput
from integritas.kernel.evidence import EvidenceKind
from integritas.samples.folder import FolderReading, missing_kinds, read_folder
from integritas.samples.mails import mail_sample
from integritas.samples.parties import party_sample
from integritas.samples.payments import payment_sample
from integritas.samples.planted import planted_samples
from integritas.samples.releases import release_sample
from integritas.samples.texts import form_sample, mixed_sample, sms_sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from integritas.samples.sample import Sample

__all__ = ["FOLDER_COUNT", "GENERATED_COUNT", "generate", "mix"]

GENERATED_COUNT: Final = 400
FOLDER_COUNT: Final = 1_300

# Dealt in turn: of 20 samples 11 messages, 4 releases, 2 parties, 2 payments, 1 mixed.
_TURN: Final[tuple[Callable[[Random, str], Sample], ...]] = (
    mail_sample,
    release_sample,
    mail_sample,
    form_sample,
    payment_sample,
    mail_sample,
    party_sample,
    sms_sample,
    release_sample,
    mail_sample,
    mixed_sample,
    mail_sample,
    form_sample,
    release_sample,
    mail_sample,
    payment_sample,
    mail_sample,
    party_sample,
    release_sample,
    mail_sample,
)
_BY_KIND: Final[dict[str, Callable[[Random, str], Sample]]] = {
    EvidenceKind.MESSAGE: mail_sample,
    EvidenceKind.PROCUREMENT: release_sample,
    EvidenceKind.PARTY: party_sample,
    EvidenceKind.PAYMENT: payment_sample,
}
_LACKING_SHARE: Final = 10


def generate(seed: int, count: int) -> Iterator[Sample]:
    """Yield `count` generated samples of all kinds; a greater count only adds some."""
    for number in range(count):
        yield _make(_TURN[number % len(_TURN)], seed, number)


def mix(
    folder: Path | None, *, seed: int, count: int | None = None
) -> tuple[list[Sample], tuple[str, ...]]:
    """Return the demo's input in the order to submit it, and notes for the summary.

    Without a folder everything is generated. With one, real items of the kinds it has;
    a tenth of `count` is generated for each kind it lacks. The planted cases are always
    among them. `count` is the total, by default `GENERATED_COUNT` or `FOLDER_COUNT`; a
    folder with fewer items gives fewer.

    Raises:
        InvalidInput: `count` has no room for the planted cases, or `folder` is of no
            use as data folder.
    """
    planted = planted_samples()
    total = count or (GENERATED_COUNT if folder is None else FOLDER_COUNT)
    if total < 2 * len(planted):
        raise InvalidInput(
            f"count is {total}, too few to mix in {len(planted)} planted cases: "
            f"give at least {2 * len(planted)}"
        )
    samples: list[Sample] = list(planted)
    notes: list[str] = []
    if folder is None:
        samples += generate(seed, total - len(planted))
        notes.append("everything is generated: INTEGRITAS_DATA names no data folder")
    else:
        each = total // _LACKING_SHARE
        room = total - len(planted) - each * len(missing_kinds(folder))
        reading = read_folder(folder, limit=room, seed=seed)
        samples += reading
        for kind in reading.missing:
            samples += [_make(_BY_KIND[kind], seed, n) for n in range(each)]
        notes += _reading_notes(reading)
    notes.append(f"{len(planted)} planted cases are among them")
    Random(f"{seed}:order").shuffle(samples)  # noqa: S311 - repeatability is the point
    return samples, tuple(notes)


def _reading_notes(reading: FolderReading) -> list[str]:
    return [
        f"{len(reading)} items come from the data folder",
        *(f"{kind}: generated, the folder has none" for kind in reading.missing),
        *(
            f"{file}: {number} malformed items left out"
            for file, number in reading.skipped.items()
        ),
    ]


def _make(make: Callable[[Random, str], Sample], seed: int, number: int) -> Sample:
    name = make.__name__.removesuffix("_sample")
    rng = Random(f"{seed}:{name}:{number}")  # noqa: S311 - repeatability is the point
    return make(rng, f"generated-{seed}-{name}-{number:05d}")
