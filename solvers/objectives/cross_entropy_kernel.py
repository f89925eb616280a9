"""Compiled evaluation of the cross-entropy loss in all factors, and the descents over it; see objective.py.

The variables x are (H_1, W_1, ..., W_L), each row by row, one after the other. Linear layers (eps < 0) make the loss
smooth, so one L-BFGS run a start is the whole descent; with relu_eps between the layers (eps >= 0, see
solvers.objectives.squared) a descent goes through stages of falling eps. Features are d x K with rows padded to a multiple of
eight, as in solvers.objectives.squared_kernel.
"""

import math

import numpy as np
from numba import njit

from solvers.compiled import lbfgs
from solvers.compiled.lbfgs import F0, FAILED, PHASE, SIZE, STATE, STEPS, G, X, advance
from solvers.compiled.passes import turn
from solvers.compiled.products import product
from solvers.compiled.vectors import add_scaled, multiply, rectify, weighted_square

# Places in o after those of lbfgs.
CLASSES, LAYERS, WIDTH, KP, DP, STRENGTH, FEATURES, SLOPES, TURNED, ADJOINT, OTHER, LOGITS, TOTAL = range(
    lbfgs.FREE + 1, lbfgs.FREE + 14
)
# Columns of what a lane reports.
VALUE, TAKEN = range(2)
# Columns of a stage.
STEEPEST, RATE, EPS, TOLERANCE, CAP = range(5)


def layout(K: int, L: int, width: int, memory: int) -> np.ndarray:
    """Offsets of everything one lane needs in its flat array; o[TOTAL] is the length."""
    kp, dp = -(-K // 8) * 8, -(-width // 8) * 8
    minimiser = lbfgs.layout(2 * width * K + (L - 1) * width * width, memory)
    o = np.zeros(TOTAL + 1, dtype=np.int64)
    o[: lbfgs.FREE + 1] = minimiser
    o[CLASSES], o[LAYERS], o[WIDTH], o[KP], o[DP] = K, L, width, kp, dp
    o[STRENGTH] = o[lbfgs.FREE]
    # Turning reads whole blocks of eight rows, also where K or the width is no multiple of eight.
    lengths = [o[SIZE], L * dp * kp, L * dp * kp, kp * dp, dp * kp, dp * kp, kp * kp + 64]
    o[STRENGTH + 1 : TOTAL + 1] = o[STRENGTH] + np.cumsum(lengths)
    return o


@njit(nogil=True, error_model="numpy")
def _softmax(w, z, K, kp):
    """Replace logits (K x K at w[z]) by (softmax - I) / K; returns their mean cross-entropy."""
    total = 0.0
    for i in range(K):
        own = w[z + i * kp + i]
        top, at = own, i
        for j in range(K):
            if w[z + j * kp + i] > top:
                top, at = w[z + j * kp + i], j
        # The largest term is 1 and stays out of the sum, so that small losses keep their digits.
        rest = 0.0
        for j in range(K):
            if j != at:
                w[z + j * kp + i] = math.exp(w[z + j * kp + i] - top)
                rest += w[z + j * kp + i]
        w[z + at * kp + i] = 1.0
        total += math.log1p(rest) + (top - own)
        share = 1.0 / (K * (1.0 + rest))
        for j in range(K):
            w[z + j * kp + i] *= share
        # a - 1 for the class itself is minus the sum of the others.
        if at == i:
            w[z + i * kp + i] = -rest * share
        else:
            w[z + i * kp + i] -= 1.0 / K
    return total / K


@njit(nogil=True, error_model="numpy")
def evaluate(w, o, eps):
    """Loss at X with relu_eps between the layers, none for eps < 0; its gradient is written to G."""
    K, L, d, kp, dp, x, g = o[CLASSES], o[LAYERS], o[WIDTH], o[KP], o[DP], o[X], o[G]
    top, row = x, K
    for layer in range(L - 1):
        f = o[FEATURES] + layer * dp * kp
        product(w, f, kp, x + d * K + layer * d * d, d, 1, top, row, d, kp, d)
        if eps >= 0.0:
            rectify(w, f, o[SLOPES] + layer * dp * kp, eps, d * kp)
        top, row = f, kp
    last, z = d * K + (L - 1) * d * d, o[LOGITS]
    product(w, z, kp, x + last, d, 1, top, row, K, kp, d)
    fit = _softmax(w, z, K, kp)
    turn(w, top, row, d, K, o[TURNED], dp)
    product(w, g + last, d, z, kp, 1, o[TURNED], dp, K, d, K)
    if L == 1:
        product(w, g, K, x + last, 1, d, z, kp, d, K, K)
    adjoint, other = o[ADJOINT], o[OTHER]
    product(w, adjoint, kp, x + last, 1, d, z, kp, d, kp, K)
    for layer in range(L - 2, -1, -1):
        if eps >= 0.0:
            multiply(w, adjoint, w, o[SLOPES] + layer * dp * kp, d * kp)
        weight = d * K + layer * d * d
        below, row = (o[FEATURES] + (layer - 1) * dp * kp, kp) if layer > 0 else (x, K)
        turn(w, below, row, d, K, o[TURNED], dp)
        product(w, g + weight, d, adjoint, kp, 1, o[TURNED], dp, d, d, K)
        if layer > 0:
            product(w, other, kp, x + weight, 1, d, adjoint, kp, d, kp, d)
            adjoint, other = other, adjoint
        else:
            product(w, g, K, x + weight, 1, d, adjoint, kp, d, K, d)
    return fit + 0.5 * weighted_square(w, g, x, o[STRENGTH], o[SIZE])


@njit(nogil=True, error_model="numpy")
def gradient_steps(w, o, stage, flag):
    """Plain gradient descent X <- X - RATE G for STEEPEST steps, or until something is not finite."""
    for _ in range(int(stage[STEEPEST])):
        if flag[0] != 0 or not math.isfinite(evaluate(w, o, stage[EPS])):
            return
        add_scaled(w, o[X], -stage[RATE], w, o[G], o[SIZE])


@njit(nogil=True)
def descend(w, o, stage, flag, report):
    """One L-BFGS run from X, which is left at the best point; `report` receives VALUE and steps TAKEN."""
    report[VALUE], report[TAKEN] = math.nan, 0.0
    if stage[CAP] == 0.0:
        report[VALUE] = evaluate(w, o, stage[EPS])
        return
    w[o[STATE] + PHASE] = 0.0
    while flag[0] == 0:
        status = advance(w, o, evaluate(w, o, stage[EPS]), stage[TOLERANCE], stage[CAP], 0.0)
        if status == FAILED:
            return
        if status > 0:
            report[VALUE], report[TAKEN] = w[o[STATE] + F0], w[o[STATE] + STEPS]
            return


@njit(nogil=True)
def descents(field, reports, stages, w, o, flag):
    """Take every lane (a row of `field`, overwritten) through all stages in turn.

    Args:
        field: starts, one lane a row; left where each lane got to.
        reports: receives VALUE and TAKEN of each lane's last stage.
        stages: rows of STEEPEST gradient steps of size RATE, then L-BFGS to gradient TOLERANCE or CAP steps, at EPS.
        w, o: workspace and its offsets; flag[0] != 0 from another thread ends the work at once.
    """
    n = o[SIZE]
    for lane in range(len(field)):
        for i in range(n):
            w[o[X] + i] = field[lane, i]
        for stage in range(len(stages)):
            gradient_steps(w, o, stages[stage], flag)
            descend(w, o, stages[stage], flag, reports[lane])
        for i in range(n):
            field[lane, i] = w[o[X] + i]
