"""Compiled evaluation of the DUFM loss with the last layer eliminated, and the homotopy over it; see objective.py.

The variables x are (H_1, W_1, ..., W_{L-1}), each row by row, one after the other. Features and adjoints are d x K with
rows padded to a multiple of eight; what stands in the padding is never read into a result. The K x K inverse is by
Gauss-Jordan elimination without pivoting, which is safe for positive definite matrices and streams whole rows; a pivot
that is not positive marks the point as infinitely bad.
"""

import math

import numpy as np
from numba import njit

from solvers.compiled import lbfgs
from solvers.compiled.lbfgs import F0, FAILED, PHASE, SIZE, STATE, G, X, advance
from solvers.compiled.passes import fall, rise
from solvers.compiled.products import product
from solvers.compiled.vectors import add_scaled, set_scaled, weighted_square

# Places in o after those of lbfgs.
CLASSES, LAYERS, WIDTH, KP, DP, STRENGTH, RIDGE, FEATURES, SLOPES, TURNED, ADJOINT, OTHER, GRAM, SQUARE, TOTAL = range(
    lbfgs.FREE + 1, lbfgs.FREE + 16
)
INTERRUPTED = 5
# Places in the counts.
EVALUATIONS, DROPPED = range(2)


def layout(K: int, L: int, width: int, memory: int) -> np.ndarray:
    """Offsets of everything one lane needs in its flat array; o[TOTAL] is the length."""
    kp, dp = -(-K // 8) * 8, -(-width // 8) * 8
    minimiser = lbfgs.layout(width * K + (L - 1) * width * width, memory)
    o = np.zeros(TOTAL + 1, dtype=np.int64)
    o[: lbfgs.FREE + 1] = minimiser
    o[CLASSES], o[LAYERS], o[WIDTH], o[KP], o[DP] = K, L, width, kp, dp
    o[STRENGTH] = o[lbfgs.FREE]
    # The ridge gets a whole row of eight, so that every offset stays a multiple of eight.
    lengths = [o[SIZE], 8, (L - 1) * dp * kp, (L - 1) * dp * kp, kp * dp, dp * kp, dp * kp, kp * kp, kp * kp + 64]
    o[STRENGTH + 1 : TOTAL + 1] = o[STRENGTH] + np.cumsum(lengths)
    return o


@njit(nogil=True, error_model="numpy")
def _invert(w, at, k, row):
    """Invert the k x k positive definite matrix at w[at] in place; its inverse's trace, or NaN if it is singular."""
    for i in range(k):
        pivot = w[at + i * row + i]
        if not (pivot > 0.0 and math.isfinite(pivot)):
            return math.nan
        w[at + i * row + i] = 1.0
        set_scaled(w, at + i * row, 1.0 / pivot, w, at + i * row, row)
        for j in range(k):
            if j != i:
                factor = w[at + j * row + i]
                w[at + j * row + i] = 0.0
                add_scaled(w, at + j * row, -factor, w, at + i * row, row)
    trace = 0.0
    for i in range(k):
        trace += w[at + i * row + i]
    return trace


@njit(nogil=True, error_model="numpy")
def evaluate(w, o, eps):
    """Loss at X with relu_eps and W_L eliminated, NaN where it breaks down; its gradient is written to G."""
    K, L, d, kp, dp, x, g = o[CLASSES], o[LAYERS], o[WIDTH], o[KP], o[DP], o[X], o[G]
    ridge, size = w[o[RIDGE]], dp * kp
    top, row = rise(w, x, o[FEATURES], o[SLOPES], L - 1, d, K, kp, size, eps)
    gram, square = o[GRAM], o[SQUARE]
    product(w, gram, kp, top, 1, row, top, row, K, kp, d)
    for i in range(K):
        w[gram + i * kp + i] += K * ridge
    trace = _invert(w, gram, K, kp)
    if not math.isfinite(trace):
        return math.nan
    product(w, square, kp, gram, kp, 1, gram, kp, K, kp, K)
    set_scaled(w, square, -ridge, w, square, K * kp)
    adjoint = o[ADJOINT]
    if L == 1:
        product(w, g, K, top, row, 1, square, kp, d, K, K)
    else:
        product(w, adjoint, kp, top, row, 1, square, kp, d, kp, K)
    fall(w, x, g, o[FEATURES], o[SLOPES], o[TURNED], dp, adjoint, o[OTHER], L - 1, d, K, kp, size)
    return 0.5 * (ridge * trace + weighted_square(w, g, x, o[STRENGTH], o[SIZE]))


@njit(nogil=True)
def descend(w, o, stage, flag, counts):
    """One stage of one lane from X; X is left at the best point. `stage` as a row of `stages` in `homotopy`.

    Returns:
        The smoothed loss; NaN if the start was not finite or flag[0] was set meanwhile.
    """
    w[o[STATE] + PHASE] = 0.0
    while flag[0] == 0:
        f = evaluate(w, o, stage[0])
        counts[EVALUATIONS] += 1
        status = advance(w, o, f, stage[1], stage[2], stage[3])
        if status == FAILED:
            return math.nan
        if status > 0:
            return w[o[STATE] + F0]
    return math.nan


@njit(nogil=True)
def homotopy(field, values, order, stages, w, o, flag, counts):
    """Take the lanes of one restart through all stages, keeping the best after each.

    Args:
        field: starts, one lane a row; overwritten by where each lane got to.
        values: receives the last smoothed loss of each lane, NaN for one that broke down.
        order: receives the lanes left at the end, best first.
        stages: one row a stage: eps, gradient tolerance, most steps, least decrease in twenty steps, lanes kept after.
        w, o: workspace and its offsets; flag[0] != 0 from another thread ends the work at once.
        counts: EVALUATIONS and DROPPED lanes are added to it.

    Returns:
        How many lanes are left; 0 if all broke down or the work was interrupted.
    """
    n = o[SIZE]
    left = len(field)
    for i in range(left):
        order[i] = i
    for stage in range(len(stages)):
        fine = 0
        for place in range(left):
            lane = order[place]
            for i in range(n):
                w[o[X] + i] = field[lane, i]
            value = descend(w, o, stages[stage], flag, counts)
            values[lane] = value
            if not math.isfinite(value):
                counts[DROPPED] += 1
                continue
            for i in range(n):
                field[lane, i] = w[o[X] + i]
            # Insertion sort; order[:fine] never overtakes `place`.
            at = fine
            while at > 0 and values[order[at - 1]] > value:
                order[at] = order[at - 1]
                at -= 1
            order[at] = lane
            fine += 1
        if flag[0] != 0:
            return 0
        left = min(fine, int(stages[stage, 4]))
    return left
