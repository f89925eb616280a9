"""log h of a head as a smooth function of its neck and neurons, minimised by a homotopy in the relu; compiled.

h = ||V||_*^2 ||W||_F^2 ||U||_F^2 with U the pseudo-inverse of A = relu(W V), so that ||U||_F^2 = tr((A^T A)^-1) and
every head is a point (V, W) without constraints but V >= 0, which V = R o R (entrywise) removes:

    log h = 2 log ||V||_* + log ||W||_F^2 + log tr(M),   M = (A^T A)^-1,   d log tr(M) = -2 <A M^2, dA> / tr(M).

The relu is smoothed, relu_eps(z) = (z + sqrt(z^2 + eps^2)) / 2. Two squared logarithms hold the scales of V and W, on
which h does not depend but eps does. Ours.
"""

import functools
import math
from typing import Any

import numpy as np
from numba import njit

from dufm.solvers.base.program_cache import compile_cached
from dufm.solvers.compiled.lbfgs import CONTINUE, F0, PHASE, STATE, G, X, advance

# Times the largest eigenvalue of V V^T, added to all: the nuclear norm stays smooth where the rank drops.
ROUND = 1e-16


@njit(nogil=True, error_model="numpy")
def invert(gram, inverse):
    """The inverse of a symmetric positive definite matrix by Cholesky, in place of `inverse`; False if it is not.

    `gram` is overwritten by its factor.
    """
    n = gram.shape[0]
    for j in range(n):
        own = gram[j, j]
        left = own
        for k in range(j):
            left -= gram[j, k] * gram[j, k]
        if not left > 1e-13 * own:
            return False
        root = math.sqrt(left)
        gram[j, j] = root
        for i in range(j + 1, n):
            value = gram[i, j]
            for k in range(j):
                value -= gram[i, k] * gram[j, k]
            gram[i, j] = value / root
    # gram holds C with C C^T the matrix; its inverse D, row by row, then D^T D.
    for i in range(n):
        gram[i, i] = 1.0 / gram[i, i]
        for j in range(i):
            value = 0.0
            for k in range(j, i):
                value += gram[i, k] * gram[k, j]
            gram[i, j] = -value * gram[i, i]
    for i in range(n):
        for j in range(i + 1):
            value = 0.0
            for k in range(i, n):
                value += gram[k, i] * gram[k, j]
            inverse[i, j] = value
            inverse[j, i] = value
    return True


@njit(nogil=True, error_model="numpy")
def log_head(x, g, q, K, m, eps):
    """log h at x = (R, W) flattened, with its gradient in g; infinity where A^T A is numerically singular."""
    size = q * K
    root, W = x[:size].reshape(q, K), x[size : size + m * q].reshape(m, q)
    V = root * root
    P = W @ V
    slope = np.sqrt(P * P + eps * eps)
    A = 0.5 * (P + slope)
    M = np.empty((K, K))
    if not invert(A.T @ A, M):
        return math.inf
    trace, weight = 0.0, 0.0
    for k in range(K):
        trace += M[k, k]
    for i in range(size, size + m * q):
        weight += x[i] * x[i]
    values, vectors = np.linalg.eigh(V @ V.T)
    nuclear, total = 0.0, 0.0
    for i in range(q):
        total += max(values[i], 0.0)
    scaled = np.empty((q, q))
    for i in range(q):
        value = math.sqrt(max(values[i], 0.0) + ROUND * total)
        nuclear += value
        for j in range(q):
            scaled[j, i] = vectors[j, i] / value
    # relu_eps'(z) = A / sqrt(z^2 + eps^2).
    back = (A @ (M @ M)) * (A / slope) * (-2.0 / trace)
    hold_v, hold_w = math.log(total / K), math.log(weight / m)
    grad_w = back @ V.T + W * ((2.0 + 4.0 * hold_w) / weight)
    grad_v = W.T @ back + (scaled @ vectors.T) @ V * (2.0 / nuclear) + V * (4.0 * hold_v / total)
    g[:size] = (2.0 * root * grad_v).ravel()
    g[size : size + m * q] = grad_w.ravel()
    return 2.0 * math.log(nuclear) + math.log(weight) + math.log(trace) + hold_v * hold_v + hold_w * hold_w


@njit(nogil=True, error_model="numpy")
def descend(w, o, q, K, m, stages, limit):
    """Run the homotopy from the point in w[o[X]:]; the value of the last stage run.

    Args:
        w, o: workspace and offsets of `solvers.compiled.lbfgs`, the start in place.
        stages: rows (eps, gradient tolerance, most steps, least decrease in twenty steps, slack): after a stage the
            descent is given up where log h exceeds `limit` by more than the slack.
        limit: log h to come near to.
    """
    size, value = q * K + m * q, math.inf
    for i in range(stages.shape[0]):
        w[o[STATE] + PHASE] = 0.0
        while True:
            f = log_head(w[o[X] : o[X] + size], w[o[G] : o[G] + size], q, K, m, stages[i, 0])
            if advance(w, o, f, stages[i, 1], stages[i, 2], stages[i, 3]) != CONTINUE:
                break
        value = w[o[STATE] + F0]
        if not value < limit + stages[i, 4]:
            break
    return value


@functools.cache
def compiled_descent() -> Any:
    """`descend`, compiled for this process or taken from Numba's cache on disk."""
    return compile_cached(descend, "float64(float64[::1],int64[::1],int64,int64,int64,float64[:,::1],float64)", "numpy")
