"""Bodies of the spam service's own routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

__all__ = [
    "CampaignDetail",
    "CampaignOut",
    "CampaignPage",
    "FeedbackGiven",
    "FeedbackIn",
    "FeedbackOut",
    "FeedbackPage",
    "MemberOut",
]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,10}_[0-9A-Z]{26}$")]


class CampaignOut(BaseModel):
    """Messages that are nearly the same, as far as they were learned of."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    messages: int
    cases: int
    senders: int
    first_seen: datetime
    last_seen: datetime


class CampaignPage(BaseModel):
    """A page of campaigns, the one that began last first."""

    data: list[CampaignOut]
    next_cursor: str | None = None


class MemberOut(BaseModel):
    """A message of a campaign, and its case."""

    evidence: str
    case: str
    channel: str
    seen_at: datetime
    verdict: str
    probability: float


class CampaignDetail(CampaignOut):
    """A campaign, a page of its messages, the newest first, and the cases of these."""

    members: list[MemberOut]
    case_ids: list[str]
    next_cursor: str | None = None


class FeedbackIn(BaseModel):
    """What an analyst says: of one message, of a case's, or of a campaign's.

    Exactly one of `evidence`, `case` and `campaign` is given.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "evidence": "ev_01JZ8QK4T3V5E7M9N1P2R4S6T8",
                "label": "junk",
                "reason": "an advertisement",
            }
        },
    )

    label: Literal["junk", "wanted"]
    evidence: Name | None = None
    case: Name | None = None
    campaign: Name | None = None
    reason: Annotated[str, Field(max_length=2_000, pattern=r"^[^\x00]*$")] = ""


class FeedbackOut(BaseModel):
    """What was said of a message, by whom, and whether it was taken back."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    evidence_id: str
    label: str
    reason: str
    given_by: str
    given_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


class FeedbackGiven(BaseModel):
    """What was learned: an item for each message."""

    data: list[FeedbackOut]


class FeedbackPage(BaseModel):
    """A page of feedback, the newest first."""

    data: list[FeedbackOut]
    next_cursor: str | None = None
