"""The least loss known at one strength: DNC, zero weights, the known structures, the atlas, the witnesses shipped."""

from fractions import Fraction
from functools import cache

import numpy as np
import sympy as sp

from dufm.solvers.intervals.intervals import Ray, best_scales, ray_of
from dufm.theory.problem import Problem
from dufm.theory.squared.structure import total_cost
from dufm.theory.squared.structures import CheapestSum
from dufm.verification.atlas.levels import levels
from dufm.verification.claims.squared.thresholds import LEAST, witness


def best_loss(K: int, L: int, x: Fraction) -> tuple[float, str]:
    """The least loss known at x = K Lambda > 0, rounded, and whose it is; networks as wide as they need to be.

    Weights on record are taken at their best scale, with DNC on the classes that they leave.
    """
    level = levels(Problem.of(K, L, x / K))
    found = {"DNC": level.dnc, "zero weights": 0.5, "atlas or known structure": level.record}
    for k, ray in _witnesses(L):
        if k <= K:
            own = (1 - ray.kappa) / 2 + ray.kappa * float(best_scales(L, np.array([ray.cost * float(x) / k]))[0][0])
            found[f"witness of {k} classes"] = (k * own + (K - k) * level.dnc) / K
    # Beyond collapse DNC has zero weights, and its loss 1/2 is theirs.
    name = "zero weights" if found["DNC"] >= 0.5 else "DNC"
    name = min([name, *found], key=lambda key: found[key])
    return found[name], name


def best_cost(K: int, L: int) -> tuple[float, str]:
    """The least cost C known of outputs I."""
    structure = CheapestSum()
    if structure.valid(K, L) and total_cost(structure, K, L) < K:
        return float(sp.N(total_cost(structure, K, L))), structure.blocks(K, L)
    return float(K), "DNC"


@cache
def _witnesses(L: int) -> tuple[tuple[int, Ray], ...]:
    rays = []
    for depth, K in LEAST:
        if depth == L:
            weights = [np.array(m["rows"], dtype=float) / m["den"] for m in witness(K, L)["witness"]]
            rays.append((K, ray_of(Problem.of(K, L, 1), weights, f"{K} classes")))
    return tuple(rays)
