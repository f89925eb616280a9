"""Second derivatives of the loss: how many directions are flat, how stable SGD is at a minimum.

The gradient is a polynomial, so a step of 1e-30 along the imaginary axis gives its derivative to the last digit
(Squire and Trapp, SIAM Review 40, 1998). Source of the rest: ours (`dufm derive schatten-objective`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.newton import flat_free
from dufm.solvers.jumps.factorisation import product, slopes
from dufm.solvers.jumps.instance import Completion
from dufm.theory.stated import ProblemError

STEP = 1e-30
FLAT = 1e-6


@dataclass(frozen=True)
class Curvature:
    """The Hessian at a point.

    Attributes:
        least: smallest eigenvalue.
        flat: eigenvalues below FLAT in absolute value.
        next: the smallest eigenvalue above FLAT.
        rounding: parameters times the unit roundoff times the spectral norm: how far rounding can move an eigenvalue.
    """

    least: float
    flat: int
    next: float
    rounding: float


def hessian(weights: Sequence[Array], completion: Completion, lam: float) -> Array:
    """Second derivatives in (W_1, ..., W_L), each row by row; symmetric, shape (parameters, parameters)."""
    shapes, sizes = [w.shape for w in weights], [w.size for w in weights]
    flat = np.concatenate([np.ravel(w) for w in weights]).astype(complex)
    ends = np.cumsum(sizes)[:-1]
    rows = []
    for p in range(len(flat)):
        flat[p] += STEP * 1j
        layers = [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]
        rows.append(np.imag(np.concatenate([g.ravel() for g in slopes(layers, completion, lam)])) / STEP)
        flat[p] = flat[p].real
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2


def curvature(weights: Sequence[Array], completion: Completion, lam: float) -> Curvature:
    """Eigenvalues of the Hessian, told in three numbers."""
    values = np.linalg.eigvalsh(hessian(weights, completion, lam))
    above = values[values > FLAT]
    rounding = float(len(values) * np.finfo(float).eps * np.abs(values).max())
    after = float(above[0]) if len(above) else np.nan
    return Curvature(float(values[0]), int(np.sum(np.abs(values) < FLAT)), after, rounding)


def newton(weights: Sequence[Array], completion: Completion, lam: float, steps: int = 6) -> list[Array]:
    """Newton steps from a point near a minimum, none along flat directions; stops when the gradient stops falling."""
    layers, before = [np.array(w) for w in weights], np.inf
    for _ in range(steps):
        g = np.concatenate([s.ravel() for s in slopes(layers, completion, lam)])
        size = float(np.abs(g).max())
        if not size < before or size < 1e-16:
            break
        values, vectors = np.linalg.eigh(hessian(layers, completion, lam))
        move = flat_free(values, vectors, g, FLAT)
        if np.abs(move).max() > 0.1:
            # Not near a minimum: the quadratic model says nothing here.
            break
        parts = np.split(move, np.cumsum([w.size for w in layers])[:-1])
        layers = [w - part.reshape(w.shape) for w, part in zip(layers, parts, strict=True)]
        before = size
    return layers


def zero_modes(L: int, n: int, r: int) -> int:
    """Flat directions at a rank-r minimum whose only freedom is to rotate L - 1 hidden layers of width n."""
    if not 0 <= r <= n or L < 2:
        raise ProblemError(f"zero modes need 0 <= r <= n and L >= 2, got r = {r}, n = {n}, L = {L}")
    return (L - 1) * (n * (n - 1) - (n - r) * (n - r - 1)) // 2


def dead_level(weights: Sequence[Array], completion: Completion, lam: float, r: int) -> float:
    """sigma_dead = (2 lambda / ||U_perp^T grad C V_perp||)^(L/(L-2)): below it a new direction dies (L >= 3)."""
    L = len(weights)
    if L < 3:
        raise ProblemError(f"a dead level needs L >= 3, got {L}")
    A = product(weights)
    left, _, right = np.linalg.svd(A)
    slope = np.where(completion.mask, A - completion.target, 0.0) / completion.observed
    push = float(np.linalg.norm(left[:, r:].T @ slope @ right[r:].T, 2))
    return (2 * lam / push) ** (L / (L - 2)) if push > 0 else np.inf


def stability_limit(weights: Sequence[Array], completion: Completion) -> float:
    """eta_c: above 2 / max over entries of sum_l |W_{>l}^T e_i|^2 |W_{<l} e_j|^2 a single entry's step overshoots."""
    rows, columns, _ = completion.entries()
    total = np.zeros(len(rows))
    for l in range(len(weights)):  # noqa: E741
        above = product([np.eye(weights[l].shape[0]), *weights[l + 1 :]])
        below = product([np.eye(weights[0].shape[1]), *weights[:l]])
        total += np.sum(above**2, axis=1)[rows] * np.sum(below**2, axis=0)[columns]
    return float(2 / total.max()) if total.max() > 0 else np.inf
