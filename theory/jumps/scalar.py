"""The chain that can be solved: A* = I_n, only the diagonal observed, balanced diagonal start.

Every coordinate then moves alone, as one number x = sigma^(1/L):

    x <- k x + eta b (1 - x^L) x^(L-1),   k = 1 - 2 eta lambda,   b = 1 with probability 1/n, else 0

(`dufm derive scalar-chain`). Source: ours. Everything is a root of (1 - x^L) x^(L-2) = s: the mean field rests where
s = 2 lambda n (minimum and barrier), and below the smaller root for s = 2 lambda no draw can push x up.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import sympy as sp

from dufm.theory.squared.phi import DEFAULT_WIDTH, stationarity, u
from dufm.theory.stated import ProblemError

Enclosure = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class Levels:
    """Where the chain can be, each as a rational interval; x_minus < barrier < minimum < top.

    Attributes:
        x_minus: the sharp absorbing level.
        barrier, minimum: rest points of the mean field, the first unstable.
        top: larger root for s = 2 lambda, beyond which every draw pulls x down.
    """

    x_minus: Enclosure
    barrier: Enclosure
    minimum: Enclosure
    top: Enclosure


def critical_scale(L: int) -> sp.Expr:
    """x*, where (1 - x^L) x^(L-2) is largest: x*^L = (L-2)/(2L-2)."""
    _depth(L)
    return sp.Rational(L - 2, 2 * L - 2) ** sp.Rational(1, L)


def critical_strength(L: int, n: int) -> sp.Expr:
    """lambda_c: the mean field has a minimum besides 0 exactly for lambda < lambda_c."""
    x = critical_scale(L)
    if n < 1:
        raise ProblemError(f"n must be an integer >= 1, got {n}")
    return (1 - x**L) * x ** (L - 2) / (2 * n)


def levels(L: int, n: int, lam: Fraction, width: Fraction = DEFAULT_WIDTH) -> Levels:
    """The four levels, isolated exactly.

    Raises:
        ProblemError: for L < 3, lambda <= 0 or lambda >= lambda_c.
    """
    if not 0 < lam or not sp.Rational(lam.numerator, lam.denominator) < critical_strength(L, n):
        raise ProblemError(f"lambda must be between 0 and lambda_c of L = {L}, n = {n}, got {lam}")
    x_minus, top = roots(L, 2 * lam, width)
    barrier, minimum = roots(L, 2 * lam * n, width)
    return Levels(x_minus, barrier, minimum, top)


@cache
def roots(L: int, s: Fraction, width: Fraction = DEFAULT_WIDTH) -> tuple[Enclosure, Enclosure]:
    """Both roots of (1 - x^L) x^(L-2) = s in (0, 1), as rational intervals of at most that width."""
    # The polynomial is that of phi_{L-1}: theory.squared.phi has p = L factors there.
    polynomial = sp.Poly(stationarity(L - 1, s), u)
    isolated: Any = polynomial.intervals(eps=sp.Rational(width.numerator, width.denominator), inf=0, sup=1)
    found = [(Fraction(str(low)), Fraction(str(high))) for (low, high), _ in isolated]
    if len(found) != 2:
        raise ProblemError(f"two levels need a strength below critical, got s = {s} at L = {L}")
    return found[0], found[1]


def _depth(L: int) -> None:
    if isinstance(L, bool) or not isinstance(L, int) or L < 3:
        raise ProblemError(f"the scalar chain has two levels for L >= 3, got {L!r}")
