"""One hidden relu layer with weight decay, evaluated exactly: what its gradient says about the rank of W.

    L(W, A) = 1/(2N) sum_i |A relu(W x_i) - y_i|^2 + lambda/2 (|W|_F^2 + |A|_F^2)

x_i has length p (a bias is a last entry 1), W is m x p with rows w_k, A is K x m. Rational weights and data give every
number here exactly, so a state that training ended in can be judged without rounding: a float64 is a rational.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any

from flint import fmpq, fmpq_mat

from dufm.theory.rational import fraction, matrix, relu, squared_norm
from dufm.theory.stated import ProblemError


@dataclass(frozen=True)
class Network:
    """Weights, data and strength; `of` reads and checks them.

    Attributes:
        W: m x p.
        A: K x m.
        X: N x p, inputs as rows.
        Y: N x K, targets as rows.
        lam: weight decay, > 0.
    """

    W: fmpq_mat
    A: fmpq_mat
    X: fmpq_mat
    Y: fmpq_mat
    lam: Fraction

    @classmethod
    def of(cls, W: Any, A: Any, X: Any, Y: Any, lam: Any) -> "Network":
        """Read matrices of rationals.

        Raises:
            ProblemError: for shapes that do not fit and a strength that is not > 0.
        """
        w, a, x, y = (matrix(m) for m in (W, A, X, Y))
        if (w.ncols(), a.ncols(), x.nrows(), y.ncols()) != (x.ncols(), w.nrows(), y.nrows(), a.nrows()):
            shapes = ", ".join(f"{m.nrows()} x {m.ncols()}" for m in (w, a, x, y))
            raise ProblemError(f"W, A, X, Y must be m x p, K x m, N x p, N x K; got {shapes}")
        strength = fraction(lam)
        if strength <= 0:
            raise ProblemError(f"lambda must be > 0, got {strength}")
        return cls(w, a, x, y, strength)

    def loss(self) -> Fraction:
        """The loss, exact."""
        misfit = self.A * relu(self.W * self.X.transpose()) - self.Y.transpose()
        size = squared_norm(self.W) + squared_norm(self.A)
        return squared_norm(misfit) / (2 * self.X.nrows()) + self.lam * size / 2

    def data_gradient(self) -> fmpq_mat:
        """Gradient in W of the data term, m x p: row k is sum_i (A^T r_i)_k [w_k x_i > 0] x_i / N."""
        before = self.W * self.X.transpose()
        pulls = self.A.transpose() * (self.A * relu(before) - self.Y.transpose())
        kept = [pull if z > 0 else fmpq(0) for pull, z in zip(pulls.entries(), before.entries(), strict=True)]
        return fmpq_mat(before.nrows(), before.ncols(), kept) * self.X * fmpq(1, self.X.nrows())


@dataclass(frozen=True)
class RankTwoBound:
    """Inequality B-I at one state, exact. Every attribute is a squared Frobenius norm but `lam`.

    Attributes:
        gradient: of the loss in W, |grad|^2.
        spread: |G - P|^2: how far the data gradients a_k h(S_k) are from a_k h_(sign a_k).
        gap: |W - M|^2 for M = -P / lambda, of rank <= 2.
        norm: |W|^2.
        lam: weight decay.
    """

    gradient: Fraction
    spread: Fraction
    gap: Fraction
    norm: Fraction
    lam: Fraction

    @property
    def holds(self) -> bool:
        """lambda |W - M| <= |grad| + |G - P|, decided by squaring twice."""
        excess = self.lam**2 * self.gap - self.gradient - self.spread
        return excess <= 0 or excess**2 <= 4 * self.gradient * self.spread

    @property
    def energy_below(self) -> Fraction:
        """E_2 = (sigma_1^2 + sigma_2^2) / |W|^2 is at least this: 1 - |W - M|^2 / |W|^2. Needs W != 0."""
        return 1 - self.gap / self.norm

    def relative(self, bits: int = 60) -> Fraction:
        """(|grad| + |G - P|) / (lambda |W|), rounded up by at most 2^(2 - bits) of it. Needs W != 0."""
        roots = [root_above(term / (self.lam**2 * self.norm), bits) for term in (self.gradient, self.spread)]
        return sum(roots, Fraction(0))


def rank_two_bound(net: Network) -> RankTwoBound:
    """B-I with the best h_+ and h_-, the means of h(S_k) with weights a_k^2 over each sign of a_k.

    Raises:
        ProblemError: unless the network has one output.
    """
    if net.A.nrows() != 1:
        raise ProblemError(f"the rank-two bound needs one output, K = 1; got K = {net.A.nrows()}")
    data = net.data_gradient()
    read = net.A.entries()
    projected = fmpq_mat(data.nrows(), data.ncols())
    for sign in (1, -1):
        own = fmpq_mat(1, len(read), [a if a * sign > 0 else fmpq(0) for a in read])
        weight = (own * own.transpose())[0, 0]
        if weight:
            # a_k h_s, h_s = sum_k a_k G_k / sum_k a_k^2: rank one for each sign.
            projected += own.transpose() * (own * data) * (1 / weight)
    strength = fmpq(net.lam.numerator, net.lam.denominator)
    return RankTwoBound(
        gradient=squared_norm(data + net.W * strength),
        spread=squared_norm(data - projected),
        gap=squared_norm(net.W + projected * (1 / strength)),
        norm=squared_norm(net.W),
        lam=net.lam,
    )


def energy_at_least(W: Any, directions: Sequence[Sequence[Any]]) -> Fraction:
    """A lower bound of E_r: the share of |W|^2 in the span of r linearly independent rational rows of length p.

    Returns:
        tr(W Q (Q^T Q)^-1 Q^T W^T) / |W|^2 <= E_r, by Ky Fan; Q holds the directions as columns.
    """
    w, q = matrix(W), matrix(directions).transpose()
    seen = w * q
    inside = (seen * (q.transpose() * q).inv()) * seen.transpose()
    return fraction(sum((inside[i, i] for i in range(w.nrows())), fmpq(0))) / squared_norm(w)


def energy_at_most(W: Any, doublings: int = 3) -> Fraction:
    """An upper bound of E_2 = (sigma_1^2 + sigma_2^2) / |W|^2, exact but for rounding up.

    By the power mean inequality on the two largest eigenvalues of G = W^T W it is at most 2 (tr G^p / 2)^(1/p) / tr G;
    the least of these for p = 2, 4, ..., 2^doublings.
    """
    w = matrix(W)
    gram = w.transpose() * w
    total = _trace(gram)
    power = gram * fmpq(total.denominator, total.numerator)
    bounds = []
    for done in range(1, doublings + 1):
        power = power * power
        bound = _trace(power) / 2
        for _ in range(done):
            bound = root_above(bound)
        bounds.append(2 * bound)
    return min(bounds)


def root_above(value: Fraction, bits: int = 60) -> Fraction:
    """A rational in (sqrt(value), (1 + 2^(2 - bits)) sqrt(value)] with a power of two below; 0 for 0."""
    if value == 0:
        return Fraction(0)
    shift = bits - (value.numerator.bit_length() - value.denominator.bit_length()) // 2
    scale = Fraction(2) ** shift
    return Fraction(isqrt(int(value * scale**2)) + 1) / scale


def _trace(m: fmpq_mat) -> Fraction:
    return fraction(sum((m[i, i] for i in range(m.nrows())), fmpq(0)))
