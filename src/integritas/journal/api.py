"""What others may use of the journal.

Every change of the platform is an entry, committed with the change itself. `seq` counts
1, 2, 3 … per tenant without gaps, in the order of commits, so a reader at a cursor
misses nothing. Personal data stands beside the entry (`Journal.personal`), and in it
only as a commitment: SHA-256 over a random salt and the bytes of the payload.
"""

from __future__ import annotations

from integritas.journal.follower import (
    Feeder,
    Feeding,
    Follower,
    FollowerHandler,
    Following,
)
from integritas.journal.reading import (
    ERASED,
    Entry,
    numbers_on,
    read_entries,
    read_head,
)
from integritas.journal.settled import SettledMark, settled_at, since_settled
from integritas.journal.store import (
    GREW,
    SALT_BYTES,
    Journal,
    Personal,
    commitment_of,
)
from integritas.journal.stored import mistyped

__all__ = [
    "ERASED",
    "GREW",
    "SALT_BYTES",
    "Entry",
    "Feeder",
    "Feeding",
    "Follower",
    "FollowerHandler",
    "Following",
    "Journal",
    "Personal",
    "SettledMark",
    "commitment_of",
    "mistyped",
    "numbers_on",
    "read_entries",
    "read_head",
    "settled_at",
    "since_settled",
]
