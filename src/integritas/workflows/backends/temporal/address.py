"""Where Temporal is. Known without the extra, so that it can be asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["TemporalServer"]


@dataclass(frozen=True, slots=True)
class TemporalServer:
    """A namespace of a server, and the task queue that is this installation's own.

    `ca_file`, `cert_file` and `key_file` are PEM; any of them, or `tls`, means TLS.
    """

    address: str
    namespace: str
    task_queue: str
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    api_key: str | None = field(default=None, repr=False)
