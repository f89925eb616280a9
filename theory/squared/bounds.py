"""How low any weights can go: the bound's cost in one place, and the bracket it makes with the best known structure.

No weights for K classes and L layers have loss below phi_L(C Lambda) with C^p = 2^(p-2) K^2, p = L + 1: the derivation
`pairs` (ours). DNC has C = K, so the bound is tight for K = 2 and for L = 1.
"""

from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_cost, phi_of_power
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import DNC, CheapestSum

# What rounding to DIGITS digits can take from a ratio, relatively; the ratio is raised by it.
DIGITS = 30
ROUNDING = Fraction(1, 10 ** (DIGITS - 1))

Interval = tuple[Fraction, Fraction]


def pair_power(K: int, L: int) -> int:
    """C^(L+1) = 2^(L-1) K^2 of the pair bound.

    Raises:
        ProblemError: unless K >= 2 and L >= 1 are integers.
    """
    Problem.of(K, L, 1)
    return 2 ** (L - 1) * K * K


def least_cost(K: int, L: int) -> sp.Expr:
    """C = 2 (K/2)^(2/(L+1)): no weights have loss below phi_L(C Lambda)."""
    return sp.Integer(pair_power(K, L)) ** sp.Rational(1, L + 1)


def frobenius_cost(K: int, L: int) -> sp.Expr:
    """C = K^(2/(L+1)) of the derivation `lower-bound`, which uses Frobenius norms alone; never above `least_cost`."""
    Problem.of(K, L, 1)
    return sp.Integer(K) ** sp.Rational(2, L + 1)


def least_loss(problem: Problem) -> Interval:
    """Rational bounds of phi_L(C Lambda) with C = `least_cost`: no weights have loss below the lower one.

    Raises:
        ProblemError: for a loss other than "mse", of which the bound says nothing.
    """
    problem.require_loss("mse", "the lower bound")
    return phi_of_power(problem.L, problem.Lambda_power * pair_power(problem.K, problem.L))


@dataclass(frozen=True)
class Bracket:
    """Where the global minimum of one problem lies: in [bound, min(known, dnc)], each a rational enclosure.

    Attributes:
        bound: what no weights go below.
        known: loss of the best known structure.
        dnc: loss of DNC.
        structure: the best known structure in words.
    """

    bound: Interval
    known: Interval
    dnc: Interval
    structure: str

    @property
    def ratios(self) -> tuple[Fraction, Fraction]:
        """(bound / DNC rounded down, best known / DNC rounded up): the least loss over DNC's lies between them."""
        return self.bound[0] / self.dnc[1], self.known[1] / self.dnc[0]


def bracket(problem: Problem) -> Bracket:
    """Lower bound, best known structure and DNC of one problem, to the default width of `phi`.

    Raises:
        ProblemError: for a loss other than "mse".
    """
    K, L, bound = problem.K, problem.L, least_loss(problem)
    dnc = phi_of_power(L, problem.x_power)
    cheapest = CheapestSum()
    if not cheapest.valid(K, L) or total_cost(cheapest, K, L) == K:
        return Bracket(bound, dnc, dnc, f"{DNC.name}({K})")
    ratio = Fraction(str(sp.N(total_cost(cheapest, K, L) / K, DIGITS)))
    low, high = ratio * (1 - ROUNDING), ratio * (1 + ROUNDING)
    known = (phi_of_cost(L, problem.x_power, low)[0], phi_of_cost(L, problem.x_power, high)[1])
    return Bracket(bound, known, dnc, cheapest.blocks(K, L))
