"""L-BFGS for one descent, as a step between two evaluations (reverse communication), compiled.

The caller evaluates f and its gradient at the point X and calls `advance`, which either puts the next point into X or
says why it stops. So the same code minimises a DUFM inside compiled code and a test function from plain Python.

Everything lives in one flat float64 array w; `o` holds offsets into it and `size`, a multiple of eight, is the length
of every vector (zero beyond the real variables). Line search: weak Wolfe conditions by bracketing with cubic steps,
and near rounding level the approximate Wolfe condition (Hager and Zhang 2005, doi 10.1137/030601880), for there f no
longer tells points apart but slopes do.
"""

import math

import numpy as np
from numba import njit

from dufm.solvers.compiled.vectors import add_scaled, dot, largest, set_scaled

CONTINUE, CONVERGED, STALLED, FAILED, CAPPED, FLAT = range(6)

# Places in o.
SIZE, MEMORY, X, G, BASE, GRAD, DIRECTION, S, Y, RHO, COEFFICIENT, STATE, FREE = range(13)
# Places in the state.
PHASE, PAIRS, HEAD, STEPS, TRIES, F0, SLOPE0, STEP, LOW, F_LOW, SLOPE_LOW, HIGH, F_HIGH, SLOPE_HIGH, MARK = range(15)
STATE_SIZE = 16
WINDOW = 20

SUFFICIENT, CURVATURE, TRIES_MOST = 1e-4, 0.9, 25
# Relative rounding error allowed in f: the trace of an inverse of condition 100 or so.
NOISE = 1e-14


def layout(size: int, memory: int) -> np.ndarray:
    """Offsets o for vectors of `size` entries (rounded up to eight) and `memory` pairs; o[FREE] is the length used."""
    size = -(-size // 8) * 8
    o = np.zeros(FREE + 1, dtype=np.int64)
    o[SIZE], o[MEMORY] = size, memory
    lengths = [size] * 5 + [size * memory] * 2 + [memory] * 2 + [STATE_SIZE]
    o[X + 1 : FREE + 1] = np.cumsum(lengths)
    return o


@njit(nogil=True, error_model="numpy")
def _cubic(a, fa, sa, b, fb, sb):
    """Minimiser of the cubic with values fa, fb and slopes sa, sb at a < b, kept away from both ends."""
    edge = 0.1 * (b - a)
    guess = 0.5 * (a + b)
    theta = 3.0 * (fa - fb) / (b - a) + sa + sb
    square = theta * theta - sa * sb
    if square >= 0.0:
        root = math.sqrt(square)
        found = b - (b - a) * (sb + root - theta) / (sb - sa + 2.0 * root)
        if math.isfinite(found):
            guess = found
    return min(max(guess, a + edge), b - edge)


@njit(nogil=True)
def _begin_line(w, o, step):
    t = o[STATE]
    w[t + SLOPE0] = dot(w, o[DIRECTION], w, o[GRAD], o[SIZE])
    w[t + LOW], w[t + F_LOW], w[t + SLOPE_LOW] = 0.0, w[t + F0], w[t + SLOPE0]
    w[t + HIGH] = math.inf
    w[t + TRIES] = 0.0
    w[t + STEP] = step


@njit(nogil=True)
def _try(w, o):
    set_scaled(w, o[X], 1.0, w, o[BASE], o[SIZE])
    add_scaled(w, o[X], w[o[STATE] + STEP], w, o[DIRECTION], o[SIZE])
    return CONTINUE


@njit(nogil=True)
def _steepest(w, o):
    t, n = o[STATE], o[SIZE]
    w[t + PAIRS], w[t + HEAD] = 0.0, 0.0
    set_scaled(w, o[DIRECTION], -1.0, w, o[GRAD], n)
    _begin_line(w, o, min(1.0, 1.0 / math.sqrt(dot(w, o[GRAD], w, o[GRAD], n))))


@njit(nogil=True)
def _two_loops(w, o):
    """DIRECTION = -H GRAD by the two-loop recursion (Nocedal 1980)."""
    n, memory, pairs, head = o[SIZE], o[MEMORY], int(w[o[STATE] + PAIRS]), int(w[o[STATE] + HEAD])
    set_scaled(w, o[DIRECTION], -1.0, w, o[GRAD], n)
    for age in range(pairs):
        j = (head - 1 - age + memory) % memory
        factor = w[o[RHO] + j] * dot(w, o[S] + j * n, w, o[DIRECTION], n)
        w[o[COEFFICIENT] + j] = factor
        add_scaled(w, o[DIRECTION], -factor, w, o[Y] + j * n, n)
    last = (head - 1 + memory) % memory
    curvature = dot(w, o[Y] + last * n, w, o[Y] + last * n, n)
    set_scaled(w, o[DIRECTION], 1.0 / (w[o[RHO] + last] * curvature), w, o[DIRECTION], n)
    for age in range(pairs - 1, -1, -1):
        j = (head - 1 - age + memory) % memory
        factor = w[o[COEFFICIENT] + j] - w[o[RHO] + j] * dot(w, o[Y] + j * n, w, o[DIRECTION], n)
        add_scaled(w, o[DIRECTION], factor, w, o[S] + j * n, n)


@njit(nogil=True)
def _remember(w, o):
    """Keep the pair (X - BASE, G - GRAD) and make X the new base."""
    t, n = o[STATE], o[SIZE]
    head = int(w[t + HEAD])
    s, y = o[S] + head * n, o[Y] + head * n
    set_scaled(w, s, w[t + STEP], w, o[DIRECTION], n)
    set_scaled(w, y, 1.0, w, o[G], n)
    add_scaled(w, y, -1.0, w, o[GRAD], n)
    curvature = dot(w, s, w, y, n)
    if curvature > 1e-16 * dot(w, y, w, y, n):
        w[o[RHO] + head] = 1.0 / curvature
        w[t + HEAD] = float((head + 1) % o[MEMORY])
        w[t + PAIRS] = min(w[t + PAIRS] + 1.0, float(o[MEMORY]))
    set_scaled(w, o[BASE], 1.0, w, o[X], n)
    set_scaled(w, o[GRAD], 1.0, w, o[G], n)


@njit(nogil=True)
def _stop(w, o, status):
    set_scaled(w, o[X], 1.0, w, o[BASE], o[SIZE])
    return status


@njit(nogil=True, error_model="numpy")
def _shrink_or_grow(w, o, f, slope, enough):
    """Next step of the line search after a trial that was too long (not `enough`) or too short."""
    t = o[STATE]
    step, low = w[t + STEP], w[t + LOW]
    if enough:
        if math.isinf(w[t + HIGH]):
            bend = w[t + SLOPE_LOW] - slope
            reach = (step - low) * slope / bend if bend < 0.0 else 4.0 * (step - low)
            reach = min(max(reach, step - low), 4.0 * (step - low))
            w[t + STEP] = step + reach
        w[t + LOW], w[t + F_LOW], w[t + SLOPE_LOW] = step, f, slope
    else:
        w[t + HIGH], w[t + F_HIGH], w[t + SLOPE_HIGH] = step, f, slope
    if not math.isinf(w[t + HIGH]):
        a, b = w[t + LOW], w[t + HIGH]
        if math.isfinite(w[t + F_HIGH]) and math.isfinite(w[t + SLOPE_HIGH]):
            w[t + STEP] = _cubic(a, w[t + F_LOW], w[t + SLOPE_LOW], b, w[t + F_HIGH], w[t + SLOPE_HIGH])
        else:
            w[t + STEP] = a + 0.2 * (b - a)


@njit(nogil=True, error_model="numpy")
def advance(w, o, f, tolerance, cap, flat):
    """Use f and the gradient G at X; put the next point to evaluate into X, or stop.

    Set w[o[STATE] + PHASE] = 0 before the first call. On any stop X is the best point accepted, F0 its value, GRAD its
    gradient; STEPS counts accepted steps.

    Args:
        w: flat float64 array; o: offsets from `layout`.
        f: value at X; NaN or infinity is a trial that went too far.
        tolerance: stop once the largest |gradient entry| is this or less.
        cap: most steps.
        flat: stop once twenty steps together lower f by less than this; 0 never stops for it.

    Returns:
        CONTINUE, CONVERGED, STALLED (no descent left above rounding), FAILED (not finite at the start), CAPPED or FLAT.
    """
    t, n = o[STATE], o[SIZE]
    if w[t + PHASE] == 0.0:
        if not (math.isfinite(f) and math.isfinite(dot(w, o[G], w, o[G], n))):
            return FAILED
        w[t + PHASE], w[t + F0], w[t + STEPS], w[t + MARK] = 1.0, f, 0.0, f
        set_scaled(w, o[BASE], 1.0, w, o[X], n)
        set_scaled(w, o[GRAD], 1.0, w, o[G], n)
        if largest(w, o[GRAD], n) <= tolerance:
            return CONVERGED
        _steepest(w, o)
        return _try(w, o)
    slope, slope0, step = dot(w, o[G], w, o[DIRECTION], n), w[t + SLOPE0], w[t + STEP]
    enough = f <= w[t + F0] + SUFFICIENT * step * slope0
    if not enough:
        enough = f <= w[t + F0] + NOISE * abs(w[t + F0]) and slope <= -0.8 * slope0
    enough = enough and math.isfinite(slope)
    if enough and slope >= CURVATURE * slope0:
        _remember(w, o)
        w[t + F0] = f
        w[t + STEPS] += 1.0
        if largest(w, o[GRAD], n) <= tolerance:
            return _stop(w, o, CONVERGED)
        if w[t + STEPS] >= cap:
            return _stop(w, o, CAPPED)
        if w[t + STEPS] % WINDOW == 0.0:
            if w[t + MARK] - f < flat:
                return _stop(w, o, FLAT)
            w[t + MARK] = f
        if w[t + PAIRS] > 0.0:
            _two_loops(w, o)
            _begin_line(w, o, 1.0)
        if w[t + PAIRS] == 0.0 or not w[t + SLOPE0] < 0.0:
            _steepest(w, o)
        return _try(w, o)
    w[t + TRIES] += 1.0
    _shrink_or_grow(w, o, f, slope, enough)
    if w[t + TRIES] >= TRIES_MOST:
        if w[t + PAIRS] == 0.0:
            return _stop(w, o, STALLED)
        _steepest(w, o)
    return _try(w, o)
