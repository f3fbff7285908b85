"""From a request to a submission: evidence checked, nothing half-done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from integritas.cases.api import NewEvidence, NewSubmission, Opened
from integritas.gateway.parts import EvidenceCheck
from integritas.gateway.schemas import SubmissionAccepted, SubmissionIn
from integritas.kernel.errors import FieldError, IntegritasError, InvalidInput
from integritas.kernel.evidence import (
    EvidenceKind,
    content_digest,
    kind_of,
)
from integritas.kernel.validation import field_errors
from integritas.platform.remedies import OTHERWISE, REMEDIES

__all__ = ["accepted", "new_evidence", "new_submission", "parse_item", "problem_of"]

Checks = Mapping[EvidenceKind, EvidenceCheck]


def new_evidence(evidence: Sequence[Any], checks: Checks) -> tuple[NewEvidence, ...]:
    """Return the evidence of a request, each item checked for its kind.

    Raises:
        InvalidInput: with a `FieldError` for each thing wrong, `evidence[i]…`.
    """
    errors: list[FieldError] = []
    items = []
    for index, wire in enumerate(evidence):
        content = wire.content()
        check = checks.get(kind_of(content))
        for found in check(content) if check else ():
            path = f"evidence[{index}].{found.path}"
            errors.append(FieldError(path, found.message, found.remedy))
        items.append(NewEvidence(content, content_digest(content)))
    if errors:
        raise InvalidInput("the evidence is not valid", errors=tuple(errors))
    return tuple(items)


def new_submission(body: SubmissionIn, checks: Checks) -> NewSubmission:
    """Return the submission of a request; raises as `new_evidence`."""
    return NewSubmission(
        channel=body.channel,
        title=body.title,
        reference=body.reference,
        evidence=new_evidence(body.evidence, checks),
    )


def parse_item(index: int, item: object, checks: Checks) -> NewSubmission:
    """Return the submission of one item of a batch; raises as `new_evidence`."""
    path = f"items[{index}]"
    try:
        return new_submission(SubmissionIn.model_validate(item), checks)
    except ValidationError as error:
        raise InvalidInput(
            "the submission is not valid",
            errors=field_errors(error, path=path, otherwise=OTHERWISE),
        ) from error
    except InvalidInput as error:
        errors = tuple(
            FieldError(f"{path}.{e.path}", e.message, e.remedy) for e in error.errors
        )
        raise InvalidInput(error.detail, errors=errors) from error


def accepted(opened: Opened) -> SubmissionAccepted:
    """Return the answer to a submission."""
    case = opened.case
    return SubmissionAccepted(
        id=opened.submission.id,
        case_id=case.id,
        number=case.number,
        state=case.state,
        evidence=list(opened.evidence),
        links={
            "self": f"/api/v1/submissions/{opened.submission.id}",
            "case": f"/api/v1/cases/{case.id}",
            "findings": f"/api/v1/cases/{case.id}/findings",
        },
    )


def problem_of(error: IntegritasError) -> dict[str, Any]:
    """Return what was wrong with one item of a batch."""
    whole = FieldError("(request)", error.detail, REMEDIES[error.code])
    return {
        "type": f"urn:integritas:problem:{error.code}",
        "title": error.title,
        "detail": error.detail,
        "code": error.code,
        "retryable": error.retryable,
        "errors": [
            {"path": e.path, "message": e.message, "remedy": e.remedy}
            for e in error.errors or (whole,)
        ],
    }
