"""A witness: cosigns checkpoints of logs it knows, never two that contradict.

The HTTP side of C2SP tlog-witness: `POST /add-checkpoint` with the size cosigned last,
a consistency proof and the checkpoint. What was cosigned is on disk before it is
answered, so a witness that comes back after a crash still knows it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI, Request
from starlette.responses import Response

from integritas.kernel.errors import InvalidInput
from integritas.services.audit.anchors import Anchors
from integritas.services.audit.merkle import HASH_BYTES, consistency_holds
from integritas.services.audit.notes import (
    ParsedCheckpoint,
    SigningKey,
    VerifierKey,
    parse_checkpoint,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from integritas.kernel.clock import Clock, Randomness

__all__ = ["Answer", "Witness", "add_checkpoint_body", "open_witness", "witness_app"]

SIZE_TYPE: Final = "text/x.tlog.size"
_PROOF_LINES: Final = 63
_BODY_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the protocol: an HTTP status and a body."""

    status: int
    body: str
    media_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _Asked:
    old: int
    proof: list[bytes]
    checkpoint: ParsedCheckpoint


class Witness:
    """One witness, its key and what it cosigned last of each log."""

    def __init__(
        self,
        key: SigningKey,
        logs: Sequence[VerifierKey],
        anchors: Anchors,
        clock: Clock,
    ) -> None:
        """Cosign with `key` the logs whose keys are given; `anchors` remember."""
        self._key = key
        self._logs = logs
        self._anchors = anchors
        self._clock = clock

    @property
    def vkey(self) -> str:
        """Return the key that its cosignatures are verified with."""
        return self._key.cosigner.vkey()

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer a request of the protocol."""
        try:
            asked = _parse(body)
        except InvalidInput as error:
            return Answer(400, f"{error}\n")
        checkpoint = asked.checkpoint
        refusal = self._refusal(asked)
        if refusal is not None:
            return refusal
        self._anchors.remember_witnessed(checkpoint)
        time = int(self._clock.now().timestamp())
        return Answer(200, self._key.cosign(checkpoint.text, time).line())

    def _refusal(self, asked: _Asked) -> Answer | None:
        new = asked.checkpoint
        keys = tuple(key for key in self._logs if key.name == new.origin)
        if not keys:
            return Answer(404, f"the log {new.origin} is not known here\n")
        if not new.signed_by(keys):
            return Answer(403, "no signature of the log's key verifies\n")
        if asked.old > new.size:
            return Answer(400, "the old size exceeds the checkpoint's\n")
        last = self._anchors.find_witnessed(new.origin)
        size = last.size if last is not None else 0
        fork = last is not None and size == new.size and last.root != new.root
        if asked.old != size or fork:
            return Answer(409, f"{size}\n", SIZE_TYPE)
        if not _extends(last, asked):
            return Answer(422, "the proof does not lead from the old tree to the new\n")
        return None


def open_witness(
    state_dir: Path,
    name: str,
    logs: Sequence[VerifierKey],
    clock: Clock,
    randomness: Randomness,
) -> Witness:
    """Return the witness that lives in `state_dir`/witness; its key is made once.

    Raises:
        InvalidInput: `name` cannot name a key.
        StorageFailure: the folder cannot be used.
    """
    anchors = Anchors(state_dir / "witness")
    key = anchors.find_key(name) or anchors.make_key(name, randomness)
    return Witness(key, logs, anchors, clock)


def witness_app(witness: Witness) -> FastAPI:
    """Return the witness over HTTP."""
    app = FastAPI(title="Integritas witness", openapi_url=None)
    lock = asyncio.Lock()  # one request after the other: it compares, then remembers

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _BODY_BYTES:
                return Response("the request is too large\n", 413)
        async with lock:
            answer = await asyncio.to_thread(witness.add_checkpoint, body)
        return Response(
            answer.body, answer.status, headers={"Content-Type": answer.media_type}
        )

    return app


def add_checkpoint_body(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of a request."""
    lines = [f"old {old}", *(base64.b64encode(digest).decode() for digest in proof)]
    return ("\n".join(lines) + "\n\n" + note).encode()


def _extends(last: ParsedCheckpoint | None, asked: _Asked) -> bool:
    new = asked.checkpoint
    if last is None or last.size == 0:
        return not asked.proof
    return consistency_holds(last.size, new.size, last.root, new.root, asked.proof)


def _parse(body: bytes) -> _Asked:
    try:
        text = body.decode()
        head, separator, note = text.partition("\n\n")
        first, *lines = head.split("\n")
        word, _, number = first.partition(" ")
        proof = [base64.b64decode(line, validate=True) for line in lines]
    except (UnicodeDecodeError, binascii.Error, ValueError) as error:
        raise InvalidInput("the request is malformed") from error
    sound = separator and word == "old" and number.isascii() and number.isdigit()
    if not sound or str(int(number)) != number or len(lines) > _PROOF_LINES:
        raise InvalidInput("the request does not begin with the old size and a proof")
    if any(len(digest) != HASH_BYTES for digest in proof):
        raise InvalidInput("a hash of the proof is not of 32 bytes")
    return _Asked(int(number), proof, parse_checkpoint(note))
