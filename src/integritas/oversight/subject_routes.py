"""Routes of data subjects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import orjson
from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints
from pydantic_core import PydanticCustomError

from integritas.kernel.contracts import Context, Finding
from integritas.kernel.errors import NotFound
from integritas.kernel.evidence import EvidenceKind, serialise_content
from integritas.kernel.ids import EvidenceId
from integritas.kernel.validation import NO_NUL
from integritas.oversight.subjects import KeptItem, Matcher, SubjectDesk
from integritas.platform.http import caller
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld  # noqa: TC001 - FastAPI reads it

if TYPE_CHECKING:
    from fastapi import APIRouter

__all__ = ["MakeMatcher", "add_subject_routes"]

Caller: TypeAlias = Annotated[Context, Depends(caller)]
MakeMatcher: TypeAlias = Callable[[Mapping[str, Sequence[str]]], Matcher]
"""Makes a matcher of names, accounts, emails and identifiers."""

_Text = Annotated[str, StringConstraints(min_length=3, max_length=300, pattern=NO_NUL)]
_Texts = Annotated[list[_Text], Field(max_length=20)]


class SubjectIn(BaseModel):
    """A person, by anything that tells them apart."""

    model_config = ConfigDict(extra="forbid")

    names: _Texts = []
    accounts: _Texts = []
    emails: _Texts = []
    identifiers: _Texts = []

    def model_post_init(self, _: Any) -> None:  # noqa: ANN401 - pydantic's context
        """Refuse to look for nobody."""
        if not any(self.model_dump().values()):
            raise PydanticCustomError(
                "nobody", "give a name, an account, an e-mail address or a number"
            )


class KeptItemOut(BaseModel):
    """An item of evidence about the person, and what was found of it."""

    case: str
    evidence: str
    kind: EvidenceKind
    sha256: str
    content: dict[str, JsonValue]
    findings: list[Finding]

    @classmethod
    def of(cls, item: KeptItem) -> KeptItemOut:
        """Return the wire form."""
        return cls(
            case=item.case_id,
            evidence=item.evidence.id,
            kind=item.evidence.kind,
            sha256=item.evidence.sha256,
            content=orjson.loads(serialise_content(item.evidence.content)),
            findings=[record.finding for record in item.findings],
        )


class SubjectOut(BaseModel):
    """Everything that is kept about a person."""

    data: list[KeptItemOut]
    withheld: int = Field(description="Items in cases the caller may not see.")


class EraseIn(BaseModel):
    """Items of evidence to erase, as an export named them, and why."""

    model_config = ConfigDict(extra="forbid")

    evidence: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[a-z]{1,10}_[0-9A-Z]{26}$")]],
        Field(min_length=1, max_length=1_000),
    ]
    reason: Annotated[
        str, StringConstraints(min_length=1, max_length=2_000, pattern=NO_NUL)
    ]


class ErasedOut(BaseModel):
    """What went; the entries of the log stay, with their commitments."""

    evidence: int
    cases: list[str]
    journal: int
    learned: int


def add_subject_routes(
    routes: APIRouter, desk: SubjectDesk, matcher: MakeMatcher
) -> None:
    """Add the routes of data subjects."""

    @routes.post(
        "/subjects/export",
        operation_id="compliance_subject_export",
        summary="Export what is kept about a person (audited)",
        responses=problem_responses(400, 401, 422),
    )
    async def export(
        context: Caller, withheld: Withheld, body: SubjectIn
    ) -> SubjectOut:
        """Answer with all evidence about the person, in every case the caller sees.

        `withheld` counts the items in confidential cases: who sees those can tell.
        """
        asked = body.model_dump()
        found = await desk.export(context, matcher(asked), asked)
        shown = [item for item in found if item.case_id not in withheld]
        return SubjectOut(
            data=list(map(KeptItemOut.of, shown)), withheld=len(found) - len(shown)
        )

    @routes.post(
        "/subjects/erase",
        operation_id="compliance_subject_erase",
        summary="Erase evidence about a person (audited)",
        responses=problem_responses(400, 401, 404, 409, 422),
    )
    async def erase(context: Caller, withheld: Withheld, body: EraseIn) -> ErasedOut:
        """Erase content, salts and what was said of it; the log still verifies."""
        for item in body.evidence:
            if item in withheld:
                raise NotFound(f"there is no evidence {item}")
        chosen = list(map(EvidenceId, dict.fromkeys(body.evidence)))
        done = await desk.erase(context, chosen, body.reason)
        return ErasedOut(
            evidence=done.evidence,
            cases=list(done.cases),
            journal=done.journal,
            learned=done.learned,
        )
