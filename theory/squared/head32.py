"""K = 3 classes on a rank-2 neck: a three-parameter family of heads whose least h is an exact algebraic number (ours).

    V = [[1, 0, a], [0, 1, a]],   rows of W: (1, -1), (-1, 1), (alpha, beta), (beta, alpha),   U = (relu(W V))^+
    s = alpha + beta, delta = alpha - beta, 0 <= delta <= s:
    h = (1 + sqrt(1 + 2 a^2))^2 (4 + s^2 + delta^2) [ 1/(1 + delta^2) + (1 + s^2 + 2 a^2 s^2) / (2 a^2 s^2) ].

Minimising over delta, then s (the derivation `head`) leaves, with w = sqrt((c+1)/(c-1)) and c = sqrt(1+2a^2),
    sqrt(h) = [2 w^2 + w (w^2 - 1) + sqrt(3) w (w^2 + 1)] / (w^2 - 1),
least at the one positive root of a quartic over Q(sqrt 3).
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, ctx

from dufm.theory.squared.head import Head
from dufm.theory.squared.structure import HeadCost

a, s, delta, w = sp.symbols("a s delta w", positive=True)


def nuclear_norm(weight: Any = a) -> sp.Expr:
    """||V||_* = 1 + sqrt(1 + 2 a^2), because V V^T = I + a^2 1 1^T."""
    return 1 + sp.sqrt(1 + 2 * sp.sympify(weight) ** 2)


def head(weight: Any = a, total: Any = s, difference: Any = delta) -> sp.Expr:
    """h(a, s, delta) of the family."""
    weight, total, difference = map(sp.sympify, (weight, total, difference))
    b = 2 * weight**2
    inverse = 1 / (1 + difference**2) + (1 + total**2 + b * total**2) / (b * total**2)
    return nuclear_norm(weight) ** 2 * (4 + total**2 + difference**2) * inverse


def root_of_h(scale: Any = w, root3: Any = None) -> Any:
    """sqrt(h) as a function of w alone, delta and s at their best; in balls where w and sqrt(3) are given as balls."""
    root3 = sp.sqrt(3) if root3 is None else root3
    return (2 * scale**2 + scale * (scale**2 - 1) + root3 * scale * (scale**2 + 1)) / (scale**2 - 1)


def quartic(scale: Any = w, root3: Any = None) -> Any:
    """(1 + sqrt 3) w^4 - (2 + 4 sqrt 3) w^2 - 4 w + (1 - sqrt 3), zero where sqrt(h) is stationary."""
    root3 = sp.sqrt(3) if root3 is None else root3
    return (1 + root3) * scale**4 - (2 + 4 * root3) * scale**2 - 4 * scale + 1 - root3


def least_head(bits: int = 200) -> arb:
    """The least h of the family as a rigorous ball: bisection of the quartic's positive root in ball arithmetic."""
    with ctx.workprec(2 * bits):
        root3 = arb(3).sqrt()

        low, high = Fraction(1), Fraction(4)
        while high - low > Fraction(1, 2**bits):
            middle = (low + high) / 2
            value = quartic(arb(middle.numerator) / middle.denominator, root3)
            low, high = (middle, high) if value < 0 else (low, middle)
        z = (arb(low.numerator) / low.denominator).union(arb(high.numerator) / high.denominator)
        return root_of_h(z, root3) ** 2


class RankTwoHead:
    """The family at rational parameters near its least h, chosen so that ||V||_* is rational and h too.

    a = 2 m / (2 m^2 - 1) gives sqrt(1 + 2 a^2) = (2 m^2 + 1) / (2 m^2 - 1).
    """

    name = "head32"
    needs = "K = 3 and L >= 3"

    m = Fraction(275, 193)
    total = Fraction(218, 213)
    difference = Fraction(85, 138)

    @property
    def weight(self) -> Fraction:
        """The edge weight a."""
        return 2 * self.m / (2 * self.m**2 - 1)

    def valid(self, K: int, L: int) -> bool:
        return K == 3 and L >= 3

    def neck(self) -> sp.Matrix:
        """V, 2 x 3."""
        weight = _rational(self.weight)
        return sp.Matrix([[1, 0, weight], [0, 1, weight]])

    def neurons(self) -> sp.Matrix:
        """W, 4 x 2."""
        alpha, beta = _rational((self.total + self.difference) / 2), _rational((self.total - self.difference) / 2)
        return sp.Matrix([[1, -1], [-1, 1], [alpha, beta], [beta, alpha]])

    def weights(self, K: int, L: int) -> Sequence[Any]:
        active = (self.neurons() * self.neck()).applyfunc(lambda z: sp.Max(z, 0))
        return [self.neck(), *[sp.eye(2)] * (L - 3), self.neurons(), (active.T * active).inv() * active.T]

    def cost(self, K: int, L: int) -> HeadCost:
        return HeadCost(head(*map(_rational, (self.weight, self.total, self.difference))), 2)


def _rational(value: Fraction) -> sp.Expr:
    return sp.Rational(value.numerator, value.denominator)


def three_neuron_head() -> Head:
    """The member with delta = 0, where two neurons merge: only K = 3 neurons, so that width K is enough."""
    weight, scale = Fraction(28, 31), Fraction(16, 23)
    return Head.of([[1, 0, weight], [0, 1, weight]], [[1, -1], [-1, 1], [scale, scale]])
