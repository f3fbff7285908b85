"""Fakes of the platform's tests: a service that answers by script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from integritas.kernel.contracts import (
    Assessment,
    DecisionRequest,
    Dossier,
    Evidence,
    Failure,
    Finding,
    Outcome,
    Severity,
    Subject,
    Verdict,
    dossier_digest,
)
from integritas.kernel.evidence import Content, Message, content_digest
from integritas.kernel.ids import EventId, EvidenceId, TenantId


@dataclass
class FakeService:
    """Assesses by length, decides by count, remembers what it saw."""

    seen: list[Sequence[Dossier]] = field(default_factory=list)
    observed: list[tuple[EventId, Sequence[Dossier]]] = field(default_factory=list)
    crash: Exception | None = None
    drop_last: bool = False

    async def assess(
        self, batch: Sequence[Dossier], /
    ) -> Sequence[Assessment | Failure]:
        """Fail dossiers of channel `poison`, find one thing in all others."""
        self.seen.append(batch)
        if self.crash is not None:
            raise self.crash
        answers = [self._answer(dossier) for dossier in batch]
        return answers[:-1] if self.drop_last else answers

    @staticmethod
    def _answer(dossier: Dossier) -> Assessment | Failure:
        if dossier.channel == "poison":
            return Failure("invalid_input", "cannot be read", retryable=False)
        subject = Subject(dossier.evidence[0].id if dossier.evidence else None)
        finding = Finding("fake.found", Severity.LOW, 0.5, subject, "Found")
        return Assessment("fake", (finding,), {"model": "1"}, dossier_digest(dossier))

    async def decide(
        self, batch: Sequence[DecisionRequest], /
    ) -> Sequence[Verdict | Failure]:
        """Decide by how many assessments there are."""
        return [
            Verdict(Outcome.REVIEW, float(len(r.assessments)), "low", (), "fake@1")
            if r.channel != "poison"
            else Failure("refused", "no policy")
            for r in batch
        ]

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        """Remember."""
        self.observed.append((event_id, batch))


@pytest.fixture
def service() -> FakeService:
    """Return a fake of all three protocols."""
    return FakeService()


@pytest.fixture
def dossier_of() -> Callable[..., Dossier]:
    """Return a maker of dossiers with given contents."""

    def make(*contents: Content, channel: str = "api", id: str = "d1") -> Dossier:  # noqa: A002 - the field's name
        return Dossier(
            id=id,
            tenant=TenantId("main"),
            channel=channel,
            received_at=datetime(2026, 1, 1, tzinfo=UTC),
            evidence=tuple(
                Evidence(EvidenceId(f"ev_{n}"), content, content_digest(content))
                for n, content in enumerate(contents or (Message(b"hello"),))
            ),
        )

    return make
