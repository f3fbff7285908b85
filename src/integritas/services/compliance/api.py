"""What other packages may import of the compliance service."""

from __future__ import annotations

from integritas.services.compliance.allowing.store import kept_allowed
from integritas.services.compliance.app import create_app, router
from integritas.services.compliance.keeper import ListKeeper
from integritas.services.compliance.loading import load_watchlists
from integritas.services.compliance.payments.accounts import AccountDesk
from integritas.services.compliance.payments.catalogue import payment_rules
from integritas.services.compliance.payments.store import erase_seen
from integritas.services.compliance.policies.desk import PolicyDesk
from integritas.services.compliance.policies.policy import (
    Policy,
    load_policy,
    parse_policy,
)
from integritas.services.compliance.queries import (
    check_party,
    parse_birth_date,
    wrong_schema,
)
from integritas.services.compliance.records import (
    NO_RECORDS,
    ComplianceRecords,
    open_records,
)
from integritas.services.compliance.refresh import Change as ListChange
from integritas.services.compliance.refresh import Outcome as ListOutcome
from integritas.services.compliance.refresh import check_sources
from integritas.services.compliance.refresh import download as download_lists
from integritas.services.compliance.refresh import refresh as refresh_lists
from integritas.services.compliance.refresh import refresh_from as fetch_lists
from integritas.services.compliance.remote import ComplianceDesk, RemoteCompliance
from integritas.services.compliance.schemas import ScreenIn
from integritas.services.compliance.screening import (
    MATCH_THRESHOLD,
    Hit,
    Query,
    Screener,
    match_names,
)
from integritas.services.compliance.service import (
    HIT,
    ComplianceService,
    load_compliance_service,
)
from integritas.services.compliance.subjects import subject_matcher
from integritas.services.compliance.watchlists import (
    EMPTY,
    Entry,
    ListedName,
    ListVersion,
    Watchlists,
)

__all__ = [
    "EMPTY",
    "HIT",
    "MATCH_THRESHOLD",
    "NO_RECORDS",
    "AccountDesk",
    "ComplianceDesk",
    "ComplianceRecords",
    "ComplianceService",
    "Entry",
    "Hit",
    "ListChange",
    "ListKeeper",
    "ListOutcome",
    "ListVersion",
    "ListedName",
    "Policy",
    "PolicyDesk",
    "Query",
    "RemoteCompliance",
    "ScreenIn",
    "Screener",
    "Watchlists",
    "check_party",
    "check_sources",
    "create_app",
    "download_lists",
    "erase_seen",
    "fetch_lists",
    "kept_allowed",
    "load_compliance_service",
    "load_policy",
    "load_watchlists",
    "match_names",
    "open_records",
    "parse_birth_date",
    "parse_policy",
    "payment_rules",
    "refresh_lists",
    "router",
    "subject_matcher",
    "wrong_schema",
]
