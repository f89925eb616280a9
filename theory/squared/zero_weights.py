"""From which strength on zero weights are optimal, by a lower bound of the least loss at a smaller one (ours)."""

from fractions import Fraction
from functools import cache

from dufm.theory.squared.phi import collapse_ends, power_root


@cache
def zero_from(L: int, x: Fraction, missing: Fraction) -> Fraction | None:
    """An x_2 >= x at which zero weights are optimal, rounded up; None if nothing follows (derivation `zero-weights`).

    At output T, x(T) = T^(1 - 2/p) (1 - T), DNC is below zero weights by T (L T - L + 1)/2, p = L + 1: x_2 is x x*/x(T)
    at the T where that is what is missing.

    Args:
        L: weight layers, >= 2.
        x: > 0, where the bound is known.
        missing: K times what the bound of the loss at x has below 1/2, that is (K - f x)/2 for f = 2K loss / x.
    """
    if missing <= 0:
        return x
    scale = (L - 1 + power_root((L - 1) ** 2 + 8 * L * missing, 2)[1]) / (2 * L)
    if scale >= 1:
        return None
    return x * collapse_ends(L)[1] / power_root(scale ** (L - 1) * (1 - scale) ** (L + 1), L + 1)[0]


def for_more_classes(L: int, x: Fraction, fewer: int, K: int) -> Fraction:
    """Where zero weights are optimal for K classes if they are at x for fewer, rounded up."""
    return x * power_root(Fraction(K, fewer) ** (L - 1), L + 1)[1] if K > fewer else x
