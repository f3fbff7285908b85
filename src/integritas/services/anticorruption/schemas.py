"""What the service's own routes take and give."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "BidScoreOut",
    "DatasetIn",
    "DatasetList",
    "DatasetOut",
    "EdgeOut",
    "FlagOut",
    "LoadIn",
    "LoadOut",
    "ModelList",
    "ModelOut",
    "NetworkOut",
    "NodeOut",
    "PartOut",
    "ProfileOut",
    "RejectOut",
    "RiskOut",
    "SignOut",
    "StatisticsOut",
]


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class DatasetIn(BaseModel):
    """A dataset to create."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=63)
    title: str = Field(default="", max_length=300)


class DatasetOut(_Out):
    """A dataset."""

    name: str
    title: str
    created: datetime


class DatasetList(_Out):
    """All datasets of the tenant; one page."""

    data: list[DatasetOut]
    next_cursor: str | None = None


class LoadIn(BaseModel):
    """Releases, records or packages to take into a dataset."""

    model_config = ConfigDict(extra="forbid")

    releases: list[dict[str, Any]] = Field(min_length=1, max_length=10_000)


class RejectOut(_Out):
    """A thing wrong in what was sent; the rest of it counts."""

    path: str
    message: str
    remedy: str


class LoadOut(_Out):
    """How many processes were taken in, and what was wrong."""

    loaded: int
    rejects: list[RejectOut]


class ErasedOut(_Out):
    """In how many stored releases a person or firm was named, and is no more."""

    releases: int


class StatisticsOut(_Out):
    """What a dataset tells: fences by indicator, null where there is none."""

    name: str
    processes: int
    version: str
    currency: str | None
    parties: int
    fences: dict[str, dict[str, float | None]]


class NodeOut(_Out):
    """An organisation, person, address, telephone or e-mail."""

    id: str
    kind: str
    name: str


class EdgeOut(_Out):
    """Why two nodes are joined, and the processes that say so (at most 20)."""

    source: str
    target: str
    kind: str
    why: str
    ocids: list[str]


class SignOut(_Out):
    """A reason to look at the party."""

    code: str
    title: str
    value: float
    others: list[str]
    text: str
    formula: str
    source: str


class NetworkOut(_Out):
    """What lies around a party; `truncated` if more than is shown."""

    party: str
    nodes: list[NodeOut]
    edges: list[EdgeOut]
    signs: list[SignOut]
    truncated: bool


class FlagOut(_Out):
    """A flag on a process."""

    code: str
    title: str
    value: float | None
    strength: float
    pointer: str
    text: str
    organisations: list[str]


class PartOut(_Out):
    """What one reason adds to the risk, in points before they are combined."""

    source: str
    points: float
    text: str


class RiskOut(_Out):
    """A score in [0, 100] and every part of it."""

    score: float
    policy: str
    parts: list[PartOut]


class BidScoreOut(_Out):
    """What the collusion model says of a bid; `contributions` are Shapley values."""

    probability: float | None
    reasons: list[str]
    out_of_domain: list[str]
    contributions: dict[str, float]


class ProfileOut(_Out):
    """All that is known of a process; `signs` are by party."""

    ocid: str
    risk: RiskOut
    flags: list[FlagOut]
    not_computable: dict[str, str]
    bids: list[BidScoreOut]
    signs: dict[str, list[SignOut]]


class ModelOut(_Out):
    """A model of the service, as its manifest describes it."""

    name: str
    version: str
    manifest: dict[str, Any]


class ModelList(_Out):
    """All models; one page."""

    data: list[ModelOut]
    next_cursor: str | None = None
