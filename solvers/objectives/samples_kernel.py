"""Compiled gradient descent with a constant step on the squared loss, all factors free, every sample a column of H_1.

The variables are (H_1, W_1, ..., W_L), H_1 of d x N; sample j has the target T_j, a column of K numbers. The relu is
the true one, with subgradient 0 at 0. A bias of the last layer is at its best for the other weights at every step: with
residuals r_j of mean r it takes s/2 ||r||^2 off the fit, s of `theory.model`, and s r off every r_j in the derivative.
"""

import numpy as np
from numba import njit

from dufm.solvers.compiled.lbfgs import SIZE, G, X
from dufm.solvers.compiled.vectors import add_scaled, dot, largest
from dufm.solvers.objectives import evaluation
from dufm.solvers.objectives.evaluation import (
    BELOW,
    CLASSES,
    COLUMNS,
    END,
    PADDED_COLUMNS,
    padded,
    read_back,
    read_out,
)
from dufm.theory.problem import Problem

# Places in what is reported of a descent.
DONE, LOSS, FIT, SLOPE = range(4)
# At o[END]: s and whether layers are linear, in a row of eight, then the residual and the targets, K rows each.
SHARE, LINEAR, RESIDUAL = 0, 1, 8


def layout(problem: Problem, samples: int) -> np.ndarray:
    """Offsets of everything one run needs in its flat array; see `solvers.objectives.evaluation.layout`.

    Args:
        problem: of squared loss.
        samples: columns of H_1 in all.
    """
    K, L, width, around = problem.K, problem.L, problem.width, problem.variant.around
    variables = width * samples + (L - 1) * width * width + K * width
    room = RESIDUAL + 2 * K * padded(samples)
    return evaluation.layout(K, L, width, samples, variables, room, None, around)


def settle(problem: Problem, targets: np.ndarray, w: np.ndarray, o: np.ndarray) -> None:
    """Write what a problem has beside its strengths into a workspace: slope below zero, bias and targets (K x N)."""
    w[o[BELOW]] = float(problem.variant.slope)
    w[o[END] + SHARE] = float(problem.bias_share)
    w[o[END] + LINEAR] = float(problem.activation == "linear")
    K, row = problem.K, int(o[PADDED_COLUMNS])
    at = int(o[END]) + RESIDUAL + K * row
    w[at : at + K * row].reshape(K, row)[:, : targets.shape[1]] = targets


@njit(nogil=True, error_model="numpy")
def _squared_distance(w, o, top, stride):
    """1/(2N) ||W_L F + b 1^T - T||^2 + lambda_b/2 ||b||^2 at the best b; the residual stands at o[END] + RESIDUAL."""
    K, n, row, residual = o[CLASSES], o[COLUMNS], o[PADDED_COLUMNS], o[END] + RESIDUAL
    share = w[o[END] + SHARE]
    read_out(w, o, top, stride, residual)
    square = 0.0
    for i in range(K):
        at = residual + i * row
        add_scaled(w, at, -1.0, w, at + K * row, row)
        for j in range(n, row):
            w[at + j] = 0.0
        square += dot(w, at, w, at, row)
        mean = 0.0
        if share != 0.0:
            for j in range(n):
                mean += w[at + j]
            mean /= n
            square -= share * n * mean * mean
        for j in range(n):
            w[at + j] = (w[at + j] - share * mean) / n
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
    eps = -1.0 if w[o[END] + LINEAR] != 0.0 else 0.0
    for i in range(steps + 1):
        fit, regulariser = evaluate(w, o, eps)
        report[DONE], report[LOSS], report[FIT], report[SLOPE] = i, fit + regulariser, fit, largest(w, o[G], o[SIZE])
        if i == steps or flag[0] != 0 or not fit + regulariser <= cap:
            return
        add_scaled(w, o[X], -step, w, o[G], o[SIZE])
