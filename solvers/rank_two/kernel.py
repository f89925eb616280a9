"""Compiled minibatch gradient steps of the network with one hidden relu layer; see network.py.

One run lives in one flat array. W is kept transposed (p x m) and all rows of length m are padded to a multiple of
eight, `mp`; padding of weights, gradients and pre-activations stays zero, so it never reaches a result.
"""

import math

import numpy as np
from numba import njit

from dufm.solvers.compiled.products import product
from dufm.solvers.compiled.vectors import add_scaled, dot, multiply, rectify, set_scaled

OUTPUTS, INPUTS, BATCH, MP, V, A, GV, GA, XB, BEFORE, SLOPES, PULL, RESIDUAL = range(13)
TOTAL = 13
MSE, CE = 0, 1


def layout(K: int, p: int, m: int, batch: int) -> np.ndarray:
    """Offsets of everything one run needs in its flat array; o[TOTAL] is the length."""
    mp = -(-m // 8) * 8
    o = np.zeros(TOTAL + 1, dtype=np.int64)
    o[:V] = K, p, batch, mp
    lengths = [p * mp, K * mp, p * mp, K * mp, batch * p, batch * mp, batch * mp, batch * mp, batch * K]
    # Offsets stay multiples of eight.
    o[V + 1 :] = np.cumsum([-(-n // 8) * 8 for n in lengths])
    return o


@njit(nogil=True, error_model="numpy")
def _residual(w, at, y, K, kind, scale):
    """Replace the outputs at w[at] by scale times the derivative of l; NaN if they are not finite, else 0."""
    bad = 0.0
    if kind == CE:
        top = w[at]
        for c in range(1, K):
            top = max(top, w[at + c])
        total = 0.0
        for c in range(K):
            w[at + c] = math.exp(w[at + c] - top)
            total += w[at + c]
        for c in range(K):
            w[at + c] /= total
    for c in range(K):
        w[at + c] = scale * (w[at + c] - y[c])
        bad += w[at + c] - w[at + c]
    return bad


@njit(nogil=True, error_model="numpy")
def gradients(w, o, X, Y, rows, first, kind):
    """Write the gradients of the data term over rows[first : first + batch] to GV and GA; NaN if not finite, else 0."""
    K, p, batch, mp = o[OUTPUTS], o[INPUTS], o[BATCH], o[MP]
    xb, before, pull, residual = o[XB], o[BEFORE], o[PULL], o[RESIDUAL]
    for i in range(batch):
        row = rows[first + i]
        for j in range(p):
            w[xb + i * p + j] = X[row, j]
    product(w, before, mp, xb, p, 1, o[V], mp, batch, mp, p)
    rectify(w, before, o[SLOPES], 0.0, batch * mp)
    bad = 0.0
    for i in range(batch):
        at = residual + i * K
        for c in range(K):
            w[at + c] = dot(w, before + i * mp, w, o[A] + c * mp, mp)
        bad += _residual(w, at, Y[rows[first + i]], K, kind, 1.0 / batch)
    product(w, o[GA], mp, residual, 1, K, before, mp, K, mp, batch)
    product(w, pull, mp, residual, K, 1, o[A], mp, batch, mp, K)
    multiply(w, pull, w, o[SLOPES], batch * mp)
    product(w, o[GV], mp, xb, 1, p, pull, mp, p, mp, batch)
    return bad


@njit(nogil=True, error_model="numpy")
def descend(w, o, X, Y, rows, rates, lam, kind, flag):
    """One step for each rate: theta <- (1 - rate lam) theta - rate grad.

    Args:
        w, o: the run and its offsets.
        X, Y: N x p inputs and N x K targets.
        rows: batch times len(rates) indices of samples.
        rates: learning rates.
        lam: weight decay.
        kind: MSE or CE.
        flag: flag[0] != 0 from another thread ends the work after the step under way.

    Returns:
        Steps taken; fewer than asked for if outputs stop being finite (weights as before that step) or on the flag.
    """
    length = (o[INPUTS] + o[OUTPUTS]) * o[MP]
    for step in range(rates.size):
        bad = gradients(w, o, X, Y, rows, step * o[BATCH], kind)
        if not bad == 0.0 or flag[0] != 0:
            return step
        # V and A stand next to each other, and so do their gradients.
        set_scaled(w, o[V], 1.0 - rates[step] * lam, w, o[V], length)
        add_scaled(w, o[V], -rates[step], w, o[GV], length)
    return rates.size
