"""The best head over a given neck V is a convex problem; its solution is made rational and exactly feasible.

For fixed V the least ||W||_F ||U||_F with U relu(W V) = I is, over a finite set of neuron directions w_j (unit length),

    gamma(V) = min sum_j ||u_j||   subject to   sum_j u_j relu(w_j^T V) = I_K,

a second-order cone programme in U (balancing turns the sum into ||W||_F ||U||_F), so h <= ||V||_*^2 gamma^2.
Its dual is max tr(Y) with ||Y relu(V^T w)|| <= 1 for every direction; a direction that breaks this improves the head
("pricing", as in column generation). When V's columns are edges and loops of a graph with one weight a vertex, the
useful directions are vectors of signs: they put as many entries of w^T V as possible exactly on the kink. Ours.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.optimize import minimize

from dufm.solvers.base.arrays import Array
from dufm.theory.rational import fraction, matrix, to_lists
from dufm.theory.squared.head import Head
from dufm.theory.stated import ProblemError


@dataclass(frozen=True)
class Readout:
    """The best head over a neck, for the directions offered.

    Attributes:
        gamma: least ||W||_F ||U||_F found.
        W: neurons in use, m x q, scaled so that ||w_j|| = ||u_j||.
        U: output weights, K x m.
        dual: Y, K x K, of the convex problem.
        gap: gamma - tr(Y), the duality gap.
    """

    gamma: float
    W: Array
    U: Array
    dual: Array
    gap: float


def best_readout(neck: Array, directions: Array) -> Readout:
    """Solve the convex problem over the given directions with Clarabel.

    Args:
        neck: V, q x K, entrywise >= 0.
        directions: neuron directions, one a row, of any length.

    Raises:
        ProblemError: if the directions cannot produce the identity.
    """
    # It takes longer to load than everything else here together, and few commands come this way.
    import cvxpy as cp

    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    active = np.maximum(unit @ neck, 0.0)
    firing = active.max(axis=1) > 1e-12 * np.abs(neck).max()
    unit, active = unit[firing], active[firing]
    classes = neck.shape[1]
    output = cp.Variable((classes, len(unit)))
    fits = output @ active == np.eye(classes)
    problem = cp.Problem(cp.Minimize(cp.sum(cp.norm(output, 2, axis=0))), [fits])
    problem.solve(solver=cp.CLARABEL)
    if problem.status != cp.OPTIMAL or output.value is None or fits.dual_value is None:
        raise ProblemError(f"no head over this neck with {len(unit)} directions (solver status: {problem.status})")
    size = np.linalg.norm(output.value, axis=0)
    used = size > 1e-7 * size.max()
    root = np.sqrt(size[used])
    dual = np.asarray(fits.dual_value)
    dual = dual * np.sign(np.trace(dual))
    gamma = float(size.sum())
    return Readout(gamma, unit[used] * root[:, None], output.value[:, used] / root, dual, gamma - float(np.trace(dual)))


def head_cost(neck: Array, readout: Readout) -> float:
    """h = ||V||_*^2 gamma^2."""
    return float(np.linalg.svd(neck, compute_uv=False).sum() ** 2 * readout.gamma**2)


def worst_direction(
    neck: Array, readout: Readout, seed: int, samples: int = 2000, refined: int = 8
) -> tuple[float, Array]:
    """Pricing: the largest ||Y relu(V^T w)|| found over unit w, with its directions; above 1 they improve the head."""
    generator = np.random.default_rng(seed)

    def value(w: Array) -> float:
        return -float(np.linalg.norm(readout.dual @ np.maximum(neck.T @ w, 0.0)) / np.linalg.norm(w))

    starts = generator.normal(size=(samples, neck.shape[0]))
    starts /= np.linalg.norm(starts, axis=1, keepdims=True)
    order = np.argsort([value(w) for w in starts])[: 5 * refined : 5]
    found = [minimize(value, starts[i], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-12}) for i in order]
    return -min(r.fun for r in found), np.array([r.x for r in found])


def priced_readout(neck: Array, directions: Array, seed: int, rounds: int = 20, tolerance: float = 1e-6) -> Readout:
    """Column generation: add the worst directions until none beats the dual by more than `tolerance`."""
    readout = best_readout(neck, directions)
    for i in range(rounds):
        worst, found = worst_direction(neck, readout, seed + i)
        if worst <= 1 + tolerance:
            break
        readout = best_readout(neck, np.vstack([readout.W, found]))
    return readout


def rational(values: Array, bits: int) -> list[list[Fraction]]:
    """Entries rounded to multiples of 2^-bits."""
    return [[Fraction(round(float(x) * 2**bits), 2**bits) for x in row] for row in values]


def rational_factors(head: Head, bits: int = 32) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """Rational A, B with A B = V and ||A||_F ||B||_F just above ||V||_*: A is near (V V^T)^(1/4), B = A^-1 V."""
    neck = np.array([[float(fraction(x)) for x in row] for row in to_lists(head.V)])
    left, singular, _ = np.linalg.svd(neck, full_matrices=False)
    first = matrix(rational((left * np.sqrt(singular)) @ left.T, bits))
    return to_lists(first), to_lists(first.solve(head.V))
