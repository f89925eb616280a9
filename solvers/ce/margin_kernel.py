"""log of what relu layers cost at margin 1 as a smooth function of their weights, minimised by a homotopy; compiled.

P = W_1 H_1 is free, F_2 = relu(P), F_(l+1) = relu(W_l F_l), Z = W_L F_L, and with C = I - J/K and m the least margin

    log (cost of Z at margin 1) = 2 log ||P||_* + sum over 1 < l < L of log ||W_l||^2 + log ||C W_L||^2 - 2 log m.

It does not change when a factor is scaled. The relu is smoothed, relu_eps(z) = (z + sqrt(z^2 + eps^2)) / 2, and the
least margin is a soft one: s g(u), s the mean margin, u the margins over s, g(u) = -tau log mean exp(-u/tau). Squared
logarithms hold the scales, on which the cost does not depend but eps does. Ours.
"""

import functools
import math
from typing import Any

import numpy as np
from numba import njit

from dufm.solvers.base.program_cache import compile_cached
from dufm.solvers.compiled.lbfgs import CONTINUE, F0, PHASE, STATE, G, X, advance

# Times the largest eigenvalue of P^T P, added to all: the nuclear norm stays smooth where the rank drops.
ROUND = 1e-14


@njit(nogil=True, error_model="numpy")
def soft_margin(Z, back, tau):
    """log of the soft least margin of logits with its gradient in `back`; minus infinity where it is not positive."""
    K = Z.shape[0]
    pairs = K * (K - 1)
    mean = 0.0
    for k in range(K):
        for j in range(K):
            mean += Z[k, k] - Z[j, k]
    mean /= pairs
    if not mean > 0.0:
        return -math.inf
    least = math.inf
    for k in range(K):
        for j in range(K):
            if j != k:
                least = min(least, (Z[k, k] - Z[j, k]) / mean)
    total = 0.0
    for k in range(K):
        for j in range(K):
            back[j, k] = 0.0 if j == k else math.exp(-((Z[k, k] - Z[j, k]) / mean - least) / tau)
            total += back[j, k]
    soft = least - tau * math.log(total / pairs)
    if not soft > 0.0:
        return -math.inf
    inner = 0.0
    for k in range(K):
        for j in range(K):
            inner += back[j, k] / total * (Z[k, k] - Z[j, k]) / mean
    # d log(s g) = ds/s (1 - <w, u>/g) + sum w dm/(s g), over margins m, with weights w that add up to one.
    spread = (1.0 - inner / soft) / (mean * pairs)
    for k in range(K):
        own = 0.0
        for j in range(K):
            if j != k:
                slope = spread + back[j, k] / (total * mean * soft)
                back[j, k] = -slope
                own += slope
        back[k, k] = own
    return math.log(mean * soft)


@njit(nogil=True, error_model="numpy")
def log_cost(x, g, sides, K, eps, tau):
    """log of the cost at x = (P, W_2, ..., W_L) flattened, with its gradient in g; infinity where a margin fails.

    `sides` are the widths d_2, ..., d_L; P is d_2 x K.
    """
    layers = sides.shape[0]
    P = x[: sides[0] * K].reshape(sides[0], K)
    gram = P.T @ P
    values, vectors = np.linalg.eigh(gram)
    total = 0.0
    for i in range(K):
        total += max(values[i], 0.0)
    nuclear = 0.0
    scaled = np.empty((K, K))
    for i in range(K):
        value = math.sqrt(max(values[i], 0.0) + ROUND * total)
        nuclear += value
        for j in range(K):
            scaled[j, i] = vectors[j, i] / value
    hold = math.log(total / K)
    cost = 2.0 * math.log(nuclear) + hold * hold
    back_p = P @ (scaled @ vectors.T) * (2.0 / nuclear) + P * (4.0 * hold / total)
    widest = max(K, sides.max())
    features = np.zeros((layers, widest, K))
    slopes = np.zeros((layers, widest, K))
    before = P
    at = sides[0] * K
    starts = np.zeros(layers + 1, dtype=np.int64)
    for depth in range(layers):
        side = sides[depth]
        root = np.sqrt(before * before + eps * eps)
        features[depth, :side] = 0.5 * (before + root)
        slopes[depth, :side] = features[depth, :side] / root
        starts[depth] = at
        rows = sides[depth + 1] if depth + 1 < layers else K
        W = x[at : at + rows * side].reshape(rows, side)
        before = W @ np.ascontiguousarray(features[depth, :side])
        at += rows * side
    starts[layers] = at
    back = np.empty((K, K))
    margin = soft_margin(before, back, tau)
    if margin == -math.inf:
        return math.inf
    cost -= 2.0 * margin
    back *= -2.0
    carried = back
    for step in range(layers):
        depth = layers - 1 - step
        side = sides[depth]
        rows = sides[depth + 1] if depth + 1 < layers else K
        W = x[starts[depth] : starts[depth] + rows * side].reshape(rows, side)
        own = features[depth, :side].copy()
        grad = carried @ own.T
        centred = W.copy()
        if depth == layers - 1:
            for i in range(side):
                middle = 0.0
                for j in range(K):
                    middle += W[j, i] / K
                for j in range(K):
                    centred[j, i] -= middle
        norm = 0.0
        size = 0.0
        for i in range(rows):
            for j in range(side):
                norm += centred[i, j] * centred[i, j]
                size += W[i, j] * W[i, j]
        hold = math.log(size / rows)
        cost += math.log(norm) + hold * hold
        grad += centred * (2.0 / norm) + W * (4.0 * hold / size)
        g[starts[depth] : starts[depth + 1]] = grad.ravel()
        carried = (W.T @ carried) * slopes[depth, :side]
    g[: sides[0] * K] = (carried + back_p).ravel()
    return cost


@njit(nogil=True, error_model="numpy")
def descend_margins(w, o, sides, K, stages, limit):
    """Run the homotopy from the point in w[o[X]:]; the value of the last stage run.

    Args:
        w, o: workspace and offsets of `solvers.compiled.lbfgs`, the start in place.
        sides: d_2, ..., d_L.
        K: classes.
        stages: rows (eps, tau, gradient tolerance, most steps, least decrease in twenty steps, slack): after a stage
            the descent is given up where the value exceeds `limit` by more than the slack.
        limit: log of a cost to come near to.
    """
    size, value = sides[0] * K + sides[-1] * K, math.inf
    for depth in range(sides.shape[0] - 1):
        size += sides[depth] * sides[depth + 1]
    for i in range(stages.shape[0]):
        w[o[STATE] + PHASE] = 0.0
        while True:
            here, slope = w[o[X] : o[X] + size], w[o[G] : o[G] + size]
            f = log_cost(here, slope, sides, K, stages[i, 0], stages[i, 1])
            if advance(w, o, f, stages[i, 2], stages[i, 3], stages[i, 4]) != CONTINUE:
                break
        value = w[o[STATE] + F0]
        if not value < limit + stages[i, 5]:
            break
    return value


@functools.cache
def compiled_margins() -> Any:
    """`descend_margins`, compiled for this process or taken from Numba's cache on disk."""
    signature = "float64(float64[::1],int64[::1],int64[::1],int64,float64[:,::1],float64)"
    return compile_cached(descend_margins, signature, "numpy")
