"""Compiled cross-entropy loss in all factors, and the descents over it; see `solvers.objectives.cross_entropy`.

The variables are (H_1, W_1, ..., W_L). Linear layers (eps < 0) make the loss smooth, so one L-BFGS run a start is the
whole descent; with relu_eps between the layers (eps >= 0) a descent goes through stages of falling eps.
"""

import math

import numpy as np
from numba import njit

from dufm.solvers.compiled.lbfgs import F0, SIZE, STATE, STEPS, G, X
from dufm.solvers.compiled.vectors import add_scaled
from dufm.solvers.objectives import evaluation
from dufm.solvers.objectives.evaluation import (
    CLASSES,
    END,
    PADDED_COLUMNS,
    compile_descent,
    padded,
    put,
    read_back,
    read_out,
    take,
)

# Columns of what is reported of a descent.
VALUE, TAKEN = range(2)
# Columns of a stage.
STEEPEST, RATE, EPS, TOLERANCE, CAP = range(5)


def layout(K: int, L: int, width: int, memory: int) -> np.ndarray:
    """Offsets of everything one descent needs in its flat array; see `solvers.objectives.evaluation.layout`."""
    return evaluation.layout(K, L, width, K, 2 * width * K + (L - 1) * width * width, padded(K) ** 2, memory)


@njit(nogil=True, error_model="numpy")
def _softmax(w, z, K, row):
    """Replace logits (K x K at w[z]) by (softmax - I) / K; returns their mean cross-entropy."""
    total = 0.0
    for i in range(K):
        own = w[z + i * row + i]
        top, at = own, i
        for j in range(K):
            if w[z + j * row + i] > top:
                top, at = w[z + j * row + i], j
        # The largest term is 1 and stays out of the sum, so that small losses keep their digits.
        rest = 0.0
        for j in range(K):
            if j != at:
                w[z + j * row + i] = math.exp(w[z + j * row + i] - top)
                rest += w[z + j * row + i]
        w[z + at * row + i] = 1.0
        total += math.log1p(rest) + (top - own)
        share = 1.0 / (K * (1.0 + rest))
        for j in range(K):
            w[z + j * row + i] *= share
        # a - 1 for the class itself is minus the sum of the others.
        if at == i:
            w[z + i * row + i] = -rest * share
        else:
            w[z + i * row + i] -= 1.0 / K
    return total / K


@njit(nogil=True, error_model="numpy")
def _cross_entropy(w, o, top, stride):
    """Mean cross-entropy of the logits W_L F (K x K at o[END])."""
    logits = o[END]
    read_out(w, o, top, stride, logits)
    fit = _softmax(w, logits, o[CLASSES], o[PADDED_COLUMNS])
    read_back(w, o, top, stride, logits)
    return fit


evaluate = evaluation.compile_evaluation(_cross_entropy, "cross_entropy")
minimise = compile_descent(evaluate, "cross_entropy")


@njit(nogil=True, error_model="numpy")
def gradient_steps(w, o, stage, flag):
    """Plain gradient descent X <- X - RATE G for STEEPEST steps, or until something is not finite."""
    for _ in range(int(stage[STEEPEST])):
        if flag[0] != 0:
            return
        fit, regulariser = evaluate(w, o, stage[EPS])
        if not math.isfinite(fit + regulariser):
            return
        add_scaled(w, o[X], -stage[RATE], w, o[G], o[SIZE])


@njit(nogil=True)
def descend(w, o, stage, flag, report):
    """One L-BFGS run from X, which is left at the best point; `report` receives VALUE and steps TAKEN."""
    report[TAKEN] = 0.0
    if stage[CAP] == 0.0:
        fit, regulariser = evaluate(w, o, stage[EPS])
        report[VALUE] = fit + regulariser
        return
    minimise(w, o, stage[EPS], stage[TOLERANCE], stage[CAP], 0.0, flag)
    report[VALUE] = w[o[STATE] + F0]
    if math.isfinite(report[VALUE]):
        report[TAKEN] = w[o[STATE] + STEPS]


@njit(nogil=True)
def descents(points, reports, stages, w, o, flag):
    """Take every descent (a row of `points`, overwritten) through all stages in turn.

    Args:
        points: starts, one descent a row; left where each descent got to.
        reports: receives VALUE and TAKEN of each descent's last stage.
        stages: rows of STEEPEST gradient steps of size RATE, then L-BFGS to gradient TOLERANCE or CAP steps, at EPS.
        w, o: workspace and its offsets; flag[0] != 0 from another thread ends the work at once.
    """
    for descent in range(len(points)):
        take(w, o, points, descent)
        for stage in range(len(stages)):
            gradient_steps(w, o, stages[stage], flag)
            descend(w, o, stages[stage], flag, reports[descent])
        put(w, o, points, descent)
