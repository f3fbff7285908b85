"""Screens for bid-rigging: what the bids of one tender look like together.

Coefficient of variation, spread, relative difference (RD), difference of the two lowest
bids (DIFFP), skewness, kurtosis, Kolmogorov-Smirnov distance from the uniform (KSTEST)
and normalised distance as in García Rodríguez, Rodríguez-Montequín, Ballesteros-Pérez,
Love and Signor, Collusion detection in public procurement auctions with machine
learning algorithms, Automation in Construction 133 (2022), after Huber and Imhof (2019)
and Imhof, Karagök and Rutz (2018). Each is computed from the bids, never read from the
input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FEATURES",
    "LEAST_BIDS",
    "Feature",
    "Screens",
    "features_of",
    "screens_of",
]

LEAST_BIDS: Final = 2
_TINY: Final = 1e-4
_MOST: Final = 1e4


class Feature(NamedTuple):
    """One input of the model: its name, and what it says in words with a `{value}`."""

    name: str
    text: str


class Screens(NamedTuple):
    """The published screens of one tender; all without unit."""

    cv: float
    spread: float
    diffp: float
    rd: float
    rdnor: float
    skew: float
    kurtosis: float
    kstest: float
    number: int


FEATURES: Final = (
    Feature("log_cv", "bids vary by {cv:.1%} around their mean"),
    Feature("log_spread", "the highest bid lies {spread:.1%} above the lowest"),
    Feature("low_premium", "the lowest bid lies {low:+.1%} from the estimate"),
    Feature("mean_premium", "bids lie {mean:+.1%} from the estimate on average"),
    Feature("log_bids", "{number} bids were made"),
    Feature("log_losers_cv", "the losing bids vary by {losers:.1%} around their mean"),
    Feature("share_below", "{below:.0%} of the bids lie below the estimate"),
    Feature("median_premium", "the median bid lies {median:+.1%} from the estimate"),
    Feature("second_premium", "the second bid lies {second:+.1%} from the estimate"),
    Feature("high_premium", "the highest bid lies {high:+.1%} from the estimate"),
    Feature("own_premium", "this bid lies {own:+.1%} from the estimate"),
    Feature("log_estimate", "the estimate is {estimate:,.0f}"),
    Feature("log_largest_gap", "the largest gap between bids is {gap:.1%} of the mean"),
    Feature("kurtosis", "the bids' excess kurtosis is {kurtosis:.2f}"),
    Feature("log_diffp", "the second bid lies {diffp:.1%} above the lowest"),
)


def screens_of(bids: NDArray[np.float64]) -> Screens:
    """Return the screens of two or more positive bids, in any order."""
    ordered = np.sort(bids)
    losers, gaps = ordered[1:], np.diff(ordered)
    mean, deviation = float(ordered.mean()), float(ordered.std(ddof=1))
    lowest_gap = float(gaps[0])
    losers_deviation = float(losers.std(ddof=1)) if losers.size > 1 else 0.0
    return Screens(
        cv=deviation / mean,
        spread=float(ordered[-1] - ordered[0]) / float(ordered[0]),
        diffp=lowest_gap / float(ordered[0]),
        rd=_ratio(lowest_gap, losers_deviation),
        rdnor=_ratio(lowest_gap, float(gaps.mean())),
        skew=_skewness(ordered),
        kurtosis=_kurtosis(ordered),
        kstest=_distance_from_uniform(ordered),
        number=int(ordered.size),
    )


def features_of(
    bids: NDArray[np.float64], estimate: float
) -> tuple[NDArray[np.float64], list[dict[str, float]]]:
    """Return a row of `FEATURES` for each bid of a tender, and the figures in words.

    `bids` are two or more positive amounts, `estimate` is one, in one currency.
    """
    ordered = np.sort(bids)
    premiums = ordered / estimate - 1.0
    screens = screens_of(bids)
    losers = ordered[1:]
    losers_cv = float(losers.std(ddof=1) / losers.mean()) if losers.size > 1 else 0.0
    gap = float(np.diff(ordered).max() / ordered.mean())
    figures = {
        "cv": screens.cv,
        "spread": screens.spread,
        "low": float(premiums[0]),
        "mean": float(premiums.mean()),
        "number": screens.number,
        "losers": losers_cv,
        "below": float((premiums < 0).mean()),
        "median": float(np.median(premiums)),
        "second": float(premiums[1]),
        "high": float(premiums[-1]),
        "own": 0.0,
        "estimate": estimate,
        "gap": gap,
        "kurtosis": screens.kurtosis,
        "diffp": screens.diffp,
    }
    row = np.array(
        [
            _log(screens.cv),
            _log(screens.spread),
            figures["low"],
            figures["mean"],
            np.log(screens.number),
            _log(losers_cv),
            figures["below"],
            figures["median"],
            figures["second"],
            figures["high"],
            0.0,
            np.log(estimate),
            _log(gap),
            screens.kurtosis,
            _log(screens.diffp),
        ]
    )
    own = bids / estimate - 1.0
    rows = np.repeat(row[None, :], bids.size, axis=0)
    rows[:, _OWN] = own
    return rows, [{**figures, "own": float(value)} for value in own]


_OWN: Final = [feature.name for feature in FEATURES].index("own_premium")


def _log(value: float) -> float:
    """Return a logarithm that equal bids do not send to minus infinity."""
    return float(np.log(max(value, _TINY)))


def _ratio(part: float, whole: float) -> float:
    """Return a ratio, bounded where equal bids leave nothing to divide by."""
    return min(_MOST, part / whole) if whole > 0 else (_MOST if part > 0 else 0.0)


def _skewness(values: NDArray[np.float64]) -> float:
    """Return the adjusted Fisher-Pearson skewness, 0 for fewer than three values."""
    size = values.size
    spread = float(values.std())
    if size < 3 or spread <= 0:
        return 0.0
    moment = float(((values - values.mean()) ** 3).mean()) / spread**3
    return float(np.sqrt(size * (size - 1)) / (size - 2)) * moment


def _kurtosis(values: NDArray[np.float64]) -> float:
    """Return the unbiased excess kurtosis, 0 for fewer than four values."""
    size = values.size
    spread = float(values.std())
    if size < 4 or spread <= 0:
        return 0.0
    moment = float(((values - values.mean()) ** 4).mean()) / spread**4
    scale = (size - 1) / ((size - 2) * (size - 3))
    return float(scale * ((size + 1) * moment - 3 * (size - 1)))


def _distance_from_uniform(ordered: NDArray[np.float64]) -> float:
    """Return the Kolmogorov-Smirnov distance from the uniform on the bids' range."""
    size = ordered.size
    reach = float(ordered[-1] - ordered[0])
    if reach <= 0:
        return 1.0
    placed = (ordered - ordered[0]) / reach
    above = float((np.arange(1, size + 1) / size - placed).max())
    below = float((placed - np.arange(size) / size).max())
    return max(above, below)
