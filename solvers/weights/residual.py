"""Collapse with skips: diagonal factors, every class the same scalar chain h, 1 + w_1, ..., 1 + w_(L-1), v (ours)."""

from typing import Any

import numpy as np
from scipy.optimize import minimize

from dufm.solvers.base.arrays import Array
from dufm.theory.problem import Problem, ProblemError

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

    def chain(z: Array) -> tuple[float, Array]:
        grown = np.array([z[0], *(1 + np.maximum(z[1:-1], 0)), z[-1]])
        t = float(np.prod(grown))
        slope = np.array([np.prod(np.delete(grown, i)) for i in range(len(z))])
        slope[1:-1] *= z[1:-1] > 0
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
