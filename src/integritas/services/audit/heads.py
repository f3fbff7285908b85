"""Verifies the checkpoints of a log, and the log against those seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integritas.kernel.errors import InvalidInput
from integritas.services.audit.findings import Expectation, LogCheck, StoredHead
from integritas.services.audit.notes import ParsedCheckpoint, parse_checkpoint
from integritas.services.audit.rows import as_bytes, place, raw_rows
from integritas.services.audit.tables import AUDIT_CHECKPOINTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.platform.db import Transaction

__all__ = ["check_anchors", "check_heads"]


def check_heads(
    tx: Transaction, expected: Expectation, check: LogCheck
) -> list[StoredHead]:
    table = AUDIT_CHECKPOINTS
    heads: list[StoredHead] = []
    number, size = 0, 0
    for row in raw_rows(tx, table, [table.c.tenant_id == expected.tenant]):
        where = place(table, row)
        number += 1
        if row.number != number:
            check.differ(
                f"audit_checkpoints[{number}]", f"is missing: {row.number} follows"
            )
            number = row.number if isinstance(row.number, int) else number
        parsed = _check_note(row, where, expected, check)
        heads.append(StoredHead(row, where, parsed))
        if parsed is not None and parsed.size <= size:
            check.differ(f"{where}.size", f"{parsed.size} does not exceed {size}")
        size = parsed.size if parsed is not None else size
    return heads


def _check_note(
    row: Any,  # noqa: ANN401 - a row of raw_rows
    where: str,
    expected: Expectation,
    check: LogCheck,
) -> ParsedCheckpoint | None:
    try:
        parsed = parse_checkpoint(as_bytes(row.note).decode())
    except (InvalidInput, UnicodeDecodeError):
        check.differ(f"{where}.note", "is not a signed checkpoint")
        return None
    names = [signature.name for signature in parsed.signatures]
    if parsed.origin != expected.origin or names != [expected.origin]:
        check.differ(f"{where}.note", f"is not of {expected.origin} alone")
        return None
    keys = expected.keys.keys_for(parsed.size)
    if keys and not parsed.signed_by(keys):
        check.differ(f"{where}.note", "its signature does not verify")
        return None
    if row.size != parsed.size:
        check.differ(f"{where}.size", f"is {row.size}, signed was {parsed.size}")
    if as_bytes(row.root) != parsed.root:
        check.differ(f"{where}.root", "is not the root that was signed")
    return parsed


def check_anchors(
    expected: Expectation, heads: Sequence[StoredHead], size: int, check: LogCheck
) -> list[ParsedCheckpoint]:
    """Compare with the checkpoint seen last; return those given that may be used."""
    if not expected.keys.current:
        check.notes.append(
            "no verifier key is known: signatures were not verified (give --key)"
        )
    anchor = expected.anchor
    if anchor is not None:
        notes = {head.row.number: as_bytes(head.row.note) for head in heads}
        where = f"audit_checkpoints[{anchor.number}]"
        if anchor.number not in notes:
            check.differ(
                where,
                f"is missing: a checkpoint of size {anchor.checkpoint.size} was seen, "
                "so the log was rolled back or truncated",
            )
        elif notes[anchor.number] != anchor.note.encode():
            check.differ(f"{where}.note", "is not the checkpoint that was seen last")
    elif not expected.checkpoints:
        check.notes.append("no checkpoint is remembered: cannot exclude rollback")
    accepted: list[ParsedCheckpoint] = []
    for given in expected.checkpoints:
        keys = expected.keys.keys_for(given.size)
        where = f"checkpoint of size {given.size}"
        if given.origin != expected.origin:
            check.differ(where, f"is of {given.origin}, not of {expected.origin}")
        elif keys and not given.signed_by(keys):
            check.differ(where, "its signature does not verify")
        elif given.size > size:
            check.differ(where, f"the log was rolled back or truncated to {size}")
        else:
            accepted.append(given)
    return accepted
