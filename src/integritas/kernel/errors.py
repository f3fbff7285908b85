"""The error tree. Errors know codes and remedies, never HTTP.

```
IntegritasError
├─ InvalidInput             invalid_input           the caller must change the request
│  ├─ InvalidDefinition     invalid_definition      a workflow or policy that cannot be
│  └─ ContentTooLarge       content_too_large       over a stated size
├─ NotAuthenticated         not_authenticated       no, wrong or expired credentials
│  └─ SecondFactorRequired  second_factor_required  send the code beside the password
├─ NotPermitted             not_permitted           known, but not allowed
├─ NotFound                 not_found               no such thing in this tenant
├─ Refused                  refused                 the state of things forbids it
│  ├─ TransitionRefused     transition_refused      not a legal move of the lifecycle
│  └─ ApprovalRequired      approval_required       a second person must agree first
├─ Conflict                 conflict                somebody else was first
│  ├─ VersionConflict       version_conflict        read again, then retry
│  ├─ IdempotencyMismatch   idempotency_mismatch    same key, another body
│  └─ IdempotencyRunning    idempotency_running     same key, not answered yet
├─ TooManyRequests          too_many_requests       later, please (retryable)
├─ Unavailable              unavailable             a part is down (retryable)
│  ├─ ServiceTimeout        service_timeout         no answer in time (retryable)
│  └─ CircuitOpen           circuit_open            failing, given a rest (retryable)
├─ StorageFailure           storage_failure         the database cannot be used
│  └─ StorageBusy           storage_busy            not just now (retryable)
├─ ContractViolation        contract_violation      a service broke its contract
└─ IntegrityViolation       integrity_violation     stored bytes were changed
```

`platform/problems.py` alone maps codes to status; docs/reference/errors.md has each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = [
    "ApprovalRequired",
    "CircuitOpen",
    "Conflict",
    "ContentTooLarge",
    "ContractViolation",
    "FieldError",
    "IdempotencyMismatch",
    "IdempotencyRunning",
    "IntegritasError",
    "IntegrityViolation",
    "InvalidDefinition",
    "InvalidInput",
    "NotAuthenticated",
    "NotFound",
    "NotPermitted",
    "Refused",
    "SecondFactorRequired",
    "ServiceTimeout",
    "StorageBusy",
    "StorageFailure",
    "TooManyRequests",
    "TransitionRefused",
    "Unavailable",
    "VersionConflict",
]


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field.

    `path` is dotted with indices, `evidence[2].release.ocid`; `message` says what is
    wrong; `remedy` says what to do about it.
    """

    path: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return one line for people."""
        return f"{self.path}: {self.message}" + (
            f" ({self.remedy})" if self.remedy else ""
        )


class IntegritasError(Exception):
    """Root of all errors that a caller may see."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, *, errors: tuple[FieldError, ...] = ()) -> None:
        """Say what happened (`detail`) and, where known, in which fields."""
        super().__init__(detail)
        self.detail = detail
        self.errors = errors

    def __str__(self) -> str:
        """Return detail and field errors on one line, nothing twice."""
        return "; ".join([self.detail, *map(self._beside, self.errors)])

    def _beside(self, error: FieldError) -> str:
        """Return a field error for who has read the detail."""
        if error.remedy and error.message in self.detail:
            return f"{error.path}: {error.remedy}"
        return str(error)


class InvalidInput(IntegritasError):
    """The request cannot be understood; `errors` names the fields."""

    code = "invalid_input"
    title = "The input is not valid"


class InvalidDefinition(InvalidInput):
    """A workflow or policy definition that cannot be carried out."""

    code = "invalid_definition"
    title = "The definition is not valid"


class ContentTooLarge(InvalidInput):
    """More bytes than the stated limit."""

    code = "content_too_large"
    title = "The content is too large"


class NotAuthenticated(IntegritasError):
    """No, wrong, revoked or expired credentials."""

    code = "not_authenticated"
    title = "Sign in first"


class SecondFactorRequired(NotAuthenticated):
    """The password is right; the code of the second factor is lacking."""

    code = "second_factor_required"
    title = "The code of the second factor is required"


class NotPermitted(IntegritasError):
    """The caller is known but may not do this."""

    code = "not_permitted"
    title = "Not permitted"


class NotFound(IntegritasError):
    """No such thing in the caller's tenant."""

    code = "not_found"
    title = "Not found"


class Refused(IntegritasError):
    """The state of things forbids what was asked."""

    code = "refused"
    title = "Refused"


class TransitionRefused(Refused):
    """Not a legal move of the case lifecycle."""

    code = "transition_refused"
    title = "The transition is not allowed"


class ApprovalRequired(Refused):
    """A second person must agree first."""

    code = "approval_required"
    title = "A second person must approve"


class Conflict(IntegritasError):
    """Somebody else was first."""

    code = "conflict"
    title = "Conflict"


class VersionConflict(Conflict):
    """The thing changed since it was read: read it again, then retry."""

    code = "version_conflict"
    title = "It has changed meanwhile"


class IdempotencyMismatch(Conflict):
    """The idempotency key was used with another body."""

    code = "idempotency_mismatch"
    title = "The idempotency key belongs to another request"


class IdempotencyRunning(Conflict):
    """The first request with this idempotency key is not answered yet."""

    code = "idempotency_running"
    title = "The first request is still running"
    retryable = True


class TooManyRequests(IntegritasError):
    """Over a limit; `retry_after_s` says when to come back."""

    code = "too_many_requests"
    title = "Too many requests"
    retryable = True

    def __init__(
        self,
        detail: str,
        *,
        retry_after_s: float = 1.0,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        """Say which limit and when to retry."""
        super().__init__(detail, errors=errors)
        self.retry_after_s = retry_after_s


class Unavailable(IntegritasError):
    """A part of the platform cannot answer now."""

    code = "unavailable"
    title = "Unavailable"
    retryable = True


class ServiceTimeout(Unavailable):
    """A service did not answer in time."""

    code = "service_timeout"
    title = "The service did not answer in time"


class CircuitOpen(Unavailable):
    """A service failed too often and is given a rest."""

    code = "circuit_open"
    title = "The service is being given a rest"


class StorageFailure(IntegritasError):
    """The database cannot be opened, read or written."""

    code = "storage_failure"
    title = "The database cannot be used"


class StorageBusy(StorageFailure):
    """Others hold the database, or the connection to it was lost: it may come back."""

    code = "storage_busy"
    title = "The database cannot be used just now"
    retryable = True


class ContractViolation(IntegritasError):
    """A service answered with something its contract does not allow."""

    code = "contract_violation"
    title = "A service broke its contract"


class IntegrityViolation(IntegritasError):
    """Stored bytes are not what was stored; `detail` names the place."""

    code = "integrity_violation"
    title = "Stored data was altered"
