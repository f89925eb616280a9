"""What a candidate minimiser must tell, and what follows from it: cost, critical depth, loss.

A structure is any object with `name`, `needs`, `valid(K, L)`, `weights(K, L)` and `cost(K, L)`; it inherits nothing.
Weights are at unit scale, output Z = I_K, either all L + 1 factors (H_1, W_1, ..., W_L) or L of them, (P_2, W_2, ...,
W_L), where the pair (H_1, W_1) is given by its product P_2 and costs its nuclear norm twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, cast, runtime_checkable

import sympy as sp
from flint import acb, arb, ctx, fmpq_mat, fmpz_poly

from dufm.theory.problem import Problem
from dufm.theory.rational import fraction, identity, matrix, squared_norm
from dufm.theory.stated import ProblemError

PRECISION = 192  # bits of ball arithmetic
MOST_LAYERS = 200  # beyond about 300 the root of a cost's powers overflows in SymPy


@dataclass(frozen=True)
class HeadCost:
    """Cost of a low-rank structure whose middle layers carry rank-q features: C^(L+1) = h q^(L-3), L >= 3.

    Attributes:
        h: ||V||_*^2 ||W||_F^2 ||U||_F^2 of the head U relu(W V) = I, exact.
        q: rank of the neck V.
    """

    h: sp.Expr
    q: int

    def cost(self, L: int) -> sp.Expr:
        """C at depth L."""
        if L < 3:
            raise ProblemError(f"a head needs L >= 3, got L = {L}")
        if L > MOST_LAYERS:
            raise ProblemError(f"--L must be at most {MOST_LAYERS}: deeper, exact costs outgrow SymPy; got {L}")
        return (self.h * sp.Integer(self.q) ** (L - 3)) ** sp.Rational(1, L + 1)

    def critical_depth(self, K: int) -> sp.Expr:
        """L* = 3 + ln(h / K^4) / ln(K / q): the head beats DNC at every Lambda below collapse iff L > L*."""
        if not 0 < self.q < K:
            raise ProblemError(f"a critical depth needs 0 < q < K, got q = {self.q}, K = {K}")
        return 3 + sp.log(self.h / sp.Integer(K) ** 4) / sp.log(sp.Rational(K, self.q))


def against_collapse(head: HeadCost, K: Any, L: Any) -> sp.StrictLessThan:
    """C^(L+1) = h q^(L-3) of a head against DNC's K^(L+1), as an inequality that is not decided yet."""
    power = head.h * sp.sympify(head.q) ** (L - 3)
    return sp.StrictLessThan(sp.UnevaluatedExpr(power), sp.sympify(K) ** (L + 1), evaluate=False)


@runtime_checkable
class Structure(Protocol):
    """The protocol; `needs` says in words what `valid` tests."""

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> str: ...

    def valid(self, K: int, L: int) -> bool:
        """Whether the structure exists for K classes and L layers."""
        ...

    def weights(self, K: int, L: int) -> Sequence[Any]:
        """Exact factors at unit scale (see the module's first lines)."""
        ...

    def cost(self, K: int, L: int) -> "sp.Expr | HeadCost":
        """Exact C, or the head's (h, q)."""
        ...


def require(structure: Structure, K: int, L: int) -> None:
    """Raise one clear line unless the structure exists for (K, L)."""
    if not structure.valid(K, L):
        raise ProblemError(f"structure {structure.name!r} needs {structure.needs}; got K = {K}, L = {L}")


def total_cost(structure: Structure, K: int, L: int) -> sp.Expr:
    """C of a structure at (K, L), whichever way it states its cost."""
    require(structure, K, L)
    cost = structure.cost(K, L)
    return cost.cost(L) if isinstance(cost, HeadCost) else sp.sympify(cost)


def singular_value_sum(m: fmpq_mat, bits: int = PRECISION) -> arb:
    """Nuclear norm of a rational matrix as a rigorous ball, from the isolated roots of det(s I - M M^T)."""
    gram = m * m.transpose() if m.nrows() <= m.ncols() else m.transpose() * m
    poly = gram.charpoly()
    integral = fmpz_poly([int((poly[i] * poly.denom()).p) for i in range(poly.degree() + 1)])
    with ctx.workprec(bits):
        total = arb(0)
        for root, multiplicity in cast(list[tuple[acb, int]], integral.complex_roots()):
            total += multiplicity * root.real.nonnegative_part().sqrt() if root.real != 0 else 0
        return total


def cost_power(weights: Sequence[Any], L: int) -> arb:
    """C^(L+1) of rational unit-scale weights as a rigorous ball; a product P_2 is charged its squared nuclear norm."""
    factors = _factors(weights, L)
    with ctx.workprec(PRECISION):
        power = arb(1)
        if len(factors) == L:
            power = singular_value_sum(factors[0]) ** 2
            factors = factors[1:]
        for factor in factors:
            norm = squared_norm(factor)
            power *= arb(norm.numerator) / norm.denominator
        return power


def output_error(weights: Sequence[Any], K: int, L: int) -> Fraction:
    """||Z - I||^2, exact, of the output Z of rational unit-scale weights, multiplied out."""
    return squared_norm(Problem.of(K, L, 1).output(full_weights(weights, L)) - identity(K))


def full_weights(weights: Sequence[Any], L: int) -> list[fmpq_mat]:
    """All L + 1 factors: a product P_2 is split as W_1 = P_2, H_1 = I (right output, not the least norm)."""
    factors = _factors(weights, L)
    if len(factors) == L + 1:
        return factors
    return [identity(factors[0].ncols()), *factors]


def as_fraction_ball(ball: arb) -> tuple[Fraction, Fraction]:
    """Rational ends of a ball."""
    middle, radius = ball.mid().fmpq(), ball.rad().fmpq()
    return fraction(middle - radius), fraction(middle + radius)


def _factors(weights: Sequence[Any], L: int) -> list[fmpq_mat]:
    factors = [matrix(w) for w in weights]
    if len(factors) not in (L, L + 1):
        raise ProblemError(f"weights are {L + 1} factors, or {L} with P_2 = W_1 H_1 first; got {len(factors)}")
    return factors
