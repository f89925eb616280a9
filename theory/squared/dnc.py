"""Deep neural collapse (SML23, SML24), and the configuration that reaches its least loss, with all norms equal.

DNC means that in every hidden layer 2 .. L the samples of a class share one feature and the K class features are
pairwise orthogonal, of equal norms or not. Under cross-entropy the class features are a simplex instead.
"""

from collections.abc import Sequence
from typing import Any

import sympy as sp


class DeepNeuralCollapse:
    """P_2 = W_2 = ... = W_L = I_K: every factor has squared norm K, so C = K and the loss is phi_L(K Lambda).

    No other DNC configuration does better: see the derivation `dnc`.
    """

    name = "dnc"
    needs = "K >= 2 and L >= 1"

    def valid(self, K: int, L: int) -> bool:
        return K >= 2 and L >= 1

    def weights(self, K: int, L: int) -> Sequence[Any]:
        return [sp.eye(K)] * L

    def cost(self, K: int, L: int) -> sp.Expr:
        return sp.Integer(K)
