"""Two layers with cyclic symmetry: pre-activations c circ(row), the best linear read-out, the best c (ours).

For P_2 = c M the least regularised read-out is ridge regression on F = relu(P_2), and the pair (H_1, W_1) costs the
nuclear norm of P_2, so the loss is an explicit function of c alone. At strong regularisation it can be below DNC's.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.squared import balance
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

# Largest entry of P_2 that is searched; past 1 the features alone cost more than they can gain.
LARGEST = 1.0


def circulant(row: Sequence[float]) -> Array:
    """The matrix whose row i is `row` moved i places to the right."""
    return np.array([np.roll(np.asarray(row, dtype=np.float64), i) for i in range(len(row))])


def pentagon() -> Array:
    """K = 5: a neuron is 1 on two neighbouring classes and -1/golden ratio on the opposite one. Rank 3, then 5."""
    return circulant([1, 0, (1 - np.sqrt(5)) / 2, 0, 1])


def cyclic_weights(problem: Problem, pattern: Array) -> list[Array]:
    """Balanced weights (H_1, W_1, W_2) with P_2 = c `pattern`, c and the read-out as good as they can be.

    Args:
        problem: L = 2 and equal strengths.
        pattern: (neurons, K), the pre-activations at unit scale.

    Raises:
        ProblemError: unless L = 2, the strengths are equal, and the pattern has K columns.
    """
    problem.require_loss("mse", "a cyclic pattern")
    strengths = set(problem.effective_lambdas)
    if problem.L != 2 or len(strengths) != 1 or pattern.shape[1] != problem.K:
        raise ProblemError(f"a cyclic pattern needs L = 2, equal strengths and K columns, got {problem}")
    K, lam = problem.K, float(strengths.pop())
    active = np.maximum(pattern, 0)
    gram = np.linalg.eigvalsh(active.T @ active)
    left, singular, right = np.linalg.svd(pattern)
    best: Any = minimize_scalar(
        lambda c: lam / 2 * np.sum(1 / (c * c * gram + K * lam)) + lam * c * singular.sum(),
        bounds=(0, LARGEST),
        method="bounded",
        options={"xatol": 1e-12},
    )
    features = best.x * active
    readout = np.linalg.solve(features.T @ features + K * lam * np.eye(K), features.T)
    root = np.sqrt(best.x * singular)
    return balance(problem, [root[:, None] * right, left[:, : len(root)] * root, readout])
