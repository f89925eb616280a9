"""The SRG solution of SML24: classes are the edges of the complete graph on r vertices, features its incidences."""

from collections.abc import Sequence
from itertools import combinations
from math import comb, isqrt
from typing import Any

import sympy as sp

from dufm.theory.squared.structure import HeadCost
from dufm.theory.stated import ProblemError

r = sp.Symbol("r", positive=True, integer=True)


def classes(order: Any = r) -> Any:
    """K = r (r - 1) / 2."""
    return order * (order - 1) / 2 if isinstance(order, sp.Expr) else comb(order, 2)


def nuclear_norm(order: Any = r) -> sp.Expr:
    """||M||_* = sqrt(2 (r-1)) + (r-1) sqrt(r-2), because M M^T = (r-2) I + 1 1^T."""
    order = sp.sympify(order)
    return sp.sqrt(2 * (order - 1)) + (order - 1) * sp.sqrt(order - 2)


def nuclear_bound(order: Any = r) -> sp.Expr:
    """2 r K = r^2 (r-1) = r ||M||_F^2, which nu^2 = ||M||_*^2 does not exceed: M has r rows."""
    order = sp.sympify(order)
    return 2 * order * classes(order)


def head(order: Any = r) -> sp.Expr:
    """h = ||M||_*^2 (K r / 4) K of the SRG head (SML24; in head form, ours)."""
    order = sp.sympify(order)
    return nuclear_norm(order) ** 2 * classes(order) ** 2 * order / 4


def incidence(order: int) -> sp.Matrix:
    """M, r x K: column e has a one in the rows of its two vertices."""
    if isinstance(order, bool) or not isinstance(order, int) or order < 3:
        raise ProblemError(f"r must be an integer >= 3, got {order!r}")
    edges = list(combinations(range(order), 2))
    return sp.Matrix(order, len(edges), lambda v, e: int(v in edges[e]))


def order_of(K: int) -> int | None:
    """The r with K = r (r - 1) / 2, if there is one."""
    order = (1 + isqrt(1 + 8 * K)) // 2
    return order if comb(order, 2) == K else None


class TriangularGraph:
    """P_2 = M, middle layers I_r, W_{L-1} = M^T - 1/2 1 1^T (so P_L = M^T M - 1 1^T), W_L = I_K."""

    name = "srg"
    needs = "K = r (r - 1) / 2 with r >= 4 (K = 6, 10, 15, 21, ...) and L >= 3"

    def valid(self, K: int, L: int) -> bool:
        return L >= 3 and (order_of(K) or 0) >= 4

    def weights(self, K: int, L: int) -> Sequence[Any]:
        order = order_of(K) or 0
        m = incidence(order)
        return [m, *[sp.eye(order)] * (L - 3), m.T - sp.ones(K, order) / 2, sp.eye(K)]

    def cost(self, K: int, L: int) -> HeadCost:
        order = order_of(K) or 0
        return HeadCost(head(order), order)
