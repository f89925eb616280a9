"""The losses a trained or found network is measured against: DNC, the SRG, and the best weights on record."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import sympy as sp

from dufm.solvers.intervals.intervals import Ray, best_scales, ray_of
from dufm.theory.problem import Problem
from dufm.theory.squared.phi import phi_of_cost, phi_of_power
from dufm.theory.squared.srg import TriangularGraph
from dufm.theory.squared.structure import Structure, total_cost
from dufm.theory.squared.structures import CheapestSum


@dataclass(frozen=True)
class LossLevels:
    """Losses at one problem.

    Attributes:
        dnc: DNC's, exact and rounded.
        srg: the SRG's, likewise; None where it does not exist.
        record: least loss known: of the known structures, and of the shipped atlas at its best scale; DNC's if none is
            below it. An upper bound of the optimum at widths that suffice for it.
    """

    dnc: float
    srg: float | None
    record: float


def levels(problem: Problem) -> LossLevels:
    """Exact DNC and SRG losses, and the least loss on record, at a squared-loss problem."""
    K, L = problem.K, problem.L
    dnc = float(phi_of_power(L, problem.x_power)[0])
    srg, cheapest = (_loss(structure, problem) for structure in (TriangularGraph(), CheapestSum()))
    strength = float(sp.N(problem.Lambda))
    losses = [
        (1 - ray.kappa) / 2 + ray.kappa * float(best_scales(L, np.array([ray.cost * strength]))[0][0])
        for ray in _rays(K, L)
    ]
    return LossLevels(dnc, srg, min([dnc, *losses, *([] if cheapest is None else [cheapest])]))


def _loss(structure: Structure, problem: Problem) -> float | None:
    """The loss of a structure, exact and rounded; None where it does not exist."""
    K, L = problem.K, problem.L
    if not structure.valid(K, L):
        return None
    ratio = Fraction(str(sp.N(total_cost(structure, K, L) / K, 30)))
    return float(phi_of_cost(L, problem.x_power, ratio)[0])


@cache
def _rays(K: int, L: int) -> tuple[Ray, ...]:
    """Rays of the shipped records at (K, L)."""
    # The atlas asks the claims what is proved, and claims compare with these levels.
    from dufm.verification.atlas.records import FOLDER, path_of, read_file
    from dufm.verification.atlas.work import as_text, floats

    rays: list[Ray] = []
    path = path_of(FOLDER, K, L)
    if path.exists():
        for cell, record in read_file(path).items():
            if record["certificate"] is not None:
                weights = floats(as_text(record["certificate"]))
                rays.append(ray_of(cell.problem, weights, f"atlas, Lambda = {cell.strength}"))
    return tuple(rays)
