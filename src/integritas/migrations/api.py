"""What others may use of migrations."""

from __future__ import annotations

from integritas.migrations.runner import (
    SCRIPTS,
    Migrated,
    current,
    ensure,
    head,
    migrate,
    wipe,
)

__all__ = ["SCRIPTS", "Migrated", "current", "ensure", "head", "migrate", "wipe"]
