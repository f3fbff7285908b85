"""What the public door of assessing refuses, as the door of submissions does.

Inside a case nothing is refused: there a party that cannot be screened is a finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.kernel.contracts import Assessment, Dossier, Failure
from integritas.kernel.errors import FieldError, InvalidInput
from integritas.services.compliance.queries import check_party

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.contracts import Assessor

__all__ = ["Door"]


class Door:
    """Answers dossiers with a wrong party by what is wrong, the others by a service."""

    def __init__(self, assessor: Assessor) -> None:
        """Ask `assessor` of what can be assessed."""
        self._assessor = assessor

    async def assess(
        self, batch: Sequence[Dossier], /
    ) -> Sequence[Assessment | Failure]:
        """Answer each dossier, in the same order."""
        wrong = [tuple(_wrong(dossier)) for dossier in batch]
        good = [d for d, errors in zip(batch, wrong, strict=True) if not errors]
        answers = iter(await self._assessor.assess(good) if good else ())
        return [_failure(errors) if errors else next(answers) for errors in wrong]


def _failure(errors: tuple[FieldError, ...]) -> Failure:
    return Failure(InvalidInput.code, "the evidence is not valid", errors=errors)


def _wrong(dossier: Dossier) -> list[FieldError]:
    return [
        FieldError(f"evidence[{index}].{found.path}", found.message, found.remedy)
        for index, item in enumerate(dossier.evidence)
        for found in check_party(item.content)
    ]
