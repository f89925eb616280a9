"""Cut heads: the SRG's neck read out by cuts of the vertices instead of by its own edges (ours).

The neck is V = M, the vertex-edge incidence of the complete graph on r vertices (rank r, K = r (r-1)/2 classes).
Neuron S, for every p-subset S of the vertices, is +1 on S and -1 off it: relu(w_S^T m_e) is 2 if the edge e lies inside
S, else 0. So relu(W M) = 2 N with N the inclusion matrix of pairs in p-subsets, N^T N lies in the algebra of the
triangular graph, and U = N^+ / 2 is the best read-out. p = 2 is the SRG; p near r/2 is far cheaper.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations
from math import comb
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.rational import matrix
from dufm.theory.squared.head import Head
from dufm.theory.squared.srg import incidence, nuclear_norm, order_of
from dufm.theory.squared.structure import HeadCost

r, p = sp.symbols("r p", positive=True)


def eigenvalues(order: Any = r, size: Any = p) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Eigenvalues of N^T N divided by C(r-2, p-2), with multiplicities 1, r - 1, r (r-3)/2.

    N^T N is 1 on the diagonal, (p-2)/(r-2) for edges that share a vertex, (p-2)(p-3)/((r-2)(r-3)) for disjoint ones;
    the triangular graph has eigenvalues (2(r-2), r-4, -2), its complement ((r-2)(r-3)/2, 3-r, 1).
    """
    order, size = sp.sympify(order), sp.sympify(size)
    share = (size - 2) / (order - 2)
    apart = share * (size - 3) / (order - 3)
    meets, avoids = (2 * (order - 2), order - 4, -2), ((order - 2) * (order - 3) / 2, 3 - order, 1)
    first, second, third = (1 + share * t + apart * a for t, a in zip(meets, avoids, strict=True))
    return first, second, third


def output_norm(order: Any = r, size: Any = p) -> sp.Expr:
    """||U||_F^2 times C(r-2, p-2): a quarter of the trace of the inverse of N^T N."""
    order, size = sp.sympify(order), sp.sympify(size)
    first, second, third = eigenvalues(order, size)
    return (1 / first + (order - 1) / second + order * (order - 3) / 2 / third) / 4


def head(order: Any = r, size: Any = p) -> sp.Expr:
    """h = ||M||_*^2 r C(r, p) ||U||_F^2, where C(r, p) / C(r-2, p-2) = r (r-1) / (p (p-1))."""
    order, size = sp.sympify(order), sp.sympify(size)
    neurons = order * order * (order - 1) / (size * (size - 1))
    return nuclear_norm(order) ** 2 * neurons * output_norm(order, size)


@cache
def _compared() -> tuple[Callable[[int, int], int], ...]:
    """Numerator and denominator of h / ||M||_*^2: polynomials of r and p with whole coefficients, for whole numbers."""
    parts = sp.fraction(sp.cancel(head() / nuclear_norm(r) ** 2))
    return tuple(sp.lambdify((r, p), sp.expand(part), modules=[]) for part in parts)


@cache
def best_size(order: int) -> int:
    """The p in 2, ..., r - 2 of least h, decided on rationals: the nuclear norm is common to all."""
    over, under = _compared()
    return min(range(2, order - 1), key=lambda size: Fraction(over(order, size), under(order, size)))


def neurons(order: int, size: int) -> fmpq_mat:
    """W, C(r, p) x r."""
    rows = [[fmpq(1 if v in chosen else -1) for v in range(order)] for chosen in combinations(range(order), size)]
    return fmpq_mat(len(rows), order, [x for row in rows for x in row])


@cache
def cut_head(order: int, size: int) -> Head:
    """The head in exact rationals."""
    return Head.of(matrix(incidence(order)), neurons(order, size))


class Cuts:
    """The SRG's neck with the best cut read-out; its hidden layer before the last needs C(r, p) neurons."""

    name = "cuts"
    needs = "K = r (r - 1) / 2 with r >= 4 (K = 6, 10, 15, 21, ...) and L >= 3"

    def valid(self, K: int, L: int) -> bool:
        return L >= 3 and (order_of(K) or 0) >= 4

    def neurons(self, K: int) -> int:
        """C(r, p), of the widest hidden layer."""
        order = order_of(K) or 0
        return comb(order, best_size(order))

    def weights(self, K: int, L: int) -> Sequence[Any]:
        order = order_of(K) or 0
        return cut_head(order, best_size(order)).factors(L)

    def cost(self, K: int, L: int) -> HeadCost:
        order = order_of(K) or 0
        return HeadCost(head(order, best_size(order)), order)
