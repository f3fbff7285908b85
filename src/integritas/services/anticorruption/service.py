"""The assessor: procurement evidence in, red flags out, in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from integritas.kernel.contracts import (
    Assessment,
    Dossier,
    Failure,
    Finding,
    dossier_digest,
)
from integritas.kernel.errors import ContractViolation, FieldError
from integritas.kernel.evidence import EvidenceKind, Procurement
from integritas.kernel.ids import EventId, EvidenceId, TenantId
from integritas.services.anticorruption.features import (
    Process,
    read_process,
    read_valid,
)
from integritas.services.anticorruption.findings import (
    coverage_finding,
    flag_finding,
    invalid_finding,
)
from integritas.services.anticorruption.ledger import EMPTY_REFERENCE, Reference
from integritas.services.anticorruption.ocds import choose_release, validate_release
from integritas.services.anticorruption.scoring import DEFAULT_SETTINGS, Judge

if TYPE_CHECKING:
    from integritas.services.anticorruption.desk import DatasetDesk
    from integritas.services.anticorruption.settings import Settings

__all__ = ["RULES_VERSION", "SERVICE", "AntiCorruptionService", "ReferenceSource"]

SERVICE: Final = "anticorruption"
RULES_VERSION: Final = "cardinal-compatible@0.0.8"

ReferenceSource: TypeAlias = Callable[[TenantId], Reference]

# About 0.1 ms a release: smaller batches hold the event loop for less than 5 ms.
_THREAD_FROM: Final = 48


def _no_reference(tenant: TenantId) -> Reference:
    del tenant
    return EMPTY_REFERENCE


class AntiCorruptionService:
    """Judges each procurement release by itself, against a reference of its tenant.

    It is pure: the reference is an immutable snapshot, named in `versions`. A dossier
    without procurement evidence gets no findings. Invalid OCDS is not assessed, with
    the cause; an item that breaks a rule fails alone.
    """

    def __init__(
        self,
        *,
        settings: Settings = DEFAULT_SETTINGS,
        references: ReferenceSource = _no_reference,
        desk: DatasetDesk | None = None,
    ) -> None:
        """Take the thresholds, and where a tenant's reference comes from.

        With a `desk` it comes from there, and the service learns through `observe`.
        """
        self._desk = desk
        self._judge = Judge(settings)
        self._indicators = len(settings.sections)
        self._references = references

    async def assess(
        self, batch: Sequence[Dossier], /
    ) -> Sequence[Assessment | Failure]:
        """Answer each dossier with an assessment or an error, in the same order."""
        references = {
            tenant: self._references(tenant)
            if self._desk is None
            else await self._desk.reference(tenant)
            for tenant in {dossier.tenant for dossier in batch}
        }
        if len(batch) < _THREAD_FROM:
            return self._assess(batch, references)
        return await asyncio.to_thread(self._assess, batch, references)

    learns_from = frozenset({EvidenceKind.PROCUREMENT})

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        """Learn from dossiers; the same event a second time changes nothing."""
        if self._desk is not None:
            await self._desk.observe(event_id, batch)

    def _assess(
        self, batch: Sequence[Dossier], references: dict[TenantId, Reference]
    ) -> list[Assessment | Failure]:
        return [self._answer(d, references[d.tenant]) for d in batch]

    def _answer(self, dossier: Dossier, reference: Reference) -> Assessment | Failure:
        try:
            findings = tuple(
                finding
                for item in dossier.evidence
                if isinstance(item.content, Procurement)
                for finding in self._findings(item.id, item.content, reference)
            )
        except Exception as error:  # noqa: BLE001 - a poison item must fail alone
            return Failure(
                code=ContractViolation.code,
                detail=f"{SERVICE} broke on this dossier: {type(error).__name__}",
            )
        return Assessment(
            service=SERVICE,
            findings=findings,
            versions={"rules": RULES_VERSION, "reference": reference.version},
            input_hash=dossier_digest(dossier),
        )

    def _findings(
        self, evidence: EvidenceId, content: Procurement, reference: Reference
    ) -> list[Finding]:
        read = _read(content)
        if isinstance(read, tuple):
            return [invalid_finding(read, evidence=evidence)]
        process, pointer = read.process, read.pointer
        opinion = self._judge.judge(process, reference)
        found = [
            flag_finding(
                spec,
                flag,
                evidence=evidence,
                ocid=process.ocid,
                pointer=pointer,
            )
            for spec, flag in opinion.flags
        ]
        coverage = coverage_finding(
            opinion,
            evidence=evidence,
            ocid=process.ocid,
            pointer=pointer,
            reference=reference,
            computed=self._indicators - len(opinion.gaps),
        )
        return [*found, coverage]


@dataclass(frozen=True, slots=True)
class _Read:
    process: Process
    pointer: str


def _read(content: Procurement) -> _Read | tuple[FieldError, ...]:
    """Return the process that stands for the evidence, or what is wrong with it."""
    if content.form == "release":
        valid = read_valid(content.document)
        if valid is not None and not valid.doubtful:
            return _Read(valid, "")
    errors = validate_release(content)
    chosen = None if errors else choose_release(content)
    process = None if chosen is None else read_process(chosen.release)
    if chosen is None or process is None:
        return errors or _NOTHING_TO_JUDGE
    return _Read(process, chosen.pointer)


_NOTHING_TO_JUDGE: Final = (
    FieldError(
        "record.releases",
        "are only linked, and there is no compiledRelease",
        "send the compiled release, or embed the releases",
    ),
)
