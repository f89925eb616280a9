"""Bounds on singular tails that the absorbing sets rest on, each checked on exact steps of rational networks.

A network here is nearly balanced: W_l = U_l diag(s) U_{l-1}^T with rational orthogonal U_l, and every layer but one is
pushed off a little. In the layer left alone all but the last singular value counts as kept (r = n - 1), so the
projection past the r-th is a rational unit vector and every norm below is rational.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from flint import fmpq, fmpq_mat

from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.jumps.step import ball, imbalance, inner, product, step
from dufm.theory.proof.checks import Check, seeded
from dufm.theory.rational import fraction, identity, squared_norm
from dufm.theory.squared.phi import power_root

STARTS: Sequence[int] = range(16)


@dataclass(frozen=True)
class Tail:
    """A network, its layer `at` (from 0) with exact singular vectors, and the measures of B_r.

    Attributes:
        weights: (W_1, ..., W_L), square.
        at: the layer looked at.
        left: p, unit left singular vector of the least singular value, as a column; p^T W = s p~^T.
        least: s.
        C, eps: bounds on ||W_l||_F^2 and on the imbalance's operator norm.
    """

    weights: tuple[fmpq_mat, ...]
    at: int
    left: fmpq_mat
    least: Fraction
    C: Fraction
    eps: Fraction

    def m(self) -> tuple[Fraction, Fraction, Fraction]:
        """Rational upper bounds (m_1, m_2, m_3)."""
        tau, eps = self.least**2, self.eps
        m_1, m_2 = above(tau + eps), above((tau + eps) * (tau + 2 * eps))
        return m_1, m_2, above((m_1 * (tau + eps) + above(self.C) * eps) ** 2 + eps * m_2**2)


def above(square: Fraction) -> Fraction:
    """A rational a little above a square root."""
    return power_root(square, 2, 60)[1]


def orthogonal(rng: Random, n: int) -> fmpq_mat:
    """A rational orthogonal matrix: Cayley's transform of a random skew one."""
    skew = random_matrix(rng, n, n)
    skew = skew - skew.transpose()
    return (identity(n) - skew) * (identity(n) + skew).inv()


def nearly_balanced(seed: int, L: int, at: int, n: int = 3) -> Tail:
    """A random Tail; sizes and perturbations fixed by the seed."""
    rng = Random(seed)
    frames = [orthogonal(rng, n) for _ in range(L + 1)]
    values = sorted((Fraction(rng.randint(1, 12), 8) for _ in range(n - 1)), reverse=True)
    least = Fraction(rng.randint(0, 6), 60)
    middle = fmpq_mat(n, n)
    for i, value in enumerate([*values, least]):
        middle[i, i] = ball(value)
    weights = [b * middle * a.transpose() for a, b in zip(frames, frames[1:], strict=False)]
    push = fmpq(1, rng.choice((50, 200, 1000)))
    weights = [w if i == at else w + random_matrix(rng, n, n) * push for i, w in enumerate(weights)]
    p = fmpq_mat(n, 1, [frames[at + 1][i, n - 1] for i in range(n)])
    # The largest row sum of |D| is a rational bound on the operator norm of a symmetric matrix.
    eps = max(
        sum((abs(fraction(d[i, j])) for j in range(n)), Fraction(0)) for d in imbalance(weights) for i in range(n)
    )
    return Tail(tuple(weights), at, p, least, max(squared_norm(w) for w in weights), eps)


def tails(seed: int) -> bool:
    """|W_2 P| <= m_1, |W_3 W_2 P| <= m_2, |W_4 W_3 W_2 P| <= m_3 for L = 4."""
    case = nearly_balanced(seed, 4, 0)
    reached, ok = case.left, True
    for w, bound in zip(case.weights[1:], case.m(), strict=True):
        reached = w * reached
        ok = ok and squared_norm(reached) <= bound**2
    return ok


def _moved_tail(case: Tail, seed: int) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """(|P W'|^2, k, eta, |x - y|) after one step on a random entry with a random target."""
    rng, n = Random(1000 + seed), case.left.nrows()
    i, j, target = rng.randrange(n), rng.randrange(n), Fraction(rng.randint(-9, 9), 8)
    strength, rate = Fraction(rng.randint(1, 9), 20), Fraction(rng.randint(1, 9), 20)
    moved = step(case.weights, [(i, j, target)], strength, rate)[case.at]
    error = abs(fraction(product(case.weights)[i, j]) - target)
    return squared_norm(case.left.transpose() * moved), 1 - 2 * rate * strength, rate, error


def end_layer(seed: int) -> bool:
    """|P W_1'| <= k s + eta |x - y| m_{L-1}, for L = 3 and 4."""
    for L in (3, 4):
        case = nearly_balanced(seed, L, 0)
        reached, k, eta, error = _moved_tail(case, seed)
        if reached > (k * case.least + eta * error * case.m()[L - 2]) ** 2:
            return False
    return True


def middle_layer(seed: int) -> bool:
    """|P W_l'|^2 <= (k s + eta |x - y| m_p m_s)^2 + eta^2 |x - y|^2 m_p^2 C^s, for every middle layer of L = 3, 4."""
    for L, at in ((3, 1), (4, 1), (4, 2)):
        case = nearly_balanced(seed, L, at)
        reached, k, eta, error = _moved_tail(case, seed)
        m_p, m_s = case.m()[L - at - 2], case.m()[at - 1]
        along = (k * case.least + eta * error * m_p * m_s) ** 2
        if reached > along + (eta * error * m_p) ** 2 * case.C**at:
            return False
    return True


def psd_difference() -> Check:
    """|A - B|_op <= max(|A|_op, |B|_op) for A, B >= 0."""

    def holds(rng: Random) -> bool:
        v, w = random_matrix(rng, 2, 1), random_matrix(rng, 2, 1)
        largest = ball(max(squared_norm(v), squared_norm(w)))
        difference = v * v.transpose() - w * w.transpose()
        sides = (identity(2) * largest - difference, identity(2) * largest + difference)
        return all(side.det() >= 0 and side[0, 0] >= 0 and side[1, 1] >= 0 for side in sides)

    return seeded(holds)


def eckart_young() -> Check:
    """sigma_2(W) <= |P W| for a projection P of corank 1; sigma_2^2 is the lesser root of s^2 - ||W||^2 s + det^2."""

    def holds(rng: Random) -> bool:
        w, unit = random_matrix(rng, 2, 2), orthogonal(rng, 2)
        s = squared_norm(fmpq_mat(1, 2, [unit[0, 0], unit[1, 0]]) * w)
        total, det = squared_norm(w), fraction(w.det())
        return s**2 - total * s + det**2 <= 0 or 2 * s >= total

    return seeded(holds)


def batch_is_convex() -> Check:
    """The norm of an average is at most the largest norm averaged."""

    def holds(rng: Random) -> bool:
        many = [random_matrix(rng, 2, 3) for _ in range(rng.randint(2, 5))]
        mean = sum(many[1:], many[0]) * fmpq(1, len(many))
        largest = max(inner(m, m) for m in many)
        return squared_norm(mean) <= largest

    return seeded(holds)
