"""What others may use of the audit trail.

`AuditTrail` follows the journal (`follower()`, or `handle` as a follower's handler),
appends each entry to the tenant's Merkle log exactly once and signs a checkpoint a
batch. Sources: RFC 6962 and RFC 9162 (tree and proofs), C2SP tlog-tiles,
tlog-checkpoint and signed-note (formats), RFC 8785 (bodies), RFC 8032 (Ed25519).
"""

from __future__ import annotations

from integritas.services.audit import offline
from integritas.services.audit.appending import Appended
from integritas.services.audit.bundles import verify_bundle
from integritas.services.audit.keeping import held_subjects
from integritas.services.audit.merkle import (
    consistency_holds,
    inclusion_holds,
    leaf_hash,
)
from integritas.services.audit.mirror import write_mirror
from integritas.services.audit.notes import (
    VerifierKey,
    parse_checkpoint,
    parse_verifier_key,
)
from integritas.services.audit.records import Hold
from integritas.services.audit.schemas import OUTCOMES
from integritas.services.audit.search import EntryFilter
from integritas.services.audit.service import DEFAULT_ORIGIN, FOLLOWER, AuditTrail
from integritas.services.audit.siem import FORMATS
from integritas.services.audit.tables import (
    AUDIT_CHECKPOINTS,
    AUDIT_ENTRIES,
    AUDIT_PERSONAL,
    AUDIT_TILES,
)
from integritas.services.audit.timestamps import (
    fetch_timestamp,
    load_roots,
    verify_timestamp,
)
from integritas.services.audit.witness import Witness, open_witness, witness_app

__all__ = [
    "AUDIT_CHECKPOINTS",
    "AUDIT_ENTRIES",
    "AUDIT_PERSONAL",
    "AUDIT_TILES",
    "DEFAULT_ORIGIN",
    "FOLLOWER",
    "FORMATS",
    "OUTCOMES",
    "Appended",
    "AuditTrail",
    "EntryFilter",
    "Hold",
    "VerifierKey",
    "Witness",
    "consistency_holds",
    "fetch_timestamp",
    "held_subjects",
    "inclusion_holds",
    "leaf_hash",
    "load_roots",
    "offline",
    "open_witness",
    "parse_checkpoint",
    "parse_verifier_key",
    "verify_bundle",
    "verify_timestamp",
    "witness_app",
    "write_mirror",
]
