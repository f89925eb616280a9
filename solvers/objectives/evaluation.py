"""One compiled evaluation for every loss: features up the layers, the loss's own end, the gradient down the layers.

The variables x are (H_1, W_1, ..., W_(L-1)) and, where the end does not eliminate it, W_L; each row by row, one after
the other. Features and adjoints are d x n with rows padded to a multiple of eight; what stands in the padding is never
read into a result. Here n counts columns of H_1.

An *end* is what a loss adds to the layers: compiled (w, o, top, stride) -> fit, where the last features stand at `top`
with that row stride. It writes the derivative of the fit in them to o[ADJOINT], d rows of o[PADDED_COLUMNS], and its
gradient in W_L to its place in G if W_L is a variable. A fit that is not finite marks the point as infinitely bad.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from dufm.solvers.compiled import lbfgs
from dufm.solvers.compiled.lbfgs import BASE, F0, FAILED, PHASE, SIZE, STATE, G, X, advance
from dufm.solvers.compiled.passes import backward, forward, turn
from dufm.solvers.compiled.products import product
from dufm.solvers.compiled.vectors import set_scaled, weighted_square

# Places in o after those of lbfgs. AROUND: how many layers a skip goes around. END is room of the end's own.
CLASSES, COLUMNS, HIDDEN, WIDTH, PADDED_COLUMNS, PADDED_WIDTH, AROUND = range(lbfgs.FREE + 1, lbfgs.FREE + 8)
STRENGTH, FEATURES, SLOPES, TURNED, ADJOINT, OTHER, BELOW, END, TOTAL = range(lbfgs.FREE + 8, lbfgs.FREE + 17)
# At o[BELOW]: the slope of the activation below zero, which gets a whole row of eight; 0 is the relu.
ROW = 8


def padded(count: int) -> int:
    """The least multiple of eight that is no less."""
    return -(-count // 8) * 8


def layout(
    K: int, L: int, width: int, columns: int, variables: int, room: int, memory: int | None, around: int = 0
) -> np.ndarray:
    """Offsets of everything one descent needs in its flat array; o[TOTAL] is the length.

    Args:
        K, L, width: of the problem.
        columns: of H_1.
        variables: how many numbers x has.
        room: numbers the end wants at o[END].
        memory: pairs L-BFGS keeps; None where nothing but X and G is wanted.
        around: how many layers a skip goes around.
    """
    row, rows, hidden = padded(columns), padded(width), L - 1
    o = np.zeros(TOTAL + 1, dtype=np.int64)
    if memory is None:
        size = padded(variables)
        o[[SIZE, G, lbfgs.FREE]] = size, size, 2 * size
    else:
        o[: lbfgs.FREE + 1] = lbfgs.layout(variables, memory)
    o[CLASSES : AROUND + 1] = K, columns, hidden, width, row, rows, around
    o[STRENGTH] = o[lbfgs.FREE]
    # Turning reads whole blocks of eight rows, also where a side is no multiple of eight: 64 numbers more at the end.
    lengths = [o[SIZE], hidden * rows * row, hidden * rows * row, row * rows, rows * row, rows * row, ROW]
    lengths.append(room + 64)
    o[STRENGTH + 1 : TOTAL + 1] = o[STRENGTH] + np.cumsum(lengths)
    return o


def compile_evaluation(end: Any, name: str) -> Any:
    """Compiled (w, o, eps) -> (fit, regulariser) at X, whose gradient is written to G.

    Layers have relu_eps; they are linear for eps < 0. The fit is NaN where the end breaks down.

    Args:
        end: see the module.
        name: of the loss. Compiled programs from the disk are linked by name, so each loss needs one of its own.
    """

    def evaluate(w, o, eps):
        n, hidden, d, row, x, g = o[COLUMNS], o[HIDDEN], o[WIDTH], o[PADDED_COLUMNS], o[X], o[G]
        size, adjoint = o[PADDED_WIDTH] * row, o[ADJOINT]
        around = o[AROUND]
        top, stride = forward(w, x, o[FEATURES], o[SLOPES], hidden, d, n, row, size, eps, w[o[BELOW]], around)
        fit = end(w, o, top, stride)
        if not math.isfinite(fit):
            return math.nan, 0.0
        if hidden == 0:
            for i in range(d):
                for j in range(n):
                    w[g + i * n + j] = w[adjoint + i * row + j]
        else:
            turned, wide, other = o[TURNED], o[PADDED_WIDTH], o[OTHER]
            slopes = o[SLOPES]
            backward(w, x, g, o[FEATURES], slopes, turned, wide, adjoint, other, hidden, d, n, row, size, eps, around)
        return fit, 0.5 * weighted_square(w, g, x, o[STRENGTH], o[SIZE])

    return _named(evaluate, name, error_model="numpy")


def compile_descent(evaluate: Any, name: str) -> Any:
    """Compiled (w, o, eps, tolerance, cap, flat, flag) -> evaluations: one run of L-BFGS from X.

    X is left at the best point and F0 of the state at its loss, also where flag[0] was set meanwhile; F0 is NaN if the
    start was not finite or nothing was evaluated. `tolerance`, `cap` and `flat` as in `solvers.compiled.lbfgs.advance`;
    `name` as for `compile_evaluation`.
    """

    def descend(w, o, eps, tolerance, cap, flat, flag):
        evaluations = 0
        w[o[STATE] + PHASE] = 0.0
        while flag[0] == 0:
            fit, regulariser = evaluate(w, o, eps)
            evaluations += 1
            status = advance(w, o, fit + regulariser, tolerance, cap, flat)
            if status == FAILED:
                w[o[STATE] + F0] = math.nan
                return evaluations
            if status > 0:
                return evaluations
        if evaluations == 0:
            w[o[STATE] + F0] = math.nan
        else:
            set_scaled(w, o[X], 1.0, w, o[BASE], o[SIZE])
        return evaluations

    return _named(descend, name)


def _named(function: Callable[..., Any], name: str, **options: Any) -> Any:
    function.__name__ = f"{name}_{function.__name__}"
    function.__qualname__ = function.__name__
    return njit(nogil=True, **options)(function)


@njit(nogil=True)
def read_out(w, o, top, stride, to):
    """Write W_L F, K rows of o[PADDED_COLUMNS], to w[to]; W_L is the last of the variables."""
    n, hidden, d, row = o[COLUMNS], o[HIDDEN], o[WIDTH], o[PADDED_COLUMNS]
    product(w, to, row, o[X] + d * n + hidden * d * d, d, 1, top, stride, o[CLASSES], n, d)


@njit(nogil=True)
def read_back(w, o, top, stride, slope):
    """From the derivative at w[slope] in the output W_L F, those in W_L (to G) and in F (to o[ADJOINT])."""
    K, n, hidden, d, row = o[CLASSES], o[COLUMNS], o[HIDDEN], o[WIDTH], o[PADDED_COLUMNS]
    last = d * n + hidden * d * d
    turn(w, top, stride, d, n, o[TURNED], o[PADDED_WIDTH])
    product(w, o[G] + last, d, slope, row, 1, o[TURNED], o[PADDED_WIDTH], K, d, n)
    product(w, o[ADJOINT], row, o[X] + last, 1, d, slope, row, d, n, K)


@njit(nogil=True)
def take(w, o, values, row):
    """X <- values[row]."""
    for i in range(o[SIZE]):
        w[o[X] + i] = values[row, i]


@njit(nogil=True)
def put(w, o, values, row):
    """values[row] <- X."""
    for i in range(o[SIZE]):
        values[row, i] = w[o[X] + i]
