"""Every table of the platform, so that the metadata is whole."""

from __future__ import annotations

from typing import Final

import integritas.cases.tables
import integritas.delivery.tables
import integritas.identity.tables
import integritas.journal.tables
import integritas.oversight.tables
import integritas.platform.commands
import integritas.platform.idempotency
import integritas.registry.tables
import integritas.services.anticorruption.tables
import integritas.services.audit.tables
import integritas.services.compliance.tables
import integritas.services.spam.tables
import integritas.workflows.tables  # noqa: F401 - imported for their tables
from integritas.platform.columns import METADATA

__all__ = ["TABLES"]

TABLES: Final = METADATA
