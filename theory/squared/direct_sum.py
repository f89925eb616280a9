"""Direct sums: split the classes into blocks and use a structure on each (ours).

Blocks are balanced factor by factor, so costs add: C = sum_b C_b, and for normalised losses
best_K(Lambda) <= sum_b (K_b / K) best_{K_b}(K Lambda / K_b), a weighted mean at equal x = K Lambda.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp

from dufm.theory.squared.structure import Structure, total_cost


def nuclear_norm(m: sp.Matrix) -> sp.Expr:
    """Sum of singular values, from the eigenvalues of the smaller Gram matrix."""
    gram = m * m.T if m.rows <= m.cols else m.T * m
    return sum((k * sp.sqrt(value) for value, k in gram.eigenvals().items()), sp.Integer(0))


def product_form(factors: Sequence[Any], L: int) -> list[sp.Matrix]:
    """The L factors (P_2, W_2, ..., W_L) of unit-scale weights given either way."""
    matrices = [sp.Matrix(f) for f in factors]
    return [matrices[1] * matrices[0], *matrices[2:]] if len(matrices) == L + 1 else matrices


def balanced(factors: Sequence[Any], L: int) -> list[sp.Matrix]:
    """The same factors scaled so that ||P_2||_* and every squared norm equal C; the output stays as it is."""
    first, *rest = product_form(factors, L)
    norms = [_squared_norm(m) for m in rest]
    nuclear = nuclear_norm(first)
    cost = (nuclear**2 * sp.prod(norms)) ** sp.Rational(1, L + 1)
    return [first * (cost / nuclear), *(m * sp.sqrt(cost / norm) for m, norm in zip(rest, norms, strict=True))]


def _squared_norm(m: Any) -> sp.Expr:
    return sum((value**2 for value in m.todok().values()), sp.Integer(0))


@cache
def _block(structure: Structure, k: int, L: int) -> list[sp.Matrix]:
    return balanced(structure.weights(k, L) if k > 1 else [sp.eye(1)] * L, L)


@dataclass(frozen=True)
class DirectSum:
    """A direct sum of (structure, classes) blocks; a block of one class is the DNC of one class.

    Attributes:
        blocks: pairs (structure, K_b).
        name: what lists and tables call it.
    """

    blocks: tuple[tuple[Structure, int], ...]
    name: str = "direct-sum"

    @property
    def needs(self) -> str:
        return f"K = {sum(k for _, k in self.blocks)} and the depth its blocks need"

    def valid(self, K: int, L: int) -> bool:
        return K == sum(k for _, k in self.blocks) and all(k == 1 or s.valid(k, L) for s, k in self.blocks)

    def weights(self, K: int, L: int) -> Sequence[Any]:
        """Balanced block-diagonal factors; algebraic, since blocks are scaled to squared norm C_b in every factor."""
        if len(self.blocks) == 1:
            structure, k = self.blocks[0]
            return structure.weights(k, L)
        parts = [_block(s, k, L) for s, k in self.blocks]
        return [sp.diag(*(part[i] for part in parts)) for i in range(L)]

    def cost(self, K: int, L: int) -> sp.Expr:
        return sum((total_cost(s, k, L) if k > 1 else sp.Integer(1) for s, k in self.blocks), sp.Integer(0))
