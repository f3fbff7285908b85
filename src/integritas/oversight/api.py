"""What others may use of oversight: reconciliation, backtests, and their routes."""

from __future__ import annotations

from integritas.oversight.backtest import Backtest, backtest
from integritas.oversight.reconcile import CaseReader, Reconciliation, reconcile
from integritas.oversight.routes import router

__all__ = [
    "Backtest",
    "CaseReader",
    "Reconciliation",
    "backtest",
    "reconcile",
    "router",
]
