"""What kind of point a KKT point is: multipliers at its kinks, kept signs, curvature modulo rotations."""

from functools import partial

import numpy as np
from scipy.optimize import linprog

from dufm.solvers.base.arrays import Array
from dufm.solvers.minima.active_set import ActiveSet

CURVATURE_MARGIN = 1e-7


def margin_of(active_set: ActiveSet, weights: list[Array], dual: Array) -> float:
    """The least margin in 0 <= m <= g over the largest entry of g (infinite where there are no kinks)."""
    if not len(dual):
        return float("inf")
    g = _slopes(active_set, weights, active_set.forward(weights)[0], dual)
    return float(np.minimum(dual, g - dual).min()) / (float(np.abs(g).max()) or 1.0)


def _slopes(active_set: ActiveSet, weights: list[Array], features: list[Array], dual: Array) -> Array:
    """g, the derivatives in the kink entries."""
    slopes = active_set.reverse(weights, features, active_set.multipliers(dual))[2]
    return np.concatenate([g[k] for g, k in zip(slopes, active_set.kinks, strict=True)])


def widest_multipliers(
    active_set: ActiveSet, weights: list[Array], dual: Array, jacobian: Array, full: bool = True
) -> tuple[Array, float]:
    """Among the multipliers that make the point stationary, those with the largest margin in 0 <= m <= g.

    Args:
        active_set, weights: where.
        dual: multipliers that do.
        jacobian: of the kink entries there, constraints x size.
        full: whether its decomposition is made whole, which changes no result but the last bits.

    Returns:
        The multipliers and their least margin over the largest entry of g (infinite where there are no kinks).
    """
    if not len(dual):
        return dual, float("inf")
    derivative = partial(_slopes, active_set, weights, active_set.forward(weights)[0])
    u, s, _ = np.linalg.svd(jacobian, full_matrices=full)
    free = u[:, int((s > 1e-9 * s[0]).sum()) :]
    base = derivative(dual)
    scale = float(np.abs(base).max()) or 1.0
    if free.shape[1]:
        slope = np.column_stack([derivative(column) - derivative(0 * dual) for column in free.T])
        # Rows: margin t <= m and t <= g - m, with m = dual + free c; the variables are (c, t).
        rows = np.column_stack([np.vstack([-free, free - slope]), np.ones(2 * len(dual))])
        right = np.concatenate([dual, base - dual]) / scale
        cost = np.append(np.zeros(free.shape[1]), -1.0)
        solved = linprog(cost, A_ub=rows, b_ub=right, bounds=(None, None), method="highs")
        if solved.success:
            dual = dual + scale * (free @ solved.x[:-1])
    margins = np.minimum(dual, derivative(dual) - dual)
    return dual, float(margins.min()) / scale


def same_masks(active_set: ActiveSet, weights: list[Array]) -> bool:
    features = weights[0]
    for factor, mask, kink in zip(weights[1:-1], active_set.masks, active_set.kinks, strict=True):
        before = factor @ features
        if ((before > 0) != (mask > 0))[~kink].any():
            return False
        features = before * mask
    return True


def curvature(active_set: ActiveSet, weights: list[Array], multipliers: list[Array]) -> tuple[float, int]:
    """Least over largest eigenvalue of the Hessian on the tangent space modulo rotations, and how many are zero."""
    hessian, jacobian = active_set.second_order(weights, multipliers)
    rotations = active_set.rotations(weights)
    blocked = np.vstack([jacobian, rotations])
    _, s, vt = np.linalg.svd(blocked, full_matrices=True) if len(blocked) else (0, np.zeros(0), np.eye(len(hessian)))
    rank = int((s > 1e-9 * s.max(initial=0.0)).sum())
    tangent = vt[rank:].T
    values = np.linalg.eigvalsh(tangent.T @ hessian @ tangent)
    if not len(values):
        return float("inf"), 0
    largest = float(np.abs(values).max())
    return float(values[0]) / largest, int((np.abs(values) <= CURVATURE_MARGIN * largest).sum())
