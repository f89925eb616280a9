"""Losses a search is compared with: DNC, the cheapest known structure, the lower bound."""

from fractions import Fraction

import sympy as sp

from dufm.theory.problem import Problem
from dufm.theory.squared.bounds import least_loss
from dufm.theory.squared.phi import phi_of_cost, phi_of_power
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import CheapestSum


def known_losses(problem: Problem) -> dict[str, tuple[str, float]]:
    """Losses to compare with: DNC, the cheapest known structure, and the lower bound, each with its name."""
    structure = CheapestSum()
    losses = {"dnc": ("DNC", float(phi_of_power(problem.L, problem.x_power)[0]))}
    if structure.valid(problem.K, problem.L):
        ratio = total_cost(structure, problem.K, problem.L) / problem.K
        losses["known"] = (structure.blocks(problem.K, problem.L), _phi(problem, ratio))
    losses["bound"] = ("no weights can go below", float(least_loss(problem)[0]))
    return losses


def _phi(problem: Problem, ratio: sp.Expr) -> float:
    return float(phi_of_cost(problem.L, problem.x_power, Fraction(str(sp.N(ratio, 30))))[0])
