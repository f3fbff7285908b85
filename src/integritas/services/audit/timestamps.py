"""RFC 3161 timestamps of checkpoints: a third party's word on when one existed.

The token covers the bytes of the signed note, so OpenSSL verifies it as well:
`openssl ts -verify -data checkpoint -in checkpoint.tsr -CAfile roots.pem`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx
from cryptography import x509

from integritas.kernel.errors import (
    ContractViolation,
    FieldError,
    InvalidInput,
    StorageFailure,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["fetch_timestamp", "load_roots", "verify_timestamp"]

_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"


async def fetch_timestamp(
    client: httpx.AsyncClient, url: str, note: str, roots: Sequence[x509.Certificate]
) -> tuple[bytes, datetime]:
    """Return the response (DER) of a timestamping authority on a note, and its time.

    Raises:
        ContractViolation: it is not what the authority must answer, or does not lead to
            one of the roots.
        StorageFailure: the extra is not installed.
        Unavailable: the authority cannot be reached.
    """
    library = _library()
    builder = library.TimestampRequestBuilder().data(note.encode())
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    headers = {"Content-Type": _QUERY, "Accept": _REPLY}
    try:
        answer = await client.post(url, content=request.as_bytes(), headers=headers)
    except httpx.HTTPError as error:
        raise Unavailable(f"{url} cannot be reached: {error!r}") from error
    if answer.status_code != 200:
        raise ContractViolation(f"{url} answered {answer.status_code}")
    try:
        response = library.decode_timestamp_response(answer.content)
    except ValueError as error:
        raise ContractViolation(f"{url} answered no timestamp: {error}") from error
    if response.status not in (0, 1):
        raise ContractViolation(f"{url} refused: status {response.status}")
    if response.tst_info.nonce != request.nonce:
        raise ContractViolation(f"{url} answered another request")
    return answer.content, verify_timestamp(answer.content, note, roots)


def verify_timestamp(
    token: bytes, note: str, roots: Sequence[x509.Certificate]
) -> datetime:
    """Return when the note existed, as the token proves.

    Raises:
        ContractViolation: the token is malformed, of something else, or does not lead
            to one of the roots.
        StorageFailure: the extra is not installed.
    """
    library = _library()
    builder = library.VerifierBuilder()
    for root in dict.fromkeys(roots):
        builder = builder.add_root_certificate(root)
    try:
        response = library.decode_timestamp_response(token)
        builder.build().verify_message(response, note.encode())
        time: datetime = response.tst_info.gen_time
    except (ValueError, library.VerificationError) as error:
        raise ContractViolation(f"the timestamp does not verify: {error}") from error
    return time


def load_roots(pem: bytes) -> Sequence[x509.Certificate]:
    """Return the certificates of a PEM file.

    Raises:
        InvalidInput: there are none.
    """
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise InvalidInput(
            "no certificate can be read",
            errors=(FieldError("--ca", str(error), "give the authority's roots, PEM"),),
        ) from error


def _library() -> Any:  # noqa: ANN401 - a module
    try:
        import rfc3161_client  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError as error:
        raise StorageFailure(
            "timestamps need the extra: pip install integritas[timestamps]"
        ) from error
    return rfc3161_client
