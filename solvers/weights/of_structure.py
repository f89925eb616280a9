"""Weights of a structure as float64, at the best output scale for a problem: a start for descents and certificates."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.squared import balance
from dufm.theory.problem import Problem
from dufm.theory.rational import matrix, to_lists
from dufm.theory.squared.phi import minimiser
from dufm.theory.stated import ProblemError


def to_float(weight: Any) -> Array:
    """A matrix of exact numbers (rational or algebraic) as float64."""
    try:
        return np.array([[float(x) for x in row] for row in to_lists(matrix(weight))])
    except TypeError:
        return np.array(sp.Matrix(weight).evalf(20).tolist(), dtype=np.float64)


def at_best_scale(problem: Problem, unit: Sequence[Any]) -> list[Array]:
    """Balanced float64 weights (H_1, W_1, ..., W_L) with output t I, t the best scale for the problem.

    Args:
        problem: which strengths to balance for.
        unit: unit-scale factors as a structure gives them: L + 1 of them, or L with P_2 = W_1 H_1 first.

    Raises:
        ProblemError: where zero output is best, so that there is no scale to take.
    """
    problem.require_loss("mse", "the best scale of a structure with output t I")
    factors = [to_float(w) for w in unit]
    if len(factors) == problem.L:
        left, singular, right = np.linalg.svd(factors[0], full_matrices=False)
        kept = singular > 1e-12 * singular[0]
        root = np.sqrt(singular[kept])
        factors = [root[:, None] * right[kept], left[:, kept] * root, *factors[1:]]
    p = problem.L + 1
    strengths = [float(x) for x in problem.effective_lambdas]
    terms = [s * float(np.sum(f * f)) for s, f in zip(strengths, factors, strict=True)]
    found = minimiser(problem.L, Fraction(float(np.prod(terms)) ** (1 / p)), Fraction(1, 2**60))
    if found is None or found[0] == 0:
        raise ProblemError("at this lambda zero output is best: the structure has no scale of its own")
    return [float(found[0]) * f for f in balance(problem, factors)]
