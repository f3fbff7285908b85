"""What packages say to each other: dossiers in, findings out, facts recorded.

Everything is a frozen dataclass (cheap to make on the hot path) that pydantic can read
and write as JSON at an edge. Protocols name what a package needs of another; bootstrap
supplies the local object or the remote client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol, TypeAlias

from pydantic import JsonValue

from integritas.kernel.errors import FieldError
from integritas.kernel.evidence import Content, EvidenceKind, Message, kind_of
from integritas.kernel.ids import EventId, EvidenceId, TenantId
from integritas.kernel.severity import Severity
from integritas.kernel.states import ActorKind

__all__ = [
    "NOT_ASSESSED",
    "SYSTEM",
    "Actor",
    "Assessment",
    "Assessor",
    "AuditLog",
    "Checkpoint",
    "ConsistencyProof",
    "Context",
    "Decider",
    "DecisionRequest",
    "Difference",
    "Dossier",
    "Evidence",
    "Fact",
    "Failure",
    "Finding",
    "FindingKind",
    "InclusionProof",
    "LoggedEntry",
    "Observer",
    "Outcome",
    "Reason",
    "Recorder",
    "Severity",
    "Subject",
    "UnitOfWork",
    "Verdict",
    "VerificationReport",
    "dossier_digest",
    "not_assessed",
]


# Who, and on whose behalf --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `id` is a user id, an API key id, or `platform:<part>`."""

    id: str
    kind: ActorKind
    roles: frozenset[str] = frozenset()
    address: str | None = None


SYSTEM: Final = Actor(id="platform:integritas", kind=ActorKind.PLATFORM)


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of a change: tenant, actor, request."""

    tenant: TenantId
    actor: Actor
    correlation_id: str


# What services see ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """An item of evidence; `sha256` (hex) is `content_digest(content)`."""

    id: EvidenceId
    content: Content
    sha256: str

    @property
    def kind(self) -> EvidenceKind:
        """Return the kind of the content."""
        return kind_of(self.content)


@dataclass(frozen=True, slots=True)
class Dossier:
    """All evidence of one case as the services see it; `id` is opaque to them."""

    id: str
    tenant: TenantId
    channel: str
    received_at: datetime
    evidence: tuple[Evidence, ...]

    def of_kind(self, kind: EvidenceKind) -> tuple[Evidence, ...]:
        """Return the items of one kind, in order."""
        return tuple(item for item in self.evidence if item.kind == kind)


def dossier_digest(dossier: Dossier) -> str:
    """Return the SHA-256 (hex) over channel and evidence: an assessment's input.

    A message counts with its media type: the same bytes read as mail say other things.
    """
    digest = hashlib.sha256(dossier.channel.encode())
    for item in dossier.evidence:
        content = item.content
        form = content.media_type if isinstance(content, Message) else item.kind
        digest.update(f"\n{item.id} {form} {item.sha256}".encode())
    return digest.hexdigest()


# What services say ---------------------------------------------------------------


class FindingKind(StrEnum):
    """A signal, a watchlist hit, or the statement that nothing could be said."""

    SIGNAL = "signal"
    HIT = "hit"
    NOT_ASSESSED = "not_assessed"


NOT_ASSESSED: Final = "not_assessed"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a finding is about: an item of evidence and a place in it.

    `path` is a JSON pointer (RFC 6901) into a document, or a header or part name of a
    message; `start` and `end` count characters of the decoded text there.
    """

    evidence: EvidenceId | None = None
    path: str | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, in words an analyst understands.

    `weight` is what it added to the score (in the scorer's own unit, may be negative);
    `data` carries figures: inputs, threshold, formula, source.
    """

    text: str
    weight: float | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a service says of evidence. `score` lies in [0, 1]."""

    code: str
    severity: Severity
    score: float
    subject: Subject
    title: str
    reasons: tuple[Reason, ...] = ()
    kind: FindingKind = FindingKind.SIGNAL
    data: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessment:
    """A service's answer on one dossier, with the versions that made it.

    `versions` names models, rules, lists and cursors; `input_hash` is
    `dossier_digest` of what was assessed.
    """

    service: str
    findings: tuple[Finding, ...]
    versions: Mapping[str, str]
    input_hash: str

    @property
    def complete(self) -> bool:
        """Say whether everything that should be assessed was."""
        return all(f.kind is not FindingKind.NOT_ASSESSED for f in self.findings)


@dataclass(frozen=True, slots=True)
class Failure:
    """The error of one item of a batch. `code` is a kernel error's code."""

    code: str
    detail: str
    retryable: bool = False
    errors: tuple[FieldError, ...] = ()


def not_assessed(
    service: str, cause: str, dossier: Dossier | None = None
) -> Assessment:
    """Return the assessment that says why nothing could be assessed.

    Without a dossier (the service was never reached) there is no input hash.
    """
    finding = Finding(
        code=NOT_ASSESSED,
        severity=Severity.MEDIUM,
        score=0.0,
        subject=Subject(),
        title=f"{service} could not assess this case",
        reasons=(Reason(text=cause),),
        kind=FindingKind.NOT_ASSESSED,
    )
    return Assessment(
        service=service,
        findings=(finding,),
        versions={},
        input_hash="" if dossier is None else dossier_digest(dossier),
    )


class Assessor(Protocol):
    """A service: evidence in, findings out. Pure, in batches, order kept."""

    async def assess(
        self, batch: Sequence[Dossier], /
    ) -> Sequence[Assessment | Failure]:
        """Answer each dossier with an assessment or an error, in the same order."""
        ...


class Observer(Protocol):
    """What a service learns from evidence over time; fed from the journal.

    Evidence of kinds other than `learns_from` it need not be told of.
    """

    @property
    def learns_from(self) -> frozenset[EvidenceKind]:
        """The kinds of evidence that teach it something."""
        ...

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        """Learn from dossiers; the same `event_id` a second time changes nothing."""
        ...


class Outcome(StrEnum):
    """What a policy says should happen with a case."""

    NO_ACTION = "no_action"
    REVIEW = "review"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """Everything a policy decides on: what was found, by whom, on what kinds."""

    dossier_id: str
    tenant: TenantId
    channel: str
    kinds: frozenset[EvidenceKind]
    assessments: Mapping[str, Assessment]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A policy's verdict. `risk` lies in [0, 100]; `policy` is `name@version`."""

    outcome: Outcome
    risk: float
    band: str
    reasons: tuple[Reason, ...]
    policy: str
    required_steps: tuple[str, ...] = ()


class Decider(Protocol):
    """Findings in, an outcome by policy out. Pure, in batches, order kept."""

    async def decide(
        self, batch: Sequence[DecisionRequest], /
    ) -> Sequence[Verdict | Failure]:
        """Answer each request with a verdict or an error, in the same order."""
        ...


# What is recorded ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened, to be appended to the journal with the change itself.

    `type` is a CloudEvents type (`integritas.case.opened.v1`), `subject` the id of the
    thing. `data` must hold no personal data; `personal` does, is kept beside the
    entry, with the actor's address, and stands in it only as a salted commitment.
    """

    type: str
    subject: str
    data: Mapping[str, JsonValue] = field(default_factory=dict)
    personal: Mapping[str, JsonValue] | None = None


class UnitOfWork(Protocol):
    """One transaction of the one writer: all of it is committed, or nothing.

    A repository of a package executes statements in it; the statement's type is the
    storage library's own affair, so the kernel leaves it open.
    """

    def execute(self, statement: Any, parameters: Any = None, /) -> Any:  # noqa: ANN401
        """Execute a statement with one row of parameters or a list of rows."""
        ...


class Recorder(Protocol):
    """Appends facts to the journal in the caller's unit of work."""

    def record(
        self, uow: UnitOfWork, context: Context, facts: Sequence[Fact], /
    ) -> Sequence[EventId]:
        """Append the facts in order; return the ids of their entries."""
        ...


# What the audit log says ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed tree head; `note` is the C2SP signed note, text and signatures."""

    origin: str
    size: int
    root: bytes
    note: str


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """RFC 6962 section 2.1.1: the entry `index` stands in the tree of `size`."""

    index: int
    size: int
    leaf_hash: bytes
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """RFC 6962 section 2.1.2: the tree of `old` is a prefix of that of `new`."""

    old: int
    new: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """A leaf: `body` is the canonical JSON (RFC 8785) that was hashed."""

    index: int
    event_id: EventId
    body: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing a verification found: the exact place, and what is wrong there."""

    place: str
    message: str


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What a verification looked at and what it found; sound if no differences."""

    origin: str
    size: int
    root: bytes
    differences: tuple[Difference, ...]
    notes: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Say whether nothing differed."""
        return not self.differences


JsonObject: TypeAlias = Mapping[str, JsonValue]


class AuditLog(Protocol):
    """The Merkle log of a tenant, as gateway and oversight see it."""

    async def checkpoint(self, tenant: TenantId, /) -> Checkpoint:
        """Return the newest signed checkpoint."""
        ...

    async def entries(
        self, tenant: TenantId, /, *, start: int, limit: int
    ) -> Sequence[LoggedEntry]:
        """Return up to `limit` entries from index `start` on."""
        ...

    async def inclusion(
        self, tenant: TenantId, /, *, index: int, size: int | None = None
    ) -> InclusionProof:
        """Prove that entry `index` stands in the tree of `size` (the newest)."""
        ...

    async def consistency(
        self, tenant: TenantId, /, *, old: int, new: int | None = None
    ) -> ConsistencyProof:
        """Prove that the tree of `old` leaves is a prefix of that of `new`."""
        ...

    async def verify(self, tenant: TenantId, /) -> VerificationReport:
        """Re-compute everything and compare."""
        ...

    async def bundle(
        self, tenant: TenantId, /, *, subject: str
    ) -> Mapping[str, JsonValue]:
        """Return a self-contained evidence bundle of all entries on a subject."""
        ...

    async def verifier_keys(self, tenant: TenantId, /) -> Sequence[str]:
        """Return the verifier keys as C2SP vkeys, newest first."""
        ...
