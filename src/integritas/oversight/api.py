"""What others may use of oversight: the reconciliation of journal, cases and log."""

from __future__ import annotations

from integritas.oversight.reconcile import CaseReader, Reconciliation, reconcile

__all__ = ["CaseReader", "Reconciliation", "reconcile"]
