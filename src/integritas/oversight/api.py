"""What others may use of oversight: reconciliation, backtests, and their routes."""

from __future__ import annotations

from integritas.oversight.backtest import Backtest, backtest
from integritas.oversight.monitoring import ListMonitor
from integritas.oversight.reconcile import CaseReader, Reconciliation, reconcile
from integritas.oversight.registers import ALLOW_LIST
from integritas.oversight.retention import Periods, RetentionDesk
from integritas.oversight.routes import router
from integritas.oversight.subjects import Eraser, SubjectDesk, Unlearned

__all__ = [
    "ALLOW_LIST",
    "Backtest",
    "CaseReader",
    "Eraser",
    "ListMonitor",
    "Periods",
    "Reconciliation",
    "RetentionDesk",
    "SubjectDesk",
    "Unlearned",
    "backtest",
    "reconcile",
    "router",
]
