"""Collapse with skips: diagonal factors, every class the same scalar chain (ours).

h, 1 + w_1, ..., 1 + w_(L-1), v with skips around one layer; h, 1 + w_1 w_2, 1 + w_3 w_4, ..., v around two.
"""

from typing import Any

import numpy as np
from scipy.optimize import minimize

from dufm.solvers.base.arrays import Array
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

# Where descents of the scalar chain begin: ends, and what the layers between add.
STARTS = tuple((end, inner) for end in (0.3, 0.7, 1.0) for inner in (0.01, 0.3))


def diagonal_skip(problem: Problem) -> list[Array]:
    """The best weights (H_1, W_1, ..., W_L) with multiples of the identity, of width K; zero where zero is best.

    Raises:
        ProblemError: unless the problem has skips, the identity as its target, equal classes and no bias.
    """
    variant = problem.variant
    if variant.skip == "none" or variant.target or variant.sizes or variant.bias != "none":
        raise ProblemError(f"diagonal weights need skips and no other variant but a slope, got {variant.named}")
    strengths = np.array([float(value) for value in problem.effective_lambdas]) * problem.K

    around = variant.around

    def chain(z: Array) -> tuple[float, Array]:
        inner = z[1:-1].copy()
        inner[::around] = np.maximum(inner[::around], 0)
        grown = np.array([z[0], *(1 + inner.reshape(-1, around).prod(axis=1)), z[-1]])
        t = float(np.prod(grown))
        rest = np.array([np.prod(np.delete(grown, i)) for i in range(len(grown))])
        # What a factor of a block moves it by: the other factor of two, and nothing below zero before the activation.
        others = inner.reshape(-1, around)[:, ::-1] if around == 2 else np.ones((len(inner), 1))
        moves = (rest[1:-1, None] * others).ravel()
        moves[::around] *= z[1:-1][::around] > 0
        slope = np.array([rest[0], *moves, rest[-1]])
        return (1 - t) ** 2 / 2 + float(strengths @ (z * z)) / 2, -(1 - t) * slope + strengths * z

    found: list[Any] = [
        minimize(
            chain, np.array([end, *[inner] * (problem.L - 1), end]), jac=True, method="BFGS", options={"gtol": 1e-12}
        )
        for end, inner in STARTS
    ]
    best = min(found, key=lambda f: f.fun)
    z = np.zeros(problem.L + 1) if best.fun >= 0.5 else best.x
    return [value * np.eye(problem.K) for value in z]
