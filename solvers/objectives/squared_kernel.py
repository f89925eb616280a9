"""Compiled squared loss with the last layer eliminated, and the homotopy over it; see `solvers.objectives.squared`.

The variables are (H_1, W_1, ..., W_{L-1}). The K x K inverse is by Gauss-Jordan elimination without pivoting, which is
safe for positive definite matrices and streams whole rows; a pivot that is not positive marks the point as infinitely
bad.
"""

import math

import numpy as np
from numba import njit

from dufm.solvers.compiled.lbfgs import F0, STATE
from dufm.solvers.compiled.passes import turn
from dufm.solvers.compiled.products import product
from dufm.solvers.compiled.vectors import add_scaled, set_scaled
from dufm.solvers.objectives import evaluation
from dufm.solvers.objectives.evaluation import (
    ADJOINT,
    BELOW,
    CLASSES,
    END,
    PADDED_COLUMNS,
    STRENGTH,
    WIDTH,
    compile_descent,
    padded,
    put,
    take,
)
from dufm.solvers.objectives.fit import Fit
from dufm.theory.problem import Problem

# Places in the counts.
EVALUATIONS, DROPPED = range(2)
# Columns of a stage.
EPS, TOLERANCE, CAP, FLAT, KEPT = range(5)
# At o[END]: the ridge lambda_L and whether the fit is mixed (`solvers.objectives.fit`), in a row of eight, then square
# matrices: the Gram matrix and its square; where the fit is mixed N, (T N)^T T N and another after them.
RIDGE, MIXED, GRAM = 0, 1, 8


def layout(problem: Problem, memory: int) -> np.ndarray:
    """Offsets of everything one descent needs in its flat array; see `solvers.objectives.evaluation.layout`."""
    m, width, around = problem.columns, problem.width, problem.variant.around
    variables = width * m + (problem.L - 1) * width * width
    matrices = 2 if Fit.of(problem) is None else 5
    return evaluation.layout(m, problem.L, width, m, variables, GRAM + matrices * padded(m) ** 2, memory, around)


def settle(problem: Problem, w: np.ndarray, o: np.ndarray) -> None:
    """Write the strengths, the slope below zero and the fit of a problem into a workspace of `layout`."""
    fit, strengths = Fit.of(problem), [float(value) for value in problem.effective_lambdas]
    first, *others = [np.full(shape, value) for value, shape in zip(strengths, problem.shapes[:-1], strict=False)]
    first = first if fit is None else first + fit.excess
    of_entries = np.concatenate([first.ravel(), *(each.ravel() for each in others)])
    w[o[STRENGTH] : o[STRENGTH] + of_entries.size] = of_entries
    w[o[BELOW]] = float(problem.variant.slope)
    end, m, row = o[END], problem.columns, padded(problem.columns)
    w[end + RIDGE] = strengths[-1]
    if fit is not None:
        w[end + MIXED] = 1.0
        for place, value in ((2, fit.mix), (3, fit.square)):
            at = end + GRAM + place * row * row
            w[at : at + row * row].reshape(row, row)[:m, :m] = value


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
def _mixed_ridge_regression(w, o, top, stride):
    """lambda_L/2 tr(A^-1 Q), A = N^T F^T F N + m lambda_L, Q = (T N)^T T N: its derivative is -lambda_L F N S N^T."""
    m, d, row, ridge = o[CLASSES], o[WIDTH], o[PADDED_COLUMNS], w[o[END] + RIDGE]
    size, gram = row * row, o[END] + GRAM
    one, mix, square, two = gram + size, gram + 2 * size, gram + 3 * size, gram + 4 * size
    product(w, one, row, top, 1, stride, top, stride, m, row, d)
    product(w, two, row, one, row, 1, mix, row, m, row, m)
    product(w, gram, row, mix, 1, row, two, row, m, row, m)
    for i in range(m):
        w[gram + i * row + i] += m * ridge
    trace = _invert(w, gram, m, row)
    if not math.isfinite(trace):
        return math.nan
    value = 0.0
    for i in range(m):
        for j in range(m):
            value += w[gram + i * row + j] * w[square + i * row + j]
    # S = A^-1 Q A^-1, then N S N^T.
    product(w, one, row, gram, row, 1, square, row, m, row, m)
    product(w, two, row, one, row, 1, gram, row, m, row, m)
    product(w, one, row, mix, row, 1, two, row, m, row, m)
    turn(w, mix, row, row, row, gram, row)
    product(w, two, row, one, row, 1, gram, row, m, row, m)
    set_scaled(w, two, -ridge, w, two, m * row)
    product(w, o[ADJOINT], row, top, stride, 1, two, row, d, m, m)
    return 0.5 * ridge * value


@njit(nogil=True, error_model="numpy")
def _ridge_regression(w, o, top, stride):
    """lambda_L/2 tr(A^-1), A = F^T F + K lambda_L, and its derivative -lambda_L F A^-2 in F."""
    if w[o[END] + MIXED] != 0.0:
        return _mixed_ridge_regression(w, o, top, stride)
    K, d, row, ridge = o[CLASSES], o[WIDTH], o[PADDED_COLUMNS], w[o[END] + RIDGE]
    gram = o[END] + GRAM
    square = gram + row * row
    product(w, gram, row, top, 1, stride, top, stride, K, row, d)
    for i in range(K):
        w[gram + i * row + i] += K * ridge
    trace = _invert(w, gram, K, row)
    if not math.isfinite(trace):
        return math.nan
    product(w, square, row, gram, row, 1, gram, row, K, row, K)
    set_scaled(w, square, -ridge, w, square, K * row)
    product(w, o[ADJOINT], row, top, stride, 1, square, row, d, K, K)
    return 0.5 * ridge * trace


evaluate = evaluation.compile_evaluation(_ridge_regression, "squared")
descend = compile_descent(evaluate, "squared")


@njit(nogil=True)
def homotopy(points, values, order, stages, w, o, flag, counts):
    """Take the descents of one restart through all stages, keeping the best after each.

    Args:
        points: starts, one descent a row; overwritten by where each descent got to.
        values: receives the last smoothed loss of each descent, NaN for one that broke down.
        order: receives the descents left at the end, best first.
        stages: one row a stage: eps, gradient tolerance, most steps, least decrease in twenty steps, descents kept
            after.
        w, o: workspace and its offsets; flag[0] != 0 from another thread ends the work at once: those done in that
            stage are left, or those of the stage before where there is none yet.
        counts: EVALUATIONS and DROPPED descents are added to it.

    Returns:
        How many descents are left; 0 if all broke down, or if the work was interrupted before anything was evaluated.
    """
    left = len(points)
    for i in range(left):
        order[i] = i
    for stage in range(len(stages)):
        fine = 0
        for place in range(left):
            if flag[0] != 0:
                break
            descent = order[place]
            take(w, o, points, descent)
            row = stages[stage]
            counts[EVALUATIONS] += descend(w, o, row[EPS], row[TOLERANCE], row[CAP], row[FLAT], flag)
            value = w[o[STATE] + F0]
            values[descent] = value
            if not math.isfinite(value):
                counts[DROPPED] += 1
                continue
            put(w, o, points, descent)
            # Insertion sort; order[:fine] never overtakes `place`.
            at = fine
            while at > 0 and values[order[at - 1]] > value:
                order[at] = order[at - 1]
                at -= 1
            order[at] = descent
            fine += 1
        if flag[0] != 0:
            return fine if fine > 0 or stage == 0 else left
        left = min(fine, int(stages[stage, KEPT]))
    return left
