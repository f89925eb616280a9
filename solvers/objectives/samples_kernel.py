"""Compiled gradient descent with a constant step on the squared loss, all factors free, every sample a column of H_1.

The variables are (H_1, W_1, ..., W_L), H_1 of d x N. Samples are sorted by class: column j of H_1 belongs to class
j // n. The relu is the true one, with subgradient 0 at 0.
"""

import numpy as np
from numba import njit

from dufm.solvers.compiled.lbfgs import SIZE, G, X
from dufm.solvers.compiled.vectors import add_scaled, dot, largest
from dufm.solvers.objectives import evaluation
from dufm.solvers.objectives.evaluation import CLASSES, COLUMNS, END, PADDED_COLUMNS, padded, read_back, read_out

# Places in what is reported of a descent.
DONE, LOSS, FIT, SLOPE = range(4)


def layout(K: int, L: int, width: int, samples: int) -> np.ndarray:
    """Offsets of everything one run needs in its flat array; see `solvers.objectives.evaluation.layout`."""
    n = K * samples
    variables = width * n + (L - 1) * width * width + K * width
    return evaluation.layout(K, L, width, n, variables, padded(K) * padded(n), None)


@njit(nogil=True, error_model="numpy")
def _squared_distance(w, o, top, stride):
    """1/(2N) ||W_L F - I (x) 1^T||^2; the residual stands at o[END]."""
    K, n, row, residual = o[CLASSES], o[COLUMNS], o[PADDED_COLUMNS], o[END]
    read_out(w, o, top, stride, residual)
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
    read_back(w, o, top, stride, residual)
    return 0.5 * square / n


evaluate = evaluation.compile_evaluation(_squared_distance, "samples")


@njit(nogil=True, error_model="numpy")
def descend(w, o, step, steps, cap, flag, report):
    """`steps` steps x <- x - step g from X, then one more evaluation.

    Args:
        w, o: the run and its offsets.
        step: the learning rate.
        steps: how many.
        cap: the run counts as diverged, and ends at once, when the loss is above `cap` or not finite.
        flag: flag[0] != 0 from another thread ends the work after the step under way.
        report: receives the steps DONE, the LOSS and its FIT at X, and SLOPE, the largest entry of the gradient.
    """
    for i in range(steps + 1):
        fit, regulariser = evaluate(w, o, 0.0)
        report[DONE], report[LOSS], report[FIT], report[SLOPE] = i, fit + regulariser, fit, largest(w, o[G], o[SIZE])
        if i == steps or flag[0] != 0 or not fit + regulariser <= cap:
            return
        add_scaled(w, o[X], -step, w, o[G], o[SIZE])
