"""relu layers under cross-entropy, exactly: logits with every margin >= 1, and what collapse pays for a margin (ours).

Deep neural collapse pays prod ||factor||^2 >= n K^L (K-1) alpha^2 for a mean margin alpha, whatever its logits, and NC2
alone, samples of a class equal and centred features that form a simplex, n (K-1)^(L+1) alpha^2 (derivations
ce-relu-collapse, ce-relu-nc2). Factors with every margin >= 1 and a smaller product win at every strength
(ce-relu-margins).
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any, Literal

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.problem import Problem
from dufm.theory.rational import fraction, identity, matrix, relu, squared_norm, to_lists
from dufm.theory.squared.cuts import neurons
from dufm.theory.squared.srg import incidence
from dufm.theory.stated import ProblemError

Rival = Literal["dnc", "nc2"]
RIVALS: tuple[Rival, ...] = ("dnc", "nc2")
r, p = sp.symbols("r p", positive=True)


def rival_power(rival: Rival, K: Any, L: Any) -> Any:
    """What prod ||factor||^2 / (n alpha^2) of a collapsed network is at least, L >= 2."""
    return K**L * (K - 1) if rival == "dnc" else (K - 1) ** (L + 1)


def block_power(rival: Rival, K: Any, L: Any) -> Any:
    """What the product with the readout as it is may be at most for a block of K classes to win beside others."""
    return K ** (L + 1) if rival == "dnc" else (K - 1) ** (L + 1)


@dataclass(frozen=True, eq=False)
class MarginLayers:
    """Exact factors (H_1, W_1, ..., W_L), H_1 with one column a class, whose logits have positive margins.

    Attributes:
        factors: as given; their logits may have any least margin > 0, for which everything below is scaled.
    """

    factors: tuple[fmpq_mat, ...]

    @classmethod
    def of(cls, *factors: Any) -> "MarginLayers":
        """Read exact factors.

        Raises:
            ProblemError: if they do not chain up, or if a margin is not positive.
        """
        layers = cls(tuple(matrix(f) for f in factors))
        if layers.L < 2 or layers.logits.nrows() != layers.K or layers.least_margin <= 0:
            raise ProblemError("L >= 2 layers with K x K logits and positive margins are needed")
        return layers

    @property
    def K(self) -> int:
        """Classes."""
        return self.factors[0].ncols()

    @property
    def L(self) -> int:
        """Weight layers."""
        return len(self.factors) - 1

    @cached_property
    def logits(self) -> fmpq_mat:
        """Z = W_L relu(... relu(W_1 H_1))."""
        return Problem.of(self.K, self.L, 1, width=max(self.K, *self.sides)).output(list(self.factors))

    @property
    def sides(self) -> tuple[int, ...]:
        """Widths of the hidden layers 2, ..., L."""
        return tuple(f.nrows() for f in self.factors[1:-1])

    @property
    def width(self) -> int:
        """The least hidden width that has room for them."""
        return max(f.nrows() for f in self.factors[:-1])

    @cached_property
    def least_margin(self) -> Fraction:
        """min over j != k of Z_kk - Z_jk."""
        z = to_lists(self.logits)
        return min(z[k][k] - z[j][k] for k in range(self.K) for j in range(self.K) if j != k)

    @cached_property
    def power(self) -> Fraction:
        """prod ||factor||^2 at least margin 1, the readout centred: C W_L in place of W_L, C = I - J/K."""
        last = self.factors[-1]
        ones = fmpq_mat(1, self.K, [fmpq(1)] * self.K)
        return self._before * (squared_norm(last) - squared_norm(ones * last) / self.K)

    @cached_property
    def whole_power(self) -> Fraction:
        """The same with the readout as it is."""
        return self._before * squared_norm(self.factors[-1])

    @cached_property
    def _before(self) -> Fraction:
        product = 1 / self.least_margin**2
        for factor in self.factors[:-1]:
            product *= squared_norm(factor)
        return product

    def wins(self, rival: Rival) -> bool:
        """Whether they beat the rival at their own K and L."""
        return self.power < rival_power(rival, self.K, self.L)

    def wins_at_more_classes(self, rival: Rival) -> bool:
        """Whether, besides, their direct sums with single classes win at every larger K."""
        diagonal = min(fraction(self.logits[k, k]) for k in range(self.K))
        fits = self.whole_power <= block_power(rival, self.K, self.L)
        return self.wins(rival) and diagonal >= self.least_margin and fits

    def wins_at_more_layers(self, rival: Rival) -> bool:
        """Whether, besides, identities in the narrowest hidden layer win at every larger L."""
        return self.wins(rival) and min(self.sides) <= (self.K if rival == "dnc" else self.K - 1)


def _root_layers(neck: fmpq_mat, scale: fmpq_mat) -> tuple[fmpq_mat, fmpq_mat]:
    """(H_1, W_1) = (A^(-1) V, A) for a symmetric A near (V V^T)^(1/4)."""
    return scale.inv() * neck, scale


def edges(order: int, L: int = 3) -> MarginLayers:
    """Classes on the edges of the complete graph on r vertices, features M all through, the readout M^T - 1/2.

    Z = M^T M - J has margins 1 for edges that share a vertex, 2 for disjoint ones. The SRG of SML24 has this readout as
    its last hidden layer; cross-entropy needs no relu after it. H_1 = A^(-1) M, W_1 = A = a I + J, A rational, near the
    root of root of M M^T = (r-2) I + J.
    """
    M = matrix(incidence(order))
    # (a + r)/a near (2 (r-1)/(r-2))^(1/4): the eigenvalues of A on 1 and beside it.
    ratio = sp.Rational(2 * (order - 1), order - 2) ** sp.Rational(1, 4)
    a = int(sp.floor(order / (ratio - 1) + sp.Rational(1, 2)))
    scale = fmpq_mat(order, order, [fmpq(a * int(i == j) + 1) for i in range(order) for j in range(order)])
    half = fmpq_mat(M.ncols(), order, [fmpq(1, 2)] * (M.ncols() * order))
    return MarginLayers.of(*_root_layers(M, scale), *[identity(order)] * (L - 2), M.transpose() - half)


def halves(size: int) -> MarginLayers:
    """The neurons of `theory.squared.halves` at r = 2 p, read out by p on edges inside S, -(p-2) on crossing ones.

    P_2 = W M / 2 has r - 1 equal singular values, so that H_1, the projector on its rows, and W_1 = P_2 cost
    ||P_2||_*^2 exactly. Z is a positive multiple of I on and beside the diagonal, negative for disjoint edges.
    """
    order = 2 * size
    M = matrix(incidence(order))
    before = neurons(order, size) * M * fmpq(1, 2)
    gram = before.transpose() * before
    value = fraction(gram[0, 0]) * M.ncols() / (order - 1)  # trace over rank
    rows = gram * fmpq(value.denominator, value.numerator)
    values = {2: size, 1: 2 - size, 0: 0}
    shared = [
        fmpq(values[len(set(edge) & set(chosen))])
        for edge in combinations(range(order), 2)
        for chosen in combinations(range(order), size)
    ]
    return MarginLayers.of(rows, before, fmpq_mat(M.ncols(), before.nrows(), shared))


# (V, W) in small integers, found by rounding the heads of the atlas (V = A B, rows of W are neurons).
SMALL_HEADS: dict[int, tuple[list[list[int]], list[list[int]]]] = {
    3: ([[1, 0, 1], [0, 1, 1]], [[1, -1], [-1, 1], [1, 0], [0, 1]]),
    5: (
        [[1, 3, 0, 3, 0], [3, 0, 0, 2, 3], [3, 2, 3, 0, 0]],
        [[-2, 3, -2], [2, -3, 2], [2, 1, 1], [2, 2, -3], [-2, -2, 3], [-1, 2, 2]],
    ),
    6: (
        [[2, 0, 2, 0, 2, 0], [0, 2, 0, 0, 2, 2], [0, 2, 2, 2, 1, 0]],
        [[1, 1, 2], [2, -2, 0], [-2, 1, 2], [-2, -2, 2], [-1, 0, 1], [1, -2, 2]]
        + [[2, -1, -2], [2, 2, -2], [-1, 2, -2], [-2, 2, 0], [0, -1, 1]],
    ),
    8: (
        [[0, 3, 4, 0, 3, 3, 0, 0], [3, 3, 0, 0, 3, 0, 0, 4], [3, 3, 0, 4, 0, 3, 0, 0], [3, 0, 0, 0, 3, 3, 4, 0]],
        [[-2, -2, -2, 4], [-3, 1, 1, 2], [-3, 3, 0, 0], [0, 2, -2, 0], [4, -2, -2, -2], [2, 0, -2, 0], [2, 2, -4, 2]]
        + [[-3, 0, 3, 0], [2, 2, 2, -4], [2, -4, 2, 2], [2, -2, 0, 0], [1, 1, 1, 2], [-2, -2, 4, -2], [0, -2, 2, 0]]
        + [[2, 2, 2, 0], [-2, 4, -2, -2], [-2, 0, 0, 2], [1, 0, 0, 0], [0, 0, 0, 1], [1, 1, 1, 1]],
    ),
}


def small_head(K: int, L: int) -> MarginLayers:
    """(H_1, W_1, I_q, ..., W, U) of a head in small integers, U = relu(W V)^+, so that Z = I.

    W_1 is a rational matrix near the root of root of V V^T, by three steps of Newton's iteration for each root.
    """
    V, W = (matrix(m) for m in SMALL_HEADS[K])
    if L < 3:
        raise ProblemError(f"a head needs L >= 3, got L = {L}")
    active = relu(W * V)
    U = (active.transpose() * active).inv() * active.transpose()
    scale = _near_root(_near_root(V * V.transpose()))
    return MarginLayers.of(*_root_layers(V, scale), *[identity(V.nrows())] * (L - 3), W, U)


def _near_root(square: fmpq_mat) -> fmpq_mat:
    """A symmetric rational matrix near the positive root of one that is positive definite, entries over 2^6."""
    root = square + identity(square.nrows())
    for _ in range(8):
        root = (root + root.inv() * square) * fmpq(1, 2)
        root = (root + root.transpose()) * fmpq(1, 2)
        entries = [fmpq(round(fraction(x) * 64), 64) for x in root.entries()]
        root = fmpq_mat(root.nrows(), root.ncols(), entries)
    return root


def edges_power(order: Any = r) -> sp.Expr:
    """The product of `edges` at L = 3 over nu^2 = ||M||_*^2: ||I_r||^2 times the centred readout, r (r-1) (r-2)."""
    order = sp.sympify(order)
    return order * (order - 1) * (order - 2)


def halves_power(size: Any = p) -> sp.Expr:
    """||P_2||_*^2 ||U||^2 of `halves` at least margin 1, U as it is: 2 p (2p-1)^3 (3p^2 - 9p + 8) / (p-1)."""
    size = sp.sympify(size)
    return 2 * size * (2 * size - 1) ** 3 * (3 * size**2 - 9 * size + 8) / (size - 1)
