"""Generated from the OpenAPI document by `make docs`: the client."""

from __future__ import annotations

from typing import Any, Literal

from integritas.client.models import (
    Accepted,
    AccessIn,
    AccessOut,
    AllowIn,
    Allowed,
    AllowedList,
    AppendedOut,
    ApprovalDecideIn,
    ApprovalOut,
    ApprovalState,
    AssessIn,
    Assessed,
    AttachmentIn,
    AttachmentOut,
    BacktestIn,
    BacktestOut,
    BatchAccepted,
    BatchIn,
    BatchResults,
    BreakIn,
    BulkIn,
    BulkOut,
    CampaignDetail,
    CampaignPage,
    CanaryIn,
    CancelIn,
    CaseHitList,
    CaseIn,
    CaseOut,
    CasePatch,
    CaseSort,
    CaseState,
    CodeIn,
    ConsistencyOut,
    ContentOut,
    DatasetIn,
    DatasetList,
    DatasetOut,
    DecideIn,
    DecideStepIn,
    DefinitionIn,
    DeliveryOut,
    DeliveryState,
    EnrolmentOut,
    EntriesOut,
    EntryOut,
    EraseIn,
    EventsIn,
    EvidenceOut,
    FeedbackGiven,
    FeedbackIn,
    FeedbackOut,
    FeedbackPage,
    FindingOut,
    ForkRunIn,
    GrantIn,
    GrantOut,
    HoldsOut,
    InclusionOut,
    IndicatorList,
    Interval,
    IssuedKeyOut,
    JsonValue,
    KeyIn,
    KeyRotated,
    KeysOut,
    LinkIn,
    LinkOut,
    ListsOut,
    LoadIn,
    LoadOut,
    MatchIn,
    MatchOut,
    MeOut,
    ModelList,
    NetworkOut,
    NewEvidenceIn,
    OnSubjectIn,
    Outcome,
    PageApprovalOut,
    PageAttachmentOut,
    PageCaseOut,
    PageDecisionOut,
    PageDefinitionIn,
    PageDeliveryOut,
    PageEventOut,
    PageEvidenceOut,
    PageFindingOut,
    PageFoundOut,
    PageHistoryOut,
    PageKeyOut,
    PageLinkOut,
    PageModelOut,
    PagePauseOut,
    PageRoleOut,
    PageRunOut,
    PageRunStepOut,
    PageScheduleOut,
    PageSubmissionOut,
    PageTimelineEntryOut,
    PageUserOut,
    PageVersionOut,
    PageWebhookOut,
    PageStr,
    PauseIn,
    PaymentRules,
    PersonalIn,
    PersonalOut,
    PolicyIn,
    PolicyList,
    PolicyOut,
    Priority,
    ProfileOut,
    PromoteIn,
    PruneIn,
    PrunedOut,
    PublishIn,
    RecoveryOut,
    RefreshIn,
    RefreshList,
    RefreshOut,
    ReportOut,
    RetentionIn,
    RetentionOut,
    RetryRunIn,
    RevealIn,
    ReviewIn,
    RevokeIn,
    RunDetailOut,
    RunState,
    ScheduleIn,
    ScheduleOut,
    SchedulePatch,
    ScreenBatchIn,
    ScreenBatchOut,
    ScreenIn,
    ScreenOut,
    SeriesOut,
    SignalIn,
    StartRunIn,
    StatisticsOut,
    StatsOut,
    SubjectIn,
    SubjectOut,
    SubmissionAccepted,
    SubmissionBatchIn,
    SubmissionIn,
    SubmissionOut,
    TestIn,
    TestOut,
    TokenIn,
    TokenOut,
    TransitionIn,
    UserIn,
    UserOut,
    UserPatch,
    Verdict,
    WebhookIn,
    WebhookOut,
    WebhookPatch,
    WebhookWithSecret,
    ModelOut,
    ErasedOut,
    AnticorruptionErasedOut,
    AuditErasedOut,
)
from integritas.client.transport import SyncTransport, escape

__all__ = ["Client"]


class Client(SyncTransport):
    """Every operation of the API, by its id."""

    def anticorruption_assess(
        self, body: AssessIn, *, idempotency_key: str | None = None
    ) -> Assessed:
        """Assess evidence (anticorruption)."""
        asked = self._ask(
            "POST",
            f"/api/v1/anticorruption/assess",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Assessed = asked.json()
        return answer

    def anticorruption_assess_batch(
        self, body: BatchIn, *, idempotency_key: str | None = None
    ) -> BatchResults:
        """Assess many items, each by itself (anticorruption)."""
        asked = self._ask(
            "POST",
            f"/api/v1/anticorruption/assess/batch",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: BatchResults = asked.json()
        return answer

    def anticorruption_dataset(self, name: str) -> StatisticsOut:
        """Tell a dataset's statistics."""
        asked = self._ask("GET", f"/api/v1/anticorruption/datasets/{escape(name)}")
        answer: StatisticsOut = asked.json()
        return answer

    def anticorruption_dataset_create(
        self, body: DatasetIn, *, idempotency_key: str | None = None
    ) -> DatasetOut:
        """Create a dataset."""
        asked = self._ask(
            "POST",
            f"/api/v1/anticorruption/datasets",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: DatasetOut = asked.json()
        return answer

    def anticorruption_dataset_load(
        self, name: str, body: LoadIn, *, idempotency_key: str | None = None
    ) -> LoadOut:
        """Take releases, records or packages into a dataset."""
        asked = self._ask(
            "POST",
            f"/api/v1/anticorruption/datasets/{escape(name)}/releases",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: LoadOut = asked.json()
        return answer

    def anticorruption_datasets(self) -> DatasetList:
        """List datasets."""
        asked = self._ask("GET", f"/api/v1/anticorruption/datasets")
        answer: DatasetList = asked.json()
        return answer

    def anticorruption_erase(
        self, party: str, *, idempotency_key: str | None = None
    ) -> AnticorruptionErasedOut:
        """Erase a person or firm from everything that was learned."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/anticorruption/networks/{escape(party)}",
            headers={"Idempotency-Key": idempotency_key},
        )
        answer: AnticorruptionErasedOut = asked.json()
        return answer

    def anticorruption_indicators(self) -> IndicatorList:
        """List the red flags: formula, options, source, why it matters."""
        asked = self._ask("GET", f"/api/v1/anticorruption/indicators")
        answer: IndicatorList = asked.json()
        return answer

    def anticorruption_models(self) -> ModelList:
        """List the models: data, features, measured figures."""
        asked = self._ask("GET", f"/api/v1/anticorruption/models")
        answer: ModelList = asked.json()
        return answer

    def anticorruption_network(
        self, party: str, *, dataset: str | None = None, steps: int | None = None
    ) -> NetworkOut:
        """Show who is around a party, why, and what speaks for a closer look."""
        asked = self._ask(
            "GET",
            f"/api/v1/anticorruption/networks/{escape(party)}",
            query={"dataset": dataset, "steps": steps},
        )
        answer: NetworkOut = asked.json()
        return answer

    def anticorruption_process(self, name: str, ocid: str) -> ProfileOut:
        """Tell everything of one process: flags, model, signs, risk by part."""
        asked = self._ask(
            "GET",
            f"/api/v1/anticorruption/datasets/{escape(name)}/processes/{escape(ocid)}",
        )
        answer: ProfileOut = asked.json()
        return answer

    def approvals_decide(
        self,
        approval_id: str,
        body: ApprovalDecideIn,
        *,
        idempotency_key: str | None = None,
    ) -> ApprovalOut:
        """Approve or reject."""
        asked = self._ask(
            "POST",
            f"/api/v1/approvals/{escape(approval_id)}/decide",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ApprovalOut = asked.json()
        return answer

    def approvals_list(
        self,
        *,
        state: ApprovalState | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> PageApprovalOut:
        """List approvals."""
        asked = self._ask(
            "GET",
            f"/api/v1/approvals",
            query={"state": state, "limit": limit, "cursor": cursor},
        )
        answer: PageApprovalOut = asked.json()
        return answer

    def attachments_add(
        self, case_id: str, body: AttachmentIn, *, idempotency_key: str | None = None
    ) -> AttachmentOut:
        """Attach a file to a case."""
        asked = self._ask(
            "POST",
            f"/api/v1/cases/{escape(case_id)}/attachments",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: AttachmentOut = asked.json()
        return answer

    def attachments_get(self, attachment_id: str) -> bytes:
        """Read an attachment (recorded)."""
        asked = self._ask("GET", f"/api/v1/attachments/{escape(attachment_id)}")
        return asked.content

    def attachments_list(
        self, case_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageAttachmentOut:
        """Attachments of a case."""
        asked = self._ask(
            "GET",
            f"/api/v1/cases/{escape(case_id)}/attachments",
            query={"limit": limit, "cursor": cursor},
        )
        answer: PageAttachmentOut = asked.json()
        return answer

    def audit_append(
        self, body: EventsIn, *, idempotency_key: str | None = None
    ) -> AppendedOut:
        """Append events of an outside system."""
        asked = self._ask(
            "POST",
            f"/api/v1/audit/entries",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: AppendedOut = asked.json()
        return answer

    def audit_bundle(self, case_: str) -> dict[str, Any]:
        """Get the evidence bundle of a case."""
        asked = self._ask("GET", f"/api/v1/audit/bundles/{escape(case_)}")
        answer: dict[str, Any] = asked.json()
        return answer

    def audit_checkpoint(self) -> str:
        """Get the signed checkpoint."""
        asked = self._ask("GET", f"/api/v1/audit/log/checkpoint")
        return asked.text

    def audit_consistency(self, *, old: int, new_: int | None = None) -> ConsistencyOut:
        """Prove that the log only grew."""
        asked = self._ask(
            "GET", f"/api/v1/audit/proofs/consistency", query={"old": old, "new": new_}
        )
        answer: ConsistencyOut = asked.json()
        return answer

    def audit_entries(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        q: str | None = None,
        type: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        outcome: Literal["success", "failure", "unknown"] | None = None,
        correlation_id: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> EntriesOut:
        """List entries."""
        asked = self._ask(
            "GET",
            f"/api/v1/audit/entries",
            query={
                "limit": limit,
                "cursor": cursor,
                "q": q,
                "type": type,
                "subject": subject,
                "actor": actor,
                "outcome": outcome,
                "correlation_id": correlation_id,
                "since": since,
                "until": until,
            },
        )
        answer: EntriesOut = asked.json()
        return answer

    def audit_entry(self, index: int) -> EntryOut:
        """Get an entry."""
        asked = self._ask("GET", f"/api/v1/audit/entries/{escape(index)}")
        answer: EntryOut = asked.json()
        return answer

    def audit_erase(
        self, body: OnSubjectIn, *, idempotency_key: str | None = None
    ) -> AuditErasedOut:
        """Erase the personal data beside all entries on a subject."""
        asked = self._ask(
            "POST",
            f"/api/v1/audit/erase",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: AuditErasedOut = asked.json()
        return answer

    def audit_export(
        self,
        *,
        format: Literal["jsonl", "csv", "ocsf", "cef"] | None = None,
        q: str | None = None,
        type: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
        outcome: Literal["success", "failure", "unknown"] | None = None,
        correlation_id: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> str:
        """Export entries: JSON Lines, CSV, OCSF or CEF."""
        asked = self._ask(
            "GET",
            f"/api/v1/audit/export",
            query={
                "format": format,
                "q": q,
                "type": type,
                "subject": subject,
                "actor": actor,
                "outcome": outcome,
                "correlation_id": correlation_id,
                "since": since,
                "until": until,
            },
        )
        return asked.text

    def audit_hold(
        self, body: OnSubjectIn, *, idempotency_key: str | None = None
    ) -> HoldsOut:
        """Put a subject under legal hold: nothing on it is pruned or erased."""
        asked = self._ask(
            "POST",
            f"/api/v1/audit/holds",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: HoldsOut = asked.json()
        return answer

    def audit_holds(self) -> HoldsOut:
        """List the legal holds that last."""
        asked = self._ask("GET", f"/api/v1/audit/holds")
        answer: HoldsOut = asked.json()
        return answer

    def audit_inclusion(self, *, index: int, size: int | None = None) -> InclusionOut:
        """Prove that an entry stands in the log."""
        asked = self._ask(
            "GET",
            f"/api/v1/audit/proofs/inclusion",
            query={"index": index, "size": size},
        )
        answer: InclusionOut = asked.json()
        return answer

    def audit_keys(self) -> KeysOut:
        """List the verifier keys."""
        asked = self._ask("GET", f"/api/v1/audit/keys")
        answer: KeysOut = asked.json()
        return answer

    def audit_prune(
        self, body: PruneIn, *, idempotency_key: str | None = None
    ) -> PrunedOut:
        """Prune the payloads of old entries, never hashes; what is held stays."""
        asked = self._ask(
            "POST",
            f"/api/v1/audit/prune",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: PrunedOut = asked.json()
        return answer

    def audit_release(
        self, body: OnSubjectIn, *, idempotency_key: str | None = None
    ) -> HoldsOut:
        """End a legal hold."""
        asked = self._ask(
            "POST",
            f"/api/v1/audit/holds/release",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: HoldsOut = asked.json()
        return answer

    def audit_rotate_key(self, *, idempotency_key: str | None = None) -> KeysOut:
        """Hand the log over to a new key, by an entry that both sign."""
        asked = self._ask(
            "POST",
            f"/api/v1/audit/keys/rotation",
            headers={"Idempotency-Key": idempotency_key},
        )
        answer: KeysOut = asked.json()
        return answer

    def audit_tile(self, path: str) -> bytes:
        """Get a tile or a bundle of entries (C2SP tlog-tiles)."""
        asked = self._ask("GET", f"/api/v1/audit/log/tile/{path}")
        return asked.content

    def audit_verify(self, *, idempotency_key: str | None = None) -> ReportOut:
        """Re-compute everything."""
        asked = self._ask(
            "POST",
            f"/api/v1/audit/verify",
            headers={"Idempotency-Key": idempotency_key},
        )
        answer: ReportOut = asked.json()
        return answer

    def auth_jwks(self) -> dict[str, Any]:
        """Public keys."""
        asked = self._ask("GET", f"/api/v1/auth/jwks.json")
        answer: dict[str, Any] = asked.json()
        return answer

    def auth_revoke(self, body: RevokeIn) -> None:
        """Sign out."""
        asked = self._ask("POST", f"/api/v1/auth/revoke", body=body)
        asked.raise_for_status()

    def auth_rotate_key(self, *, idempotency_key: str | None = None) -> KeyRotated:
        """Sign tokens with a new key."""
        asked = self._ask(
            "POST",
            f"/api/v1/auth/keys/rotate",
            headers={"Idempotency-Key": idempotency_key},
        )
        answer: KeyRotated = asked.json()
        return answer

    def auth_token(self, body: TokenIn) -> TokenOut:
        """Sign in, or renew."""
        asked = self._ask("POST", f"/api/v1/auth/token", body=body)
        answer: TokenOut = asked.json()
        return answer

    def cases_access(self, case_id: str) -> AccessOut:
        """Who may see a case."""
        asked = self._ask("GET", f"/api/v1/cases/{escape(case_id)}/access")
        answer: AccessOut = asked.json()
        return answer

    def cases_approvals(
        self, case_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageApprovalOut:
        """Approvals of a case."""
        asked = self._ask(
            "GET",
            f"/api/v1/cases/{escape(case_id)}/approvals",
            query={"limit": limit, "cursor": cursor},
        )
        answer: PageApprovalOut = asked.json()
        return answer

    def cases_ask_approval(
        self,
        case_id: str,
        body: TransitionIn,
        *,
        if_match: str,
        idempotency_key: str | None = None,
    ) -> ApprovalOut:
        """Ask a second person."""
        asked = self._ask(
            "POST",
            f"/api/v1/cases/{escape(case_id)}/approvals",
            headers={"If-Match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ApprovalOut = asked.json()
        return answer

    def cases_break_glass(
        self, case_id: str, body: BreakIn, *, idempotency_key: str | None = None
    ) -> GrantOut:
        """Open a confidential case without a grant (recorded)."""
        asked = self._ask(
            "POST",
            f"/api/v1/cases/{escape(case_id)}/break-glass",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: GrantOut = asked.json()
        return answer

    def cases_bulk(
        self, body: BulkIn, *, idempotency_key: str | None = None
    ) -> BulkOut:
        """Change many cases, each by itself."""
        asked = self._ask(
            "POST",
            f"/api/v1/cases/bulk",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: BulkOut = asked.json()
        return answer

    def cases_create(
        self, body: CaseIn, *, idempotency_key: str | None = None
    ) -> CaseOut:
        """Open a case."""
        asked = self._ask(
            "POST",
            f"/api/v1/cases",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: CaseOut = asked.json()
        return answer

    def cases_decisions(
        self, case_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageDecisionOut:
        """Verdicts on a case."""
        asked = self._ask(
            "GET",
            f"/api/v1/cases/{escape(case_id)}/decisions",
            query={"limit": limit, "cursor": cursor},
        )
        answer: PageDecisionOut = asked.json()
        return answer

    def cases_get(self, case_id: str) -> CaseOut:
        """Get a case."""
        asked = self._ask("GET", f"/api/v1/cases/{escape(case_id)}")
        answer: CaseOut = asked.json()
        return answer

    def cases_grant(
        self, case_id: str, body: GrantIn, *, idempotency_key: str | None = None
    ) -> GrantOut:
        """Let somebody see a confidential case."""
        asked = self._ask(
            "POST",
            f"/api/v1/cases/{escape(case_id)}/grants",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: GrantOut = asked.json()
        return answer

    def cases_history(
        self, case_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageHistoryOut:
        """Transitions of a case."""
        asked = self._ask(
            "GET",
            f"/api/v1/cases/{escape(case_id)}/history",
            query={"limit": limit, "cursor": cursor},
        )
        answer: PageHistoryOut = asked.json()
        return answer

    def cases_link(
        self, case_id: str, body: LinkIn, *, idempotency_key: str | None = None
    ) -> LinkOut:
        """Link a case to another."""
        asked = self._ask(
            "POST",
            f"/api/v1/cases/{escape(case_id)}/links",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: LinkOut = asked.json()
        return answer

    def cases_links(
        self, case_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageLinkOut:
        """Links of a case."""
        asked = self._ask(
            "GET",
            f"/api/v1/cases/{escape(case_id)}/links",
            query={"limit": limit, "cursor": cursor},
        )
        answer: PageLinkOut = asked.json()
        return answer

    def cases_list(
        self,
        *,
        state: list[CaseState] | None = None,
        outcome: list[Outcome] | None = None,
        priority: list[Priority] | None = None,
        assignee: str | None = None,
        channel: str | None = None,
        kind: str | None = None,
        tag: str | None = None,
        min_risk: float | None = None,
        max_risk: float | None = None,
        created_from: str | None = None,
        created_before: str | None = None,
        updated_from: str | None = None,
        due_before: str | None = None,
        sort: CaseSort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> PageCaseOut:
        """List cases."""
        asked = self._ask(
            "GET",
            f"/api/v1/cases",
            query={
                "state": state,
                "outcome": outcome,
                "priority": priority,
                "assignee": assignee,
                "channel": channel,
                "kind": kind,
                "tag": tag,
                "min_risk": min_risk,
                "max_risk": max_risk,
                "created_from": created_from,
                "created_before": created_before,
                "updated_from": updated_from,
                "due_before": due_before,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
            },
        )
        answer: PageCaseOut = asked.json()
        return answer

    def cases_restrict(
        self, case_id: str, body: AccessIn, *, idempotency_key: str | None = None
    ) -> AccessOut:
        """Make a case confidential, or no more."""
        asked = self._ask(
            "PUT",
            f"/api/v1/cases/{escape(case_id)}/access",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: AccessOut = asked.json()
        return answer

    def cases_revoke_grant(
        self, case_id: str, grant_id: str, *, idempotency_key: str | None = None
    ) -> None:
        """Take a grant back."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/cases/{escape(case_id)}/grants/{escape(grant_id)}",
            headers={"Idempotency-Key": idempotency_key},
        )
        asked.raise_for_status()

    def cases_timeline(
        self, case_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageTimelineEntryOut:
        """Everything that happened to a case."""
        asked = self._ask(
            "GET",
            f"/api/v1/cases/{escape(case_id)}/timeline",
            query={"limit": limit, "cursor": cursor},
        )
        answer: PageTimelineEntryOut = asked.json()
        return answer

    def cases_transition(
        self,
        case_id: str,
        body: TransitionIn,
        *,
        if_match: str,
        idempotency_key: str | None = None,
    ) -> CaseOut | ApprovalOut:
        """Move a case to another state."""
        asked = self._ask(
            "POST",
            f"/api/v1/cases/{escape(case_id)}/transitions",
            headers={"If-Match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: CaseOut | ApprovalOut = asked.json()
        return answer

    def cases_update(
        self,
        case_id: str,
        body: CasePatch,
        *,
        if_match: str,
        idempotency_key: str | None = None,
    ) -> CaseOut:
        """Change a case."""
        asked = self._ask(
            "PATCH",
            f"/api/v1/cases/{escape(case_id)}",
            headers={"If-Match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: CaseOut = asked.json()
        return answer

    def compliance_allow(
        self, body: AllowIn, *, idempotency_key: str | None = None
    ) -> Allowed:
        """Put a dismissed hit on the allow-list."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/allow-list",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Allowed = asked.json()
        return answer

    def compliance_allow_list(
        self, *, cursor: str | None = None, limit: int | None = None
    ) -> AllowedList:
        """List the pairs that are no hits."""
        asked = self._ask(
            "GET",
            f"/api/v1/compliance/allow-list",
            query={"cursor": cursor, "limit": limit},
        )
        answer: AllowedList = asked.json()
        return answer

    def compliance_allow_withdraw(
        self, allowed_id: str, *, idempotency_key: str | None = None
    ) -> None:
        """Take a pair off the allow-list."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/compliance/allow-list/{escape(allowed_id)}",
            headers={"Idempotency-Key": idempotency_key},
        )
        asked.raise_for_status()

    def compliance_assess(
        self, body: AssessIn, *, idempotency_key: str | None = None
    ) -> Assessed:
        """Assess evidence (compliance)."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/assess",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Assessed = asked.json()
        return answer

    def compliance_assess_batch(
        self, body: BatchIn, *, idempotency_key: str | None = None
    ) -> BatchResults:
        """Assess many items, each by itself (compliance)."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/assess/batch",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: BatchResults = asked.json()
        return answer

    def compliance_decide(
        self, body: DecideIn, *, idempotency_key: str | None = None
    ) -> Verdict:
        """Decide on findings by the policy in force."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/decide",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Verdict = asked.json()
        return answer

    def compliance_hits(
        self,
        *,
        review: Literal["open", "proposed", "confirmed", "dismissed"] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> CaseHitList:
        """List watchlist hits of all cases."""
        asked = self._ask(
            "GET",
            f"/api/v1/compliance/hits",
            query={"review": review, "cursor": cursor, "limit": limit},
        )
        answer: CaseHitList = asked.json()
        return answer

    def compliance_list_refresh(
        self, name: str, *, idempotency_key: str | None = None
    ) -> RefreshOut:
        """Fetch a list from its publisher."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/lists/{escape(name)}/refresh",
            headers={"Idempotency-Key": idempotency_key},
        )
        answer: RefreshOut = asked.json()
        return answer

    def compliance_lists(self) -> ListsOut:
        """Which lists are screened against."""
        asked = self._ask("GET", f"/api/v1/compliance/lists")
        answer: ListsOut = asked.json()
        return answer

    def compliance_lists_refresh(
        self, body: RefreshIn, *, idempotency_key: str | None = None
    ) -> RefreshOut:
        """Fetch the lists from their publishers."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/lists/refresh",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: RefreshOut = asked.json()
        return answer

    def compliance_lists_refresh_get(self, refresh_id: str) -> RefreshOut:
        """Get a refresh and what came of it."""
        asked = self._ask(
            "GET", f"/api/v1/compliance/lists/refreshes/{escape(refresh_id)}"
        )
        answer: RefreshOut = asked.json()
        return answer

    def compliance_lists_refreshes(
        self, *, cursor: str | None = None, limit: int | None = None
    ) -> RefreshList:
        """List refreshes: which version took the place of which."""
        asked = self._ask(
            "GET",
            f"/api/v1/compliance/lists/refreshes",
            query={"cursor": cursor, "limit": limit},
        )
        answer: RefreshList = asked.json()
        return answer

    def compliance_match(
        self, body: MatchIn, *, idempotency_key: str | None = None
    ) -> MatchOut:
        """Compare two names."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/match",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: MatchOut = asked.json()
        return answer

    def compliance_payment_rules(self) -> PaymentRules:
        """List the rules over payments: formula, defaults, source."""
        asked = self._ask("GET", f"/api/v1/compliance/payment-rules")
        answer: PaymentRules = asked.json()
        return answer

    def compliance_pii(
        self, body: PersonalIn, *, idempotency_key: str | None = None
    ) -> PersonalOut:
        """Find personal data in a text."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/pii",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: PersonalOut = asked.json()
        return answer

    def compliance_policies(self) -> PolicyList:
        """List the policies."""
        asked = self._ask("GET", f"/api/v1/compliance/policies")
        answer: PolicyList = asked.json()
        return answer

    def compliance_policy(self, name: str, *, version: int | None = None) -> PolicyOut:
        """Show a policy."""
        asked = self._ask(
            "GET",
            f"/api/v1/compliance/policies/{escape(name)}",
            query={"version": version},
        )
        answer: PolicyOut = asked.json()
        return answer

    def compliance_policy_backtest(
        self, name: str, body: BacktestIn, *, idempotency_key: str | None = None
    ) -> BacktestOut:
        """Try a policy on the verdicts of the past."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/policies/{escape(name)}/backtest",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: BacktestOut = asked.json()
        return answer

    def compliance_policy_create(
        self, body: PolicyIn, *, idempotency_key: str | None = None
    ) -> PolicyOut:
        """Write a new policy."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/policies",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: PolicyOut = asked.json()
        return answer

    def compliance_policy_publish(
        self,
        name: str,
        body: PublishIn,
        *,
        if_match: str,
        idempotency_key: str | None = None,
    ) -> PolicyOut:
        """Propose a policy, or publish what somebody else proposed."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/policies/{escape(name)}/publish",
            headers={"If-Match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: PolicyOut = asked.json()
        return answer

    def compliance_policy_save(
        self,
        name: str,
        body: PolicyIn,
        *,
        if_match: str,
        idempotency_key: str | None = None,
    ) -> PolicyOut:
        """Change a policy."""
        asked = self._ask(
            "PUT",
            f"/api/v1/compliance/policies/{escape(name)}",
            headers={"If-Match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: PolicyOut = asked.json()
        return answer

    def compliance_policy_test(
        self, name: str, body: TestIn, *, idempotency_key: str | None = None
    ) -> TestOut:
        """Run a policy's examples, or others."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/policies/{escape(name)}/test",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: TestOut = asked.json()
        return answer

    def compliance_retention(
        self, body: RetentionIn, *, idempotency_key: str | None = None
    ) -> RetentionOut:
        """Erase evidence whose period is over, or say which (audited)."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/retention",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: RetentionOut = asked.json()
        return answer

    def compliance_screen(
        self, body: ScreenIn, *, idempotency_key: str | None = None
    ) -> ScreenOut:
        """Look one name up in all watchlists."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/screen",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ScreenOut = asked.json()
        return answer

    def compliance_screen_batch(
        self, body: ScreenBatchIn, *, idempotency_key: str | None = None
    ) -> ScreenBatchOut:
        """Look many names up, each by itself."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/screen/batch",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ScreenBatchOut = asked.json()
        return answer

    def compliance_subject_erase(
        self, body: EraseIn, *, idempotency_key: str | None = None
    ) -> ErasedOut:
        """Erase evidence about a person (audited)."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/subjects/erase",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ErasedOut = asked.json()
        return answer

    def compliance_subject_export(
        self, body: SubjectIn, *, idempotency_key: str | None = None
    ) -> SubjectOut:
        """Export what is kept about a person (audited)."""
        asked = self._ask(
            "POST",
            f"/api/v1/compliance/subjects/export",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: SubjectOut = asked.json()
        return answer

    def dead_letters_list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> PageRunOut:
        """Runs that gave up."""
        asked = self._ask(
            "GET", f"/api/v1/dead-letters", query={"limit": limit, "cursor": cursor}
        )
        answer: PageRunOut = asked.json()
        return answer

    def dead_letters_redrive(
        self, run_id: str, *, idempotency_key: str | None = None
    ) -> Accepted:
        """Re-drive a run that gave up."""
        asked = self._ask(
            "POST",
            f"/api/v1/dead-letters/{escape(run_id)}/redrive",
            headers={"Idempotency-Key": idempotency_key},
        )
        answer: Accepted = asked.json()
        return answer

    def deliveries_replay(
        self, delivery_id: str, *, idempotency_key: str | None = None
    ) -> DeliveryOut:
        """Deliver once more."""
        asked = self._ask(
            "POST",
            f"/api/v1/deliveries/{escape(delivery_id)}/replay",
            headers={"Idempotency-Key": idempotency_key},
        )
        answer: DeliveryOut = asked.json()
        return answer

    def events_stream(
        self,
        *,
        type: list[str] | None = None,
        subject: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        last_event_id: str | None = None,
    ) -> PageEventOut:
        """Follow events."""
        asked = self._ask(
            "GET",
            f"/api/v1/events",
            query={"type": type, "subject": subject, "limit": limit, "cursor": cursor},
            headers={"Last-Event-Id": last_event_id},
        )
        answer: PageEventOut = asked.json()
        return answer

    def evidence_add(
        self,
        case_id: str,
        body: NewEvidenceIn,
        *,
        if_match: str | None = None,
        idempotency_key: str | None = None,
    ) -> CaseOut:
        """Add evidence to a case."""
        asked = self._ask(
            "POST",
            f"/api/v1/cases/{escape(case_id)}/evidence",
            headers={"If-Match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: CaseOut = asked.json()
        return answer

    def evidence_content(self, evidence_id: str) -> ContentOut:
        """Read evidence as one's roles see it."""
        asked = self._ask("GET", f"/api/v1/evidence/{escape(evidence_id)}/content")
        answer: ContentOut = asked.json()
        return answer

    def evidence_get(self, evidence_id: str) -> EvidenceOut:
        """Get an item of evidence."""
        asked = self._ask("GET", f"/api/v1/evidence/{escape(evidence_id)}")
        answer: EvidenceOut = asked.json()
        return answer

    def evidence_list(
        self, case_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageEvidenceOut:
        """Evidence of a case."""
        asked = self._ask(
            "GET",
            f"/api/v1/cases/{escape(case_id)}/evidence",
            query={"limit": limit, "cursor": cursor},
        )
        answer: PageEvidenceOut = asked.json()
        return answer

    def evidence_raw(self, evidence_id: str) -> bytes:
        """Read raw evidence (recorded)."""
        asked = self._ask("GET", f"/api/v1/evidence/{escape(evidence_id)}/raw")
        return asked.content

    def evidence_reveal(
        self, evidence_id: str, body: RevealIn, *, idempotency_key: str | None = None
    ) -> ContentOut:
        """Read evidence in clear (recorded)."""
        asked = self._ask(
            "POST",
            f"/api/v1/evidence/{escape(evidence_id)}/reveal",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ContentOut = asked.json()
        return answer

    def findings_get(self, finding_id: str) -> FindingOut:
        """Get a finding."""
        asked = self._ask("GET", f"/api/v1/findings/{escape(finding_id)}")
        answer: FindingOut = asked.json()
        return answer

    def findings_list(
        self, case_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageFindingOut:
        """Findings on a case."""
        asked = self._ask(
            "GET",
            f"/api/v1/cases/{escape(case_id)}/findings",
            query={"limit": limit, "cursor": cursor},
        )
        answer: PageFindingOut = asked.json()
        return answer

    def findings_reveal(
        self, finding_id: str, body: RevealIn, *, idempotency_key: str | None = None
    ) -> FindingOut:
        """Read a finding in clear (recorded)."""
        asked = self._ask(
            "POST",
            f"/api/v1/findings/{escape(finding_id)}/reveal",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: FindingOut = asked.json()
        return answer

    def findings_review(
        self, finding_id: str, body: ReviewIn, *, idempotency_key: str | None = None
    ) -> FindingOut:
        """Confirm or dismiss a finding."""
        asked = self._ask(
            "POST",
            f"/api/v1/findings/{escape(finding_id)}/review",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: FindingOut = asked.json()
        return answer

    def healthz(self) -> dict[str, str]:
        """Say that it is alive."""
        asked = self._ask("GET", f"/healthz")
        answer: dict[str, str] = asked.json()
        return answer

    def keys_create(
        self, body: KeyIn, *, idempotency_key: str | None = None
    ) -> IssuedKeyOut:
        """Create an API key."""
        asked = self._ask(
            "POST",
            f"/api/v1/api-keys",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: IssuedKeyOut = asked.json()
        return answer

    def keys_list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> PageKeyOut:
        """List API keys."""
        asked = self._ask(
            "GET", f"/api/v1/api-keys", query={"limit": limit, "cursor": cursor}
        )
        answer: PageKeyOut = asked.json()
        return answer

    def keys_revoke(self, key_id: str, *, idempotency_key: str | None = None) -> None:
        """Revoke an API key."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/api-keys/{escape(key_id)}",
            headers={"Idempotency-Key": idempotency_key},
        )
        asked.raise_for_status()

    def me(self) -> MeOut:
        """Who I am."""
        asked = self._ask("GET", f"/api/v1/me")
        answer: MeOut = asked.json()
        return answer

    def models_canary(
        self, name: str, body: CanaryIn, *, idempotency_key: str | None = None
    ) -> ModelOut:
        """Let a version score in the shadow, and judge a share."""
        asked = self._ask(
            "POST",
            f"/api/v1/models/{escape(name)}/canary",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ModelOut = asked.json()
        return answer

    def models_drift(self, name: str) -> dict[str, JsonValue]:
        """Tell how far a model's world has moved."""
        asked = self._ask("GET", f"/api/v1/models/{escape(name)}/drift")
        answer: dict[str, JsonValue] = asked.json()
        return answer

    def models_get(self, name: str) -> ModelOut:
        """Tell which version of a model judges."""
        asked = self._ask("GET", f"/api/v1/models/{escape(name)}")
        answer: ModelOut = asked.json()
        return answer

    def models_list(self) -> PageModelOut:
        """List models, and which version judges."""
        asked = self._ask("GET", f"/api/v1/models")
        answer: PageModelOut = asked.json()
        return answer

    def models_promote(
        self, name: str, body: PromoteIn, *, idempotency_key: str | None = None
    ) -> ModelOut:
        """Let a version judge."""
        asked = self._ask(
            "POST",
            f"/api/v1/models/{escape(name)}/promote",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ModelOut = asked.json()
        return answer

    def models_rollback(
        self, name: str, *, idempotency_key: str | None = None
    ) -> ModelOut:
        """Go back to the version that judged before."""
        asked = self._ask(
            "POST",
            f"/api/v1/models/{escape(name)}/rollback",
            headers={"Idempotency-Key": idempotency_key},
        )
        answer: ModelOut = asked.json()
        return answer

    def models_versions(self, name: str) -> PageVersionOut:
        """List a model's versions with their manifests."""
        asked = self._ask("GET", f"/api/v1/models/{escape(name)}/versions")
        answer: PageVersionOut = asked.json()
        return answer

    def oidc_callback(
        self,
        *,
        state: str | None = None,
        code: str | None = None,
        iss: str | None = None,
        error: str | None = None,
    ) -> TokenOut:
        """Come back from the OpenID provider."""
        asked = self._ask(
            "GET",
            f"/api/v1/auth/oidc/callback",
            query={"state": state, "code": code, "iss": iss, "error": error},
        )
        answer: TokenOut = asked.json()
        return answer

    def oidc_login(self) -> None:
        """Go to the OpenID provider."""
        asked = self._ask("GET", f"/api/v1/auth/oidc/login")
        asked.raise_for_status()

    def readyz(self) -> Any:
        """Say whether it can serve, each dependency named."""
        asked = self._ask("GET", f"/readyz")
        answer: Any = asked.json()
        return answer

    def roles(self) -> PageRoleOut:
        """Roles and permissions."""
        asked = self._ask("GET", f"/api/v1/roles")
        answer: PageRoleOut = asked.json()
        return answer

    def runs_cancel(
        self, run_id: str, body: CancelIn, *, idempotency_key: str | None = None
    ) -> Accepted:
        """Cancel a run."""
        asked = self._ask(
            "POST",
            f"/api/v1/runs/{escape(run_id)}/cancel",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Accepted = asked.json()
        return answer

    def runs_decide(
        self,
        run_id: str,
        step: str,
        body: DecideStepIn,
        *,
        idempotency_key: str | None = None,
    ) -> Accepted:
        """Approve or reject a step."""
        asked = self._ask(
            "POST",
            f"/api/v1/runs/{escape(run_id)}/steps/{escape(step)}/decide",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Accepted = asked.json()
        return answer

    def runs_fork(
        self, run_id: str, body: ForkRunIn, *, idempotency_key: str | None = None
    ) -> Accepted:
        """Fork a finished run."""
        asked = self._ask(
            "POST",
            f"/api/v1/runs/{escape(run_id)}/fork",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Accepted = asked.json()
        return answer

    def runs_get(self, run_id: str) -> RunDetailOut:
        """Get a run."""
        asked = self._ask("GET", f"/api/v1/runs/{escape(run_id)}")
        answer: RunDetailOut = asked.json()
        return answer

    def runs_list(
        self,
        *,
        workflow: str | None = None,
        version: int | None = None,
        subject: str | None = None,
        state: RunState | None = None,
        created_from: str | None = None,
        created_before: str | None = None,
        ended_from: str | None = None,
        ended_before: str | None = None,
        attribute: list[str] | None = None,
        parent: str | None = None,
        origin: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> PageRunOut:
        """List runs."""
        asked = self._ask(
            "GET",
            f"/api/v1/runs",
            query={
                "workflow": workflow,
                "version": version,
                "subject": subject,
                "state": state,
                "created_from": created_from,
                "created_before": created_before,
                "ended_from": ended_from,
                "ended_before": ended_before,
                "attribute": attribute,
                "parent": parent,
                "origin": origin,
                "limit": limit,
                "cursor": cursor,
            },
        )
        answer: PageRunOut = asked.json()
        return answer

    def runs_retry(
        self, run_id: str, body: RetryRunIn, *, idempotency_key: str | None = None
    ) -> Accepted:
        """Retry a finished run."""
        asked = self._ask(
            "POST",
            f"/api/v1/runs/{escape(run_id)}/retry",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Accepted = asked.json()
        return answer

    def runs_signal(
        self, run_id: str, body: SignalIn, *, idempotency_key: str | None = None
    ) -> Accepted:
        """Signal a run."""
        asked = self._ask(
            "POST",
            f"/api/v1/runs/{escape(run_id)}/signals",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Accepted = asked.json()
        return answer

    def runs_start(
        self, name: str, body: StartRunIn, *, idempotency_key: str | None = None
    ) -> Accepted:
        """Start a run."""
        asked = self._ask(
            "POST",
            f"/api/v1/workflows/{escape(name)}/runs",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Accepted = asked.json()
        return answer

    def runs_steps(
        self, run_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> PageRunStepOut:
        """Steps of a run."""
        asked = self._ask(
            "GET",
            f"/api/v1/runs/{escape(run_id)}/steps",
            query={"limit": limit, "cursor": cursor},
        )
        answer: PageRunStepOut = asked.json()
        return answer

    def schedules_create(
        self, body: ScheduleIn, *, idempotency_key: str | None = None
    ) -> ScheduleOut:
        """Keep a schedule."""
        asked = self._ask(
            "POST",
            f"/api/v1/schedules",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ScheduleOut = asked.json()
        return answer

    def schedules_delete(
        self, name: str, *, idempotency_key: str | None = None
    ) -> None:
        """Forget a schedule."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/schedules/{escape(name)}",
            headers={"Idempotency-Key": idempotency_key},
        )
        asked.raise_for_status()

    def schedules_list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> PageScheduleOut:
        """List schedules."""
        asked = self._ask(
            "GET", f"/api/v1/schedules", query={"limit": limit, "cursor": cursor}
        )
        answer: PageScheduleOut = asked.json()
        return answer

    def schedules_update(
        self, name: str, body: SchedulePatch, *, idempotency_key: str | None = None
    ) -> ScheduleOut:
        """Pause or resume a schedule."""
        asked = self._ask(
            "PATCH",
            f"/api/v1/schedules/{escape(name)}",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: ScheduleOut = asked.json()
        return answer

    def search(
        self, *, q: str, limit: int | None = None, cursor: str | None = None
    ) -> PageFoundOut:
        """Search cases."""
        asked = self._ask(
            "GET", f"/api/v1/search", query={"q": q, "limit": limit, "cursor": cursor}
        )
        answer: PageFoundOut = asked.json()
        return answer

    def services_list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> PageStr:
        """Operations that steps may call."""
        asked = self._ask(
            "GET", f"/api/v1/services", query={"limit": limit, "cursor": cursor}
        )
        answer: PageStr = asked.json()
        return answer

    def spam_assess(
        self, body: AssessIn, *, idempotency_key: str | None = None
    ) -> Assessed:
        """Assess evidence (spam)."""
        asked = self._ask(
            "POST",
            f"/api/v1/spam/assess",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: Assessed = asked.json()
        return answer

    def spam_assess_batch(
        self, body: BatchIn, *, idempotency_key: str | None = None
    ) -> BatchResults:
        """Assess many items, each by itself (spam)."""
        asked = self._ask(
            "POST",
            f"/api/v1/spam/assess/batch",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: BatchResults = asked.json()
        return answer

    def spam_campaign(
        self, name: str, *, limit: int | None = None, cursor: str | None = None
    ) -> CampaignDetail:
        """Tell a campaign's messages and cases."""
        asked = self._ask(
            "GET",
            f"/api/v1/spam/campaigns/{escape(name)}",
            query={"limit": limit, "cursor": cursor},
        )
        answer: CampaignDetail = asked.json()
        return answer

    def spam_campaigns(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
        case_: str | None = None,
    ) -> CampaignPage:
        """List campaigns: messages that are nearly the same."""
        asked = self._ask(
            "GET",
            f"/api/v1/spam/campaigns",
            query={"limit": limit, "cursor": cursor, "case": case_},
        )
        answer: CampaignPage = asked.json()
        return answer

    def spam_feedback(
        self, body: FeedbackIn, *, idempotency_key: str | None = None
    ) -> FeedbackGiven:
        """Say what messages are; the tenant's scores learn from it."""
        asked = self._ask(
            "POST",
            f"/api/v1/spam/feedback",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: FeedbackGiven = asked.json()
        return answer

    def spam_feedback_list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> FeedbackPage:
        """List feedback."""
        asked = self._ask(
            "GET", f"/api/v1/spam/feedback", query={"limit": limit, "cursor": cursor}
        )
        answer: FeedbackPage = asked.json()
        return answer

    def spam_feedback_withdraw(
        self, key: str, *, idempotency_key: str | None = None
    ) -> FeedbackOut:
        """Take feedback back, as if it had never been given."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/spam/feedback/{escape(key)}",
            headers={"Idempotency-Key": idempotency_key},
        )
        answer: FeedbackOut = asked.json()
        return answer

    def stats(self) -> StatsOut:
        """Count cases."""
        asked = self._ask("GET", f"/api/v1/stats")
        answer: StatsOut = asked.json()
        return answer

    def stats_timeseries(
        self,
        *,
        first: str | None = None,
        last: str | None = None,
        interval: Interval | None = None,
    ) -> SeriesOut:
        """Count cases over time."""
        asked = self._ask(
            "GET",
            f"/api/v1/stats/timeseries",
            query={"first": first, "last": last, "interval": interval},
        )
        answer: SeriesOut = asked.json()
        return answer

    def submissions_create(
        self,
        body: SubmissionIn,
        *,
        idempotency_key: str | None = None,
        prefer: str | None = None,
    ) -> SubmissionAccepted | CaseOut:
        """Submit evidence."""
        asked = self._ask(
            "POST",
            f"/api/v1/submissions",
            headers={"Idempotency-Key": idempotency_key, "Prefer": prefer},
            body=body,
        )
        answer: SubmissionAccepted | CaseOut = asked.json()
        return answer

    def submissions_create_batch(
        self, body: SubmissionBatchIn, *, idempotency_key: str | None = None
    ) -> BatchAccepted:
        """Submit many, each by itself."""
        asked = self._ask(
            "POST",
            f"/api/v1/submissions/batch",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: BatchAccepted = asked.json()
        return answer

    def submissions_get(self, submission_id: str) -> SubmissionOut:
        """Get a submission."""
        asked = self._ask("GET", f"/api/v1/submissions/{escape(submission_id)}")
        answer: SubmissionOut = asked.json()
        return answer

    def submissions_list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> PageSubmissionOut:
        """List submissions."""
        asked = self._ask(
            "GET", f"/api/v1/submissions", query={"limit": limit, "cursor": cursor}
        )
        answer: PageSubmissionOut = asked.json()
        return answer

    def totp_begin(self, *, idempotency_key: str | None = None) -> EnrolmentOut:
        """Begin a second factor."""
        asked = self._ask(
            "POST", f"/api/v1/auth/totp", headers={"Idempotency-Key": idempotency_key}
        )
        answer: EnrolmentOut = asked.json()
        return answer

    def totp_confirm(
        self, body: CodeIn, *, idempotency_key: str | None = None
    ) -> RecoveryOut:
        """Confirm the second factor."""
        asked = self._ask(
            "POST",
            f"/api/v1/auth/totp/confirm",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: RecoveryOut = asked.json()
        return answer

    def totp_remove(self, body: CodeIn, *, idempotency_key: str | None = None) -> None:
        """Remove the second factor."""
        asked = self._ask(
            "POST",
            f"/api/v1/auth/totp/remove",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        asked.raise_for_status()

    def users_create(
        self, body: UserIn, *, idempotency_key: str | None = None
    ) -> UserOut:
        """Create a user."""
        asked = self._ask(
            "POST",
            f"/api/v1/users",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: UserOut = asked.json()
        return answer

    def users_delete(self, user_id: str, *, idempotency_key: str | None = None) -> None:
        """Deactivate a user."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/users/{escape(user_id)}",
            headers={"Idempotency-Key": idempotency_key},
        )
        asked.raise_for_status()

    def users_end_sessions(
        self, user_id: str, *, idempotency_key: str | None = None
    ) -> None:
        """End a user's sessions."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/users/{escape(user_id)}/sessions",
            headers={"Idempotency-Key": idempotency_key},
        )
        asked.raise_for_status()

    def users_get(self, user_id: str) -> UserOut:
        """Get a user."""
        asked = self._ask("GET", f"/api/v1/users/{escape(user_id)}")
        answer: UserOut = asked.json()
        return answer

    def users_list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> PageUserOut:
        """List users."""
        asked = self._ask(
            "GET", f"/api/v1/users", query={"limit": limit, "cursor": cursor}
        )
        answer: PageUserOut = asked.json()
        return answer

    def users_reset_totp(
        self, user_id: str, *, idempotency_key: str | None = None
    ) -> None:
        """Reset a user's second factor."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/users/{escape(user_id)}/totp",
            headers={"Idempotency-Key": idempotency_key},
        )
        asked.raise_for_status()

    def users_update(
        self,
        user_id: str,
        body: UserPatch,
        *,
        if_match: str,
        idempotency_key: str | None = None,
    ) -> UserOut:
        """Change or disable a user."""
        asked = self._ask(
            "PATCH",
            f"/api/v1/users/{escape(user_id)}",
            headers={"If-Match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: UserOut = asked.json()
        return answer

    def webhooks_create(
        self, body: WebhookIn, *, idempotency_key: str | None = None
    ) -> WebhookWithSecret:
        """Keep a webhook."""
        asked = self._ask(
            "POST",
            f"/api/v1/webhooks",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: WebhookWithSecret = asked.json()
        return answer

    def webhooks_delete(
        self, webhook_id: str, *, idempotency_key: str | None = None
    ) -> None:
        """Forget a webhook."""
        asked = self._ask(
            "DELETE",
            f"/api/v1/webhooks/{escape(webhook_id)}",
            headers={"Idempotency-Key": idempotency_key},
        )
        asked.raise_for_status()

    def webhooks_deliveries(
        self,
        webhook_id: str,
        *,
        state: DeliveryState | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> PageDeliveryOut:
        """Deliveries to a webhook."""
        asked = self._ask(
            "GET",
            f"/api/v1/webhooks/{escape(webhook_id)}/deliveries",
            query={"state": state, "limit": limit, "cursor": cursor},
        )
        answer: PageDeliveryOut = asked.json()
        return answer

    def webhooks_get(self, webhook_id: str) -> WebhookOut:
        """Get a webhook."""
        asked = self._ask("GET", f"/api/v1/webhooks/{escape(webhook_id)}")
        answer: WebhookOut = asked.json()
        return answer

    def webhooks_list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> PageWebhookOut:
        """List webhooks."""
        asked = self._ask(
            "GET", f"/api/v1/webhooks", query={"limit": limit, "cursor": cursor}
        )
        answer: PageWebhookOut = asked.json()
        return answer

    def webhooks_update(
        self,
        webhook_id: str,
        body: WebhookPatch,
        *,
        if_match: str,
        idempotency_key: str | None = None,
    ) -> WebhookWithSecret:
        """Change a webhook."""
        asked = self._ask(
            "PATCH",
            f"/api/v1/webhooks/{escape(webhook_id)}",
            headers={"If-Match": if_match, "Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: WebhookWithSecret = asked.json()
        return answer

    def workflows_create(
        self, body: DefinitionIn, *, idempotency_key: str | None = None
    ) -> DefinitionIn:
        """Keep a workflow definition."""
        asked = self._ask(
            "POST",
            f"/api/v1/workflows",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: DefinitionIn = asked.json()
        return answer

    def workflows_get(self, name: str) -> DefinitionIn:
        """Get a workflow definition."""
        asked = self._ask("GET", f"/api/v1/workflows/{escape(name)}")
        answer: DefinitionIn = asked.json()
        return answer

    def workflows_get_version(self, name: str, version: int) -> DefinitionIn:
        """Get a version of a workflow definition."""
        asked = self._ask(
            "GET", f"/api/v1/workflows/{escape(name)}/versions/{escape(version)}"
        )
        answer: DefinitionIn = asked.json()
        return answer

    def workflows_list(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> PageDefinitionIn:
        """List workflow definitions."""
        asked = self._ask(
            "GET", f"/api/v1/workflows", query={"limit": limit, "cursor": cursor}
        )
        answer: PageDefinitionIn = asked.json()
        return answer

    def workflows_pause(
        self, name: str, body: PauseIn, *, idempotency_key: str | None = None
    ) -> None:
        """Pause a workflow."""
        asked = self._ask(
            "POST",
            f"/api/v1/workflows/{escape(name)}/pause",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        asked.raise_for_status()

    def workflows_paused(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> PagePauseOut:
        """Workflows that are paused."""
        asked = self._ask(
            "GET", f"/api/v1/workflow-pauses", query={"limit": limit, "cursor": cursor}
        )
        answer: PagePauseOut = asked.json()
        return answer

    def workflows_resume(
        self, name: str, *, idempotency_key: str | None = None
    ) -> None:
        """Resume a workflow."""
        asked = self._ask(
            "POST",
            f"/api/v1/workflows/{escape(name)}/resume",
            headers={"Idempotency-Key": idempotency_key},
        )
        asked.raise_for_status()

    def workflows_validate(
        self, body: DefinitionIn, *, idempotency_key: str | None = None
    ) -> DefinitionIn:
        """Check a workflow definition."""
        asked = self._ask(
            "POST",
            f"/api/v1/workflows/validate",
            headers={"Idempotency-Key": idempotency_key},
            body=body,
        )
        answer: DefinitionIn = asked.json()
        return answer
