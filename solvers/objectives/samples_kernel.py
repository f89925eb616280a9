"""Compiled gradient descent with a constant step on the DUFM loss, all factors free, every sample a column of H_1.

One run lives in one flat array: H_1 (d x N), W_1, ..., W_{L-1} (d x d), W_L (K x d), their gradient, and room for the
two passes. Samples are sorted by class: column j of H_1 belongs to class j // n. The relu is the true one, with
subgradient 0 at 0.
"""

import numpy as np
from numba import njit

from solvers.compiled.passes import fall, rise, turn
from solvers.compiled.products import product
from solvers.compiled.vectors import add_scaled, dot, largest, weighted_square

CLASSES, SAMPLES, HIDDEN, WIDTH, ROW, DP, SIZE, X, G, STRENGTH, FEATURES, SLOPES, TURNED, ADJOINT, OTHER, RESIDUAL = (
    range(16)
)
TOTAL = 16
# Places in what `descend` tells.
DONE, LOSS, FIT, SLOPE = range(4)


def layout(K: int, L: int, width: int, samples: int) -> np.ndarray:
    """Offsets of everything one run needs in its flat array; o[TOTAL] is the length."""
    n = K * samples
    row, dp, hidden = -(-n // 8) * 8, -(-width // 8) * 8, L - 1
    size = -(-(width * n + hidden * width * width + K * width) // 8) * 8
    o = np.zeros(TOTAL + 1, dtype=np.int64)
    o[: X + 1] = K, n, hidden, width, row, dp, size, 0
    lengths = [
        size,
        size,
        size,
        hidden * dp * row,
        hidden * dp * row,
        row * dp,
        dp * row,
        dp * row,
        -(-K // 8) * 8 * row + 64,
    ]
    o[X + 1 :] = np.cumsum(lengths)
    return o


@njit(nogil=True, error_model="numpy")
def evaluate(w, o):
    """(fit, regulariser) at X; the gradient of their sum is written to G."""
    K, n, hidden, d, row, dp, x, g = o[CLASSES], o[SAMPLES], o[HIDDEN], o[WIDTH], o[ROW], o[DP], o[X], o[G]
    features, slopes, residual, last = o[FEATURES], o[SLOPES], o[RESIDUAL], d * n + hidden * d * d
    top, stride = rise(w, x, features, slopes, hidden, d, n, row, dp * row, 0.0)
    product(w, residual, row, x + last, d, 1, top, stride, K, n, d)
    each = n // K
    square = 0.0
    for i in range(K):
        at = residual + i * row
        for j in range(i * each, (i + 1) * each):
            w[at + j] -= 1.0
        for j in range(n, row):
            w[at + j] = 0.0
        square += dot(w, at, w, at, row)
        for j in range(n):
            w[at + j] /= n
    turn(w, top, stride, d, n, o[TURNED], dp)
    product(w, g + last, d, residual, row, 1, o[TURNED], dp, K, d, n)
    if hidden == 0:
        product(w, g, n, x + last, 1, d, residual, row, d, n, K)
    else:
        product(w, o[ADJOINT], row, x + last, 1, d, residual, row, d, row, K)
    fall(w, x, g, features, slopes, o[TURNED], dp, o[ADJOINT], o[OTHER], hidden, d, n, row, dp * row)
    return 0.5 * square / n, 0.5 * weighted_square(w, g, x, o[STRENGTH], o[SIZE])


@njit(nogil=True, error_model="numpy")
def descend(w, o, step, steps, cap, flag, told):
    """`steps` steps x <- x - step g from X, then one more evaluation.

    Args:
        w, o: the run and its offsets.
        step: the learning rate.
        steps: how many.
        cap: the run counts as diverged, and ends at once, when the loss is above `cap` or not finite.
        flag: flag[0] != 0 from another thread ends the work after the step under way.
        told: receives the steps DONE, the LOSS and its FIT at X, and SLOPE, the largest entry of the gradient.
    """
    for i in range(steps + 1):
        fit, regulariser = evaluate(w, o)
        told[DONE], told[LOSS], told[FIT], told[SLOPE] = i, fit + regulariser, fit, largest(w, o[G], o[SIZE])
        if i == steps or flag[0] != 0 or not fit + regulariser <= cap:
            return
        add_scaled(w, o[X], -step, w, o[G], o[SIZE])
