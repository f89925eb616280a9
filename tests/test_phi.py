"""phi_L: enclosures against an independent high-precision minimisation, thresholds, limits."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp

from dufm.theory.squared.phi import (
    DEFAULT_WIDTH,
    collapse_scale,
    collapse_threshold,
    minimiser,
    phi,
    phi_of_power,
    power_root,
)
from dufm.theory.stated import ProblemError


def independent(L: int, x: Fraction) -> mpmath.mpf:
    """The least value over a fine grid of t, refined by golden section; 40 digits."""
    with mpmath.workdps(40):
        p, strength = L + 1, mpmath.mpf(x.numerator) / x.denominator

        def loss(t: mpmath.mpf) -> mpmath.mpf:
            return (1 - t) ** 2 / 2 + p * strength * mpmath.power(t, mpmath.mpf(2) / p) / 2

        grid = [mpmath.mpf(i) / 400 for i in range(401)]
        i = min(range(401), key=lambda k: loss(grid[k]))
        low, high = grid[max(i - 1, 0)], grid[min(i + 1, 400)]
        ratio = (mpmath.sqrt(5) - 1) / 2
        for _ in range(120):
            left, right = high - ratio * (high - low), low + ratio * (high - low)
            low, high = (low, right) if loss(left) < loss(right) else (left, high)
        return min(loss((low + high) / 2), mpmath.mpf(1) / 2)


@pytest.mark.parametrize("L", [1, 2, 3, 4, 7, 12])
@pytest.mark.parametrize("x", ["1/1000", "0.015", "0.1", "0.2"])
def test_enclosure_holds_an_independent_minimum(L: int, x: str) -> None:
    low, high = phi(L, Fraction(x), Fraction(1, 2**60))
    value = independent(L, Fraction(x))
    assert 0 <= high - low <= Fraction(1, 2**60)
    # Golden section finds the minimum to the square of its bracket: far below 2^-55.
    assert mpmath.mpf(low.numerator) / low.denominator - value <= mpmath.mpf(2) ** -55
    assert value - mpmath.mpf(high.numerator) / high.denominator <= mpmath.mpf(2) ** -55


def test_known_values() -> None:
    assert float(phi(4, Fraction("0.006"))[0]) == pytest.approx(0.014981934755431891, abs=1e-17)
    assert float(phi(4, Fraction("0.012"))[0]) == pytest.approx(0.029927474, abs=5e-10)
    assert float(collapse_threshold(2)) == pytest.approx(0.39685, abs=5e-6)
    assert float(collapse_threshold(3)) == pytest.approx(0.27217, abs=5e-6)


@pytest.mark.parametrize("L", range(2, 9))
def test_collapse_threshold_separates(L: int) -> None:
    low, high = power_root(Fraction(str(collapse_threshold(L) ** (L + 1))), L + 1)
    assert phi(L, low * Fraction(10**9 - 1, 10**9))[1] < Fraction(1, 2)
    assert phi(L, high * Fraction(10**9 + 1, 10**9))[0] == Fraction(1, 2)
    bracket = minimiser(L, low * Fraction(10**9 - 1, 10**9))
    assert bracket is not None
    assert abs(bracket[0] ** (L + 1) - Fraction(str(collapse_scale(L)))) < Fraction(1, 10**6)


def test_soft_threshold_at_one_layer() -> None:
    for x in (Fraction(1, 3), Fraction(9, 10)):
        low, high = phi(1, x)
        assert low <= x - x**2 / 2 <= high
    assert phi(1, Fraction(1)) == (Fraction(1, 2), Fraction(1, 2))


def test_power_and_number_agree() -> None:
    x = Fraction("0.05")
    low, high = phi_of_power(5, x**6)
    inner = phi(5, x)
    assert low <= inner[1] and inner[0] <= high and 0 < high - low <= DEFAULT_WIDTH


def test_bad_input() -> None:
    for bad in (0, -1, True, 2.5):
        with pytest.raises(ProblemError, match="L must be an integer"):
            phi(bad, Fraction(1, 10))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ProblemError, match="x must be a Fraction > 0"):
        phi(2, Fraction(0))
    assert sp.simplify(collapse_threshold(1) - 1) == 0
