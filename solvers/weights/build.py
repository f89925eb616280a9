"""Where a search begins: weights (H_1, W_1, ..., W_L) drawn from a generator, or built from weights already found."""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import block_diag

from dufm.solvers.base.arrays import Array
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError


def gaussian(problem: Problem, generator: np.random.Generator, scale: float) -> list[Array]:
    """Independent normal entries of standard deviation scale / sqrt(fan-in), fan-in = columns of the factor."""
    return [scale * generator.standard_normal(shape) / np.sqrt(shape[1]) for shape in problem.shapes]


def pad(problem: Problem, weights: Sequence[Array]) -> list[Array]:
    """The same function at the problem's widths: zero rows and columns are appended.

    Raises:
        ProblemError: if a factor is larger than the problem allows.
    """
    padded = []
    for weight, shape in zip(weights, problem.shapes, strict=True):
        if weight.shape[0] > shape[0] or weight.shape[1] > shape[1]:
            raise ProblemError(f"width must be at least {max(weight.shape)} to hold these weights, got {problem.width}")
        larger = np.zeros(shape)
        larger[: weight.shape[0], : weight.shape[1]] = weight
        padded.append(larger)
    return padded


def direct_sum(blocks: Sequence[Sequence[Array]]) -> list[Array]:
    """Block-diagonal weights of networks of the same depth on disjoint sets of classes."""
    return [np.asarray(block_diag(*factors), dtype=float) for factors in zip(*blocks, strict=True)]


def perturb(weights: Sequence[Array], generator: np.random.Generator, scale: float) -> list[Array]:
    """Add normal noise of standard deviation scale / sqrt(fan-in) to every entry."""
    return [w + scale * generator.standard_normal(w.shape) / np.sqrt(w.shape[1]) for w in weights]
