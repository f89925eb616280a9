"""Carrying a lower bound of the least loss from one strength to others, in exact numbers (derivation `carried`, ours).

T I is the output of DNC at x <= x*. What a bound b of the least loss leaves open there is told by its *excess*
e = (phi_L(x) - b) / (T (1 - T)). An excess at one x is one at every smaller x, and between two x the chord in
s = T/(1 - T) is one.
"""

from fractions import Fraction
from functools import cache

from dufm.theory.squared.phi import collapse_power, minimiser, phi

Interval = tuple[Fraction, Fraction]


def below_collapse(L: int, x: Fraction) -> bool:
    """Whether x <= x*, where DNC and zero weights tie."""
    return x ** (L + 1) <= collapse_power(L)


def excess(L: int, x: Fraction, bound: Fraction) -> Fraction:
    """What a lower bound at x <= x* leaves open, >= 0, rounded up.

    Raises:
        ValueError: for x > x*, for x too small to be told from 0, and for L < 2, where DNC is optimal.
    """
    return max(Fraction(0), phi(L, x)[1] - bound) / _spread(L, x)[0]


def bound_of(L: int, x: Fraction, carried: Fraction) -> Fraction:
    """The lower bound of the loss at x <= x* that an excess there is, rounded down.

    Raises:
        ValueError: as above.
    """
    return phi(L, x)[0] - carried * _spread(L, x)[1]


def between(L: int, x: Fraction, low: tuple[Fraction, Fraction], high: tuple[Fraction, Fraction]) -> Fraction:
    """An excess at x from (x_1, excess) and (x_2, excess), x_1 <= x <= x_2 <= x*, rounded up.

    Raises:
        ValueError: as above, and if x is not between the two.
    """
    if not low[0] <= x <= high[0]:
        raise ValueError(f"x must be between {low[0]} and {high[0]}, got {x}")
    least, most = min(low[1], high[1]), high[1]
    ends, here = (_odds(L, low[0])[1], _odds(L, high[0])[1]), _odds(L, x)[0]
    # The share of the farther end rises with both ends of s and falls with s.
    share = (ends[0] - here) / (ends[0] - ends[1]) if ends[0] > ends[1] else Fraction(1)
    return least + (most - least) * min(max(share, Fraction(0)), Fraction(1))


@cache
def _scale(L: int, x: Fraction) -> Interval:
    """T, enclosed."""
    if L < 2 or not below_collapse(L, x):
        raise ValueError(f"a bound is carried at L >= 2 and x up to DNC's collapse, got L = {L}, x = {x}")
    found = minimiser(L, x)
    assert found is not None
    low, high = found[0] ** (L + 1), found[1] ** (L + 1)
    if high >= 1:
        raise ValueError(f"x must be large enough for DNC's output to be told from 1, got x = {x}")
    return low, high


def _spread(L: int, x: Fraction) -> Interval:
    """T (1 - T), enclosed: concave in T, with a slope of at most 1."""
    low, high = _scale(L, x)
    ends = low * (1 - low), high * (1 - high)
    return min(ends), max(ends) + (high - low)


def _odds(L: int, x: Fraction) -> Interval:
    """s, enclosed; it falls as x grows."""
    low, high = _scale(L, x)
    return low / (1 - low), high / (1 - high)
