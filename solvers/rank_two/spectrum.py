"""How near a matrix is to rank k, and what the gradients of a network say about that: inequality B-I, in float64.

`rank_two_bound` of theory.rank_two.two_layer is the same inequality in exact arithmetic.
"""

from dataclasses import dataclass

import numpy as np

from dufm.solvers.rank_two.network import Array, check_data, data_gradients, residuals
from dufm.theory.stated import ProblemError


@dataclass(frozen=True)
class RankBound:
    """dist(W, rank <= rank) <= gap <= (gradient + spread) / lambda; all Frobenius norms.

    Attributes:
        rank: of the reference matrix M, at most.
        gradient: |grad_W L|.
        spread: how much the neurons' data gradients differ from the reference.
        gap: |W - M|.
        distance: dist(W, rank <= rank), from the singular values.
        norm: |W|.
        lam: weight decay.
    """

    rank: int
    gradient: float
    spread: float
    gap: float
    distance: float
    norm: float
    lam: float

    @property
    def bound(self) -> float:
        """(gradient + spread) / lambda."""
        return (self.gradient + self.spread) / self.lam

    @property
    def excess(self) -> float:
        """How far the chain of inequalities is broken, over |W|: rounding at most if all is well."""
        return max(self.distance - self.gap, self.gap - self.bound) / self.norm if self.norm else 0.0


def energies(W: Array) -> Array:
    """E_k = (sigma_1^2 + ... + sigma_k^2) / |W|_F^2 for k = 1 ... min(m, p); NaN for W = 0."""
    squares = np.linalg.svd(W, compute_uv=False) ** 2
    total = squares.sum()
    return np.cumsum(squares) / total if total > 0 else np.full(len(squares), np.nan)


def stable_rank(W: Array) -> float:
    """|W|_F^2 / sigma_1^2; NaN for W = 0."""
    return float(1 / energies(W)[0])


def distance(W: Array, k: int) -> float:
    """(sum_(i > k) sigma_i^2)^(1/2), the Frobenius distance from rank <= k (Eckart and Young)."""
    return float(np.sqrt(np.sum(np.linalg.svd(W, compute_uv=False)[k:] ** 2)))


def imbalance(W: Array, A: Array) -> float:
    """max_k | |w_k| - |a_k| | over max_k |w_k|: 0 at every stationary point with weight decay; NaN for W = 0."""
    rows, columns = np.linalg.norm(W, axis=1), np.linalg.norm(A, axis=0)
    return float(np.abs(rows - columns).max() / rows.max()) if rows.max() > 0 else float("nan")


def rank_two_certificate(
    W: Array, A: Array, X: Array, Y: Array, lam: float, h_plus: Array | None = None, h_minus: Array | None = None
) -> RankBound:
    """Inequality B-I for one output under squared loss.

    Args:
        W, A, X, Y: m x p, 1 x m, N x p, N x 1.
        lam: weight decay > 0.
        h_plus, h_minus: reference vectors of length p; by default the best ones, for which the spread is least.

    Raises:
        ProblemError: for K != 1, lambda <= 0 and shapes that do not fit.
    """
    if A.shape[0] != 1:
        raise ProblemError(f"the rank-two bound needs one output, K = 1; got K = {A.shape[0]}")
    data = _gradient(W, A, X, Y, lam, "mse")
    projected = np.zeros_like(W)
    for sign, given in ((1, h_plus), (-1, h_minus)):
        own = np.where(sign * A[0] > 0, A[0], 0.0)
        weight = own @ own
        reference = given if given is not None else (own @ data) / weight if weight > 0 else np.zeros(W.shape[1])
        projected += np.outer(own, reference)
    return _bound(W, data, projected, lam, 2)


def rank_k_certificate(W: Array, A: Array, X: Array, Y: Array, lam: float, kind: str = "mse") -> RankBound:
    """The bound with one group for any number of outputs: rank <= K, or K - 1 under cross-entropy.

    Raises:
        ProblemError: as for `rank_two_certificate`, but for K.
    """
    data = _gradient(W, A, X, Y, lam, kind)
    # Softmax residuals cancel over the outputs, so only the differences of the columns of A matter.
    read = A - A.mean(axis=0) if kind == "ce" else A
    projected = read.T @ np.linalg.lstsq(read.T, data, rcond=None)[0]
    return _bound(W, data, projected, lam, A.shape[0] - (kind == "ce"))


def batch_ratios(W: Array, A: Array, X: Array, Y: Array, lam: float, size: int, count: int, seed: int) -> Array:
    """|grad_W L_B| / (lambda |W|) for `count` random batches B of `size` samples, squared loss: what B-II rests on.

    Each bounds dist(W, rank <= size) / |W|, which is at most 1 anyway. Shapes and errors as for `rank_two_certificate`.
    """
    _gradient(W, A, X, Y, lam, "mse")
    before = X @ W.T
    pull = (residuals(np.maximum(before, 0) @ A.T, Y, "mse") @ A) * (before > 0)
    drawn = np.random.default_rng(seed).integers(0, len(X), (count, size))
    norms = [np.linalg.norm(pull[rows].T @ X[rows] / size + lam * W) for rows in drawn]
    return np.array(norms) / (lam * np.linalg.norm(W))


def _gradient(W: Array, A: Array, X: Array, Y: Array, lam: float, kind: str) -> Array:
    check_data(X, Y, kind)
    if not (np.isfinite(lam) and lam > 0):
        raise ProblemError(f"a bound from weight decay needs lambda > 0, got {lam!r}")
    if (W.shape, A.shape) != ((A.shape[1], X.shape[1]), (Y.shape[1], W.shape[0])):
        shapes = ", ".join(f"{m.shape}" for m in (W, A, X, Y))
        raise ProblemError(f"W, A, X, Y must be m x p, K x m, N x p, N x K; got {shapes}")
    if not (np.isfinite(W).all() and np.isfinite(A).all()):
        raise ProblemError("a bound needs finite weights W and A, got NaN or infinity")
    return data_gradients(W, A, X, Y, kind)[0]


def _bound(W: Array, data: Array, projected: Array, lam: float, rank: int) -> RankBound:
    norms = (data + lam * W, data - projected, W + projected / lam)
    gradient, spread, gap = (float(np.linalg.norm(part)) for part in norms)
    return RankBound(rank, gradient, spread, gap, distance(W, rank), float(np.linalg.norm(W)), lam)
