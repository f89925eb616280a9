"""A head in exact rationals: a non-negative neck V and one relu step, U relu(W V) = I_K, that makes it rank K.

h(V, W, U) = ||V||_*^2 ||W||_F^2 ||U||_F^2 and C^(L+1) = h q^(L-3), because the L - 3 middle layers are the projector on
V's column space (science: ours; the SRG is the case V = M, U = I).
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq_mat

from dufm.theory.rational import identity, matrix, relu, squared_norm, to_sympy
from dufm.theory.squared.structure import PRECISION, HeadCost, as_fraction_ball, singular_value_sum
from dufm.theory.stated import ProblemError


@dataclass(frozen=True)
class Head:
    """V (q x K, entrywise >= 0, rank q), W (m x q) and U (K x m) with U relu(W V) = I_K, all exact.

    Build one with `Head.of`, which finds U.
    """

    V: fmpq_mat
    W: fmpq_mat
    U: fmpq_mat

    @classmethod
    def of(cls, V: Any, W: Any) -> "Head":
        """The head with the U of least norm, the pseudo-inverse of relu(W V).

        Raises:
            ProblemError: if V has a negative entry or not full row rank, or relu(W V) has rank below K.
        """
        v, w = matrix(V), matrix(W)
        if w.ncols() != v.nrows():
            raise ProblemError(f"W must have q = {v.nrows()} columns, got {w.ncols()}")
        if any(x < 0 for x in v.entries()):
            raise ProblemError("the neck V must be entrywise >= 0")
        if v.rank() < v.nrows():
            raise ProblemError(f"the neck V must have full row rank {v.nrows()}, got {v.rank()}")
        active = relu(w * v)
        gram = active.transpose() * active
        if gram.rank() < v.ncols():
            raise ProblemError(
                f"relu(W V) must have rank K = {v.ncols()}, got {gram.rank()}: more or other neurons are needed"
            )
        return cls(v, w, gram.solve(active.transpose()))

    def __post_init__(self) -> None:
        if self.U * relu(self.W * self.V) != identity(self.K):
            raise ProblemError("U relu(W V) is not the identity")

    @property
    def K(self) -> int:
        """Number of classes."""
        return self.V.ncols()

    @property
    def q(self) -> int:
        """Rank of the neck."""
        return self.V.nrows()

    @cached_property
    def h(self) -> arb:
        """||V||_*^2 ||W||_F^2 ||U||_F^2 as a rigorous ball."""
        outer = squared_norm(self.W) * squared_norm(self.U)
        with ctx.workprec(PRECISION):
            return singular_value_sum(self.V) ** 2 * arb(outer.numerator) / outer.denominator

    @property
    def h_above(self) -> Fraction:
        """A rational just above h."""
        return as_fraction_ball(self.h)[1]

    def cost(self) -> HeadCost:
        """(h, q), h rounded up to a rational."""
        return HeadCost(sp.Rational(self.h_above.numerator, self.h_above.denominator), self.q)

    def factors(self, L: int) -> list[sp.Matrix]:
        """Unit-scale factors (P_2, I_q, ..., I_q, W, U) at depth L >= 3."""
        return [to_sympy(self.V), *[sp.eye(self.q)] * (L - 3), to_sympy(self.W), to_sympy(self.U)]

    def wins_at(self, L: int) -> bool:
        """Whether the head's cost at depth L is below DNC's: h q^(L-3) < K^(L+1), decided exactly."""
        return self.h_above * self.q ** (L - 3) < self.K ** (L + 1)
