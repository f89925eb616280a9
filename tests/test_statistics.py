"""The interval for a proportion is the one that inverts the binomial test, and nonsense is refused in one line."""

from fractions import Fraction
from math import comb, exp

import numpy as np
import pytest
from scipy.stats import poisson

from dufm.solvers.base.statistics import clopper_pearson, poisson_interval
from dufm.theory.stated import ProblemError


def tail(k: int, n: int, p: float, above: bool) -> float:
    """P(X >= k) or P(X <= k) for a binomial X, summed exactly."""
    q = Fraction(p)
    span = range(k, n + 1) if above else range(k + 1)
    return float(sum((comb(n, i) * q**i * (1 - q) ** (n - i) for i in span), Fraction(0)))


@pytest.mark.parametrize(("k", "n"), [(1, 10), (3, 10), (9, 10), (17, 40)])
def test_ends_are_where_the_tails_are_as_rare_as_the_confidence_says(k: int, n: int) -> None:
    found = clopper_pearson(k, n, 0.9)
    assert tail(k, n, found.low, True) == pytest.approx(0.05, rel=1e-9)
    assert tail(k, n, found.high, False) == pytest.approx(0.05, rel=1e-9)
    assert found.low < found.share < found.high
    lower, upper = clopper_pearson(k, n, 0.95, "lower"), clopper_pearson(k, n, 0.95, "upper")
    assert (lower.low, lower.high) == (pytest.approx(found.low, rel=1e-12), 1.0)
    assert (upper.low, upper.high) == (0.0, pytest.approx(found.high, rel=1e-12))


def test_none_and_all_still_leave_doubt() -> None:
    none, every = clopper_pearson(0, 20), clopper_pearson(20, 20)
    assert (none.low, none.high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 20), rel=1e-12))
    assert (every.low, every.high) == (pytest.approx(0.025 ** (1 / 20), rel=1e-12), 1.0)
    assert str(clopper_pearson(0, 3)) == "0 of 3 (95% interval 0.000 to 0.708)"


def test_it_covers_at_least_as_often_as_it_says() -> None:
    n, confidence = 12, 0.8
    for p in (0.05, 0.3, 0.62):
        covering = [k for k in range(n + 1) if (c := clopper_pearson(k, n, confidence)).low <= p <= c.high]
        assert sum(comb(n, k) * p**k * (1 - p) ** (n - k) for k in covering) >= confidence


def test_numpy_counts_are_counts() -> None:
    assert clopper_pearson(np.int64(2), np.int64(5)) == clopper_pearson(2, 5)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 0), "n must be at least one trial, got 0"),
        ((6, 5), "k must be between 0 and n = 5, got 6"),
        ((-1, 5), "k must be between 0 and n = 5, got -1"),
        ((2.5, 5), "k must be an integer, got 2.5"),
        ((2, "5"), "n must be an integer, got '5'"),
        ((True, 5), "k must be an integer, got True"),
        ((2, 5, float("nan")), r"confidence must be a number in \(0, 1\), got nan"),
        ((2, 5, 1.0), r"confidence must be a number in \(0, 1\), got 1.0"),
        ((2, 5, 0.9, "both"), "side must be one of two-sided, lower, upper, got 'both'"),
    ],
)
def test_nonsense_is_refused(arguments: tuple, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        clopper_pearson(*arguments)


@pytest.mark.parametrize(("k", "confidence"), [(1, 0.95), (7, 0.9), (40, 0.99)])
def test_a_poisson_interval_leaves_half_the_risk_on_each_side(k: int, confidence: float) -> None:
    low, high = poisson_interval(k, confidence)
    tail = (1 - confidence) / 2
    assert poisson.sf(k - 1, low) == pytest.approx(tail) and poisson.cdf(k, high) == pytest.approx(tail)


def test_nothing_counted_bounds_from_above_alone() -> None:
    low, high = poisson_interval(0)
    assert low == 0 and exp(-high) == pytest.approx(0.025)
    with pytest.raises(ProblemError, match="k must be a count >= 0, got -1"):
        poisson_interval(-1)
    with pytest.raises(ProblemError, match="confidence must be a number"):
        poisson_interval(3, 1.0)
