"""Halves: two layers, classes on the edges of a complete graph, neurons on the halvings of its vertices (ours).

r = 2 p vertices, K = r (r-1)/2 classes. Neuron S, for every p-subset S of the vertices, has pre-activation 1 on the
edges inside S, -1 on those outside and 0 on those between: P_2 = W M / 2 with the +-1 vectors W of the cut heads. These
sum to zero, so P_2 has rank r - 1, while relu(P_2) = N, edges in p-subsets, has full rank K; U = N^+ reads it out.
"""

from collections.abc import Sequence
from functools import cache
from math import comb
from typing import Any

import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.theory.rational import matrix, relu
from dufm.theory.squared.cuts import neurons, output_norm, p
from dufm.theory.squared.srg import incidence, order_of


def cost_cubed(size: Any = p) -> sp.Expr:
    """C^3 = ||P_2||_*^2 ||U||^2 = 4 r (r-1)^2 `output_norm`(r, p) at r = 2 p."""
    order = 2 * sp.sympify(size)
    return 4 * order * (order - 1) ** 2 * output_norm(order, size)


@cache
def half_weights(size: int) -> tuple[fmpq_mat, fmpq_mat]:
    """(P_2, U), C(r, p) x K and K x C(r, p), with U relu(P_2) = I."""
    before = neurons(2 * size, size) * matrix(incidence(2 * size)) * fmpq(1, 2)
    active = relu(before)
    return before, (active.transpose() * active).inv() * active.transpose()


class Halves:
    """Two layers at rank r - 1; needs C(r, r/2) neurons. Beats DNC from K = 15 on."""

    name = "halves"
    needs = "K = r (r - 1) / 2 with r even, r >= 4 (K = 6, 15, 28, 45, ...) and L = 2"

    def valid(self, K: int, L: int) -> bool:
        order = order_of(K) or 0
        return L == 2 and order >= 4 and order % 2 == 0

    def neurons(self, K: int) -> int:
        """C(r, r/2), of the hidden layer."""
        order = order_of(K) or 0
        return comb(order, order // 2)

    def weights(self, K: int, L: int) -> Sequence[Any]:
        return half_weights((order_of(K) or 0) // 2)

    def cost(self, K: int, L: int) -> sp.Expr:
        return cost_cubed((order_of(K) or 0) // 2) ** sp.Rational(1, 3)
