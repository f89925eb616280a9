"""Deep neural collapse: features of every layer l >= 2 form an orthogonal frame, all of one norm (SML23, SML24)."""

from collections.abc import Sequence
from typing import Any

import sympy as sp


class DeepNeuralCollapse:
    """P_2 = W_2 = ... = W_L = I_K: every factor has squared norm K, so C = K and the loss is phi_L(K Lambda).

    No configuration with orthogonal features does better: see the derivation `dnc`.
    """

    name = "dnc"
    needs = "K >= 2 and L >= 1"

    def valid(self, K: int, L: int) -> bool:
        return K >= 2 and L >= 1

    def weights(self, K: int, L: int) -> Sequence[Any]:
        return [sp.eye(K)] * L

    def cost(self, K: int, L: int) -> sp.Expr:
        return sp.Integer(K)
