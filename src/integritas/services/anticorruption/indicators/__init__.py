"""The indicators, one file each; a new one is a file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from integritas.services.anticorruption.indicators.i101 import MissingPublicity
from integritas.services.anticorruption.indicators.i102 import ShortDecision
from integritas.services.anticorruption.indicators.i103 import LongDecision
from integritas.services.anticorruption.indicators.i104 import AwardBeforeClosing
from integritas.services.anticorruption.indicators.i105 import SignedBeforeAward
from integritas.services.anticorruption.indicators.i106 import PriceGrowth
from integritas.services.anticorruption.indicators.i107 import ManyAmendments
from integritas.services.anticorruption.indicators.i108 import AboveEstimate
from integritas.services.anticorruption.indicators.i109 import EqualsEstimate
from integritas.services.anticorruption.indicators.i110 import UnreasonedLimitedMethod
from integritas.services.anticorruption.indicators.i111 import RoundPrices
from integritas.services.anticorruption.indicators.i112 import FixedMultiple
from integritas.services.anticorruption.indicators.i113 import MissingFields
from integritas.services.anticorruption.indicators.i114 import SupplierDidNotBid
from integritas.services.anticorruption.indicators.i115 import DisqualifiedWinner
from integritas.services.anticorruption.indicators.i116 import Overpaid
from integritas.services.anticorruption.indicators.i117 import SharedContacts
from integritas.services.anticorruption.indicators.i201 import BuyerConcentration
from integritas.services.anticorruption.indicators.i202 import RepeatWinner
from integritas.services.anticorruption.indicators.i203 import Splitting
from integritas.services.anticorruption.indicators.i204 import BenfordDeviation
from integritas.services.anticorruption.indicators.r003 import ShortSubmissionPeriod
from integritas.services.anticorruption.indicators.r018 import SingleBid
from integritas.services.anticorruption.indicators.r024 import CloseToWinningBid
from integritas.services.anticorruption.indicators.r025 import (
    ExcessiveUnsuccessfulBids,
)
from integritas.services.anticorruption.indicators.r028 import IdenticalBidPrices
from integritas.services.anticorruption.indicators.r030 import LateBidWon
from integritas.services.anticorruption.indicators.r035 import (
    AllExceptWinnerDisqualified,
)
from integritas.services.anticorruption.indicators.r036 import LowestBidDisqualified
from integritas.services.anticorruption.indicators.r038 import (
    ExcessiveDisqualifiedBids,
)
from integritas.services.anticorruption.indicators.r048 import HeterogeneousSupplier
from integritas.services.anticorruption.indicators.r058 import HeavilyDiscountedBid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integritas.services.anticorruption.indicators.contract import Indicator
    from integritas.services.anticorruption.settings import Option

__all__ = ["INDICATORS", "OPTIONS"]

INDICATORS: Final[tuple[type[Indicator], ...]] = (
    MissingPublicity,
    ShortDecision,
    LongDecision,
    AwardBeforeClosing,
    SignedBeforeAward,
    PriceGrowth,
    ManyAmendments,
    AboveEstimate,
    EqualsEstimate,
    UnreasonedLimitedMethod,
    RoundPrices,
    FixedMultiple,
    MissingFields,
    SupplierDidNotBid,
    DisqualifiedWinner,
    Overpaid,
    SharedContacts,
    BuyerConcentration,
    RepeatWinner,
    Splitting,
    BenfordDeviation,
    ShortSubmissionPeriod,
    SingleBid,
    CloseToWinningBid,
    ExcessiveUnsuccessfulBids,
    IdenticalBidPrices,
    LateBidWon,
    AllExceptWinnerDisqualified,
    LowestBidDisqualified,
    ExcessiveDisqualifiedBids,
    HeterogeneousSupplier,
    HeavilyDiscountedBid,
)

OPTIONS: Final[Mapping[str, tuple[Option, ...]]] = {
    indicator.spec.code: indicator.spec.options for indicator in INDICATORS
}
