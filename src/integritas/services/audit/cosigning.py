"""Has witnesses cosign checkpoints: the client's side of C2SP tlog-witness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx

from integritas.kernel.errors import ContractViolation, Refused, Unavailable
from integritas.services.audit.notes import (
    Signature,
    VerifierKey,
    parse_checkpoint,
    parse_signatures,
)
from integritas.services.audit.witness import SIZE_TYPE, add_checkpoint_body

if TYPE_CHECKING:
    from integritas.kernel.contracts import AuditLog
    from integritas.kernel.ids import TenantId

__all__ = ["cosign"]

_TRIES: Final = 3


async def cosign(
    log: AuditLog, tenant: TenantId, client: httpx.AsyncClient, witness: VerifierKey
) -> str:
    """Return the newest checkpoint's note with the cosignature of a witness added.

    `client` has the witness's address as its base URL.

    Raises:
        ContractViolation: an answer that the protocol does not allow, or a cosignature
            that does not verify.
        NotFound: nothing was logged yet.
        Refused: the witness does not know the log, or saw another one.
        Unavailable: the witness cannot be reached.
    """
    checkpoint = await log.checkpoint(tenant)
    parsed = parse_checkpoint(checkpoint.note)
    old = 0
    for _ in range(_TRIES):
        proof: tuple[bytes, ...] = ()
        if old:
            found = await log.consistency(tenant, old=old, new=checkpoint.size)
            proof = found.hashes
        body = add_checkpoint_body(old, proof, checkpoint.note)
        answer = await _post(client, body)
        if answer.status_code == 409 and answer.headers["content-type"] == SIZE_TYPE:
            before, old = old, _size(answer.text)
            if old > checkpoint.size or old == before:
                break
            continue
        if answer.status_code != 200:
            raise Refused(
                f"the witness {witness.name} refused ({answer.status_code}): "
                f"{answer.text.strip()[:200]}"
            )
        return checkpoint.note + _cosignature(answer.text, parsed.text, witness).line()
    raise Refused(
        f"the witness {witness.name} saw a tree of {old} entries that is not this "
        f"log's of {checkpoint.size}: verify the log"
    )


async def _post(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    try:
        return await client.post("add-checkpoint", content=body)
    except httpx.HTTPError as error:
        raise Unavailable(f"the witness cannot be reached: {error!r}") from error


def _size(text: str) -> int:
    number = text.removesuffix("\n")
    if number.isascii() and number.isdigit() and len(number) < 20:
        return int(number)
    raise ContractViolation("the witness answered 409 without a size")


def _cosignature(answer: str, text: str, witness: VerifierKey) -> Signature:
    for signature in parse_signatures(answer):
        if witness.signed(text, signature):
            return signature
    raise ContractViolation(f"no cosignature of {witness.name} verifies")
