"""The best head over a given neck V is a convex problem; its solution is made rational and exactly feasible.

For fixed V the least ||W||_F ||U||_F with U relu(W V) = I is, over a finite set of neuron directions w_j (unit length),

    gamma(V) = min sum_j ||u_j||   subject to   sum_j u_j relu(w_j^T V) = I_K,

a second-order cone programme in U (balancing turns the sum into ||W||_F ||U||_F), so h <= ||V||_*^2 gamma^2.
Its dual is max tr(Y) with ||Y relu(V^T w)|| <= 1 for every direction; a direction that breaks this improves the head
("pricing", as in column generation). When V's columns are edges and loops of a graph with one weight a vertex, the
useful directions are vectors of signs: they put as many entries of w^T V as possible exactly on the kink. Ours.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import cvxpy as cp
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from dufm.theory.problem import ProblemError
from dufm.theory.rational import fraction, matrix, to_lists
from dufm.theory.squared.head import Head

Array = NDArray[np.float64]


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


def looped_graph(vertices: int, edges: Sequence[tuple[int, ...]], weights: Sequence[Sequence[float]]) -> Array:
    """The weighted incidence matrix V (q x K): column k has `weights[k]` at the vertices of `edges[k]`."""
    neck = np.zeros((vertices, len(edges)))
    for k, (edge, weight) in enumerate(zip(edges, weights, strict=True)):
        neck[list(edge), k] = weight
    return neck


def sign_directions(vertices: int, scale: Sequence[float] | None = None) -> Array:
    """All non-zero vectors of signs in {-1, 0, 1}, divided by a vertex scale; (3^q - 1) x q.

    Raises:
        ProblemError: for more than 8 vertices, where there are too many to list.
    """
    if vertices > 8:
        raise ProblemError(f"sign directions are listed for at most 8 vertices, got {vertices}")
    signs = np.array([s for s in product((-1.0, 0.0, 1.0), repeat=vertices) if any(s)])
    return signs / (np.ones(vertices) if scale is None else np.asarray(scale, dtype=float))


def best_readout(neck: Array, directions: Array) -> Readout:
    """Solve the convex problem over the given directions with Clarabel.

    Args:
        neck: V, q x K, entrywise >= 0.
        directions: neuron directions, one a row, of any length.

    Raises:
        ProblemError: if the directions cannot produce the identity.
    """
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


def tune(neck_of: Callable[[Array], tuple[Array, Array]], start: Sequence[float]) -> tuple[Array, Readout]:
    """Minimise h over the parameters of a family of necks; `neck_of` returns (V, directions). Local (Nelder-Mead)."""

    def value(parameters: Array) -> float:
        neck, directions = neck_of(parameters)
        try:
            return float(np.log(head_cost(neck, best_readout(neck, directions))))
        except ProblemError:
            return float("inf")

    options = {"xatol": 1e-7, "fatol": 1e-10, "maxiter": 400}
    best = minimize(value, np.asarray(start, dtype=float), method="Nelder-Mead", options=options)
    return best.x, best_readout(*neck_of(best.x))


def rational(values: Array, bits: int) -> list[list[Fraction]]:
    """Entries rounded to multiples of 2^-bits."""
    return [[Fraction(round(float(x) * 2**bits), 2**bits) for x in row] for row in values]


def rational_head(neck: Array, neurons: Array, bits: int = 24) -> Head:
    """An exactly feasible head from float64 V and W, rounded; U is then the exact pseudo-inverse of relu(W V)."""
    return Head.of(rational(np.maximum(neck, 0.0), bits), rational(neurons, bits))


def rational_factors(head: Head, bits: int = 32) -> tuple[list[list[Fraction]], list[list[Fraction]]]:
    """Rational A, B with A B = V and ||A||_F ||B||_F just above ||V||_*: A is near (V V^T)^(1/4), B = A^-1 V."""
    neck = np.array([[float(fraction(x)) for x in row] for row in to_lists(head.V)])
    left, singular, _ = np.linalg.svd(neck, full_matrices=False)
    first = matrix(rational((left * np.sqrt(singular)) @ left.T, bits))
    return to_lists(first), to_lists(first.solve(head.V))
