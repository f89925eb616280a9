"""phi_L: the loss of every structure whose output is t I, as a function of its cost alone (ours; SML24 for DNC).

    phi_L(x) = min_{t >= 0} 1/2 (1 - t)^2 + (p/2) x t^(2/p),   p = L + 1, x = C Lambda.

With u = t^(1/p) the objective is a polynomial, stationary where u^(p-2) (1 - u^p) = x or u = 0. So phi_L is enclosed by
rationals of any requested width, by halving in exact integers.
"""

from fractions import Fraction
from functools import cache
from typing import Any

import sympy as sp

from dufm.theory.rational import fraction
from dufm.theory.stated import ProblemError

u, x, t = sp.symbols("u x t", positive=True)

DEFAULT_WIDTH = Fraction(1, 2**80)


def objective(scale: Any, strength: Any, factors: Any) -> sp.Expr:
    """(1 - t)^2/2 + (p/2) x t^(2/p), whose least value over t >= 0 is phi_L(x); t = scale, x = strength, p = L + 1."""
    return (1 - scale) ** 2 / 2 + sp.sympify(factors) / 2 * strength * scale ** (2 / sp.sympify(factors))


def stationarity(L: int, strength: sp.Expr | Fraction = x) -> sp.Expr:
    """u^(p-2) (1 - u^p) - x, whose largest zero in (0, 1) is the non-trivial minimiser."""
    p = _factors(L)
    return sp.expand(u ** (p - 2) * (1 - u**p)) - _rational(strength)


def collapse_threshold(L: int) -> sp.Expr:
    """x*_L = (1/L) ((L-1)/L)^((L-1)/(L+1)): above it the best output is 0 and the loss is 1/2."""
    _factors(L)
    return sp.Rational(1, L) * sp.Rational(L - 1, L) ** sp.Rational(L - 1, L + 1) if L > 1 else sp.Integer(1)


def collapse_power(L: int) -> Fraction:
    """x*_L^(L+1), which is rational."""
    return fraction(collapse_threshold(L) ** (L + 1))


@cache
def collapse_ends(L: int) -> tuple[Fraction, Fraction]:
    """Rationals around x*_L, as `power_root` has them."""
    return power_root(collapse_power(L), L + 1)


def collapse_scale(L: int) -> sp.Expr:
    """t*_L = (L-1)/L: the output scale just below collapse (0 for L = 1, where the output shrinks continuously)."""
    _factors(L)
    return sp.Rational(L - 1, L)


def power_root(value: Fraction, degree: int, bits: int = 128) -> tuple[Fraction, Fraction]:
    """Rationals lo <= value^(1/degree) < hi with hi - lo = 2^-bits times a power of two matching the size of value.

    Raises:
        ValueError: for a negative value or degree < 1.
    """
    if value < 0 or degree < 1:
        raise ValueError(f"a root needs value >= 0 and degree >= 1, got {value}, {degree}")
    size = max(0, -((value.numerator.bit_length() - value.denominator.bit_length()) // degree))
    scale = 2 ** (bits + size)
    root, _ = sp.integer_nthroot(value.numerator * scale**degree // value.denominator, degree)
    return Fraction(int(root), scale), Fraction(int(root) + 1, scale)


def minimiser(L: int, strength: Fraction, width: Fraction = DEFAULT_WIDTH) -> tuple[Fraction, Fraction] | None:
    """Enclose the largest zero u of u^(p-2) (1 - u^p) - x in [0, 1]; None when it has none.

    The function rises up to u^p = c = (p-2)/(2p-2) and falls after it, so it has a zero iff x^p <= c^(p-2) (1-c)^p, and
    the largest is found by halving between c^(1/p) and 1, in integers.

    Args:
        L: number of weight layers.
        strength: x > 0, exact.
        width: greatest width of the interval returned.
    """
    _positive(strength)
    p = _factors(L)
    peak = Fraction(p - 2, 2 * p - 2)
    if strength**p > peak ** (p - 2) * (1 - peak) ** p:
        return None
    if peak == 0 and strength == 1:
        return Fraction(0), Fraction(0)
    bits = max(1, (width.denominator // width.numerator).bit_length())

    def above(m: int) -> bool:
        """Whether the function is >= 0 at u = m / 2^bits."""
        power = m ** (p - 2)
        return power * ((1 << bits * p) - power * m * m) * strength.denominator >= strength.numerator << bits * (
            2 * p - 2
        )

    floor = int(sp.integer_nthroot((peak.numerator << bits * p) // peak.denominator, p)[0])
    low, high = floor + 1, 1 << bits
    if not above(low):
        # Between the peak and the next number of so many bits.
        return Fraction(floor, 1 << bits), Fraction(low, 1 << bits)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if above(middle) else (low, middle)
    return Fraction(low, 1 << bits), Fraction(high, 1 << bits)


def phi(L: int, strength: Fraction, width: Fraction = DEFAULT_WIDTH) -> tuple[Fraction, Fraction]:
    """Rational (lower, upper) bounds of phi_L(x) for exact x > 0, at most `width` apart.

    The objective falls into its largest stationary point and rises after it, so on an interval [a, b] around that point
    it is at least 1/2 (1 - b^p)^2 + (p/2) x a^2; the only other local minimum is 1/2 at u = 0.
    """
    _positive(strength)
    p = _factors(L)
    half = Fraction(1, 2)

    def bound(for_fit: Fraction, for_size: Fraction) -> Fraction:
        return half * (1 - for_fit**p) ** 2 + Fraction(p, 2) * strength * for_size**2

    # The slope of both terms on [0, 1] is at most p (1 + x), so this width of u is fine enough.
    interval = minimiser(L, strength, width / (2 * p * (1 + strength)))
    if interval is None:
        return half, half
    low, high = interval
    return min(half, bound(high, low)), min(half, bound(low, low))


def phi_of_power(L: int, power: Fraction, width: Fraction = DEFAULT_WIDTH) -> tuple[Fraction, Fraction]:
    """Bounds of phi_L(x) where only x^p is rational, as it is when the strengths differ between factors."""
    p = _factors(L)
    bits = max(8, width.denominator.bit_length() + p.bit_length() + 2)
    low, high = power_root(power, p, bits)
    below = phi(L, low, width / 4)[0] if low > 0 else Fraction(0)
    return below, phi(L, high, width / 4)[1]


def phi_of_cost(L: int, power: Fraction, ratio: Fraction, width: Fraction = DEFAULT_WIDTH) -> tuple[Fraction, Fraction]:
    """Bounds of phi_L(ratio x), the loss of a structure of cost C = ratio K, from x^p with x = K Lambda."""
    return phi_of_power(L, power * ratio ** _factors(L), width)


def _factors(L: int) -> int:
    if isinstance(L, bool) or not isinstance(L, int) or L < 1:
        raise ProblemError(f"L must be an integer >= 1, got {L!r}")
    return L + 1


def _positive(strength: Fraction) -> Fraction:
    if not isinstance(strength, Fraction) or strength <= 0:
        raise ProblemError(f"x must be a Fraction > 0, got {strength!r}")
    return strength


def _rational(value: sp.Expr | Fraction) -> sp.Expr:
    return sp.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else value
