"""Generated from the OpenAPI document by `make docs`: what is sent and what comes back."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

__all__ = [
    "Accepted",
    "AccessIn",
    "AccessOut",
    "AccountIn",
    "ActorIn",
    "ActorKind",
    "AllowIn",
    "Allowed",
    "AllowedList",
    "AppendedOut",
    "ApprovalDecideIn",
    "ApprovalIn",
    "ApprovalOut",
    "ApprovalState",
    "AssessIn",
    "Assessed",
    "Assessment",
    "AttachmentIn",
    "AttachmentOut",
    "BacktestIn",
    "BacktestOut",
    "BatchAccepted",
    "BatchIn",
    "BatchItem",
    "BatchResults",
    "BidScoreOut",
    "BreakIn",
    "BulkIn",
    "BulkOut",
    "BulkResult",
    "CampaignDetail",
    "CampaignOut",
    "CampaignPage",
    "CanaryIn",
    "CancelIn",
    "CaseHitList",
    "CaseHitOut",
    "CaseIn",
    "CaseOut",
    "CasePatch",
    "CaseSort",
    "CaseState",
    "CatchUp",
    "ChangeOut",
    "CodeIn",
    "ConsistencyOut",
    "ContentOut",
    "DatasetIn",
    "DatasetList",
    "DatasetOut",
    "DecideIn",
    "DecideStepIn",
    "DecisionOut",
    "DefinitionIn",
    "DeliveryOut",
    "DeliveryState",
    "DifferenceOut",
    "DueOut",
    "EdgeOut",
    "EnrolmentOut",
    "EntriesOut",
    "EntryOut",
    "EraseIn",
    "EventIn",
    "EventOut",
    "EventsIn",
    "EvidenceKind",
    "EvidenceOut",
    "Example",
    "ExampleFinding",
    "ExampleOut",
    "Expected",
    "Failure",
    "FeedbackGiven",
    "FeedbackIn",
    "FeedbackOut",
    "FeedbackPage",
    "FieldError",
    "FieldProblem",
    "FindingInput",
    "FindingOutput",
    "FindingKind",
    "FindingOut",
    "FlagOut",
    "ForkRunIn",
    "FoundOut",
    "GrantIn",
    "GrantOut",
    "GranteeKind",
    "HistoryOut",
    "HitOut",
    "HoldOut",
    "HoldsOut",
    "InclusionOut",
    "IndicatorList",
    "IndicatorOut",
    "Interval",
    "IssuedKeyOut",
    "ItemAssessed",
    "ItemFailed",
    "JsonValue",
    "KeptItemOut",
    "KeyIn",
    "KeyOut",
    "KeyRotated",
    "KeysOut",
    "LinkIn",
    "LinkKind",
    "LinkOut",
    "ListOut",
    "ListOutcome",
    "ListsOut",
    "LoadIn",
    "LoadOut",
    "MatchIn",
    "MatchOut",
    "MeOut",
    "MemberOut",
    "MessageIn",
    "ModelList",
    "MoveOut",
    "NetworkOut",
    "NewEvidenceIn",
    "NodeOut",
    "OAuthError",
    "OnFailure",
    "OnSubjectIn",
    "OptionOut",
    "Outcome",
    "Overlap",
    "PageApprovalOut",
    "PageAttachmentOut",
    "PageCaseOut",
    "PageDecisionOut",
    "PageDefinitionIn",
    "PageDeliveryOut",
    "PageEventOut",
    "PageEvidenceOut",
    "PageFindingOut",
    "PageFoundOut",
    "PageHistoryOut",
    "PageKeyOut",
    "PageLinkOut",
    "PageModelOut",
    "PagePauseOut",
    "PageRoleOut",
    "PageRunOut",
    "PageRunStepOut",
    "PageScheduleOut",
    "PageSubmissionOut",
    "PageTimelineEntryOut",
    "PageUserOut",
    "PageVersionOut",
    "PageWebhookOut",
    "PageStr",
    "PartOut",
    "PartyIn",
    "PauseIn",
    "PauseOut",
    "PaymentIn",
    "PaymentRule",
    "PaymentRules",
    "PersonalIn",
    "PersonalItemOut",
    "PersonalKind",
    "PersonalOut",
    "PlaceOut",
    "PointOut",
    "PolicyIn",
    "PolicyList",
    "PolicyOut",
    "PolicyState",
    "Priority",
    "Problem",
    "ProcurementIn",
    "ProfileOut",
    "PromoteIn",
    "PruneIn",
    "PrunedOut",
    "PublishIn",
    "Purpose",
    "ReasonInput",
    "ReasonOutput",
    "RecoveryOut",
    "RefreshIn",
    "RefreshList",
    "RefreshOut",
    "RejectOut",
    "ReportOut",
    "RetentionIn",
    "RetentionOut",
    "RetryIn",
    "RetryRunIn",
    "RevealIn",
    "ReviewIn",
    "ReviewState",
    "RevokeIn",
    "RiskOut",
    "Role",
    "RoleOut",
    "RunDetailOut",
    "RunOut",
    "RunState",
    "RunStepOut",
    "ScheduleIn",
    "ScheduleOut",
    "SchedulePatch",
    "ScreenBatchIn",
    "ScreenBatchOut",
    "ScreenIn",
    "ScreenItemOut",
    "ScreenOut",
    "SeriesOut",
    "Severity",
    "SignOut",
    "SignalIn",
    "StartRunIn",
    "StatisticsOut",
    "StatsOut",
    "StepIn",
    "StepState",
    "SubjectInput",
    "SubjectOutput",
    "SubjectIn",
    "SubjectOut",
    "SubmissionAccepted",
    "SubmissionBatchIn",
    "SubmissionIn",
    "SubmissionOut",
    "TestIn",
    "TestOut",
    "TimelineEntryOut",
    "TokenIn",
    "TokenOut",
    "TransitionIn",
    "UserIn",
    "UserOut",
    "UserPatch",
    "Verdict",
    "VersionOut",
    "WebhookIn",
    "WebhookOut",
    "WebhookPatch",
    "WebhookWithSecret",
    "ModelOut",
    "ErasedOut",
    "AnticorruptionErasedOut",
    "AnticorruptionModelOut",
    "AuditErasedOut",
]

ActorKind: TypeAlias = "Literal['person', 'policy', 'platform']"
ApprovalState: TypeAlias = "Literal['open', 'approved', 'rejected', 'void']"
CaseSort: TypeAlias = "Literal['created_at', '-created_at', 'updated_at', '-updated_at', 'due_at', '-due_at', 'risk', '-risk']"
CaseState: TypeAlias = "Literal['PENDING', 'INVESTIGATING', 'VALIDATING', 'REMEDIATING', 'RESOLVED', 'FAILED', 'CANCELLED']"
CatchUp: TypeAlias = "Literal['one', 'all', 'skip']"
DeliveryState: TypeAlias = "Literal['pending', 'delivered', 'dead']"
EvidenceKind: TypeAlias = "Literal['message', 'procurement', 'party', 'payment']"
FindingKind: TypeAlias = "Literal['signal', 'hit', 'not_assessed']"
GranteeKind: TypeAlias = "Literal['user', 'team']"
Interval: TypeAlias = "Literal['day', 'week', 'month']"
JsonValue: TypeAlias = "Any"
LinkKind: TypeAlias = "Literal['related', 'duplicate_of', 'part_of', 'caused_by']"
OnFailure: TypeAlias = "Literal['fail', 'continue', 'compensate']"
Outcome: TypeAlias = "Literal['no_action', 'review', 'escalate']"
Overlap: TypeAlias = "Literal['allow', 'skip', 'cancel']"
PersonalKind: TypeAlias = "Literal['email', 'phone', 'iban', 'card', 'national_id', 'birth_date', 'ip_address']"
PolicyState: TypeAlias = "Literal['draft', 'proposed', 'published']"
Priority: TypeAlias = "Literal['low', 'normal', 'high', 'urgent']"
Purpose: TypeAlias = (
    "Literal['investigation', 'review', 'audit', 'subject_request', 'legal_claim']"
)
ReviewState: TypeAlias = "Literal['open', 'confirmed', 'dismissed']"
Role: TypeAlias = (
    "Literal['viewer', 'analyst', 'reviewer', 'auditor', 'admin', 'service']"
)
RunState: TypeAlias = "Literal['running', 'succeeded', 'failed', 'cancelled']"
Severity: TypeAlias = "Literal['info', 'low', 'medium', 'high', 'critical']"
StepState: TypeAlias = "Literal['pending', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'compensated']"


class Accepted(TypedDict):
    """What was asked for will happen."""

    run_id: str


class AccessIn(TypedDict):
    """Whether the case is confidential from now on, and why."""

    confidential: bool
    reason: str


class AccessOut(TypedDict):
    """Who may see a case: all whom a role lets, or its assignee and the grants."""

    case_id: str
    confidential: bool
    reason: str
    restricted_by: str | None
    restricted_at: str | None
    grants: list[GrantOut]


class AccountIn(TypedDict):
    """One side of a payment."""

    name: str
    account: NotRequired[str | None]
    country: NotRequired[str | None]


class ActorIn(TypedDict):
    """Who did it, in the outside system."""

    id: str
    kind: NotRequired[Literal["person", "service", "platform"]]
    roles: NotRequired[list[str]]
    address: NotRequired[str | None]


class AllowIn(TypedDict):
    """A dismissed hit, and how long its pair is none."""

    finding: str
    reason: str
    days: NotRequired[int]


class Allowed(TypedDict):
    """A pair that is no hit until the entry changes or the date comes."""

    id: str
    party: str
    list: str
    uid: str
    entry_digest: str
    finding: str | None
    reason: str
    created_by: str
    created_at: str
    expires_at: str


class AllowedList(TypedDict):
    """A page of pairs, newest first."""

    data: list[Allowed]
    next_cursor: NotRequired[str | None]


class AppendedOut(TypedDict):
    """Where the events stand, and the signed checkpoint that covers them."""

    data: list[PlaceOut]
    checkpoint: str


class ApprovalDecideIn(TypedDict):
    """Approve or reject."""

    approve: bool
    reason: NotRequired[str]


class ApprovalIn(TypedDict):
    """Who may decide: people with one of these roles; none named: all who may."""

    roles: NotRequired[list[str]]


class ApprovalOut(TypedDict):
    """A transition that waits, or waited, for a second person."""

    id: str
    case_id: str
    case_version: int
    from_state: CaseState
    to: CaseState
    reason: str
    requested_by: str
    requested_at: str
    state: ApprovalState
    decided_by: str | None
    decided_at: str | None
    decision_reason: str


class AssessIn(TypedDict):
    """Evidence to be assessed now, without opening a case."""

    channel: NotRequired[str]
    evidence: list[MessageIn | ProcurementIn | PartyIn | PaymentIn]


class Assessed(TypedDict):
    """A service's answer: what it found, with which versions, on which input."""

    service: str
    evidence: list[str]
    findings: list[FindingOutput]
    versions: dict[str, str]
    input_hash: str


class Assessment(TypedDict):
    """A service's answer on one dossier, with the versions that made it."""

    service: str
    findings: list[FindingInput]
    versions: dict[str, str]
    input_hash: str


class AttachmentIn(TypedDict):
    """A file to keep with a case."""

    name: str
    media_type: NotRequired[str]
    content_base64: str


class AttachmentOut(TypedDict):
    """An attachment without its content."""

    id: str
    case_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    added_by: str
    added_at: str


class BacktestIn(TypedDict):
    """Which version to try (the newest without one), on how many past verdicts."""

    version: NotRequired[int | None]
    limit: NotRequired[int]


class BacktestOut(TypedDict):
    """What would have changed; the newest 500 changed cases are named."""

    decided: int
    changed: int
    failed: int
    moves: list[MoveOut]
    changes: list[ChangeOut]


class BatchAccepted(TypedDict):
    """What became of a batch."""

    accepted: int
    rejected: int
    results: list[BatchItem]


class BatchIn(TypedDict):
    """Items to be assessed, each by itself; a bad one does not sink the rest."""

    items: list[AssessIn]


class BatchItem(TypedDict):
    """What became of one item of a batch, by its index."""

    index: int
    accepted: NotRequired[SubmissionAccepted | None]
    error: NotRequired[dict[str, Any] | None]


class BatchResults(TypedDict):
    """One result for each item, in the order of the request."""

    results: list[ItemAssessed | ItemFailed]


class BidScoreOut(TypedDict):
    """What the collusion model says of a bid; `contributions` are Shapley values."""

    probability: float | None
    reasons: list[str]
    out_of_domain: list[str]
    contributions: dict[str, float]


class BreakIn(TypedDict):
    """Why the case must be opened without a grant."""

    reason: str


class BulkIn(TypedDict):
    """Changes of several cases; each is made or refused by itself."""

    items: list[JsonValue]


class BulkOut(TypedDict):
    """What became of all of them."""

    changed: int
    refused: int
    results: list[BulkResult]


class BulkResult(TypedDict):
    """What became of one item, by its index."""

    index: int
    case: NotRequired[CaseOut | None]
    error: NotRequired[dict[str, Any] | None]


class CampaignDetail(TypedDict):
    """A campaign, a page of its messages, the newest first, and the cases of these."""

    id: str
    messages: int
    cases: int
    senders: int
    first_seen: str
    last_seen: str
    members: list[MemberOut]
    case_ids: list[str]
    next_cursor: NotRequired[str | None]


class CampaignOut(TypedDict):
    """Messages that are nearly the same, as far as they were learned of."""

    id: str
    messages: int
    cases: int
    senders: int
    first_seen: str
    last_seen: str


class CampaignPage(TypedDict):
    """A page of campaigns, the one that began last first."""

    data: list[CampaignOut]
    next_cursor: NotRequired[str | None]


class CanaryIn(TypedDict):
    """The version that scores in the shadow and judges `share` of the cases."""

    version: str | None
    share: NotRequired[float]


class CancelIn(TypedDict):
    """Why a run is to be cancelled."""

    cause: str


class CaseHitList(TypedDict):
    """A page of hits, newest first."""

    data: list[CaseHitOut]
    next_cursor: NotRequired[str | None]


class CaseHitOut(TypedDict):
    """A hit of a case: both sides are in the finding's data, `fields`."""

    id: str
    case: str
    finding: FindingOutput
    created_at: str
    review: str
    reviewed_by: str | None
    review_reason: str
    proposed: str | None
    proposed_by: str | None
    proposed_reason: str | None


class CaseIn(TypedDict):
    """A case that a person opens, with its evidence and as they want it."""

    channel: NotRequired[str]
    title: NotRequired[str]
    reference: NotRequired[str]
    evidence: list[MessageIn | ProcurementIn | PartyIn | PaymentIn]
    priority: NotRequired[Priority]
    assignee: NotRequired[str | None]
    tags: NotRequired[list[str]]
    due_at: NotRequired[str | None]


class CaseOut(TypedDict):
    """A case. `moves` are the states a person may move it to."""

    id: str
    number: str
    state: CaseState
    version: int
    title: str
    channel: str
    kinds: list[str]
    risk: float | None
    band: str | None
    outcome: Outcome | None
    missing: list[str]
    priority: Priority
    assignee: str | None
    tags: list[str]
    submission_id: str
    created_at: str
    updated_at: str
    due_at: str | None
    closed_at: str | None
    moves: NotRequired[list[CaseState]]


class CasePatch(TypedDict):
    """What people may change of a case; what is left out stays. Null unassigns."""

    title: NotRequired[str | None]
    priority: NotRequired[Priority | None]
    assignee: NotRequired[str | None]
    tags: NotRequired[list[str] | None]
    due_at: NotRequired[str | None]


class ChangeOut(TypedDict):
    """A case that would have come out otherwise, and why."""

    case: str
    before: Outcome
    after: Outcome
    risk_before: float
    risk_after: float
    reasons: list[str]


class CodeIn(TypedDict):
    """A code of the second factor."""

    code: str


class ConsistencyOut(TypedDict):
    """A consistency proof (RFC 6962 section 2.1.2); hashes in base64."""

    old: int
    new: int
    hashes: list[str]


class ContentOut(TypedDict):
    """The content of evidence: text of a message, JSON of anything else."""

    id: str
    kind: str
    sha256: str
    content: dict[str, Any]


class DatasetIn(TypedDict):
    """A dataset to create."""

    name: str
    title: NotRequired[str]


class DatasetList(TypedDict):
    """All datasets of the tenant; one page."""

    data: list[DatasetOut]
    next_cursor: NotRequired[str | None]


class DatasetOut(TypedDict):
    """A dataset."""

    name: str
    title: str
    created: str


class DecideIn(TypedDict):
    """What a policy decides on; the tenant is the caller's."""

    dossier_id: str
    channel: NotRequired[str]
    kinds: NotRequired[list[EvidenceKind]]
    assessments: dict[str, Assessment]


class DecideStepIn(TypedDict):
    """Approve or reject what a step waits for."""

    approve: bool
    reason: NotRequired[str]


class DecisionOut(TypedDict):
    """A policy's verdict on a case."""

    run_id: str
    outcome: Outcome
    risk: float
    band: str
    policy: str
    reasons: list[ReasonOutput]
    required_steps: list[str]
    at: str


class DefinitionIn(TypedDict):
    """A definition on the wire."""

    name: str
    version: NotRequired[int]
    description: NotRequired[str]
    timeout_s: NotRequired[float | None]
    priority: NotRequired[int]
    steps: list[StepIn]
    outputs: NotRequired[dict[str, Any]]


class DeliveryOut(TypedDict):
    """One event on its way to one webhook."""

    id: str
    webhook_id: str
    event_id: str
    type: str
    state: DeliveryState
    attempts: int
    due_at: str
    status: int | None
    error: str
    created_at: str
    ended_at: str | None
    replay_of: str | None


class DifferenceOut(TypedDict):
    """One thing a verification found."""

    place: str
    message: str


class DueOut(TypedDict):
    """An item of evidence whose period is over."""

    case: str
    evidence: str
    kind: EvidenceKind
    closed_at: str


class EdgeOut(TypedDict):
    """Why two nodes are joined, and the processes that say so (at most 20)."""

    source: str
    target: str
    kind: str
    why: str
    ocids: list[str]


class EnrolmentOut(TypedDict):
    """What an authenticator scans; shown this once."""

    secret: str
    uri: str


class EntriesOut(TypedDict):
    """A page of leaves, oldest first."""

    data: list[EntryOut]
    next_cursor: str | None


class EntryOut(TypedDict):
    """A leaf. The bytes hashed are `entry` as canonical JSON (RFC 8785)."""

    index: int
    event_id: str
    leaf_hash: str
    entry: dict[str, JsonValue]
    pruned: bool


class EraseIn(TypedDict):
    """Items of evidence to erase, as an export named them, and why."""

    evidence: list[str]
    reason: str


class EventIn(TypedDict):
    """An event of an outside system. Personal data goes into `personal` alone."""

    event_id: str
    type: str
    subject: str
    source: str
    actor: ActorIn
    occurred: NotRequired[str | None]
    outcome: NotRequired[Literal["success", "failure", "unknown"] | None]
    reason: NotRequired[str | None]
    correlation_id: NotRequired[str | None]
    before: NotRequired[str | None]
    after: NotRequired[str | None]
    commitment: NotRequired[str | None]
    personal: NotRequired[dict[str, JsonValue] | None]
    data: NotRequired[dict[str, JsonValue]]


class EventOut(TypedDict):
    """What happened, as a CloudEvent (1.0): references only, no personal data."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    sequence: str
    data: dict[str, Any]


class EventsIn(TypedDict):
    """Events to append: all of them or none."""

    entries: list[EventIn]


class EvidenceOut(TypedDict):
    """An item of evidence without its content."""

    id: str
    kind: str
    sha256: str
    media_type: NotRequired[str | None]
    size: NotRequired[int | None]


class Example(TypedDict):
    """A case and what the policy must say of it; services not `missing` found this."""

    name: str
    channel: NotRequired[str]
    kinds: NotRequired[list[EvidenceKind]]
    findings: NotRequired[list[ExampleFinding]]
    missing: NotRequired[list[str]]
    expect: Expected


class ExampleFinding(TypedDict):
    """A finding of an example."""

    service: str
    code: str
    severity: NotRequired[Severity]
    score: NotRequired[float]
    kind: NotRequired[str]
    data: NotRequired[dict[str, JsonValue]]


class ExampleOut(TypedDict):
    """What the policy says of an example."""

    name: str
    passed: bool
    differences: list[str]
    verdict: Verdict


class Expected(TypedDict):
    """What an example must come to."""

    outcome: Outcome
    band: NotRequired[str | None]
    required_steps: NotRequired[list[str] | None]
    second_reviewer: NotRequired[list[Literal["confirmed", "dismissed"]] | None]


class Failure(TypedDict):
    """The error of one item of a batch. `code` is a kernel error's code."""

    code: str
    detail: str
    retryable: NotRequired[bool]
    errors: NotRequired[list[FieldError]]


class FeedbackGiven(TypedDict):
    """What was learned: an item for each message."""

    data: list[FeedbackOut]


class FeedbackIn(TypedDict):
    """What an analyst says: of one message, of a case's, or of a campaign's."""

    label: Literal["junk", "wanted"]
    evidence: NotRequired[str | None]
    case: NotRequired[str | None]
    campaign: NotRequired[str | None]
    reason: NotRequired[str]


class FeedbackOut(TypedDict):
    """What was said of a message, by whom, and whether it was taken back."""

    id: str
    evidence_id: str
    label: str
    reason: str
    given_by: str
    given_at: str
    withdrawn_by: str | None
    withdrawn_at: str | None


class FeedbackPage(TypedDict):
    """A page of feedback, the newest first."""

    data: list[FeedbackOut]
    next_cursor: NotRequired[str | None]


class FieldError(TypedDict):
    """One thing wrong with one field."""

    path: str
    message: str
    remedy: NotRequired[str]


class FieldProblem(TypedDict):
    """One thing wrong with one field: where, what, and what to do about it."""

    path: str
    message: str
    remedy: NotRequired[str]


class FindingInput(TypedDict):
    """What a service says of evidence. `score` lies in [0, 1]."""

    code: str
    severity: Severity
    score: float
    subject: SubjectInput
    title: str
    reasons: NotRequired[list[ReasonInput]]
    kind: NotRequired[FindingKind]
    data: NotRequired[dict[str, JsonValue]]


class FindingOutput(TypedDict):
    """What a service says of evidence. `score` lies in [0, 1]."""

    code: str
    severity: Severity
    score: float
    subject: SubjectOutput
    title: str
    reasons: NotRequired[list[ReasonOutput]]
    kind: NotRequired[FindingKind]
    data: NotRequired[dict[str, JsonValue]]


class FindingOut(TypedDict):
    """A finding with its reasons and what a person said of it."""

    id: str
    case_id: str
    run_id: str
    service: str
    code: str
    kind: str
    severity: Severity
    score: float
    title: str
    subject: SubjectOutput
    reasons: list[ReasonOutput]
    data: dict[str, Any]
    created_at: str
    review: ReviewState
    reviewed_by: str | None
    reviewed_at: str | None
    review_reason: str
    proposed: ReviewState | None
    proposed_by: str | None
    proposed_at: str | None
    proposed_reason: str | None


class FlagOut(TypedDict):
    """A flag on a process."""

    code: str
    title: str
    value: float | None
    strength: float
    pointer: str
    text: str
    organisations: list[str]


class ForkRunIn(TypedDict):
    """From which step, with which input and version; left out: as it was."""

    from_step: str
    version: NotRequired[int | None]
    input: NotRequired[dict[str, JsonValue] | None]


class FoundOut(TypedDict):
    """A case that was searched for; `matched` names the fields."""

    case: CaseOut
    matched: list[str]


class GrantIn(TypedDict):
    """Who else may see the case: a user by id or a team by name; and why."""

    kind: NotRequired[GranteeKind]
    grantee: str
    reason: str
    expires_at: NotRequired[str | None]


class GrantOut(TypedDict):
    """Who may see a confidential case; `broken`: they opened it themselves."""

    id: str
    case_id: str
    kind: GranteeKind
    grantee: str
    reason: str
    granted_by: str
    granted_at: str
    expires_at: str | None
    broken: bool


class HistoryOut(TypedDict):
    """One transition of a case."""

    version: int
    from_state: CaseState
    to_state: CaseState
    actor_id: str
    actor_kind: ActorKind
    reason: str
    approved_by: str | None
    at: str


class HitOut(TypedDict):
    """A listed entry that resembles the query; `match` is the product's decision."""

    list: str
    uid: str
    name: str
    primary_name: str
    type: str
    score: float
    match: bool
    birth_dates: list[str]
    countries: list[str]
    gender: str
    programmes: list[str]
    reasons: list[ReasonOutput]


class HoldOut(TypedDict):
    """A legal hold: nothing on the subject is pruned or erased."""

    subject: str
    since: str
    actor: str


class HoldsOut(TypedDict):
    """The legal holds that last, by subject."""

    data: list[HoldOut]


class InclusionOut(TypedDict):
    """An audit path (RFC 6962 section 2.1.1); hashes in base64."""

    index: int
    size: int
    leaf_hash: str
    hashes: list[str]


class IndicatorList(TypedDict):
    """All indicators; one page."""

    data: list[IndicatorOut]
    next_cursor: NotRequired[str | None]


class IndicatorOut(TypedDict):
    """What an indicator declares of itself."""

    code: str
    title: str
    formula: str
    value: str
    groups: list[str]
    fields: list[str]
    options: list[OptionOut]
    why: str
    source: str
    severity: str
    weight: float
    alone: str


class IssuedKeyOut(TypedDict):
    """A fresh API key with its secret, which is shown this once."""

    id: str
    name: str
    prefix: str
    owner: str | None
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    secret: str


class ItemAssessed(TypedDict):
    """Item `index` of a batch and what the service says of it."""

    index: int
    assessment: Assessed


class ItemFailed(TypedDict):
    """Item `index` of a batch and why it could not be assessed."""

    index: int
    error: Failure


class KeptItemOut(TypedDict):
    """An item of evidence about the person, and what was found of it."""

    case: str
    evidence: str
    kind: EvidenceKind
    sha256: str
    content: dict[str, JsonValue]
    findings: list[FindingOutput]


class KeyIn(TypedDict):
    """An API key to create. Without scopes it may all that its bearer may."""

    name: str
    scopes: NotRequired[list[str]]
    machine: NotRequired[bool]
    expires_at: NotRequired[str | None]


class KeyOut(TypedDict):
    """An API key without its secret."""

    id: str
    name: str
    prefix: str
    owner: str | None
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class KeyRotated(TypedDict):
    """The key that signs from now on."""

    kid: str


class KeysOut(TypedDict):
    """Verifier keys, C2SP vkeys, newest first."""

    data: list[str]


class LinkIn(TypedDict):
    """The other case, and how this one stands to it."""

    to: str
    kind: NotRequired[LinkKind]
    reason: NotRequired[str]


class LinkOut(TypedDict):
    """`case_id` is `kind` `to`."""

    case_id: str
    to: str
    kind: LinkKind
    reason: str
    actor_id: str
    created_at: str


class ListOut(TypedDict):
    """The state of one list that is screened against."""

    name: str
    version: str
    digest: str
    date: str | None
    entries: int


class ListOutcome(TypedDict):
    """What a refresh did to a list: numbers of entries, or why it stayed as it was."""

    list: str
    version: NotRequired[str | None]
    before: NotRequired[str | None]
    added: NotRequired[int]
    removed: NotRequired[int]
    changed: NotRequired[int]
    error: NotRequired[str]


class ListsOut(TypedDict):
    """All lists that are screened against; none means nobody can be screened."""

    data: list[ListOut]


class LoadIn(TypedDict):
    """Releases, records or packages to take into a dataset."""

    releases: list[dict[str, Any]]


class LoadOut(TypedDict):
    """How many processes were taken in, and what was wrong."""

    loaded: int
    rejects: list[RejectOut]


class MatchIn(TypedDict):
    """Two names, and of what kind of party if that is known."""

    schema: NotRequired[str]
    left: str
    right: str


class MatchOut(TypedDict):
    """How alike they are, in [0, 1]; the same whichever stands left."""

    score: float
    match: bool
    reasons: list[ReasonOutput]


class MeOut(TypedDict):
    """Who calls and what they may do."""

    id: str
    tenant: str
    roles: list[str]
    permissions: list[str]


class MemberOut(TypedDict):
    """A message of a campaign, and its case."""

    evidence: str
    case: str
    channel: str
    seen_at: str
    verdict: str
    probability: float


class MessageIn(TypedDict):
    """A message: `raw` is text, `raw_base64` carries bytes; exactly one of them."""

    kind: Literal["message"]
    raw: NotRequired[str | None]
    raw_base64: NotRequired[str | None]
    media_type: NotRequired[Literal["message/rfc822", "text/plain"] | None]


class ModelList(TypedDict):
    """All models; one page."""

    data: list[AnticorruptionModelOut]
    next_cursor: NotRequired[str | None]


class MoveOut(TypedDict):
    """How many verdicts became what."""

    before: Outcome
    after: Outcome
    cases: int


class NetworkOut(TypedDict):
    """What lies around a party; `truncated` if more than is shown."""

    party: str
    nodes: list[NodeOut]
    edges: list[EdgeOut]
    signs: list[SignOut]
    truncated: bool


class NewEvidenceIn(TypedDict):
    """Evidence to add to a case."""

    evidence: list[MessageIn | ProcurementIn | PartyIn | PaymentIn]


class NodeOut(TypedDict):
    """An organisation, person, address, telephone or e-mail."""

    id: str
    kind: str
    name: str


class OAuthError(TypedDict):
    """A refusal of the token endpoint to a form (RFC 6749 section 5.2)."""

    error: Literal[
        "invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type"
    ]
    error_description: str


class OnSubjectIn(TypedDict):
    """What an act on the log's payloads is about, and why."""

    subject: str
    reason: str


class OptionOut(TypedDict):
    """One option of an indicator; `default` is null where the set decides."""

    name: str
    kind: str
    meaning: str
    default: str | None


class PageApprovalOut(TypedDict):
    """PageApprovalOut"""

    data: list[ApprovalOut]
    next_cursor: NotRequired[str | None]


class PageAttachmentOut(TypedDict):
    """PageAttachmentOut"""

    data: list[AttachmentOut]
    next_cursor: NotRequired[str | None]


class PageCaseOut(TypedDict):
    """PageCaseOut"""

    data: list[CaseOut]
    next_cursor: NotRequired[str | None]


class PageDecisionOut(TypedDict):
    """PageDecisionOut"""

    data: list[DecisionOut]
    next_cursor: NotRequired[str | None]


class PageDefinitionIn(TypedDict):
    """PageDefinitionIn"""

    data: list[DefinitionIn]
    next_cursor: NotRequired[str | None]


class PageDeliveryOut(TypedDict):
    """PageDeliveryOut"""

    data: list[DeliveryOut]
    next_cursor: NotRequired[str | None]


class PageEventOut(TypedDict):
    """PageEventOut"""

    data: list[EventOut]
    next_cursor: NotRequired[str | None]


class PageEvidenceOut(TypedDict):
    """PageEvidenceOut"""

    data: list[EvidenceOut]
    next_cursor: NotRequired[str | None]


class PageFindingOut(TypedDict):
    """PageFindingOut"""

    data: list[FindingOut]
    next_cursor: NotRequired[str | None]


class PageFoundOut(TypedDict):
    """PageFoundOut"""

    data: list[FoundOut]
    next_cursor: NotRequired[str | None]


class PageHistoryOut(TypedDict):
    """PageHistoryOut"""

    data: list[HistoryOut]
    next_cursor: NotRequired[str | None]


class PageKeyOut(TypedDict):
    """PageKeyOut"""

    data: list[KeyOut]
    next_cursor: NotRequired[str | None]


class PageLinkOut(TypedDict):
    """PageLinkOut"""

    data: list[LinkOut]
    next_cursor: NotRequired[str | None]


class PageModelOut(TypedDict):
    """PageModelOut"""

    data: list[ModelOut]
    next_cursor: NotRequired[str | None]


class PagePauseOut(TypedDict):
    """PagePauseOut"""

    data: list[PauseOut]
    next_cursor: NotRequired[str | None]


class PageRoleOut(TypedDict):
    """PageRoleOut"""

    data: list[RoleOut]
    next_cursor: NotRequired[str | None]


class PageRunOut(TypedDict):
    """PageRunOut"""

    data: list[RunOut]
    next_cursor: NotRequired[str | None]


class PageRunStepOut(TypedDict):
    """PageRunStepOut"""

    data: list[RunStepOut]
    next_cursor: NotRequired[str | None]


class PageScheduleOut(TypedDict):
    """PageScheduleOut"""

    data: list[ScheduleOut]
    next_cursor: NotRequired[str | None]


class PageSubmissionOut(TypedDict):
    """PageSubmissionOut"""

    data: list[SubmissionOut]
    next_cursor: NotRequired[str | None]


class PageTimelineEntryOut(TypedDict):
    """PageTimelineEntryOut"""

    data: list[TimelineEntryOut]
    next_cursor: NotRequired[str | None]


class PageUserOut(TypedDict):
    """PageUserOut"""

    data: list[UserOut]
    next_cursor: NotRequired[str | None]


class PageVersionOut(TypedDict):
    """PageVersionOut"""

    data: list[VersionOut]
    next_cursor: NotRequired[str | None]


class PageWebhookOut(TypedDict):
    """PageWebhookOut"""

    data: list[WebhookOut]
    next_cursor: NotRequired[str | None]


class PageStr(TypedDict):
    """PageStr"""

    data: list[str]
    next_cursor: NotRequired[str | None]


class PartOut(TypedDict):
    """What one reason adds to the risk, in points before they are combined."""

    source: str
    points: float
    text: str


class PartyIn(TypedDict):
    """A person or organisation in FollowTheMoney terms."""

    kind: Literal["party"]
    schema: str
    properties: dict[str, list[str]]


class PauseIn(TypedDict):
    """Why a workflow is paused."""

    reason: NotRequired[str]


class PauseOut(TypedDict):
    """A workflow that is paused: its runs begin no step."""

    name: str
    reason: str
    actor_id: str
    paused_at: str


class PaymentIn(TypedDict):
    """A payment; `amount` is a decimal text such as `"1200.00"`."""

    kind: Literal["payment"]
    debtor: AccountIn
    creditor: AccountIn
    amount: float | str
    currency: str
    date: str
    reference: NotRequired[str]


class PaymentRule(TypedDict):
    """What a rule over payments declares of itself."""

    code: str
    title: str
    formula: str
    defaults: dict[str, JsonValue]
    why: str
    source: str
    severity: str
    sides: list[str]


class PaymentRules(TypedDict):
    """All rules; one page."""

    data: list[PaymentRule]
    next_cursor: NotRequired[str | None]


class PersonalIn(TypedDict):
    """A text that may hold personal data."""

    text: str
    region: NotRequired[str | None]


class PersonalItemOut(TypedDict):
    """A piece of personal data: its kind and its characters in the text."""

    kind: PersonalKind
    start: int
    end: int
    detail: str


class PersonalOut(TypedDict):
    """What was found, in order, and the text without it."""

    found: list[PersonalItemOut]
    redacted: str


class PlaceOut(TypedDict):
    """Where an event stands in the log."""

    index: int
    event_id: str


class PointOut(TypedDict):
    """What happened from `start` on, for the interval."""

    start: str
    opened: int
    closed: int


class PolicyIn(TypedDict):
    """A policy: bands and points, perhaps a decision table (JDM) and guards (CEL)."""

    document: dict[str, JsonValue]


class PolicyList(TypedDict):
    """The newest version of each policy, and what conditions may look at."""

    data: list[PolicyOut]
    fields: dict[str, str]
    next_cursor: NotRequired[str | None]


class PolicyOut(TypedDict):
    """A version of a policy, where it stands, and what is worth a look in it."""

    name: str
    version: int
    revision: int
    state: PolicyState
    digest: str
    author: str
    saved_at: str
    proposed_by: str | None
    effective_from: str | None
    published_by: str | None
    published_at: str | None
    document: dict[str, JsonValue]
    warnings: list[str]


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    retryable: bool
    request_id: str
    errors: NotRequired[list[FieldProblem]]


class ProcurementIn(TypedDict):
    """An OCDS `release` or `record`; exactly one of them."""

    kind: Literal["procurement"]
    release: NotRequired[dict[str, JsonValue] | None]
    record: NotRequired[dict[str, JsonValue] | None]


class ProfileOut(TypedDict):
    """All that is known of a process; `signs` are by party."""

    ocid: str
    risk: RiskOut
    flags: list[FlagOut]
    not_computable: dict[str, str]
    bids: list[BidScoreOut]
    signs: dict[str, list[SignOut]]


class PromoteIn(TypedDict):
    """The version that shall judge."""

    version: str


class PruneIn(TypedDict):
    """How old what goes must be, and why it goes."""

    before: str
    reason: str


class PrunedOut(TypedDict):
    """How many entries have lost their payload; all keep their hash."""

    pruned: int


class PublishIn(TypedDict):
    """From when on it decides; at once without a date."""

    effective_from: NotRequired[str | None]


class ReasonInput(TypedDict):
    """One reason, in words an analyst understands."""

    text: str
    weight: NotRequired[float | None]
    data: NotRequired[dict[str, JsonValue]]


class ReasonOutput(TypedDict):
    """One reason, in words an analyst understands."""

    text: str
    weight: NotRequired[float | None]
    data: NotRequired[dict[str, JsonValue]]


class RecoveryOut(TypedDict):
    """Codes that each sign in once in place of the authenticator; shown this once."""

    recovery_codes: list[str]


class RefreshIn(TypedDict):
    """Which lists to fetch; all that have a source if none is named."""

    lists: NotRequired[list[str]]


class RefreshList(TypedDict):
    """A page of refreshes, newest first."""

    data: list[RefreshOut]
    next_cursor: NotRequired[str | None]


class RefreshOut(TypedDict):
    """A refresh; `outcomes` tells of each list once it is `done` or `failed`."""

    id: str
    state: Literal["waiting", "done", "failed"]
    lists: list[str]
    asked_by: str
    asked_at: str
    finished_at: str | None
    outcomes: list[ListOutcome]


class RejectOut(TypedDict):
    """A thing wrong in what was sent; the rest of it counts."""

    path: str
    message: str
    remedy: str


class ReportOut(TypedDict):
    """What a verification looked at and what it found."""

    sound: bool
    origin: str
    size: int
    root: str
    differences: list[DifferenceOut]
    notes: list[str]


class RetentionIn(TypedDict):
    """Whether to look only, which is what happens unless said otherwise."""

    dry_run: NotRequired[bool]


class RetentionOut(TypedDict):
    """What is due, or was erased, by kind; and what a legal hold keeps."""

    dry_run: bool
    kinds: dict[str, int]
    evidence: list[DueOut]
    held: list[DueOut]


class RetryIn(TypedDict):
    """A retry policy on the wire."""

    attempts: NotRequired[int]
    base_s: NotRequired[float]
    cap_s: NotRequired[float]
    retry_on: NotRequired[list[str]]


class RetryRunIn(TypedDict):
    """From which step a finished run is done again; left out: where it failed."""

    from_step: NotRequired[str | None]


class RevealIn(TypedDict):
    """What personal data is needed in clear for; kept beside the log's entry."""

    purpose: Purpose
    reason: str


class ReviewIn(TypedDict):
    """What a person says of a finding; `open` refuses what another one proposed."""

    review: Literal["confirmed", "dismissed", "open"]
    reason: str


class RevokeIn(TypedDict):
    """A token whose session is to end (RFC 7009)."""

    token: str


class RiskOut(TypedDict):
    """A score in [0, 100] and every part of it."""

    score: float
    policy: str
    parts: list[PartOut]


class RoleOut(TypedDict):
    """A role and what it may do."""

    name: str
    permissions: list[str]


class RunDetailOut(TypedDict):
    """A run with its steps."""

    id: str
    workflow: str
    version: int
    subject: str
    state: RunState
    correlation_id: str
    created_at: str
    ended_at: str | None
    cause: str
    steps: list[RunStepOut]
    priority: NotRequired[int | None]
    timeout_s: NotRequired[float | None]
    parent: NotRequired[str | None]
    parent_step: NotRequired[str | None]
    origin: NotRequired[str | None]
    attributes: NotRequired[dict[str, str]]


class RunOut(TypedDict):
    """A run of a workflow."""

    id: str
    workflow: str
    version: int
    subject: str
    state: RunState
    correlation_id: str
    created_at: str
    ended_at: str | None
    cause: str


class RunStepOut(TypedDict):
    """One attempt of a step; attempt 0 has not begun."""

    name: str
    attempt: int
    state: StepState
    result: NotRequired[Any]
    error: NotRequired[dict[str, Any] | None]
    started_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]


class ScheduleIn(TypedDict):
    """When which workflow runs: `cron` has five fields, in `time_zone` (IANA)."""

    name: str
    workflow: str
    version: NotRequired[int | None]
    cron: str
    time_zone: NotRequired[str]
    subject: NotRequired[str | None]
    input: NotRequired[dict[str, JsonValue]]
    catch_up: NotRequired[CatchUp]
    overlap: NotRequired[Overlap]


class ScheduleOut(TypedDict):
    """A schedule, when it is due next, and its last run."""

    name: str
    workflow: str
    version: int | None
    cron: str
    time_zone: str
    subject: str | None
    input: dict[str, JsonValue]
    catch_up: CatchUp
    overlap: Overlap
    paused: bool
    created_at: str
    next_at: str
    last_at: str | None
    last_run_id: str | None


class SchedulePatch(TypedDict):
    """Pause or resume a schedule."""

    paused: bool


class ScreenBatchIn(TypedDict):
    """Up to 1,000 queries; each is answered or refused by itself."""

    queries: list[JsonValue]
    limit: NotRequired[int]


class ScreenBatchOut(TypedDict):
    """One item per query, in order."""

    results: list[ScreenItemOut]
    lists: list[str]
    threshold: NotRequired[float]


class ScreenIn(TypedDict):
    """Who to look for. Fields beside these are the caller's own and are ignored."""

    query: str
    type: NotRequired[str]
    birth_date: NotRequired[str | None]
    country: NotRequired[str | None]
    identifiers: NotRequired[list[str]]
    gender: NotRequired[Literal["male", "female", "other"] | None]


class ScreenItemOut(TypedDict):
    """The answer to one query of a batch: hits, or the errors that refused it."""

    index: int
    hits: NotRequired[list[HitOut]]
    errors: NotRequired[list[FieldError]]


class ScreenOut(TypedDict):
    """Hits, best first, none if nobody resembles the query, and what was asked."""

    hits: list[HitOut]
    lists: list[str]
    threshold: NotRequired[float]


class SeriesOut(TypedDict):
    """Points of equal length without a gap, the oldest first."""

    interval: Interval
    data: list[PointOut]


class SignOut(TypedDict):
    """A reason to look at the party."""

    code: str
    title: str
    value: float
    others: list[str]
    text: str
    formula: str
    source: str


class SignalIn(TypedDict):
    """A signal to a run that waits for it."""

    name: str
    payload: NotRequired[JsonValue]


class StartRunIn(TypedDict):
    """Start a run of a workflow on a case."""

    subject: str
    version: NotRequired[int | None]
    input: NotRequired[dict[str, JsonValue]]
    priority: NotRequired[int | None]
    timeout_s: NotRequired[float | None]
    attributes: NotRequired[dict[str, Any]]


class StatisticsOut(TypedDict):
    """What a dataset tells: fences by indicator, null where there is none."""

    name: str
    processes: int
    version: str
    currency: str | None
    parties: int
    fences: dict[str, dict[str, float | None]]


class StatsOut(TypedDict):
    """How many cases there are, by what they are; and what waits."""

    cases: int
    by_state: dict[str, int]
    by_outcome: dict[str, int]
    by_band: dict[str, int]
    by_priority: dict[str, int]
    by_channel: dict[str, int]
    findings_by_severity: dict[str, int]
    unassigned: int
    overdue: int
    open_approvals: int


class StepIn(TypedDict):
    """A step on the wire: exactly one of the kinds of work."""

    name: str
    operation: NotRequired[str | None]
    signal: NotRequired[str | None]
    approval: NotRequired[ApprovalIn | None]
    sleep_s: NotRequired[float | None]
    sleep_until: NotRequired[str | None]
    workflow: NotRequired[str | None]
    workflow_version: NotRequired[int | None]
    for_each: NotRequired[str | None]
    parallel: NotRequired[int | None]
    after: NotRequired[list[str]]
    when: NotRequired[str | None]
    inputs: NotRequired[dict[str, Any]]
    retry: NotRequired[RetryIn]
    timeout_s: NotRequired[float | None]
    on_failure: NotRequired[OnFailure]
    compensate: NotRequired[str | None]


class SubjectInput(TypedDict):
    """What a finding is about: an item of evidence and a place in it."""

    evidence: NotRequired[str | None]
    path: NotRequired[str | None]
    start: NotRequired[int | None]
    end: NotRequired[int | None]


class SubjectOutput(TypedDict):
    """What a finding is about: an item of evidence and a place in it."""

    evidence: NotRequired[str | None]
    path: NotRequired[str | None]
    start: NotRequired[int | None]
    end: NotRequired[int | None]


class SubjectIn(TypedDict):
    """A person, by anything that tells them apart."""

    names: NotRequired[list[str]]
    accounts: NotRequired[list[str]]
    emails: NotRequired[list[str]]
    identifiers: NotRequired[list[str]]


class SubjectOut(TypedDict):
    """Everything that is kept about a person."""

    data: list[KeptItemOut]
    withheld: int


class SubmissionAccepted(TypedDict):
    """The answer to a submission: it is durable, and its case is open."""

    id: str
    case_id: str
    number: str
    state: CaseState
    evidence: list[str]
    links: dict[str, str]


class SubmissionBatchIn(TypedDict):
    """Several submissions; each is taken or refused by itself."""

    items: list[JsonValue]


class SubmissionIn(TypedDict):
    """What came in: one submission opens one case."""

    channel: NotRequired[str]
    title: NotRequired[str]
    reference: NotRequired[str]
    evidence: list[MessageIn | ProcurementIn | PartyIn | PaymentIn]


class SubmissionOut(TypedDict):
    """A submission as kept."""

    id: str
    case_id: str
    channel: str
    title: str
    reference: str
    received_at: str


class TestIn(TypedDict):
    """Examples to try instead of the policy's own."""

    examples: NotRequired[list[Example] | None]


class TestOut(TypedDict):
    """All examples; `passed` if each came out as expected."""

    passed: bool
    results: list[ExampleOut]


class TimelineEntryOut(TypedDict):
    """A journal entry: what happened, without personal data."""

    seq: int
    event_id: str
    type: str
    time: str
    actor_id: str
    actor_kind: ActorKind
    correlation_id: str
    data: dict[str, Any]


class TokenIn(TypedDict):
    """A grant (RFC 6749 sections 4.3, 4.4 and 6)."""

    grant_type: NotRequired[Literal["password", "refresh_token", "client_credentials"]]
    username: NotRequired[str | None]
    password: NotRequired[str | None]
    code: NotRequired[str | None]
    refresh_token: NotRequired[str | None]
    client_id: NotRequired[str | None]
    client_secret: NotRequired[str | None]
    tenant: NotRequired[str]


class TokenOut(TypedDict):
    """Tokens, shown this once; a machine gets no refresh token."""

    access_token: str
    refresh_token: str | None
    token_type: NotRequired[Literal["bearer"]]
    expires_in: int


class TransitionIn(TypedDict):
    """A move to another state."""

    to: CaseState
    reason: NotRequired[str]


class UserIn(TypedDict):
    """A user to create."""

    username: str
    password: NotRequired[str | None]
    roles: list[Role]
    display_name: NotRequired[str]
    email: NotRequired[str | None]
    teams: NotRequired[list[str]]


class UserOut(TypedDict):
    """A user."""

    id: str
    username: str
    display_name: str
    email: str | None
    roles: list[Role]
    teams: list[str]
    disabled: bool
    created_at: str
    updated_at: str
    version: int


class UserPatch(TypedDict):
    """What to change of a user; what is left out stays."""

    display_name: NotRequired[str | None]
    email: NotRequired[str | None]
    roles: NotRequired[list[Role] | None]
    teams: NotRequired[list[str] | None]
    disabled: NotRequired[bool | None]
    password: NotRequired[str | None]


class Verdict(TypedDict):
    """A policy's verdict. `risk` lies in [0, 100]; `policy` is `name@version`."""

    outcome: Outcome
    risk: float
    band: str
    reasons: list[ReasonOutput]
    policy: str
    required_steps: NotRequired[list[str]]


class VersionOut(TypedDict):
    """A version; `manifest` says from which data, with which figures."""

    name: str
    version: str
    shipped: bool
    manifest: dict[str, JsonValue]


class WebhookIn(TypedDict):
    """Where to send messages (Standard Webhooks), and of which types of events."""

    url: str
    types: NotRequired[list[str]]
    description: NotRequired[str]


class WebhookOut(TypedDict):
    """A webhook without its secret."""

    id: str
    url: str
    types: list[str]
    description: str
    enabled: bool
    disabled_because: str
    created_by: str
    created_at: str
    updated_at: str
    version: int


class WebhookPatch(TypedDict):
    """What to change; what is left out stays."""

    url: NotRequired[str | None]
    types: NotRequired[list[str] | None]
    description: NotRequired[str | None]
    enabled: NotRequired[bool | None]
    rotate_secret: NotRequired[bool]


class WebhookWithSecret(TypedDict):
    """A webhook and, where it is new, the secret: it is shown this once."""

    id: str
    url: str
    types: list[str]
    description: str
    enabled: bool
    disabled_because: str
    created_by: str
    created_at: str
    updated_at: str
    version: int
    secret: NotRequired[str | None]


class ModelOut(TypedDict):
    """Which version judges: champion, and the challenger that takes a share."""

    name: str
    champion: str
    previous: str | None
    challenger: str | None
    share: float
    changed_by: str | None
    changed_at: str | None


class ErasedOut(TypedDict):
    """What went; the entries of the log stay, with their commitments."""

    evidence: int
    cases: list[str]
    journal: int
    learned: int


class AnticorruptionErasedOut(TypedDict):
    """In how many stored releases a person or firm was named, and is no more."""

    releases: int


class AnticorruptionModelOut(TypedDict):
    """A model of the service, as its manifest describes it."""

    name: str
    version: str
    manifest: dict[str, Any]


class AuditErasedOut(TypedDict):
    """How many entries had personal data beside them that is gone."""

    erased: int
