// Generated from the OpenAPI document by `make docs`. Do not edit.

/** A credential: an access token or an API key. */
export interface Credential {
  token?: string;
  apiKey?: string;
}

/** An answer of 400 or above, with its problem document (RFC 9457). */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem;

  constructor(status: number, problem: Problem) {
    super(`${status}: ${problem.detail}`);
    this.status = status;
    this.problem = problem;
  }
}

type Query = Record<string, unknown>;
type Headers_ = Record<string, string | null | undefined>;

/** What was asked for will happen. */
export interface Accepted {
  "run_id": string;
}

/** Whether the case is confidential from now on, and why. */
export interface AccessIn {
  "confidential": boolean;
  "reason": string;
}

/** Who may see a case: all whom a role lets, or its assignee and the grants. */
export interface AccessOut {
  "case_id": string;
  "confidential": boolean;
  "reason": string;
  "restricted_by": string | null;
  "restricted_at": string | null;
  "grants": Array<GrantOut>;
}

/** One side of a payment. */
export interface AccountIn {
  "name": string;
  "account"?: string | null;
  "country"?: string | null;
}

/** Who did it, in the outside system. */
export interface ActorIn {
  "id": string;
  "kind"?: "person" | "service" | "platform";
  "roles"?: Array<string>;
  "address"?: string | null;
}

/** Who acts: a person, a policy's verdict, or the platform itself. */
export type ActorKind = "person" | "policy" | "platform";

/** A dismissed hit, and how long its pair is none. */
export interface AllowIn {
  "finding": string;
  "reason": string;
  "days"?: number;
}

/** A pair that is no hit until the entry changes or the date comes. */
export interface Allowed {
  "id": string;
  "party": string;
  "list": string;
  "uid": string;
  "entry_digest": string;
  "finding": string | null;
  "reason": string;
  "created_by": string;
  "created_at": string;
  "expires_at": string;
}

/** A page of pairs, newest first. */
export interface AllowedList {
  "data": Array<Allowed>;
  "next_cursor"?: string | null;
}

/** Where the events stand, and the signed checkpoint that covers them. */
export interface AppendedOut {
  "data": Array<PlaceOut>;
  "checkpoint": string;
}

/** Approve or reject. */
export interface ApprovalDecideIn {
  "approve": boolean;
  "reason"?: string;
}

/** Who may decide: people with one of these roles; none named: all who may. */
export interface ApprovalIn {
  "roles"?: Array<string>;
}

/** A transition that waits, or waited, for a second person. */
export interface ApprovalOut {
  "id": string;
  "case_id": string;
  "case_version": number;
  "from_state": CaseState;
  "to": CaseState;
  "reason": string;
  "requested_by": string;
  "requested_at": string;
  "state": ApprovalState;
  "decided_by": string | null;
  "decided_at": string | null;
  "decision_reason": string;
}

/** Where a request for a second person stands; void: the case changed meanwhile. */
export type ApprovalState = "open" | "approved" | "rejected" | "void";

/** Evidence to be assessed now, without opening a case. */
export interface AssessIn {
  "channel"?: string;
  "evidence": Array<MessageIn | ProcurementIn | PartyIn | PaymentIn>;
}

/** A service's answer: what it found, with which versions, on which input. */
export interface Assessed {
  "service": string;
  "evidence": Array<string>;
  "findings": Array<FindingOutput>;
  "versions": Record<string, string>;
  "input_hash": string;
}

/** A service's answer on one dossier, with the versions that made it. */
export interface Assessment {
  "service": string;
  "findings": Array<FindingInput>;
  "versions": Record<string, string>;
  "input_hash": string;
}

/** A file to keep with a case. */
export interface AttachmentIn {
  "name": string;
  "media_type"?: string;
  "content_base64": string;
}

/** An attachment without its content. */
export interface AttachmentOut {
  "id": string;
  "case_id": string;
  "name": string;
  "media_type": string;
  "size": number;
  "sha256": string;
  "added_by": string;
  "added_at": string;
}

/** Which version to try (the newest without one), on how many past verdicts. */
export interface BacktestIn {
  "version"?: number | null;
  "limit"?: number;
}

/** What would have changed; the newest 500 changed cases are named. */
export interface BacktestOut {
  "decided": number;
  "changed": number;
  "failed": number;
  "moves": Array<MoveOut>;
  "changes": Array<ChangeOut>;
}

/** What became of a batch. */
export interface BatchAccepted {
  "accepted": number;
  "rejected": number;
  "results": Array<BatchItem>;
}

/** Items to be assessed, each by itself; a bad one does not sink the rest. */
export interface BatchIn {
  "items": Array<AssessIn>;
}

/** What became of one item of a batch, by its index. */
export interface BatchItem {
  "index": number;
  "accepted"?: SubmissionAccepted | null;
  "error"?: Record<string, unknown> | null;
}

/** One result for each item, in the order of the request. */
export interface BatchResults {
  "results": Array<ItemAssessed | ItemFailed>;
}

/** What the collusion model says of a bid; `contributions` are Shapley values. */
export interface BidScoreOut {
  "probability": number | null;
  "reasons": Array<string>;
  "out_of_domain": Array<string>;
  "contributions": Record<string, number>;
}

/** Why the case must be opened without a grant. */
export interface BreakIn {
  "reason": string;
}

/** Changes of several cases; each is made or refused by itself. */
export interface BulkIn {
  "items": Array<JsonValue>;
}

/** What became of all of them. */
export interface BulkOut {
  "changed": number;
  "refused": number;
  "results": Array<BulkResult>;
}

/** What became of one item, by its index. */
export interface BulkResult {
  "index": number;
  "case"?: CaseOut | null;
  "error"?: Record<string, unknown> | null;
}

/** A campaign, a page of its messages, the newest first, and the cases of these. */
export interface CampaignDetail {
  "id": string;
  "messages": number;
  "cases": number;
  "senders": number;
  "first_seen": string;
  "last_seen": string;
  "members": Array<MemberOut>;
  "case_ids": Array<string>;
  "next_cursor"?: string | null;
}

/** Messages that are nearly the same, as far as they were learned of. */
export interface CampaignOut {
  "id": string;
  "messages": number;
  "cases": number;
  "senders": number;
  "first_seen": string;
  "last_seen": string;
}

/** A page of campaigns, the one that began last first. */
export interface CampaignPage {
  "data": Array<CampaignOut>;
  "next_cursor"?: string | null;
}

/** The version that scores in the shadow and judges `share` of the cases. */
export interface CanaryIn {
  "version": string | null;
  "share"?: number;
}

/** Why a run is to be cancelled. */
export interface CancelIn {
  "cause": string;
}

/** A page of hits, newest first. */
export interface CaseHitList {
  "data": Array<CaseHitOut>;
  "next_cursor"?: string | null;
}

/** A hit of a case: both sides are in the finding's data, `fields`. */
export interface CaseHitOut {
  "id": string;
  "case": string;
  "finding": FindingOutput;
  "created_at": string;
  "review": string;
  "reviewed_by": string | null;
  "review_reason": string;
  "proposed": string | null;
  "proposed_by": string | null;
  "proposed_reason": string | null;
}

/** A case that a person opens, with its evidence and as they want it. */
export interface CaseIn {
  "channel"?: string;
  "title"?: string;
  "reference"?: string;
  "evidence": Array<MessageIn | ProcurementIn | PartyIn | PaymentIn>;
  "priority"?: Priority;
  "assignee"?: string | null;
  "tags"?: Array<string>;
  "due_at"?: string | null;
}

/** A case. `moves` are the states a person may move it to. */
export interface CaseOut {
  "id": string;
  "number": string;
  "state": CaseState;
  "version": number;
  "title": string;
  "channel": string;
  "kinds": Array<string>;
  "risk": number | null;
  "band": string | null;
  "outcome": Outcome | null;
  "missing": Array<string>;
  "priority": Priority;
  "assignee": string | null;
  "tags": Array<string>;
  "submission_id": string;
  "created_at": string;
  "updated_at": string;
  "due_at": string | null;
  "closed_at": string | null;
  "moves"?: Array<CaseState>;
}

/** What people may change of a case; what is left out stays. Null unassigns. */
export interface CasePatch {
  "title"?: string | null;
  "priority"?: Priority | null;
  "assignee"?: string | null;
  "tags"?: Array<string> | null;
  "due_at"?: string | null;
}

/** What a list of cases is sorted by; a minus: from the greatest down. */
export type CaseSort = "created_at" | "-created_at" | "updated_at" | "-updated_at" | "due_at" | "-due_at" | "risk" | "-risk";

/** Where a case stands. */
export type CaseState = "PENDING" | "INVESTIGATING" | "VALIDATING" | "REMEDIATING" | "RESOLVED" | "FAILED" | "CANCELLED";

/** What becomes of planned times that passed while no engine was up. */
export type CatchUp = "one" | "all" | "skip";

/** A case that would have come out otherwise, and why. */
export interface ChangeOut {
  "case": string;
  "before": Outcome;
  "after": Outcome;
  "risk_before": number;
  "risk_after": number;
  "reasons": Array<string>;
}

/** A code of the second factor. */
export interface CodeIn {
  "code": string;
}

/** A consistency proof (RFC 6962 section 2.1.2); hashes in base64. */
export interface ConsistencyOut {
  "old": number;
  "new": number;
  "hashes": Array<string>;
}

/** The content of evidence: text of a message, JSON of anything else. */
export interface ContentOut {
  "id": string;
  "kind": string;
  "sha256": string;
  "content": Record<string, unknown>;
}

/** A dataset to create. */
export interface DatasetIn {
  "name": string;
  "title"?: string;
}

/** All datasets of the tenant; one page. */
export interface DatasetList {
  "data": Array<DatasetOut>;
  "next_cursor"?: string | null;
}

/** A dataset. */
export interface DatasetOut {
  "name": string;
  "title": string;
  "created": string;
}

/** What a policy decides on; the tenant is the caller's. */
export interface DecideIn {
  "dossier_id": string;
  "channel"?: string;
  "kinds"?: Array<EvidenceKind>;
  "assessments": Record<string, Assessment>;
}

/** Approve or reject what a step waits for. */
export interface DecideStepIn {
  "approve": boolean;
  "reason"?: string;
}

/** A policy's verdict on a case. */
export interface DecisionOut {
  "run_id": string;
  "outcome": Outcome;
  "risk": number;
  "band": string;
  "policy": string;
  "reasons": Array<ReasonOutput>;
  "required_steps": Array<string>;
  "at": string;
}

/** A definition on the wire. */
export interface DefinitionIn {
  "name": string;
  "version"?: number;
  "description"?: string;
  "timeout_s"?: number | null;
  "priority"?: number;
  "steps": Array<StepIn>;
  "outputs"?: Record<string, unknown>;
}

/** One event on its way to one webhook. */
export interface DeliveryOut {
  "id": string;
  "webhook_id": string;
  "event_id": string;
  "type": string;
  "state": DeliveryState;
  "attempts": number;
  "due_at": string;
  "status": number | null;
  "error": string;
  "created_at": string;
  "ended_at": string | null;
  "replay_of": string | null;
}

/** Where a delivery stands; dead: given up, until somebody replays it. */
export type DeliveryState = "pending" | "delivered" | "dead";

/** One thing a verification found. */
export interface DifferenceOut {
  "place": string;
  "message": string;
}

/** An item of evidence whose period is over. */
export interface DueOut {
  "case": string;
  "evidence": string;
  "kind": EvidenceKind;
  "closed_at": string;
}

/** Why two nodes are joined, and the processes that say so (at most 20). */
export interface EdgeOut {
  "source": string;
  "target": string;
  "kind": string;
  "why": string;
  "ocids": Array<string>;
}

/** What an authenticator scans; shown this once. */
export interface EnrolmentOut {
  "secret": string;
  "uri": string;
}

/** A page of leaves, oldest first. */
export interface EntriesOut {
  "data": Array<EntryOut>;
  "next_cursor": string | null;
}

/** A leaf. The bytes hashed are `entry` as canonical JSON (RFC 8785). */
export interface EntryOut {
  "index": number;
  "event_id": string;
  "leaf_hash": string;
  "entry": Record<string, JsonValue>;
  "pruned": boolean;
}

/** Items of evidence to erase, as an export named them, and why. */
export interface EraseIn {
  "evidence": Array<string>;
  "reason": string;
}

/** An event of an outside system. Personal data goes into `personal` alone. */
export interface EventIn {
  "event_id": string;
  "type": string;
  "subject": string;
  "source": string;
  "actor": ActorIn;
  "occurred"?: string | null;
  "outcome"?: "success" | "failure" | "unknown" | null;
  "reason"?: string | null;
  "correlation_id"?: string | null;
  "before"?: string | null;
  "after"?: string | null;
  "commitment"?: string | null;
  "personal"?: Record<string, JsonValue> | null;
  "data"?: Record<string, JsonValue>;
}

/** What happened, as a CloudEvent (1.0): references only, no personal data. */
export interface EventOut {
  "specversion": string;
  "id": string;
  "source": string;
  "type": string;
  "subject": string;
  "time": string;
  "datacontenttype": string;
  "sequence": string;
  "data": Record<string, unknown>;
}

/** Events to append: all of them or none. */
export interface EventsIn {
  "entries": Array<EventIn>;
}

/** What an item of evidence is. */
export type EvidenceKind = "message" | "procurement" | "party" | "payment";

/** An item of evidence without its content. */
export interface EvidenceOut {
  "id": string;
  "kind": string;
  "sha256": string;
  "media_type"?: string | null;
  "size"?: number | null;
}

/** A case and what the policy must say of it; services not `missing` found this. */
export interface Example {
  "name": string;
  "channel"?: string;
  "kinds"?: Array<EvidenceKind>;
  "findings"?: Array<ExampleFinding>;
  "missing"?: Array<string>;
  "expect": Expected;
}

/** A finding of an example. */
export interface ExampleFinding {
  "service": string;
  "code": string;
  "severity"?: Severity;
  "score"?: number;
  "kind"?: string;
  "data"?: Record<string, JsonValue>;
}

/** What the policy says of an example. */
export interface ExampleOut {
  "name": string;
  "passed": boolean;
  "differences": Array<string>;
  "verdict": Verdict;
}

/** What an example must come to. */
export interface Expected {
  "outcome": Outcome;
  "band"?: string | null;
  "required_steps"?: Array<string> | null;
  "second_reviewer"?: Array<"confirmed" | "dismissed"> | null;
}

/** The error of one item of a batch. `code` is a kernel error's code. */
export interface Failure {
  "code": string;
  "detail": string;
  "retryable"?: boolean;
  "errors"?: Array<FieldError>;
}

/** What was learned: an item for each message. */
export interface FeedbackGiven {
  "data": Array<FeedbackOut>;
}

/** What an analyst says: of one message, of a case's, or of a campaign's. */
export interface FeedbackIn {
  "label": "junk" | "wanted";
  "evidence"?: string | null;
  "case"?: string | null;
  "campaign"?: string | null;
  "reason"?: string;
}

/** What was said of a message, by whom, and whether it was taken back. */
export interface FeedbackOut {
  "id": string;
  "evidence_id": string;
  "label": string;
  "reason": string;
  "given_by": string;
  "given_at": string;
  "withdrawn_by": string | null;
  "withdrawn_at": string | null;
}

/** A page of feedback, the newest first. */
export interface FeedbackPage {
  "data": Array<FeedbackOut>;
  "next_cursor"?: string | null;
}

/** One thing wrong with one field. */
export interface FieldError {
  "path": string;
  "message": string;
  "remedy"?: string;
}

/** One thing wrong with one field: where, what, and what to do about it. */
export interface FieldProblem {
  "path": string;
  "message": string;
  "remedy"?: string;
}

/** What a service says of evidence. `score` lies in [0, 1]. */
export interface FindingInput {
  "code": string;
  "severity": Severity;
  "score": number;
  "subject": SubjectInput;
  "title": string;
  "reasons"?: Array<ReasonInput>;
  "kind"?: FindingKind;
  "data"?: Record<string, JsonValue>;
}

/** What a service says of evidence. `score` lies in [0, 1]. */
export interface FindingOutput {
  "code": string;
  "severity": Severity;
  "score": number;
  "subject": SubjectOutput;
  "title": string;
  "reasons"?: Array<ReasonOutput>;
  "kind"?: FindingKind;
  "data"?: Record<string, JsonValue>;
}

/** A signal, a watchlist hit, or the statement that nothing could be said. */
export type FindingKind = "signal" | "hit" | "not_assessed";

/** A finding with its reasons and what a person said of it. */
export interface FindingOut {
  "id": string;
  "case_id": string;
  "run_id": string;
  "service": string;
  "code": string;
  "kind": string;
  "severity": Severity;
  "score": number;
  "title": string;
  "subject": SubjectOutput;
  "reasons": Array<ReasonOutput>;
  "data": Record<string, unknown>;
  "created_at": string;
  "review": ReviewState;
  "reviewed_by": string | null;
  "reviewed_at": string | null;
  "review_reason": string;
  "proposed": ReviewState | null;
  "proposed_by": string | null;
  "proposed_at": string | null;
  "proposed_reason": string | null;
}

/** A flag on a process. */
export interface FlagOut {
  "code": string;
  "title": string;
  "value": number | null;
  "strength": number;
  "pointer": string;
  "text": string;
  "organisations": Array<string>;
}

/** From which step, with which input and version; left out: as it was. */
export interface ForkRunIn {
  "from_step": string;
  "version"?: number | null;
  "input"?: Record<string, JsonValue> | null;
}

/** A case that was searched for; `matched` names the fields. */
export interface FoundOut {
  "case": CaseOut;
  "matched": Array<string>;
}

/** Who else may see the case: a user by id or a team by name; and why. */
export interface GrantIn {
  "kind"?: GranteeKind;
  "grantee": string;
  "reason": string;
  "expires_at"?: string | null;
}

/** Who may see a confidential case; `broken`: they opened it themselves. */
export interface GrantOut {
  "id": string;
  "case_id": string;
  "kind": GranteeKind;
  "grantee": string;
  "reason": string;
  "granted_by": string;
  "granted_at": string;
  "expires_at": string | null;
  "broken": boolean;
}

/** To whom a case is granted. */
export type GranteeKind = "user" | "team";

/** One transition of a case. */
export interface HistoryOut {
  "version": number;
  "from_state": CaseState;
  "to_state": CaseState;
  "actor_id": string;
  "actor_kind": ActorKind;
  "reason": string;
  "approved_by": string | null;
  "at": string;
}

/** A listed entry that resembles the query; `match` is the product's decision. */
export interface HitOut {
  "list": string;
  "uid": string;
  "name": string;
  "primary_name": string;
  "type": string;
  "score": number;
  "match": boolean;
  "birth_dates": Array<string>;
  "countries": Array<string>;
  "gender": string;
  "programmes": Array<string>;
  "reasons": Array<ReasonOutput>;
}

/** A legal hold: nothing on the subject is pruned or erased. */
export interface HoldOut {
  "subject": string;
  "since": string;
  "actor": string;
}

/** The legal holds that last, by subject. */
export interface HoldsOut {
  "data": Array<HoldOut>;
}

/** An audit path (RFC 6962 section 2.1.1); hashes in base64. */
export interface InclusionOut {
  "index": number;
  "size": number;
  "leaf_hash": string;
  "hashes": Array<string>;
}

/** All indicators; one page. */
export interface IndicatorList {
  "data": Array<IndicatorOut>;
  "next_cursor"?: string | null;
}

/** What an indicator declares of itself. */
export interface IndicatorOut {
  "code": string;
  "title": string;
  "formula": string;
  "value": string;
  "groups": Array<string>;
  "fields": Array<string>;
  "options": Array<OptionOut>;
  "why": string;
  "source": string;
  "severity": string;
  "weight": number;
  "alone": string;
}

/** How long a point of a time series lasts. */
export type Interval = "day" | "week" | "month";

/** A fresh API key with its secret, which is shown this once. */
export interface IssuedKeyOut {
  "id": string;
  "name": string;
  "prefix": string;
  "owner": string | null;
  "scopes": Array<string>;
  "created_at": string;
  "expires_at": string | null;
  "revoked_at": string | null;
  "secret": string;
}

/** Item `index` of a batch and what the service says of it. */
export interface ItemAssessed {
  "index": number;
  "assessment": Assessed;
}

/** Item `index` of a batch and why it could not be assessed. */
export interface ItemFailed {
  "index": number;
  "error": Failure;
}

/** JsonValue */
export type JsonValue = unknown;

/** An item of evidence about the person, and what was found of it. */
export interface KeptItemOut {
  "case": string;
  "evidence": string;
  "kind": EvidenceKind;
  "sha256": string;
  "content": Record<string, JsonValue>;
  "findings": Array<FindingOutput>;
}

/** An API key to create. Without scopes it may all that its bearer may. */
export interface KeyIn {
  "name": string;
  "scopes"?: Array<string>;
  "machine"?: boolean;
  "expires_at"?: string | null;
}

/** An API key without its secret. */
export interface KeyOut {
  "id": string;
  "name": string;
  "prefix": string;
  "owner": string | null;
  "scopes": Array<string>;
  "created_at": string;
  "expires_at": string | null;
  "revoked_at": string | null;
}

/** The key that signs from now on. */
export interface KeyRotated {
  "kid": string;
}

/** Verifier keys, C2SP vkeys, newest first. */
export interface KeysOut {
  "data": Array<string>;
}

/** The other case, and how this one stands to it. */
export interface LinkIn {
  "to": string;
  "kind"?: LinkKind;
  "reason"?: string;
}

/** How one case stands to another. */
export type LinkKind = "related" | "duplicate_of" | "part_of" | "caused_by";

/** `case_id` is `kind` `to`. */
export interface LinkOut {
  "case_id": string;
  "to": string;
  "kind": LinkKind;
  "reason": string;
  "actor_id": string;
  "created_at": string;
}

/** The state of one list that is screened against. */
export interface ListOut {
  "name": string;
  "version": string;
  "digest": string;
  "date": string | null;
  "entries": number;
}

/** What a refresh did to a list: numbers of entries, or why it stayed as it was. */
export interface ListOutcome {
  "list": string;
  "version"?: string | null;
  "before"?: string | null;
  "added"?: number;
  "removed"?: number;
  "changed"?: number;
  "error"?: string;
}

/** All lists that are screened against; none means nobody can be screened. */
export interface ListsOut {
  "data": Array<ListOut>;
}

/** Releases, records or packages to take into a dataset. */
export interface LoadIn {
  "releases": Array<Record<string, unknown>>;
}

/** How many processes were taken in, and what was wrong. */
export interface LoadOut {
  "loaded": number;
  "rejects": Array<RejectOut>;
}

/** Two names, and of what kind of party if that is known. */
export interface MatchIn {
  "schema"?: string;
  "left": string;
  "right": string;
}

/** How alike they are, in [0, 1]; the same whichever stands left. */
export interface MatchOut {
  "score": number;
  "match": boolean;
  "reasons": Array<ReasonOutput>;
}

/** Who calls and what they may do. */
export interface MeOut {
  "id": string;
  "tenant": string;
  "roles": Array<string>;
  "permissions": Array<string>;
}

/** A message of a campaign, and its case. */
export interface MemberOut {
  "evidence": string;
  "case": string;
  "channel": string;
  "seen_at": string;
  "verdict": string;
  "probability": number;
}

/** A message: `raw` is text, `raw_base64` carries bytes; exactly one of them. */
export interface MessageIn {
  "kind": "message";
  "raw"?: string | null;
  "raw_base64"?: string | null;
  "media_type"?: "message/rfc822" | "text/plain" | null;
}

/** All models; one page. */
export interface ModelList {
  "data": Array<AnticorruptionModelOut>;
  "next_cursor"?: string | null;
}

/** How many verdicts became what. */
export interface MoveOut {
  "before": Outcome;
  "after": Outcome;
  "cases": number;
}

/** What lies around a party; `truncated` if more than is shown. */
export interface NetworkOut {
  "party": string;
  "nodes": Array<NodeOut>;
  "edges": Array<EdgeOut>;
  "signs": Array<SignOut>;
  "truncated": boolean;
}

/** Evidence to add to a case. */
export interface NewEvidenceIn {
  "evidence": Array<MessageIn | ProcurementIn | PartyIn | PaymentIn>;
}

/** An organisation, person, address, telephone or e-mail. */
export interface NodeOut {
  "id": string;
  "kind": string;
  "name": string;
}

/** A refusal of the token endpoint to a form (RFC 6749 section 5.2). */
export interface OAuthError {
  "error": "invalid_request" | "invalid_client" | "invalid_grant" | "unsupported_grant_type";
  "error_description": string;
}

/** What a step's final failure does to its run. */
export type OnFailure = "fail" | "continue" | "compensate";

/** What an act on the log's payloads is about, and why. */
export interface OnSubjectIn {
  "subject": string;
  "reason": string;
}

/** One option of an indicator; `default` is null where the set decides. */
export interface OptionOut {
  "name": string;
  "kind": string;
  "meaning": string;
  "default": string | null;
}

/** What a policy says should happen with a case. */
export type Outcome = "no_action" | "review" | "escalate";

/** What becomes of a planned time while the run before is under way. */
export type Overlap = "allow" | "skip" | "cancel";

/** PageApprovalOut */
export interface PageApprovalOut {
  "data": Array<ApprovalOut>;
  "next_cursor"?: string | null;
}

/** PageAttachmentOut */
export interface PageAttachmentOut {
  "data": Array<AttachmentOut>;
  "next_cursor"?: string | null;
}

/** PageCaseOut */
export interface PageCaseOut {
  "data": Array<CaseOut>;
  "next_cursor"?: string | null;
}

/** PageDecisionOut */
export interface PageDecisionOut {
  "data": Array<DecisionOut>;
  "next_cursor"?: string | null;
}

/** PageDefinitionIn */
export interface PageDefinitionIn {
  "data": Array<DefinitionIn>;
  "next_cursor"?: string | null;
}

/** PageDeliveryOut */
export interface PageDeliveryOut {
  "data": Array<DeliveryOut>;
  "next_cursor"?: string | null;
}

/** PageEventOut */
export interface PageEventOut {
  "data": Array<EventOut>;
  "next_cursor"?: string | null;
}

/** PageEvidenceOut */
export interface PageEvidenceOut {
  "data": Array<EvidenceOut>;
  "next_cursor"?: string | null;
}

/** PageFindingOut */
export interface PageFindingOut {
  "data": Array<FindingOut>;
  "next_cursor"?: string | null;
}

/** PageFoundOut */
export interface PageFoundOut {
  "data": Array<FoundOut>;
  "next_cursor"?: string | null;
}

/** PageHistoryOut */
export interface PageHistoryOut {
  "data": Array<HistoryOut>;
  "next_cursor"?: string | null;
}

/** PageKeyOut */
export interface PageKeyOut {
  "data": Array<KeyOut>;
  "next_cursor"?: string | null;
}

/** PageLinkOut */
export interface PageLinkOut {
  "data": Array<LinkOut>;
  "next_cursor"?: string | null;
}

/** PageModelOut */
export interface PageModelOut {
  "data": Array<ModelOut>;
  "next_cursor"?: string | null;
}

/** PagePauseOut */
export interface PagePauseOut {
  "data": Array<PauseOut>;
  "next_cursor"?: string | null;
}

/** PageRoleOut */
export interface PageRoleOut {
  "data": Array<RoleOut>;
  "next_cursor"?: string | null;
}

/** PageRunOut */
export interface PageRunOut {
  "data": Array<RunOut>;
  "next_cursor"?: string | null;
}

/** PageRunStepOut */
export interface PageRunStepOut {
  "data": Array<RunStepOut>;
  "next_cursor"?: string | null;
}

/** PageScheduleOut */
export interface PageScheduleOut {
  "data": Array<ScheduleOut>;
  "next_cursor"?: string | null;
}

/** PageSubmissionOut */
export interface PageSubmissionOut {
  "data": Array<SubmissionOut>;
  "next_cursor"?: string | null;
}

/** PageTimelineEntryOut */
export interface PageTimelineEntryOut {
  "data": Array<TimelineEntryOut>;
  "next_cursor"?: string | null;
}

/** PageUserOut */
export interface PageUserOut {
  "data": Array<UserOut>;
  "next_cursor"?: string | null;
}

/** PageVersionOut */
export interface PageVersionOut {
  "data": Array<VersionOut>;
  "next_cursor"?: string | null;
}

/** PageWebhookOut */
export interface PageWebhookOut {
  "data": Array<WebhookOut>;
  "next_cursor"?: string | null;
}

/** PageStr */
export interface PageStr {
  "data": Array<string>;
  "next_cursor"?: string | null;
}

/** What one reason adds to the risk, in points before they are combined. */
export interface PartOut {
  "source": string;
  "points": number;
  "text": string;
}

/** A person or organisation in FollowTheMoney terms. */
export interface PartyIn {
  "kind": "party";
  "schema": string;
  "properties": Record<string, Array<string>>;
}

/** Why a workflow is paused. */
export interface PauseIn {
  "reason"?: string;
}

/** A workflow that is paused: its runs begin no step. */
export interface PauseOut {
  "name": string;
  "reason": string;
  "actor_id": string;
  "paused_at": string;
}

/** A payment; `amount` is a decimal text such as `"1200.00"`. */
export interface PaymentIn {
  "kind": "payment";
  "debtor": AccountIn;
  "creditor": AccountIn;
  "amount": number | string;
  "currency": string;
  "date": string;
  "reference"?: string;
}

/** What a rule over payments declares of itself. */
export interface PaymentRule {
  "code": string;
  "title": string;
  "formula": string;
  "defaults": Record<string, JsonValue>;
  "why": string;
  "source": string;
  "severity": string;
  "sides": Array<string>;
}

/** All rules; one page. */
export interface PaymentRules {
  "data": Array<PaymentRule>;
  "next_cursor"?: string | null;
}

/** A text that may hold personal data. */
export interface PersonalIn {
  "text": string;
  "region"?: string | null;
}

/** A piece of personal data: its kind and its characters in the text. */
export interface PersonalItemOut {
  "kind": PersonalKind;
  "start": number;
  "end": number;
  "detail": string;
}

/** What a piece of personal data is. */
export type PersonalKind = "email" | "phone" | "iban" | "card" | "national_id" | "birth_date" | "ip_address";

/** What was found, in order, and the text without it. */
export interface PersonalOut {
  "found": Array<PersonalItemOut>;
  "redacted": string;
}

/** Where an event stands in the log. */
export interface PlaceOut {
  "index": number;
  "event_id": string;
}

/** What happened from `start` on, for the interval. */
export interface PointOut {
  "start": string;
  "opened": number;
  "closed": number;
}

/** A policy: bands and points, perhaps a decision table (JDM) and guards (CEL). */
export interface PolicyIn {
  "document": Record<string, JsonValue>;
}

/** The newest version of each policy, and what conditions may look at. */
export interface PolicyList {
  "data": Array<PolicyOut>;
  "fields": Record<string, string>;
  "next_cursor"?: string | null;
}

/** A version of a policy, where it stands, and what is worth a look in it. */
export interface PolicyOut {
  "name": string;
  "version": number;
  "revision": number;
  "state": PolicyState;
  "digest": string;
  "author": string;
  "saved_at": string;
  "proposed_by": string | null;
  "effective_from": string | null;
  "published_by": string | null;
  "published_at": string | null;
  "document": Record<string, JsonValue>;
  "warnings": Array<string>;
}

/** Where a version of a policy stands; what is published never changes. */
export type PolicyState = "draft" | "proposed" | "published";

/** How urgent a case is. */
export type Priority = "low" | "normal" | "high" | "urgent";

/** An error (RFC 9457). */
export interface Problem {
  "type": string;
  "title": string;
  "status": number;
  "detail": string;
  "instance": string;
  "code": string;
  "retryable": boolean;
  "request_id": string;
  "errors"?: Array<FieldProblem>;
}

/** An OCDS `release` or `record`; exactly one of them. */
export interface ProcurementIn {
  "kind": "procurement";
  "release"?: Record<string, JsonValue> | null;
  "record"?: Record<string, JsonValue> | null;
}

/** All that is known of a process; `signs` are by party. */
export interface ProfileOut {
  "ocid": string;
  "risk": RiskOut;
  "flags": Array<FlagOut>;
  "not_computable": Record<string, string>;
  "bids": Array<BidScoreOut>;
  "signs": Record<string, Array<SignOut>>;
}

/** The version that shall judge. */
export interface PromoteIn {
  "version": string;
}

/** How old what goes must be, and why it goes. */
export interface PruneIn {
  "before": string;
  "reason": string;
}

/** How many entries have lost their payload; all keep their hash. */
export interface PrunedOut {
  "pruned": number;
}

/** From when on it decides; at once without a date. */
export interface PublishIn {
  "effective_from"?: string | null;
}

/** What personal data may be read in clear for. */
export type Purpose = "investigation" | "review" | "audit" | "subject_request" | "legal_claim";

/** One reason, in words an analyst understands. */
export interface ReasonInput {
  "text": string;
  "weight"?: number | null;
  "data"?: Record<string, JsonValue>;
}

/** One reason, in words an analyst understands. */
export interface ReasonOutput {
  "text": string;
  "weight"?: number | null;
  "data"?: Record<string, JsonValue>;
}

/** Codes that each sign in once in place of the authenticator; shown this once. */
export interface RecoveryOut {
  "recovery_codes": Array<string>;
}

/** Which lists to fetch; all that have a source if none is named. */
export interface RefreshIn {
  "lists"?: Array<string>;
}

/** A page of refreshes, newest first. */
export interface RefreshList {
  "data": Array<RefreshOut>;
  "next_cursor"?: string | null;
}

/** A refresh; `outcomes` tells of each list once it is `done` or `failed`. */
export interface RefreshOut {
  "id": string;
  "state": "waiting" | "done" | "failed";
  "lists": Array<string>;
  "asked_by": string;
  "asked_at": string;
  "finished_at": string | null;
  "outcomes": Array<ListOutcome>;
}

/** A thing wrong in what was sent; the rest of it counts. */
export interface RejectOut {
  "path": string;
  "message": string;
  "remedy": string;
}

/** What a verification looked at and what it found. */
export interface ReportOut {
  "sound": boolean;
  "origin": string;
  "size": number;
  "root": string;
  "differences": Array<DifferenceOut>;
  "notes": Array<string>;
}

/** Whether to look only, which is what happens unless said otherwise. */
export interface RetentionIn {
  "dry_run"?: boolean;
}

/** What is due, or was erased, by kind; and what a legal hold keeps. */
export interface RetentionOut {
  "dry_run": boolean;
  "kinds": Record<string, number>;
  "evidence": Array<DueOut>;
  "held": Array<DueOut>;
}

/** A retry policy on the wire. */
export interface RetryIn {
  "attempts"?: number;
  "base_s"?: number;
  "cap_s"?: number;
  "retry_on"?: Array<string>;
}

/** From which step a finished run is done again; left out: where it failed. */
export interface RetryRunIn {
  "from_step"?: string | null;
}

/** What personal data is needed in clear for; kept beside the log's entry. */
export interface RevealIn {
  "purpose": Purpose;
  "reason": string;
}

/** What a person says of a finding; `open` refuses what another one proposed. */
export interface ReviewIn {
  "review": "confirmed" | "dismissed" | "open";
  "reason": string;
}

/** What a person said of a finding. */
export type ReviewState = "open" | "confirmed" | "dismissed";

/** A token whose session is to end (RFC 7009). */
export interface RevokeIn {
  "token": string;
}

/** A score in [0, 100] and every part of it. */
export interface RiskOut {
  "score": number;
  "policy": string;
  "parts": Array<PartOut>;
}

/** What somebody does here. A user may have several; a machine has `service`. */
export type Role = "viewer" | "analyst" | "reviewer" | "auditor" | "admin" | "service";

/** A role and what it may do. */
export interface RoleOut {
  "name": string;
  "permissions": Array<string>;
}

/** A run with its steps. */
export interface RunDetailOut {
  "id": string;
  "workflow": string;
  "version": number;
  "subject": string;
  "state": RunState;
  "correlation_id": string;
  "created_at": string;
  "ended_at": string | null;
  "cause": string;
  "steps": Array<RunStepOut>;
  "priority"?: number | null;
  "timeout_s"?: number | null;
  "parent"?: string | null;
  "parent_step"?: string | null;
  "origin"?: string | null;
  "attributes"?: Record<string, string>;
}

/** A run of a workflow. */
export interface RunOut {
  "id": string;
  "workflow": string;
  "version": number;
  "subject": string;
  "state": RunState;
  "correlation_id": string;
  "created_at": string;
  "ended_at": string | null;
  "cause": string;
}

/** Where a run stands. */
export type RunState = "running" | "succeeded" | "failed" | "cancelled";

/** One attempt of a step; attempt 0 has not begun. */
export interface RunStepOut {
  "name": string;
  "attempt": number;
  "state": StepState;
  "result"?: unknown;
  "error"?: Record<string, unknown> | null;
  "started_at"?: string | null;
  "ended_at"?: string | null;
}

/** When which workflow runs: `cron` has five fields, in `time_zone` (IANA). */
export interface ScheduleIn {
  "name": string;
  "workflow": string;
  "version"?: number | null;
  "cron": string;
  "time_zone"?: string;
  "subject"?: string | null;
  "input"?: Record<string, JsonValue>;
  "catch_up"?: CatchUp;
  "overlap"?: Overlap;
}

/** A schedule, when it is due next, and its last run. */
export interface ScheduleOut {
  "name": string;
  "workflow": string;
  "version": number | null;
  "cron": string;
  "time_zone": string;
  "subject": string | null;
  "input": Record<string, JsonValue>;
  "catch_up": CatchUp;
  "overlap": Overlap;
  "paused": boolean;
  "created_at": string;
  "next_at": string;
  "last_at": string | null;
  "last_run_id": string | null;
}

/** Pause or resume a schedule. */
export interface SchedulePatch {
  "paused": boolean;
}

/** Up to 1,000 queries; each is answered or refused by itself. */
export interface ScreenBatchIn {
  "queries": Array<JsonValue>;
  "limit"?: number;
}

/** One item per query, in order. */
export interface ScreenBatchOut {
  "results": Array<ScreenItemOut>;
  "lists": Array<string>;
  "threshold"?: number;
}

/** Who to look for. Fields beside these are the caller's own and are ignored. */
export interface ScreenIn {
  "query": string;
  "type"?: string;
  "birth_date"?: string | null;
  "country"?: string | null;
  "identifiers"?: Array<string>;
  "gender"?: "male" | "female" | "other" | null;
}

/** The answer to one query of a batch: hits, or the errors that refused it. */
export interface ScreenItemOut {
  "index": number;
  "hits"?: Array<HitOut>;
  "errors"?: Array<FieldError>;
}

/** Hits, best first, none if nobody resembles the query, and what was asked. */
export interface ScreenOut {
  "hits": Array<HitOut>;
  "lists": Array<string>;
  "threshold"?: number;
}

/** Points of equal length without a gap, the oldest first. */
export interface SeriesOut {
  "interval": Interval;
  "data": Array<PointOut>;
}

/** How much a finding matters, least first. */
export type Severity = "info" | "low" | "medium" | "high" | "critical";

/** A reason to look at the party. */
export interface SignOut {
  "code": string;
  "title": string;
  "value": number;
  "others": Array<string>;
  "text": string;
  "formula": string;
  "source": string;
}

/** A signal to a run that waits for it. */
export interface SignalIn {
  "name": string;
  "payload"?: JsonValue;
}

/** Start a run of a workflow on a case. */
export interface StartRunIn {
  "subject": string;
  "version"?: number | null;
  "input"?: Record<string, JsonValue>;
  "priority"?: number | null;
  "timeout_s"?: number | null;
  "attributes"?: Record<string, unknown>;
}

/** What a dataset tells: fences by indicator, null where there is none. */
export interface StatisticsOut {
  "name": string;
  "processes": number;
  "version": string;
  "currency": string | null;
  "parties": number;
  "fences": Record<string, Record<string, number | null>>;
}

/** How many cases there are, by what they are; and what waits. */
export interface StatsOut {
  "cases": number;
  "by_state": Record<string, number>;
  "by_outcome": Record<string, number>;
  "by_band": Record<string, number>;
  "by_priority": Record<string, number>;
  "by_channel": Record<string, number>;
  "findings_by_severity": Record<string, number>;
  "unassigned": number;
  "overdue": number;
  "open_approvals": number;
}

/** A step on the wire: exactly one of the kinds of work. */
export interface StepIn {
  "name": string;
  "operation"?: string | null;
  "signal"?: string | null;
  "approval"?: ApprovalIn | null;
  "sleep_s"?: number | null;
  "sleep_until"?: string | null;
  "workflow"?: string | null;
  "workflow_version"?: number | null;
  "for_each"?: string | null;
  "parallel"?: number | null;
  "after"?: Array<string>;
  "when"?: string | null;
  "inputs"?: Record<string, unknown>;
  "retry"?: RetryIn;
  "timeout_s"?: number | null;
  "on_failure"?: OnFailure;
  "compensate"?: string | null;
}

/** Where a step stands; all but the first three are kept on disk. */
export type StepState = "pending" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "compensated";

/** What a finding is about: an item of evidence and a place in it. */
export interface SubjectInput {
  "evidence"?: string | null;
  "path"?: string | null;
  "start"?: number | null;
  "end"?: number | null;
}

/** What a finding is about: an item of evidence and a place in it. */
export interface SubjectOutput {
  "evidence"?: string | null;
  "path"?: string | null;
  "start"?: number | null;
  "end"?: number | null;
}

/** A person, by anything that tells them apart. */
export interface SubjectIn {
  "names"?: Array<string>;
  "accounts"?: Array<string>;
  "emails"?: Array<string>;
  "identifiers"?: Array<string>;
}

/** Everything that is kept about a person. */
export interface SubjectOut {
  "data": Array<KeptItemOut>;
  "withheld": number;
}

/** The answer to a submission: it is durable, and its case is open. */
export interface SubmissionAccepted {
  "id": string;
  "case_id": string;
  "number": string;
  "state": CaseState;
  "evidence": Array<string>;
  "links": Record<string, string>;
}

/** Several submissions; each is taken or refused by itself. */
export interface SubmissionBatchIn {
  "items": Array<JsonValue>;
}

/** What came in: one submission opens one case. */
export interface SubmissionIn {
  "channel"?: string;
  "title"?: string;
  "reference"?: string;
  "evidence": Array<MessageIn | ProcurementIn | PartyIn | PaymentIn>;
}

/** A submission as kept. */
export interface SubmissionOut {
  "id": string;
  "case_id": string;
  "channel": string;
  "title": string;
  "reference": string;
  "received_at": string;
}

/** Examples to try instead of the policy's own. */
export interface TestIn {
  "examples"?: Array<Example> | null;
}

/** All examples; `passed` if each came out as expected. */
export interface TestOut {
  "passed": boolean;
  "results": Array<ExampleOut>;
}

/** A journal entry: what happened, without personal data. */
export interface TimelineEntryOut {
  "seq": number;
  "event_id": string;
  "type": string;
  "time": string;
  "actor_id": string;
  "actor_kind": ActorKind;
  "correlation_id": string;
  "data": Record<string, unknown>;
}

/** A grant (RFC 6749 sections 4.3, 4.4 and 6). */
export interface TokenIn {
  "grant_type"?: "password" | "refresh_token" | "client_credentials";
  "username"?: string | null;
  "password"?: string | null;
  "code"?: string | null;
  "refresh_token"?: string | null;
  "client_id"?: string | null;
  "client_secret"?: string | null;
  "tenant"?: string;
}

/** Tokens, shown this once; a machine gets no refresh token. */
export interface TokenOut {
  "access_token": string;
  "refresh_token": string | null;
  "token_type"?: "bearer";
  "expires_in": number;
}

/** A move to another state. */
export interface TransitionIn {
  "to": CaseState;
  "reason"?: string;
}

/** A user to create. */
export interface UserIn {
  "username": string;
  "password"?: string | null;
  "roles": Array<Role>;
  "display_name"?: string;
  "email"?: string | null;
  "teams"?: Array<string>;
}

/** A user. */
export interface UserOut {
  "id": string;
  "username": string;
  "display_name": string;
  "email": string | null;
  "roles": Array<Role>;
  "teams": Array<string>;
  "disabled": boolean;
  "created_at": string;
  "updated_at": string;
  "version": number;
}

/** What to change of a user; what is left out stays. */
export interface UserPatch {
  "display_name"?: string | null;
  "email"?: string | null;
  "roles"?: Array<Role> | null;
  "teams"?: Array<string> | null;
  "disabled"?: boolean | null;
  "password"?: string | null;
}

/** A policy's verdict. `risk` lies in [0, 100]; `policy` is `name@version`. */
export interface Verdict {
  "outcome": Outcome;
  "risk": number;
  "band": string;
  "reasons": Array<ReasonOutput>;
  "policy": string;
  "required_steps"?: Array<string>;
}

/** A version; `manifest` says from which data, with which figures. */
export interface VersionOut {
  "name": string;
  "version": string;
  "shipped": boolean;
  "manifest": Record<string, JsonValue>;
}

/** Where to send messages (Standard Webhooks), and of which types of events. */
export interface WebhookIn {
  "url": string;
  "types"?: Array<string>;
  "description"?: string;
}

/** A webhook without its secret. */
export interface WebhookOut {
  "id": string;
  "url": string;
  "types": Array<string>;
  "description": string;
  "enabled": boolean;
  "disabled_because": string;
  "created_by": string;
  "created_at": string;
  "updated_at": string;
  "version": number;
}

/** What to change; what is left out stays. */
export interface WebhookPatch {
  "url"?: string | null;
  "types"?: Array<string> | null;
  "description"?: string | null;
  "enabled"?: boolean | null;
  "rotate_secret"?: boolean;
}

/** A webhook and, where it is new, the secret: it is shown this once. */
export interface WebhookWithSecret {
  "id": string;
  "url": string;
  "types": Array<string>;
  "description": string;
  "enabled": boolean;
  "disabled_because": string;
  "created_by": string;
  "created_at": string;
  "updated_at": string;
  "version": number;
  "secret"?: string | null;
}

/** Which version judges: champion, and the challenger that takes a share. */
export interface ModelOut {
  "name": string;
  "champion": string;
  "previous": string | null;
  "challenger": string | null;
  "share": number;
  "changed_by": string | null;
  "changed_at": string | null;
}

/** What went; the entries of the log stay, with their commitments. */
export interface ErasedOut {
  "evidence": number;
  "cases": Array<string>;
  "journal": number;
  "learned": number;
}

/** In how many stored releases a person or firm was named, and is no more. */
export interface AnticorruptionErasedOut {
  "releases": number;
}

/** A model of the service, as its manifest describes it. */
export interface AnticorruptionModelOut {
  "name": string;
  "version": string;
  "manifest": Record<string, unknown>;
}

/** How many entries had personal data beside them that is gone. */
export interface AuditErasedOut {
  "erased": number;
}

/** Every operation of the API, by its id. */
export class Client {
  private readonly base: string;
  private readonly credential: Credential;
  private readonly fetcher: typeof fetch;

  constructor(
    base: string,
    credential: Credential = {},
    fetcher: typeof fetch = fetch,
  ) {
    this.base = base.replace(/\/$/, "");
    this.credential = credential;
    this.fetcher = fetcher;
  }

  private async ask(
    method: string,
    path: string,
    query: Query,
    headers: Headers_,
    body?: unknown,
  ): Promise<Response> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each !== undefined && each !== null) search.append(name, String(each));
      }
    }
    const sent = new Headers({ Accept: "application/json, */*;q=0.5" });
    const { token, apiKey } = this.credential;
    if (token) sent.set("Authorization", `Bearer ${token}`);
    else if (apiKey) sent.set("X-API-Key", apiKey);
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && value !== null) sent.set(name, value);
    }
    if (body !== undefined) sent.set("Content-Type", "application/json");
    const text = search.toString();
    const answer = await this.fetcher.call(
      undefined,
      this.base + path + (text ? `?${text}` : ""),
      { method, headers: sent, body: body === undefined ? null : JSON.stringify(body) },
    );
    if (answer.status >= 400) {
      throw new ApiError(answer.status, (await answer.json()) as Problem);
    }
    return answer;
  }

  /** Assess evidence (anticorruption). */
  async anticorruptionAssess(body: AssessIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Assessed> {
    const answer = await this.ask("POST", `/api/v1/anticorruption/assess`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Assessed;
  }

  /** Assess many items, each by itself (anticorruption). */
  async anticorruptionAssessBatch(body: BatchIn, options: { idempotencyKey?: string | undefined } = {}): Promise<BatchResults> {
    const answer = await this.ask("POST", `/api/v1/anticorruption/assess/batch`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as BatchResults;
  }

  /** Tell a dataset's statistics. */
  async anticorruptionDataset(name: string): Promise<StatisticsOut> {
    const answer = await this.ask("GET", `/api/v1/anticorruption/datasets/${encodeURIComponent(String(name))}`, {  }, {  });
    return (await answer.json()) as StatisticsOut;
  }

  /** Create a dataset. */
  async anticorruptionDatasetCreate(body: DatasetIn, options: { idempotencyKey?: string | undefined } = {}): Promise<DatasetOut> {
    const answer = await this.ask("POST", `/api/v1/anticorruption/datasets`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as DatasetOut;
  }

  /** Take releases, records or packages into a dataset. */
  async anticorruptionDatasetLoad(name: string, body: LoadIn, options: { idempotencyKey?: string | undefined } = {}): Promise<LoadOut> {
    const answer = await this.ask("POST", `/api/v1/anticorruption/datasets/${encodeURIComponent(String(name))}/releases`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as LoadOut;
  }

  /** List datasets. */
  async anticorruptionDatasets(): Promise<DatasetList> {
    const answer = await this.ask("GET", `/api/v1/anticorruption/datasets`, {  }, {  });
    return (await answer.json()) as DatasetList;
  }

  /** Erase a person or firm from everything that was learned. */
  async anticorruptionErase(party: string, options: { idempotencyKey?: string | undefined } = {}): Promise<AnticorruptionErasedOut> {
    const answer = await this.ask("DELETE", `/api/v1/anticorruption/networks/${encodeURIComponent(String(party))}`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as AnticorruptionErasedOut;
  }

  /** List the red flags: formula, options, source, why it matters. */
  async anticorruptionIndicators(): Promise<IndicatorList> {
    const answer = await this.ask("GET", `/api/v1/anticorruption/indicators`, {  }, {  });
    return (await answer.json()) as IndicatorList;
  }

  /** List the models: data, features, measured figures. */
  async anticorruptionModels(): Promise<ModelList> {
    const answer = await this.ask("GET", `/api/v1/anticorruption/models`, {  }, {  });
    return (await answer.json()) as ModelList;
  }

  /** Show who is around a party, why, and what speaks for a closer look. */
  async anticorruptionNetwork(party: string, options: { dataset?: string | undefined; steps?: number | undefined } = {}): Promise<NetworkOut> {
    const answer = await this.ask("GET", `/api/v1/anticorruption/networks/${encodeURIComponent(String(party))}`, { "dataset": options.dataset, "steps": options.steps }, {  });
    return (await answer.json()) as NetworkOut;
  }

  /** Tell everything of one process: flags, model, signs, risk by part. */
  async anticorruptionProcess(name: string, ocid: string): Promise<ProfileOut> {
    const answer = await this.ask("GET", `/api/v1/anticorruption/datasets/${encodeURIComponent(String(name))}/processes/${encodeURIComponent(String(ocid))}`, {  }, {  });
    return (await answer.json()) as ProfileOut;
  }

  /** Approve or reject. */
  async approvalsDecide(approvalId: string, body: ApprovalDecideIn, options: { idempotencyKey?: string | undefined } = {}): Promise<ApprovalOut> {
    const answer = await this.ask("POST", `/api/v1/approvals/${encodeURIComponent(String(approvalId))}/decide`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ApprovalOut;
  }

  /** List approvals. */
  async approvalsList(options: { state?: ApprovalState | null | undefined; limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageApprovalOut> {
    const answer = await this.ask("GET", `/api/v1/approvals`, { "state": options.state, "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageApprovalOut;
  }

  /** Attach a file to a case. */
  async attachmentsAdd(caseId: string, body: AttachmentIn, options: { idempotencyKey?: string | undefined } = {}): Promise<AttachmentOut> {
    const answer = await this.ask("POST", `/api/v1/cases/${encodeURIComponent(String(caseId))}/attachments`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as AttachmentOut;
  }

  /** Read an attachment (recorded). */
  async attachmentsGet(attachmentId: string): Promise<ArrayBuffer> {
    const answer = await this.ask("GET", `/api/v1/attachments/${encodeURIComponent(String(attachmentId))}`, {  }, {  });
    return answer.arrayBuffer();
  }

  /** Attachments of a case. */
  async attachmentsList(caseId: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageAttachmentOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}/attachments`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageAttachmentOut;
  }

  /** Append events of an outside system. */
  async auditAppend(body: EventsIn, options: { idempotencyKey?: string | undefined } = {}): Promise<AppendedOut> {
    const answer = await this.ask("POST", `/api/v1/audit/entries`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as AppendedOut;
  }

  /** Get the evidence bundle of a case. */
  async auditBundle(case_: string): Promise<Record<string, unknown>> {
    const answer = await this.ask("GET", `/api/v1/audit/bundles/${encodeURIComponent(String(case_))}`, {  }, {  });
    return (await answer.json()) as Record<string, unknown>;
  }

  /** Get the signed checkpoint. */
  async auditCheckpoint(): Promise<string> {
    const answer = await this.ask("GET", `/api/v1/audit/log/checkpoint`, {  }, {  });
    return answer.text();
  }

  /** Prove that the log only grew. */
  async auditConsistency(options: { old: number; new_?: number | null | undefined }): Promise<ConsistencyOut> {
    const answer = await this.ask("GET", `/api/v1/audit/proofs/consistency`, { "old": options.old, "new": options.new_ }, {  });
    return (await answer.json()) as ConsistencyOut;
  }

  /** List entries. */
  async auditEntries(options: { limit?: number | undefined; cursor?: string | null | undefined; q?: string | null | undefined; type?: string | null | undefined; subject?: string | null | undefined; actor?: string | null | undefined; outcome?: "success" | "failure" | "unknown" | null | undefined; correlationId?: string | null | undefined; since?: string | null | undefined; until?: string | null | undefined } = {}): Promise<EntriesOut> {
    const answer = await this.ask("GET", `/api/v1/audit/entries`, { "limit": options.limit, "cursor": options.cursor, "q": options.q, "type": options.type, "subject": options.subject, "actor": options.actor, "outcome": options.outcome, "correlation_id": options.correlationId, "since": options.since, "until": options.until }, {  });
    return (await answer.json()) as EntriesOut;
  }

  /** Get an entry. */
  async auditEntry(index: number): Promise<EntryOut> {
    const answer = await this.ask("GET", `/api/v1/audit/entries/${encodeURIComponent(String(index))}`, {  }, {  });
    return (await answer.json()) as EntryOut;
  }

  /** Erase the personal data beside all entries on a subject. */
  async auditErase(body: OnSubjectIn, options: { idempotencyKey?: string | undefined } = {}): Promise<AuditErasedOut> {
    const answer = await this.ask("POST", `/api/v1/audit/erase`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as AuditErasedOut;
  }

  /** Export entries: JSON Lines, CSV, OCSF or CEF. */
  async auditExport(options: { format?: "jsonl" | "csv" | "ocsf" | "cef" | undefined; q?: string | null | undefined; type?: string | null | undefined; subject?: string | null | undefined; actor?: string | null | undefined; outcome?: "success" | "failure" | "unknown" | null | undefined; correlationId?: string | null | undefined; since?: string | null | undefined; until?: string | null | undefined } = {}): Promise<string> {
    const answer = await this.ask("GET", `/api/v1/audit/export`, { "format": options.format, "q": options.q, "type": options.type, "subject": options.subject, "actor": options.actor, "outcome": options.outcome, "correlation_id": options.correlationId, "since": options.since, "until": options.until }, {  });
    return answer.text();
  }

  /** Put a subject under legal hold: nothing on it is pruned or erased. */
  async auditHold(body: OnSubjectIn, options: { idempotencyKey?: string | undefined } = {}): Promise<HoldsOut> {
    const answer = await this.ask("POST", `/api/v1/audit/holds`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as HoldsOut;
  }

  /** List the legal holds that last. */
  async auditHolds(): Promise<HoldsOut> {
    const answer = await this.ask("GET", `/api/v1/audit/holds`, {  }, {  });
    return (await answer.json()) as HoldsOut;
  }

  /** Prove that an entry stands in the log. */
  async auditInclusion(options: { index: number; size?: number | null | undefined }): Promise<InclusionOut> {
    const answer = await this.ask("GET", `/api/v1/audit/proofs/inclusion`, { "index": options.index, "size": options.size }, {  });
    return (await answer.json()) as InclusionOut;
  }

  /** List the verifier keys. */
  async auditKeys(): Promise<KeysOut> {
    const answer = await this.ask("GET", `/api/v1/audit/keys`, {  }, {  });
    return (await answer.json()) as KeysOut;
  }

  /** Prune the payloads of old entries, never hashes; what is held stays. */
  async auditPrune(body: PruneIn, options: { idempotencyKey?: string | undefined } = {}): Promise<PrunedOut> {
    const answer = await this.ask("POST", `/api/v1/audit/prune`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as PrunedOut;
  }

  /** End a legal hold. */
  async auditRelease(body: OnSubjectIn, options: { idempotencyKey?: string | undefined } = {}): Promise<HoldsOut> {
    const answer = await this.ask("POST", `/api/v1/audit/holds/release`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as HoldsOut;
  }

  /** Hand the log over to a new key, by an entry that both sign. */
  async auditRotateKey(options: { idempotencyKey?: string | undefined } = {}): Promise<KeysOut> {
    const answer = await this.ask("POST", `/api/v1/audit/keys/rotation`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as KeysOut;
  }

  /** Get a tile or a bundle of entries (C2SP tlog-tiles). */
  async auditTile(path: string): Promise<ArrayBuffer> {
    const answer = await this.ask("GET", `/api/v1/audit/log/tile/${path}`, {  }, {  });
    return answer.arrayBuffer();
  }

  /** Re-compute everything. */
  async auditVerify(options: { idempotencyKey?: string | undefined } = {}): Promise<ReportOut> {
    const answer = await this.ask("POST", `/api/v1/audit/verify`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as ReportOut;
  }

  /** Public keys. */
  async authJwks(): Promise<Record<string, unknown>> {
    const answer = await this.ask("GET", `/api/v1/auth/jwks.json`, {  }, {  });
    return (await answer.json()) as Record<string, unknown>;
  }

  /** Sign out. */
  async authRevoke(body: RevokeIn): Promise<void> {
    await this.ask("POST", `/api/v1/auth/revoke`, {  }, {  }, body);
  }

  /** Sign tokens with a new key. */
  async authRotateKey(options: { idempotencyKey?: string | undefined } = {}): Promise<KeyRotated> {
    const answer = await this.ask("POST", `/api/v1/auth/keys/rotate`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as KeyRotated;
  }

  /** Sign in, or renew. */
  async authToken(body: TokenIn): Promise<TokenOut> {
    const answer = await this.ask("POST", `/api/v1/auth/token`, {  }, {  }, body);
    return (await answer.json()) as TokenOut;
  }

  /** Who may see a case. */
  async casesAccess(caseId: string): Promise<AccessOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}/access`, {  }, {  });
    return (await answer.json()) as AccessOut;
  }

  /** Approvals of a case. */
  async casesApprovals(caseId: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageApprovalOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}/approvals`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageApprovalOut;
  }

  /** Ask a second person. */
  async casesAskApproval(caseId: string, body: TransitionIn, options: { ifMatch: string; idempotencyKey?: string | undefined }): Promise<ApprovalOut> {
    const answer = await this.ask("POST", `/api/v1/cases/${encodeURIComponent(String(caseId))}/approvals`, {  }, { "If-Match": options.ifMatch, "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ApprovalOut;
  }

  /** Open a confidential case without a grant (recorded). */
  async casesBreakGlass(caseId: string, body: BreakIn, options: { idempotencyKey?: string | undefined } = {}): Promise<GrantOut> {
    const answer = await this.ask("POST", `/api/v1/cases/${encodeURIComponent(String(caseId))}/break-glass`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as GrantOut;
  }

  /** Change many cases, each by itself. */
  async casesBulk(body: BulkIn, options: { idempotencyKey?: string | undefined } = {}): Promise<BulkOut> {
    const answer = await this.ask("POST", `/api/v1/cases/bulk`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as BulkOut;
  }

  /** Open a case. */
  async casesCreate(body: CaseIn, options: { idempotencyKey?: string | undefined } = {}): Promise<CaseOut> {
    const answer = await this.ask("POST", `/api/v1/cases`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as CaseOut;
  }

  /** Verdicts on a case. */
  async casesDecisions(caseId: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageDecisionOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}/decisions`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageDecisionOut;
  }

  /** Get a case. */
  async casesGet(caseId: string): Promise<CaseOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}`, {  }, {  });
    return (await answer.json()) as CaseOut;
  }

  /** Let somebody see a confidential case. */
  async casesGrant(caseId: string, body: GrantIn, options: { idempotencyKey?: string | undefined } = {}): Promise<GrantOut> {
    const answer = await this.ask("POST", `/api/v1/cases/${encodeURIComponent(String(caseId))}/grants`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as GrantOut;
  }

  /** Transitions of a case. */
  async casesHistory(caseId: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageHistoryOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}/history`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageHistoryOut;
  }

  /** Link a case to another. */
  async casesLink(caseId: string, body: LinkIn, options: { idempotencyKey?: string | undefined } = {}): Promise<LinkOut> {
    const answer = await this.ask("POST", `/api/v1/cases/${encodeURIComponent(String(caseId))}/links`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as LinkOut;
  }

  /** Links of a case. */
  async casesLinks(caseId: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageLinkOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}/links`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageLinkOut;
  }

  /** List cases. */
  async casesList(options: { state?: Array<CaseState> | undefined; outcome?: Array<Outcome> | undefined; priority?: Array<Priority> | undefined; assignee?: string | null | undefined; channel?: string | null | undefined; kind?: string | null | undefined; tag?: string | null | undefined; minRisk?: number | null | undefined; maxRisk?: number | null | undefined; createdFrom?: string | null | undefined; createdBefore?: string | null | undefined; updatedFrom?: string | null | undefined; dueBefore?: string | null | undefined; sort?: CaseSort | undefined; limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageCaseOut> {
    const answer = await this.ask("GET", `/api/v1/cases`, { "state": options.state, "outcome": options.outcome, "priority": options.priority, "assignee": options.assignee, "channel": options.channel, "kind": options.kind, "tag": options.tag, "min_risk": options.minRisk, "max_risk": options.maxRisk, "created_from": options.createdFrom, "created_before": options.createdBefore, "updated_from": options.updatedFrom, "due_before": options.dueBefore, "sort": options.sort, "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageCaseOut;
  }

  /** Make a case confidential, or no more. */
  async casesRestrict(caseId: string, body: AccessIn, options: { idempotencyKey?: string | undefined } = {}): Promise<AccessOut> {
    const answer = await this.ask("PUT", `/api/v1/cases/${encodeURIComponent(String(caseId))}/access`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as AccessOut;
  }

  /** Take a grant back. */
  async casesRevokeGrant(caseId: string, grantId: string, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("DELETE", `/api/v1/cases/${encodeURIComponent(String(caseId))}/grants/${encodeURIComponent(String(grantId))}`, {  }, { "Idempotency-Key": options.idempotencyKey });
  }

  /** Everything that happened to a case. */
  async casesTimeline(caseId: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageTimelineEntryOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}/timeline`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageTimelineEntryOut;
  }

  /** Move a case to another state. */
  async casesTransition(caseId: string, body: TransitionIn, options: { ifMatch: string; idempotencyKey?: string | undefined }): Promise<CaseOut | ApprovalOut> {
    const answer = await this.ask("POST", `/api/v1/cases/${encodeURIComponent(String(caseId))}/transitions`, {  }, { "If-Match": options.ifMatch, "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as CaseOut | ApprovalOut;
  }

  /** Change a case. */
  async casesUpdate(caseId: string, body: CasePatch, options: { ifMatch: string; idempotencyKey?: string | undefined }): Promise<CaseOut> {
    const answer = await this.ask("PATCH", `/api/v1/cases/${encodeURIComponent(String(caseId))}`, {  }, { "If-Match": options.ifMatch, "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as CaseOut;
  }

  /** Put a dismissed hit on the allow-list. */
  async complianceAllow(body: AllowIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Allowed> {
    const answer = await this.ask("POST", `/api/v1/compliance/allow-list`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Allowed;
  }

  /** List the pairs that are no hits. */
  async complianceAllowList(options: { cursor?: string | null | undefined; limit?: number | undefined } = {}): Promise<AllowedList> {
    const answer = await this.ask("GET", `/api/v1/compliance/allow-list`, { "cursor": options.cursor, "limit": options.limit }, {  });
    return (await answer.json()) as AllowedList;
  }

  /** Take a pair off the allow-list. */
  async complianceAllowWithdraw(allowedId: string, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("DELETE", `/api/v1/compliance/allow-list/${encodeURIComponent(String(allowedId))}`, {  }, { "Idempotency-Key": options.idempotencyKey });
  }

  /** Assess evidence (compliance). */
  async complianceAssess(body: AssessIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Assessed> {
    const answer = await this.ask("POST", `/api/v1/compliance/assess`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Assessed;
  }

  /** Assess many items, each by itself (compliance). */
  async complianceAssessBatch(body: BatchIn, options: { idempotencyKey?: string | undefined } = {}): Promise<BatchResults> {
    const answer = await this.ask("POST", `/api/v1/compliance/assess/batch`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as BatchResults;
  }

  /** Decide on findings by the policy in force. */
  async complianceDecide(body: DecideIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Verdict> {
    const answer = await this.ask("POST", `/api/v1/compliance/decide`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Verdict;
  }

  /** List watchlist hits of all cases. */
  async complianceHits(options: { review?: "open" | "proposed" | "confirmed" | "dismissed" | null | undefined; cursor?: string | null | undefined; limit?: number | undefined } = {}): Promise<CaseHitList> {
    const answer = await this.ask("GET", `/api/v1/compliance/hits`, { "review": options.review, "cursor": options.cursor, "limit": options.limit }, {  });
    return (await answer.json()) as CaseHitList;
  }

  /** Fetch a list from its publisher. */
  async complianceListRefresh(name: string, options: { idempotencyKey?: string | undefined } = {}): Promise<RefreshOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/lists/${encodeURIComponent(String(name))}/refresh`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as RefreshOut;
  }

  /** Which lists are screened against. */
  async complianceLists(): Promise<ListsOut> {
    const answer = await this.ask("GET", `/api/v1/compliance/lists`, {  }, {  });
    return (await answer.json()) as ListsOut;
  }

  /** Fetch the lists from their publishers. */
  async complianceListsRefresh(body: RefreshIn, options: { idempotencyKey?: string | undefined } = {}): Promise<RefreshOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/lists/refresh`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as RefreshOut;
  }

  /** Get a refresh and what came of it. */
  async complianceListsRefreshGet(refreshId: string): Promise<RefreshOut> {
    const answer = await this.ask("GET", `/api/v1/compliance/lists/refreshes/${encodeURIComponent(String(refreshId))}`, {  }, {  });
    return (await answer.json()) as RefreshOut;
  }

  /** List refreshes: which version took the place of which. */
  async complianceListsRefreshes(options: { cursor?: string | null | undefined; limit?: number | undefined } = {}): Promise<RefreshList> {
    const answer = await this.ask("GET", `/api/v1/compliance/lists/refreshes`, { "cursor": options.cursor, "limit": options.limit }, {  });
    return (await answer.json()) as RefreshList;
  }

  /** Compare two names. */
  async complianceMatch(body: MatchIn, options: { idempotencyKey?: string | undefined } = {}): Promise<MatchOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/match`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as MatchOut;
  }

  /** List the rules over payments: formula, defaults, source. */
  async compliancePaymentRules(): Promise<PaymentRules> {
    const answer = await this.ask("GET", `/api/v1/compliance/payment-rules`, {  }, {  });
    return (await answer.json()) as PaymentRules;
  }

  /** Find personal data in a text. */
  async compliancePii(body: PersonalIn, options: { idempotencyKey?: string | undefined } = {}): Promise<PersonalOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/pii`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as PersonalOut;
  }

  /** List the policies. */
  async compliancePolicies(): Promise<PolicyList> {
    const answer = await this.ask("GET", `/api/v1/compliance/policies`, {  }, {  });
    return (await answer.json()) as PolicyList;
  }

  /** Show a policy. */
  async compliancePolicy(name: string, options: { version?: number | null | undefined } = {}): Promise<PolicyOut> {
    const answer = await this.ask("GET", `/api/v1/compliance/policies/${encodeURIComponent(String(name))}`, { "version": options.version }, {  });
    return (await answer.json()) as PolicyOut;
  }

  /** Try a policy on the verdicts of the past. */
  async compliancePolicyBacktest(name: string, body: BacktestIn, options: { idempotencyKey?: string | undefined } = {}): Promise<BacktestOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/policies/${encodeURIComponent(String(name))}/backtest`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as BacktestOut;
  }

  /** Write a new policy. */
  async compliancePolicyCreate(body: PolicyIn, options: { idempotencyKey?: string | undefined } = {}): Promise<PolicyOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/policies`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as PolicyOut;
  }

  /** Propose a policy, or publish what somebody else proposed. */
  async compliancePolicyPublish(name: string, body: PublishIn, options: { ifMatch: string; idempotencyKey?: string | undefined }): Promise<PolicyOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/policies/${encodeURIComponent(String(name))}/publish`, {  }, { "If-Match": options.ifMatch, "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as PolicyOut;
  }

  /** Change a policy. */
  async compliancePolicySave(name: string, body: PolicyIn, options: { ifMatch: string; idempotencyKey?: string | undefined }): Promise<PolicyOut> {
    const answer = await this.ask("PUT", `/api/v1/compliance/policies/${encodeURIComponent(String(name))}`, {  }, { "If-Match": options.ifMatch, "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as PolicyOut;
  }

  /** Run a policy's examples, or others. */
  async compliancePolicyTest(name: string, body: TestIn, options: { idempotencyKey?: string | undefined } = {}): Promise<TestOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/policies/${encodeURIComponent(String(name))}/test`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as TestOut;
  }

  /** Erase evidence whose period is over, or say which (audited). */
  async complianceRetention(body: RetentionIn, options: { idempotencyKey?: string | undefined } = {}): Promise<RetentionOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/retention`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as RetentionOut;
  }

  /** Look one name up in all watchlists. */
  async complianceScreen(body: ScreenIn, options: { idempotencyKey?: string | undefined } = {}): Promise<ScreenOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/screen`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ScreenOut;
  }

  /** Look many names up, each by itself. */
  async complianceScreenBatch(body: ScreenBatchIn, options: { idempotencyKey?: string | undefined } = {}): Promise<ScreenBatchOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/screen/batch`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ScreenBatchOut;
  }

  /** Erase evidence about a person (audited). */
  async complianceSubjectErase(body: EraseIn, options: { idempotencyKey?: string | undefined } = {}): Promise<ErasedOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/subjects/erase`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ErasedOut;
  }

  /** Export what is kept about a person (audited). */
  async complianceSubjectExport(body: SubjectIn, options: { idempotencyKey?: string | undefined } = {}): Promise<SubjectOut> {
    const answer = await this.ask("POST", `/api/v1/compliance/subjects/export`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as SubjectOut;
  }

  /** Runs that gave up. */
  async deadLettersList(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageRunOut> {
    const answer = await this.ask("GET", `/api/v1/dead-letters`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageRunOut;
  }

  /** Re-drive a run that gave up. */
  async deadLettersRedrive(runId: string, options: { idempotencyKey?: string | undefined } = {}): Promise<Accepted> {
    const answer = await this.ask("POST", `/api/v1/dead-letters/${encodeURIComponent(String(runId))}/redrive`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as Accepted;
  }

  /** Deliver once more. */
  async deliveriesReplay(deliveryId: string, options: { idempotencyKey?: string | undefined } = {}): Promise<DeliveryOut> {
    const answer = await this.ask("POST", `/api/v1/deliveries/${encodeURIComponent(String(deliveryId))}/replay`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as DeliveryOut;
  }

  /** Follow events. */
  async eventsStream(options: { type?: Array<string> | undefined; subject?: string | null | undefined; limit?: number | undefined; cursor?: string | null | undefined; lastEventId?: string | null | undefined } = {}): Promise<PageEventOut> {
    const answer = await this.ask("GET", `/api/v1/events`, { "type": options.type, "subject": options.subject, "limit": options.limit, "cursor": options.cursor }, { "Last-Event-Id": options.lastEventId });
    return (await answer.json()) as PageEventOut;
  }

  /** Add evidence to a case. */
  async evidenceAdd(caseId: string, body: NewEvidenceIn, options: { ifMatch?: string | undefined; idempotencyKey?: string | undefined } = {}): Promise<CaseOut> {
    const answer = await this.ask("POST", `/api/v1/cases/${encodeURIComponent(String(caseId))}/evidence`, {  }, { "If-Match": options.ifMatch, "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as CaseOut;
  }

  /** Read evidence as one's roles see it. */
  async evidenceContent(evidenceId: string): Promise<ContentOut> {
    const answer = await this.ask("GET", `/api/v1/evidence/${encodeURIComponent(String(evidenceId))}/content`, {  }, {  });
    return (await answer.json()) as ContentOut;
  }

  /** Get an item of evidence. */
  async evidenceGet(evidenceId: string): Promise<EvidenceOut> {
    const answer = await this.ask("GET", `/api/v1/evidence/${encodeURIComponent(String(evidenceId))}`, {  }, {  });
    return (await answer.json()) as EvidenceOut;
  }

  /** Evidence of a case. */
  async evidenceList(caseId: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageEvidenceOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}/evidence`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageEvidenceOut;
  }

  /** Read raw evidence (recorded). */
  async evidenceRaw(evidenceId: string): Promise<ArrayBuffer> {
    const answer = await this.ask("GET", `/api/v1/evidence/${encodeURIComponent(String(evidenceId))}/raw`, {  }, {  });
    return answer.arrayBuffer();
  }

  /** Read evidence in clear (recorded). */
  async evidenceReveal(evidenceId: string, body: RevealIn, options: { idempotencyKey?: string | undefined } = {}): Promise<ContentOut> {
    const answer = await this.ask("POST", `/api/v1/evidence/${encodeURIComponent(String(evidenceId))}/reveal`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ContentOut;
  }

  /** Get a finding. */
  async findingsGet(findingId: string): Promise<FindingOut> {
    const answer = await this.ask("GET", `/api/v1/findings/${encodeURIComponent(String(findingId))}`, {  }, {  });
    return (await answer.json()) as FindingOut;
  }

  /** Findings on a case. */
  async findingsList(caseId: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageFindingOut> {
    const answer = await this.ask("GET", `/api/v1/cases/${encodeURIComponent(String(caseId))}/findings`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageFindingOut;
  }

  /** Read a finding in clear (recorded). */
  async findingsReveal(findingId: string, body: RevealIn, options: { idempotencyKey?: string | undefined } = {}): Promise<FindingOut> {
    const answer = await this.ask("POST", `/api/v1/findings/${encodeURIComponent(String(findingId))}/reveal`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as FindingOut;
  }

  /** Confirm or dismiss a finding. */
  async findingsReview(findingId: string, body: ReviewIn, options: { idempotencyKey?: string | undefined } = {}): Promise<FindingOut> {
    const answer = await this.ask("POST", `/api/v1/findings/${encodeURIComponent(String(findingId))}/review`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as FindingOut;
  }

  /** Say that it is alive. */
  async healthz(): Promise<Record<string, string>> {
    const answer = await this.ask("GET", `/healthz`, {  }, {  });
    return (await answer.json()) as Record<string, string>;
  }

  /** Create an API key. */
  async keysCreate(body: KeyIn, options: { idempotencyKey?: string | undefined } = {}): Promise<IssuedKeyOut> {
    const answer = await this.ask("POST", `/api/v1/api-keys`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as IssuedKeyOut;
  }

  /** List API keys. */
  async keysList(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageKeyOut> {
    const answer = await this.ask("GET", `/api/v1/api-keys`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageKeyOut;
  }

  /** Revoke an API key. */
  async keysRevoke(keyId: string, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("DELETE", `/api/v1/api-keys/${encodeURIComponent(String(keyId))}`, {  }, { "Idempotency-Key": options.idempotencyKey });
  }

  /** Who I am. */
  async me(): Promise<MeOut> {
    const answer = await this.ask("GET", `/api/v1/me`, {  }, {  });
    return (await answer.json()) as MeOut;
  }

  /** Let a version score in the shadow, and judge a share. */
  async modelsCanary(name: string, body: CanaryIn, options: { idempotencyKey?: string | undefined } = {}): Promise<ModelOut> {
    const answer = await this.ask("POST", `/api/v1/models/${encodeURIComponent(String(name))}/canary`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ModelOut;
  }

  /** Tell how far a model's world has moved. */
  async modelsDrift(name: string): Promise<Record<string, JsonValue>> {
    const answer = await this.ask("GET", `/api/v1/models/${encodeURIComponent(String(name))}/drift`, {  }, {  });
    return (await answer.json()) as Record<string, JsonValue>;
  }

  /** Tell which version of a model judges. */
  async modelsGet(name: string): Promise<ModelOut> {
    const answer = await this.ask("GET", `/api/v1/models/${encodeURIComponent(String(name))}`, {  }, {  });
    return (await answer.json()) as ModelOut;
  }

  /** List models, and which version judges. */
  async modelsList(): Promise<PageModelOut> {
    const answer = await this.ask("GET", `/api/v1/models`, {  }, {  });
    return (await answer.json()) as PageModelOut;
  }

  /** Let a version judge. */
  async modelsPromote(name: string, body: PromoteIn, options: { idempotencyKey?: string | undefined } = {}): Promise<ModelOut> {
    const answer = await this.ask("POST", `/api/v1/models/${encodeURIComponent(String(name))}/promote`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ModelOut;
  }

  /** Go back to the version that judged before. */
  async modelsRollback(name: string, options: { idempotencyKey?: string | undefined } = {}): Promise<ModelOut> {
    const answer = await this.ask("POST", `/api/v1/models/${encodeURIComponent(String(name))}/rollback`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as ModelOut;
  }

  /** List a model's versions with their manifests. */
  async modelsVersions(name: string): Promise<PageVersionOut> {
    const answer = await this.ask("GET", `/api/v1/models/${encodeURIComponent(String(name))}/versions`, {  }, {  });
    return (await answer.json()) as PageVersionOut;
  }

  /** Come back from the OpenID provider. */
  async oidcCallback(options: { state?: string | null | undefined; code?: string | null | undefined; iss?: string | null | undefined; error?: string | null | undefined } = {}): Promise<TokenOut> {
    const answer = await this.ask("GET", `/api/v1/auth/oidc/callback`, { "state": options.state, "code": options.code, "iss": options.iss, "error": options.error }, {  });
    return (await answer.json()) as TokenOut;
  }

  /** Go to the OpenID provider. */
  async oidcLogin(): Promise<void> {
    await this.ask("GET", `/api/v1/auth/oidc/login`, {  }, {  });
  }

  /** Say whether it can serve, each dependency named. */
  async readyz(): Promise<unknown> {
    const answer = await this.ask("GET", `/readyz`, {  }, {  });
    return (await answer.json()) as unknown;
  }

  /** Roles and permissions. */
  async roles(): Promise<PageRoleOut> {
    const answer = await this.ask("GET", `/api/v1/roles`, {  }, {  });
    return (await answer.json()) as PageRoleOut;
  }

  /** Cancel a run. */
  async runsCancel(runId: string, body: CancelIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Accepted> {
    const answer = await this.ask("POST", `/api/v1/runs/${encodeURIComponent(String(runId))}/cancel`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Accepted;
  }

  /** Approve or reject a step. */
  async runsDecide(runId: string, step: string, body: DecideStepIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Accepted> {
    const answer = await this.ask("POST", `/api/v1/runs/${encodeURIComponent(String(runId))}/steps/${encodeURIComponent(String(step))}/decide`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Accepted;
  }

  /** Fork a finished run. */
  async runsFork(runId: string, body: ForkRunIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Accepted> {
    const answer = await this.ask("POST", `/api/v1/runs/${encodeURIComponent(String(runId))}/fork`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Accepted;
  }

  /** Get a run. */
  async runsGet(runId: string): Promise<RunDetailOut> {
    const answer = await this.ask("GET", `/api/v1/runs/${encodeURIComponent(String(runId))}`, {  }, {  });
    return (await answer.json()) as RunDetailOut;
  }

  /** List runs. */
  async runsList(options: { workflow?: string | null | undefined; version?: number | null | undefined; subject?: string | null | undefined; state?: RunState | null | undefined; createdFrom?: string | null | undefined; createdBefore?: string | null | undefined; endedFrom?: string | null | undefined; endedBefore?: string | null | undefined; attribute?: Array<string> | undefined; parent?: string | null | undefined; origin?: string | null | undefined; limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageRunOut> {
    const answer = await this.ask("GET", `/api/v1/runs`, { "workflow": options.workflow, "version": options.version, "subject": options.subject, "state": options.state, "created_from": options.createdFrom, "created_before": options.createdBefore, "ended_from": options.endedFrom, "ended_before": options.endedBefore, "attribute": options.attribute, "parent": options.parent, "origin": options.origin, "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageRunOut;
  }

  /** Retry a finished run. */
  async runsRetry(runId: string, body: RetryRunIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Accepted> {
    const answer = await this.ask("POST", `/api/v1/runs/${encodeURIComponent(String(runId))}/retry`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Accepted;
  }

  /** Signal a run. */
  async runsSignal(runId: string, body: SignalIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Accepted> {
    const answer = await this.ask("POST", `/api/v1/runs/${encodeURIComponent(String(runId))}/signals`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Accepted;
  }

  /** Start a run. */
  async runsStart(name: string, body: StartRunIn, options: { idempotencyKey?: string | null | undefined } = {}): Promise<Accepted> {
    const answer = await this.ask("POST", `/api/v1/workflows/${encodeURIComponent(String(name))}/runs`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Accepted;
  }

  /** Steps of a run. */
  async runsSteps(runId: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageRunStepOut> {
    const answer = await this.ask("GET", `/api/v1/runs/${encodeURIComponent(String(runId))}/steps`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageRunStepOut;
  }

  /** Keep a schedule. */
  async schedulesCreate(body: ScheduleIn, options: { idempotencyKey?: string | undefined } = {}): Promise<ScheduleOut> {
    const answer = await this.ask("POST", `/api/v1/schedules`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ScheduleOut;
  }

  /** Forget a schedule. */
  async schedulesDelete(name: string, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("DELETE", `/api/v1/schedules/${encodeURIComponent(String(name))}`, {  }, { "Idempotency-Key": options.idempotencyKey });
  }

  /** List schedules. */
  async schedulesList(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageScheduleOut> {
    const answer = await this.ask("GET", `/api/v1/schedules`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageScheduleOut;
  }

  /** Pause or resume a schedule. */
  async schedulesUpdate(name: string, body: SchedulePatch, options: { idempotencyKey?: string | undefined } = {}): Promise<ScheduleOut> {
    const answer = await this.ask("PATCH", `/api/v1/schedules/${encodeURIComponent(String(name))}`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as ScheduleOut;
  }

  /** Search cases. */
  async search(options: { q: string; limit?: number | undefined; cursor?: string | null | undefined }): Promise<PageFoundOut> {
    const answer = await this.ask("GET", `/api/v1/search`, { "q": options.q, "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageFoundOut;
  }

  /** Operations that steps may call. */
  async servicesList(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageStr> {
    const answer = await this.ask("GET", `/api/v1/services`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageStr;
  }

  /** Assess evidence (spam). */
  async spamAssess(body: AssessIn, options: { idempotencyKey?: string | undefined } = {}): Promise<Assessed> {
    const answer = await this.ask("POST", `/api/v1/spam/assess`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as Assessed;
  }

  /** Assess many items, each by itself (spam). */
  async spamAssessBatch(body: BatchIn, options: { idempotencyKey?: string | undefined } = {}): Promise<BatchResults> {
    const answer = await this.ask("POST", `/api/v1/spam/assess/batch`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as BatchResults;
  }

  /** Tell a campaign's messages and cases. */
  async spamCampaign(name: string, options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<CampaignDetail> {
    const answer = await this.ask("GET", `/api/v1/spam/campaigns/${encodeURIComponent(String(name))}`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as CampaignDetail;
  }

  /** List campaigns: messages that are nearly the same. */
  async spamCampaigns(options: { limit?: number | undefined; cursor?: string | null | undefined; case_?: string | null | undefined } = {}): Promise<CampaignPage> {
    const answer = await this.ask("GET", `/api/v1/spam/campaigns`, { "limit": options.limit, "cursor": options.cursor, "case": options.case_ }, {  });
    return (await answer.json()) as CampaignPage;
  }

  /** Say what messages are; the tenant's scores learn from it. */
  async spamFeedback(body: FeedbackIn, options: { idempotencyKey?: string | undefined } = {}): Promise<FeedbackGiven> {
    const answer = await this.ask("POST", `/api/v1/spam/feedback`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as FeedbackGiven;
  }

  /** List feedback. */
  async spamFeedbackList(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<FeedbackPage> {
    const answer = await this.ask("GET", `/api/v1/spam/feedback`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as FeedbackPage;
  }

  /** Take feedback back, as if it had never been given. */
  async spamFeedbackWithdraw(key: string, options: { idempotencyKey?: string | undefined } = {}): Promise<FeedbackOut> {
    const answer = await this.ask("DELETE", `/api/v1/spam/feedback/${encodeURIComponent(String(key))}`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as FeedbackOut;
  }

  /** Count cases. */
  async stats(): Promise<StatsOut> {
    const answer = await this.ask("GET", `/api/v1/stats`, {  }, {  });
    return (await answer.json()) as StatsOut;
  }

  /** Count cases over time. */
  async statsTimeseries(options: { first?: string | null | undefined; last?: string | null | undefined; interval?: Interval | undefined } = {}): Promise<SeriesOut> {
    const answer = await this.ask("GET", `/api/v1/stats/timeseries`, { "first": options.first, "last": options.last, "interval": options.interval }, {  });
    return (await answer.json()) as SeriesOut;
  }

  /** Submit evidence. */
  async submissionsCreate(body: SubmissionIn, options: { idempotencyKey?: string | null | undefined; prefer?: string | null | undefined } = {}): Promise<SubmissionAccepted | CaseOut> {
    const answer = await this.ask("POST", `/api/v1/submissions`, {  }, { "Idempotency-Key": options.idempotencyKey, "Prefer": options.prefer }, body);
    return (await answer.json()) as SubmissionAccepted | CaseOut;
  }

  /** Submit many, each by itself. */
  async submissionsCreateBatch(body: SubmissionBatchIn, options: { idempotencyKey?: string | undefined } = {}): Promise<BatchAccepted> {
    const answer = await this.ask("POST", `/api/v1/submissions/batch`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as BatchAccepted;
  }

  /** Get a submission. */
  async submissionsGet(submissionId: string): Promise<SubmissionOut> {
    const answer = await this.ask("GET", `/api/v1/submissions/${encodeURIComponent(String(submissionId))}`, {  }, {  });
    return (await answer.json()) as SubmissionOut;
  }

  /** List submissions. */
  async submissionsList(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageSubmissionOut> {
    const answer = await this.ask("GET", `/api/v1/submissions`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageSubmissionOut;
  }

  /** Begin a second factor. */
  async totpBegin(options: { idempotencyKey?: string | undefined } = {}): Promise<EnrolmentOut> {
    const answer = await this.ask("POST", `/api/v1/auth/totp`, {  }, { "Idempotency-Key": options.idempotencyKey });
    return (await answer.json()) as EnrolmentOut;
  }

  /** Confirm the second factor. */
  async totpConfirm(body: CodeIn, options: { idempotencyKey?: string | undefined } = {}): Promise<RecoveryOut> {
    const answer = await this.ask("POST", `/api/v1/auth/totp/confirm`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as RecoveryOut;
  }

  /** Remove the second factor. */
  async totpRemove(body: CodeIn, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("POST", `/api/v1/auth/totp/remove`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
  }

  /** Create a user. */
  async usersCreate(body: UserIn, options: { idempotencyKey?: string | undefined } = {}): Promise<UserOut> {
    const answer = await this.ask("POST", `/api/v1/users`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as UserOut;
  }

  /** Deactivate a user. */
  async usersDelete(userId: string, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("DELETE", `/api/v1/users/${encodeURIComponent(String(userId))}`, {  }, { "Idempotency-Key": options.idempotencyKey });
  }

  /** End a user's sessions. */
  async usersEndSessions(userId: string, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("DELETE", `/api/v1/users/${encodeURIComponent(String(userId))}/sessions`, {  }, { "Idempotency-Key": options.idempotencyKey });
  }

  /** Get a user. */
  async usersGet(userId: string): Promise<UserOut> {
    const answer = await this.ask("GET", `/api/v1/users/${encodeURIComponent(String(userId))}`, {  }, {  });
    return (await answer.json()) as UserOut;
  }

  /** List users. */
  async usersList(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageUserOut> {
    const answer = await this.ask("GET", `/api/v1/users`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageUserOut;
  }

  /** Reset a user's second factor. */
  async usersResetTotp(userId: string, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("DELETE", `/api/v1/users/${encodeURIComponent(String(userId))}/totp`, {  }, { "Idempotency-Key": options.idempotencyKey });
  }

  /** Change or disable a user. */
  async usersUpdate(userId: string, body: UserPatch, options: { ifMatch: string; idempotencyKey?: string | undefined }): Promise<UserOut> {
    const answer = await this.ask("PATCH", `/api/v1/users/${encodeURIComponent(String(userId))}`, {  }, { "If-Match": options.ifMatch, "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as UserOut;
  }

  /** Keep a webhook. */
  async webhooksCreate(body: WebhookIn, options: { idempotencyKey?: string | undefined } = {}): Promise<WebhookWithSecret> {
    const answer = await this.ask("POST", `/api/v1/webhooks`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as WebhookWithSecret;
  }

  /** Forget a webhook. */
  async webhooksDelete(webhookId: string, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("DELETE", `/api/v1/webhooks/${encodeURIComponent(String(webhookId))}`, {  }, { "Idempotency-Key": options.idempotencyKey });
  }

  /** Deliveries to a webhook. */
  async webhooksDeliveries(webhookId: string, options: { state?: DeliveryState | null | undefined; limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageDeliveryOut> {
    const answer = await this.ask("GET", `/api/v1/webhooks/${encodeURIComponent(String(webhookId))}/deliveries`, { "state": options.state, "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageDeliveryOut;
  }

  /** Get a webhook. */
  async webhooksGet(webhookId: string): Promise<WebhookOut> {
    const answer = await this.ask("GET", `/api/v1/webhooks/${encodeURIComponent(String(webhookId))}`, {  }, {  });
    return (await answer.json()) as WebhookOut;
  }

  /** List webhooks. */
  async webhooksList(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageWebhookOut> {
    const answer = await this.ask("GET", `/api/v1/webhooks`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageWebhookOut;
  }

  /** Change a webhook. */
  async webhooksUpdate(webhookId: string, body: WebhookPatch, options: { ifMatch: string; idempotencyKey?: string | undefined }): Promise<WebhookWithSecret> {
    const answer = await this.ask("PATCH", `/api/v1/webhooks/${encodeURIComponent(String(webhookId))}`, {  }, { "If-Match": options.ifMatch, "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as WebhookWithSecret;
  }

  /** Keep a workflow definition. */
  async workflowsCreate(body: DefinitionIn, options: { idempotencyKey?: string | undefined } = {}): Promise<DefinitionIn> {
    const answer = await this.ask("POST", `/api/v1/workflows`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as DefinitionIn;
  }

  /** Get a workflow definition. */
  async workflowsGet(name: string): Promise<DefinitionIn> {
    const answer = await this.ask("GET", `/api/v1/workflows/${encodeURIComponent(String(name))}`, {  }, {  });
    return (await answer.json()) as DefinitionIn;
  }

  /** Get a version of a workflow definition. */
  async workflowsGetVersion(name: string, version: number): Promise<DefinitionIn> {
    const answer = await this.ask("GET", `/api/v1/workflows/${encodeURIComponent(String(name))}/versions/${encodeURIComponent(String(version))}`, {  }, {  });
    return (await answer.json()) as DefinitionIn;
  }

  /** List workflow definitions. */
  async workflowsList(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PageDefinitionIn> {
    const answer = await this.ask("GET", `/api/v1/workflows`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PageDefinitionIn;
  }

  /** Pause a workflow. */
  async workflowsPause(name: string, body: PauseIn, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("POST", `/api/v1/workflows/${encodeURIComponent(String(name))}/pause`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
  }

  /** Workflows that are paused. */
  async workflowsPaused(options: { limit?: number | undefined; cursor?: string | null | undefined } = {}): Promise<PagePauseOut> {
    const answer = await this.ask("GET", `/api/v1/workflow-pauses`, { "limit": options.limit, "cursor": options.cursor }, {  });
    return (await answer.json()) as PagePauseOut;
  }

  /** Resume a workflow. */
  async workflowsResume(name: string, options: { idempotencyKey?: string | undefined } = {}): Promise<void> {
    await this.ask("POST", `/api/v1/workflows/${encodeURIComponent(String(name))}/resume`, {  }, { "Idempotency-Key": options.idempotencyKey });
  }

  /** Check a workflow definition. */
  async workflowsValidate(body: DefinitionIn, options: { idempotencyKey?: string | undefined } = {}): Promise<DefinitionIn> {
    const answer = await this.ask("POST", `/api/v1/workflows/validate`, {  }, { "Idempotency-Key": options.idempotencyKey }, body);
    return (await answer.json()) as DefinitionIn;
  }
}
