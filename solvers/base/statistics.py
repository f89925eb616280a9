"""Exact confidence intervals: Clopper and Pearson's for a proportion, Garwood's for a count.

The first inverts the binomial test, so its coverage is never below the confidence asked for (Clopper and Pearson,
Biometrika 26, 1934). With k = 0 or k = n its end is 0 or 1, and the other end still says what n trials cannot exclude.
The second does the same for the mean of a Poisson count (Garwood, Biometrika 28, 1936).
"""

from dataclasses import dataclass
from operator import index
from typing import Literal, SupportsIndex

from scipy.special import betainccinv, betaincinv, gammainccinv, gammaincinv

from dufm.theory.stated import ProblemError

Side = Literal["two-sided", "lower", "upper"]
SIDES: tuple[Side, ...] = ("two-sided", "lower", "upper")


@dataclass(frozen=True)
class Proportion:
    """k successes in n trials, and what they say of the probability behind them.

    Attributes:
        k: successes.
        n: trials.
        low: lower end of the interval; 0 for side "upper".
        high: upper end of the interval; 1 for side "lower".
        confidence: least probability with which the interval covers the truth.
    """

    k: int
    n: int
    low: float
    high: float
    confidence: float

    @property
    def share(self) -> float:
        """k / n."""
        return self.k / self.n

    def __str__(self) -> str:
        return f"{self.k} of {self.n} ({self.confidence:.0%} interval {self.low:.3f} to {self.high:.3f})"


def clopper_pearson(
    k: SupportsIndex, n: SupportsIndex, confidence: float = 0.95, side: Side = "two-sided"
) -> Proportion:
    """The exact interval for a probability of which k successes in n independent trials were seen.

    Args:
        k: successes, 0 <= k <= n.
        n: trials, >= 1.
        confidence: in (0, 1).
        side: "two-sided"; "lower" for a bound from below alone, "upper" for one from above alone.

    Raises:
        ProblemError: naming the argument that makes no sense.
    """
    k, n = _whole(k, "k"), _whole(n, "n")
    if n < 1:
        raise ProblemError(f"n must be at least one trial, got {n}")
    if not 0 <= k <= n:
        raise ProblemError(f"k must be between 0 and n = {n}, got {k}")
    if not 0 < confidence < 1:
        raise ProblemError(f"confidence must be a number in (0, 1), got {confidence!r}")
    if side not in SIDES:
        raise ProblemError(f"side must be one of {', '.join(SIDES)}, got {side!r}")
    # P(X >= k) and P(X <= k) are incomplete beta functions of p; scipy.stats would cost a second to load.
    tail = (1 - confidence) / (2 if side == "two-sided" else 1)
    low = float(betaincinv(k, n - k + 1, tail)) if k and side != "upper" else 0.0
    high = float(betainccinv(k + 1, n - k, tail)) if k < n and side != "lower" else 1.0
    return Proportion(k, n, low, high, confidence)


def poisson_interval(k: SupportsIndex, confidence: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval for the mean of a Poisson variable that came out as k >= 0.

    Raises:
        ProblemError: naming the argument that makes no sense.
    """
    k = _whole(k, "k")
    if k < 0:
        raise ProblemError(f"k must be a count >= 0, got {k}")
    if not 0 < confidence < 1:
        raise ProblemError(f"confidence must be a number in (0, 1), got {confidence!r}")
    # P(X >= k) and P(X <= k) are incomplete gamma functions of the mean.
    tail = (1 - confidence) / 2
    return (float(gammaincinv(k, tail)) if k else 0.0), float(gammainccinv(k + 1, tail))


def _whole(value: SupportsIndex, name: str) -> int:
    try:
        if isinstance(value, bool):
            raise TypeError
        return index(value)
    except TypeError:
        raise ProblemError(f"{name} must be an integer, got {value!r}") from None
