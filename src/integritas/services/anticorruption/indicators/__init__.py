"""The indicators, one file each; a new one is a file and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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
