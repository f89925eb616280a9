"""The cheapest relu layers at margin 1: logits with Z_kk - Z_jk >= 1 for all j != k, whatever else they are.

Under cross-entropy such logits do what I does under the squared loss, so the least product of squared norms decides
against collapse. A start goes through the homotopy of `solvers.ce.margin_kernel`; the readout of the features it ends
in is then the exact one, a convex problem. What is found is an upper bound, nothing more. Ours.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.checks import require_integers
from dufm.solvers.ce.margin_kernel import compiled_margins
from dufm.solvers.compiled import lbfgs
from dufm.theory.stated import ProblemError

MEMORY = 16
# eps, tau, gradient tolerance, most steps, least decrease in twenty steps, slack in the log of the cost after it.
STAGES = np.array(
    [
        [3e-1, 1.0, 1e-3, 150, 1e-4, 2.0],
        [1e-1, 3e-1, 1e-3, 150, 1e-4, 1.0],
        [3e-2, 1e-1, 1e-3, 200, 1e-5, 0.4],
        [1e-2, 3e-2, 1e-4, 300, 1e-5, 0.2],
        [3e-3, 1e-2, 1e-4, 400, 1e-6, 0.1],
        [1e-3, 3e-3, 1e-5, 500, 1e-7, 0.05],
        [1e-4, 1e-3, 1e-5, 500, 1e-8, 0.02],
        [1e-5, 3e-4, 1e-6, 800, 1e-9, 1.0],
    ]
)
# From a kick the first stages would forget too much.
GENTLE = STAGES[3:]
KEPT = 8
SAME = 1e-4
# Of the residual of the least-squares problem: below it no readout has positive margins.
FEASIBLE = 1e-12
# What the smoothed cost of a descent worth a readout may be above the best, in its log.
NEAR = 0.01


@dataclass(frozen=True, eq=False)
class MarginHead:
    """Relu layers with every margin >= 1.

    Attributes:
        cost: ||P||_*^2 ||W_2||^2 ... ||W_L||^2, W_L centred, in floats.
        weights: (P, W_2, ..., W_L), P = W_1 H_1 one column a class.
    """

    cost: float
    weights: tuple[Array, ...]


def best_margin_readout(features: Array) -> Array | None:
    """W of least norm with every margin of W F at least 1; None where there is none. Its columns add up to 0.

    The least vector in a polyhedron is a problem of non-negative least squares (Lawson and Hanson 1974, chapter 23).

    Args:
        features: F, d x K.
    """
    size = float(np.abs(features).max())
    if not size > 0:
        return None
    K = features.shape[1]
    # Only the span of the columns matters.
    basis, triangle = np.linalg.qr(features / size)
    rank = len(triangle)
    apart = np.zeros((K, K, K, rank))
    for k in range(K):
        apart[:, k, k] += triangle[:, k]
        apart[np.arange(K), k, np.arange(K)] -= triangle[:, k]
    # Row (j, k) is what W of K x rank gives to Z_kk - Z_jk.
    margins = apart[~np.eye(K, dtype=bool)].reshape(K * (K - 1), K * rank)
    try:
        weights, _ = nnls(np.vstack([margins.T, np.ones(len(margins))]), np.append(np.zeros(K * rank), 1.0))
    except RuntimeError:
        return None
    left = 1 - float(weights.sum())
    if not left > FEASIBLE:
        return None
    found = (margins.T @ weights / left).reshape(K, rank) @ basis.T / size
    return found - found.mean(axis=0)


def with_best_readout(weights: Sequence[Array]) -> MarginHead | None:
    """The same layers with the exact relu and their best readout."""
    features = _features(weights[:-1])
    readout = best_margin_readout(features)
    if readout is None:
        return None
    logits = readout @ features
    margins = np.diag(logits)[None, :] - logits
    least = float(margins[~np.eye(len(logits), dtype=bool)].min())
    if not least > 0:
        return None
    readout = readout / least
    cost = float(np.linalg.svd(weights[0], compute_uv=False).sum() ** 2 * (readout**2).sum())
    for layer in weights[1:-1]:
        cost *= float((layer**2).sum())
    return MarginHead(cost, (*weights[:-1], readout))


def descend_margin_head(
    weights: Sequence[Array], limit: float = math.inf, stages: Array = STAGES
) -> tuple[float, list[Array]]:
    """Minimise the cost locally from (P, W_2, ..., W_L): the smoothed cost of the last stage, and the weights."""
    K, sides = weights[0].shape[1], np.array([len(w) for w in weights[:-1]], dtype=np.int64)
    # Entries of about one, where eps means something.
    scaled = [w * math.sqrt(max(len(w), 1) / max(float((w**2).sum()), 1e-300)) for w in weights]
    scaled[0] = weights[0] * math.sqrt(K / max(float((weights[0] ** 2).sum()), 1e-300))
    size = sum(w.size for w in scaled)
    o = lbfgs.layout(size, MEMORY)
    work = np.zeros(o[lbfgs.FREE])
    x = work[o[lbfgs.X] : o[lbfgs.X] + size]
    x[:] = np.concatenate([w.ravel() for w in scaled])
    bound = math.log(limit) if limit < math.inf else 1e9
    value = float(compiled_margins()(work, o, sides, K, np.ascontiguousarray(stages), bound))
    found, at = [], 0
    for w in scaled:
        found.append(x[at : at + w.size].reshape(w.shape).copy())
        at += w.size
    return math.exp(min(value, 700.0)), found


def fresh_layers(rng: np.random.Generator, K: int, L: int) -> list[Array]:
    """A random start: widths from 2 to 2K + 2, Gaussian, non-negative or sign-like layers, a readout that fits."""
    sides = [int(rng.integers(2, 2 * K + 3)) for _ in range(L - 1)]
    layers: list[Array] = []
    features = np.eye(K)
    for side in sides:
        kind = rng.integers(3)
        shape = (side, len(features))
        layer = rng.normal(size=shape) if kind == 0 else np.abs(rng.normal(size=shape)) * (rng.random(shape) < 0.6)
        layer = rng.choice([-1.0, 0.0, 1.0], size=shape) + 0.1 * rng.normal(size=shape) if kind == 2 else layer
        layers.append(layer)
        features = np.maximum(layer @ features, 0.0)
    return [*layers, _readout(features)]


def kicked_layers(rng: np.random.Generator, weights: Sequence[Array]) -> list[Array]:
    """A head changed at random: noise on its layers, neurons dropped or added."""
    layers = [w.copy() for w in weights[:-1]]
    size = 10 ** rng.uniform(-2, -0.3)
    layers = [w + size * float(np.abs(w).mean()) * rng.normal(size=w.shape) for w in layers]
    i = int(rng.integers(len(layers)))
    if rng.random() < 0.5 and len(layers[i]) > 2:
        gone = int(rng.integers(len(layers[i])))
        layers[i] = np.delete(layers[i], gone, axis=0)
        if i + 1 < len(layers):
            layers[i + 1] = np.delete(layers[i + 1], gone, axis=1)
    if rng.random() < 0.5:
        extra = float(np.abs(layers[i]).mean()) * rng.normal(size=(1, layers[i].shape[1]))
        layers[i] = np.vstack([layers[i], extra])
        if i + 1 < len(layers):
            into = float(np.abs(layers[i + 1]).mean()) * rng.normal(size=(len(layers[i + 1]), 1))
            layers[i + 1] = np.hstack([layers[i + 1], into])
    return [*layers, _readout(_features(layers))]


def _features(layers: Sequence[Array]) -> Array:
    """F_L from (P, W_2, ..., W_(L-1))."""
    features = np.maximum(layers[0], 0.0)
    for layer in layers[1:]:
        features = np.maximum(layer @ features, 0.0)
    return features


def _readout(features: Array) -> Array:
    """Logits nearest to I: a start with a mean margin above 0 wherever features are not all alike."""
    return np.asarray(np.linalg.pinv(features), dtype=np.float64)


def margin_head_search(
    K: int,
    L: int,
    restarts: int,
    seed: int = 0,
    progress: Callable[[int, float], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> list[MarginHead]:
    """Search for the cheapest relu layers with margins >= 1; the distinct ones kept, cheapest first.

    Half the restarts are fresh, half are kicks of what is kept; restart i depends on the seed and those before it.

    Args:
        K: classes, >= 2.
        L: weight layers, >= 2.
        restarts: descents.
        seed: entropy >= 0.
        progress: told the restarts that ran and the least cost so far.
        stop: asked before every restart; True ends the search.

    Raises:
        ProblemError: for K, L or options that make no sense, and if no descent ended in positive margins.
    """
    require_integers(2, K=K, L=L)
    require_integers(1, restarts=restarts)
    require_integers(0, seed=seed)
    kept: list[MarginHead] = []
    ran = 0
    while ran < restarts and not (stop is not None and stop()):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(ran,)))
        again = bool(kept) and rng.random() < 0.5
        start = kicked_layers(rng, kept[int(rng.integers(len(kept)))].weights) if again else fresh_layers(rng, K, L)
        best = kept[0].cost if kept else math.inf
        value, layers = descend_margin_head(start, best, GENTLE if again else STAGES)
        ran += 1
        if value < best * math.exp(NEAR):
            head = with_best_readout(layers)
            if head is not None and all(abs(head.cost - h.cost) > SAME * h.cost for h in kept):
                kept = sorted([*kept, head], key=lambda h: h.cost)[:KEPT]
        if progress is not None:
            progress(ran, kept[0].cost if kept else math.inf)
    if not kept:
        raise ProblemError(f"no descent ended in logits with positive margins: K = {K}, L = {L}")
    return kept
