"""The loss of a deep linear network on matrix completion, its gradient, and the objective in A alone.

    L_lambda(W) = 1/(2N) sum over observed (i, j) of (A_ij - A*_ij)^2 + lambda sum_l ||W_l||_F^2,   A = W_L ... W_1

Wang and Jacot, arXiv 2305.16038. Layers are listed from the input, (W_1, ..., W_L). `dufm derive schatten-objective`
shows that the minimum over factors of a given A has penalty lambda L sum_i sigma_i(A)^(2/L).
"""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.checks import require_integers
from dufm.solvers.jumps.instance import Completion
from dufm.theory.stated import ProblemError

# sigma_i(A) above this counts: the spectra of chains are bimodal, see `spectral_gap_share`.
RANK_ABOVE = 1e-2


def validated(weights: Sequence[Array], completion: Completion | None = None) -> list[Array]:
    """The layers as float64 arrays that chain, and fit the completion if one is given.

    Raises:
        ProblemError: naming the first layer that does not fit.
    """
    layers = [np.asarray(w, dtype=float) for w in weights]
    if not layers:
        raise ProblemError("weights must be a sequence of at least one layer, got none")
    for l, (below, above) in enumerate(zip(layers, layers[1:], strict=False), 1):  # noqa: E741
        if below.ndim != 2 or above.ndim != 2 or above.shape[1] != below.shape[0]:
            raise ProblemError(f"W_{l + 1} must have as many columns as W_{l} rows, got {above.shape}, {below.shape}")
    if completion is not None and (layers[-1].shape[0], layers[0].shape[1]) != completion.target.shape:
        shape = (layers[-1].shape[0], layers[0].shape[1])
        raise ProblemError(f"W_L ... W_1 must have the target's shape {completion.target.shape}, got {shape}")
    return layers


def product(weights: Sequence[Array]) -> Array:
    """A = W_L ... W_1; leading axes (chains) are kept."""
    return reduce(lambda below, above: above @ below, weights)


def loss(weights: Sequence[Array], completion: Completion, lam: float) -> float:
    """L_lambda at these layers."""
    layers = validated(weights, completion)
    return fit(product(layers), completion) + lam * sum(float(np.sum(w * w)) for w in layers)


def fit(A: Array, completion: Completion) -> float:
    """1/(2N) times the squared error on the observed entries."""
    error = np.where(completion.mask, A - completion.target, 0.0)
    return float(np.sum(error * error)) / (2 * completion.observed)


def unseen_error(A: Array, truth: Array, completion: Completion) -> float:
    """Root mean square error over the entries not observed; 0 if there are none."""
    hidden = ~completion.mask
    return float(np.sqrt(np.mean((A - truth)[hidden] ** 2))) if hidden.any() else 0.0


def gradient(weights: Sequence[Array], completion: Completion, lam: float) -> list[Array]:
    """The gradient of L_lambda in every layer."""
    return slopes(validated(weights, completion), completion, lam)


def slopes(layers: Sequence[Any], completion: Completion, lam: float) -> list[Any]:
    """`gradient` without checks; a polynomial in the layers, so it takes complex ones too."""
    below = [np.eye(layers[0].shape[1])]
    for w in layers[:-1]:
        below.append(w @ below[-1])
    A = layers[-1] @ below[-1]
    back = np.where(completion.mask, A - completion.target, 0.0) / completion.observed
    found = []
    for w, features in zip(reversed(layers), reversed(below), strict=True):
        found.append(back @ features.T + 2 * lam * w)
        back = w.T @ back
    return found[::-1]


def schatten_objective(A: Array, completion: Completion, lam: float, L: int) -> float:
    """min of L_lambda over factors with product A (hidden widths >= rank A): fit + lambda L sum_i sigma_i^(2/L)."""
    require_integers(2, L=L)
    values = np.linalg.svd(A, compute_uv=False)
    return fit(A, completion) + lam * L * float(np.sum(values ** (2 / L)))


def singular_values(A: Array) -> Array:
    """Singular values, descending; NaN for matrices that hold one (leading axes are kept)."""
    fine = np.isfinite(A).all(axis=(-2, -1))
    values = np.full((*A.shape[:-2], min(A.shape[-2:])), np.nan)
    values[fine] = np.linalg.svd(A[fine], compute_uv=False)
    return values


def numerical_rank(sigma: Array, above: float = RANK_ABOVE) -> NDArray[np.int64]:
    """Singular values > `above`, along the last axis; -1 where they are NaN (a chain that diverged has no rank)."""
    count = np.sum(sigma > above, axis=-1)
    return np.where(np.isnan(sigma).any(axis=-1), -1, count).astype(np.int64)


def spectral_gap_share(sigma: Array, low: float = 1e-6, high: float = 1e-1) -> float:
    """Share of spectra (leading axes) with a singular value in (low, high): where the rank rule could matter."""
    finite = sigma[np.isfinite(sigma).all(axis=-1)]
    return float(np.mean(((finite > low) & (finite < high)).any(axis=-1))) if len(finite) else float("nan")
