"""L-BFGS on the DUFM loss over many descents in lock-step, as one compiled JAX program; the only module to import jax.

The mathematics is that of solvers.compiled.lbfgs and solvers.objectives.squared_kernel: one evaluation an iteration,
weak Wolfe conditions by bracketing with cubic steps, the approximate Wolfe condition near rounding level. Each descent
has its own eps, tolerance and place in its line search, so descents need not be in the same stage; one that has ended
waits to be replaced.

The direction -H g uses the compact form of H (Byrd, Nocedal, Schnabel 1994, doi 10.1007/BF01582063) in place of two
loops: two passes over the history instead of 4 x memory small steps, each of which would be a kernel of its own.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from dufm.solvers.base.arrays import Shapes
from dufm.solvers.compiled.lbfgs import CURVATURE, NOISE, SUFFICIENT, TRIES_MOST, WINDOW

RUNNING, CONVERGED, STALLED, FAILED, CAPPED, FLAT, FRESH = range(7)


class Descents(NamedTuple):
    """Everything about B descents of n variables with m remembered pairs; scalars are vectors of length B.

    Attributes:
        x: point to evaluate next; base, grad, f0: best point accepted, its gradient and value (B x n, B x n, B).
        history: steps s (rows 0..m-1) and gradient changes y (rows m..2m-1), B x 2m x n.
        sy, yy: s_i . y_j for i no newer than j, and y_i . y_j, B x m x m.
        status: RUNNING, why the descent ended, or FRESH: x has not been evaluated yet.
    """

    x: Array
    base: Array
    grad: Array
    direction: Array
    history: Array
    sy: Array
    yy: Array
    status: Array
    evaluations: Array
    steps: Array
    tries: Array
    pairs: Array
    head: Array
    f0: Array
    mark: Array
    slope0: Array
    step: Array
    low: Array
    f_low: Array
    slope_low: Array
    high: Array
    f_high: Array
    slope_high: Array
    eps: Array
    tolerance: Array
    cap: Array
    flat: Array


def bytes_per_descent(shapes: Shapes, memory: int) -> int:
    """Upper estimate of what one descent needs in `burst`, temporaries included."""
    n, hidden = sum(r * c for r, c in shapes), sum(r * c for r, c in shapes) + shapes[0][1] ** 2
    return 8 * (2 * memory * n + 16 * n + 8 * hidden + 8 * memory**2 + 64)


@functools.partial(jax.jit, static_argnames=("count", "size", "memory"))
def empty(count: int, size: int, memory: int) -> Descents:
    """Descents that have all ended."""
    matrices = {"history": (2 * memory, size), "sy": (memory, memory), "yy": (memory, memory)}
    vectors = dict.fromkeys(("x", "base", "grad", "direction"), (size,))
    fields = {name: jnp.zeros((count, *shape)) for name, shape in (matrices | vectors).items()}
    fields |= {name: jnp.zeros(count, dtype=jnp.int32) for name in ("evaluations", "steps", "tries", "pairs", "head")}
    fields["status"] = jnp.full(count, FAILED, dtype=jnp.int32)
    return Descents(**{name: fields.get(name, jnp.zeros(count)) for name in Descents._fields})


@functools.partial(jax.jit, donate_argnames="t")
def load(t: Descents, slots: Array, x: Array, stage: Array) -> Descents:
    """Begin a descent in each of `slots` from the rows of x; `stage` has columns eps, tolerance, most steps, flat.

    Slots beyond the last descent are left out, so that any number of descents has the same shapes.
    """
    new = {"x": x, "base": x, "status": FRESH, "evaluations": 0, "pairs": 0, "head": 0}
    new |= dict(zip(("eps", "tolerance", "cap", "flat"), stage.T, strict=True))
    return t._replace(**{name: getattr(t, name).at[slots].set(value, mode="drop") for name, value in new.items()})


@jax.jit
def fetch(t: Descents, slots: Array) -> tuple[Array, Array]:
    """(best points, values) of the slots."""
    return t.base[slots], t.f0[slots]


def unpack(x: Array, shapes: Shapes) -> list[Array]:
    """The factors (H_1, W_1, ..., W_{L-1}) of every descent."""
    factors, at = [], 0
    for rows, columns in shapes:
        factors.append(x[:, at : at + rows * columns].reshape(-1, rows, columns))
        at += rows * columns
    return factors


def evaluate(x: Array, eps: Array, lambdas: Array, shapes: Shapes) -> tuple[Array, Array]:
    """Losses with relu_eps and W_L eliminated (B), and gradients (B x n); see solvers.objectives.squared."""
    factors, K, ridge = unpack(x, shapes), shapes[0][1], lambdas[-1]
    features, slopes, square = [factors[0]], [], (eps * eps)[:, None, None]
    for factor in factors[1:]:
        z = factor @ features[-1]
        root = jnp.sqrt(z * z + square)
        features.append(0.5 * (z + root))
        slopes.append(0.5 * (1.0 + jnp.where(root > 0, z / root, -1.0)))
    identity = jnp.eye(K)
    gram = features[-1].mT @ features[-1] + K * ridge * identity
    root = jax.lax.linalg.cholesky(gram, symmetrize_input=False)
    half = jax.lax.linalg.triangular_solve(root, jnp.broadcast_to(identity, gram.shape), left_side=True, lower=True)
    inverse = half.mT @ half
    value = ridge * (half * half).sum((1, 2))
    adjoint = features[-1] @ (inverse @ inverse) * -ridge
    gradients = []
    for i in range(len(factors) - 1, -1, -1):
        below = adjoint
        if i > 0:
            below = adjoint * slopes[i - 1]
            adjoint = factors[i].mT @ below
            below = below @ features[i - 1].mT
        gradients.append((below + lambdas[i] * factors[i]).reshape(len(x), -1))
        value += lambdas[i] * (factors[i] * factors[i]).sum((1, 2))
    return 0.5 * value, jnp.concatenate(gradients[::-1], axis=1)


@functools.partial(jax.jit, static_argnames="shapes")
def evaluation(x: Array, eps: Array, lambdas: Array, shapes: Shapes) -> tuple[Array, Array]:
    """`evaluate`, compiled alone."""
    return evaluate(x, eps, lambdas, shapes)


@functools.partial(jax.jit, static_argnames="shapes", donate_argnames="t")
def burst(t: Descents, lambdas: Array, floor: Array, most: Array, shapes: Shapes) -> tuple[Descents, Array, Array]:
    """Evaluate and advance, `most` times or until `floor` descents are under way; (descents, status, evaluations)."""

    def under_way(carry: tuple[Descents, Array]) -> Array:
        return (carry[1] < most) & (_active(carry[0].status).sum() > floor)

    def body(carry: tuple[Descents, Array]) -> tuple[Descents, Array]:
        f, g = evaluate(carry[0].x, carry[0].eps, lambdas, shapes)
        return advance(carry[0], f, g), carry[1] + 1

    t, _ = jax.lax.while_loop(under_way, body, (t, jnp.zeros_like(most)))
    return t, t.status, t.evaluations


def _active(status: Array) -> Array:
    return (status == RUNNING) | (status == FRESH)


def _dot(a: Array, b: Array) -> Array:
    return (a * b).sum(-1)


def advance(t: Descents, f: Array, g: Array) -> Descents:
    """Use the value and gradient at x in every descent under way, as solvers.compiled.lbfgs.advance does in one."""
    fresh, running = t.status == FRESH, t.status == RUNNING
    slope = _dot(g, t.direction)
    enough = f <= t.f0 + SUFFICIENT * t.step * t.slope0
    enough |= (f <= t.f0 + NOISE * jnp.abs(t.f0)) & (slope <= -0.8 * t.slope0)
    enough &= jnp.isfinite(slope)
    accept = running & enough & (slope >= CURVATURE * t.slope0)
    moved = accept | (fresh & jnp.isfinite(f) & jnp.isfinite(_dot(g, g)))
    missed = running & ~accept
    t, minus_Hg = _remember(t, g, accept)

    steps = jnp.where(fresh, 0, t.steps + accept)
    window = accept & (steps % WINDOW == 0)
    reasons = [
        (fresh & ~moved, FAILED),
        (moved & (jnp.abs(g).max(-1) <= t.tolerance), CONVERGED),
        (accept & (steps >= t.cap), CAPPED),
        (window & (t.mark - f < t.flat), FLAT),
        (missed & (t.tries + 1 >= TRIES_MOST) & (t.pairs == 0), STALLED),
        (fresh, RUNNING),
    ]
    status = jnp.select([hit for hit, _ in reasons], [code for _, code in reasons], t.status)

    grad = jnp.where(moved[:, None], g, t.grad)
    slope0 = _dot(minus_Hg, g)
    restart = missed & (t.tries + 1 >= TRIES_MOST)
    steepest = restart | (moved & ((t.pairs == 0) | ~(slope0 < 0)))
    begin = moved | restart
    direction = jnp.where(moved[:, None], minus_Hg, t.direction)
    direction = jnp.where(steepest[:, None], -grad, direction)
    square, base = _dot(grad, grad), jnp.where(moved[:, None], t.x, t.base)
    slope0 = jnp.where(steepest, -square, jnp.where(moved, slope0, t.slope0))
    first = jnp.where(steepest, jnp.minimum(1.0, 1.0 / jnp.sqrt(square)), 1.0)
    t = _shrink_or_grow(t, f, slope, enough, missed)
    f0 = jnp.where(moved, f, t.f0)
    step = jnp.where(begin, first, t.step)
    return t._replace(
        x=jnp.where(_active(status)[:, None], base + step[:, None] * direction, base),
        base=base,
        grad=grad,
        direction=direction,
        status=status,
        evaluations=t.evaluations + (fresh | running),
        steps=steps,
        tries=jnp.where(begin, 0, t.tries + missed),
        pairs=jnp.where(steepest, 0, t.pairs),
        head=jnp.where(steepest, 0, t.head),
        f0=jnp.where(fresh & ~moved, jnp.nan, f0),
        mark=jnp.where(window | fresh, f, t.mark),
        slope0=slope0,
        step=step,
        low=jnp.where(begin, 0.0, t.low),
        f_low=jnp.where(begin, f0, t.f_low),
        slope_low=jnp.where(begin, slope0, t.slope_low),
        high=jnp.where(begin, jnp.inf, t.high),
    )


def _remember(t: Descents, g: Array, accept: Array) -> tuple[Descents, Array]:
    """Keep the pair (step, change of gradient) of the descents in `accept`; the descents, and -H g of every descent."""
    m = t.sy.shape[-1]
    slots = jnp.arange(m)
    s, y = t.step[:, None] * t.direction, g - t.grad
    curvature, square = _dot(s, y), _dot(y, y)
    keep = accept & (curvature > 1e-16 * square)
    # Written by a scatter (a row beyond the last is dropped) before anything reads it, so that it changes in place.
    descent, row = jnp.arange(len(g)), jnp.where(keep, t.head, 2 * m)
    history = t.history.at[descent, row].set(s, mode="drop", unique_indices=True)
    history = history.at[descent, row + m].set(y, mode="drop", unique_indices=True)
    with_g, with_y = ((history @ vector[:, :, None])[:, :, 0] for vector in (g, y))
    here = keep[:, None] & (slots == t.head[:, None])
    sy = jnp.where(here[:, None, :], with_y[:, :m, None], t.sy)
    yy = jnp.where(here[:, None, :], with_y[:, m:, None], jnp.where(here[:, :, None], with_y[:, None, m:], t.yy))
    pairs = jnp.minimum(t.pairs + keep, m)
    head = (t.head + keep) % m

    # In order of age, oldest first; places without a pair get a unit diagonal and drop out.
    order, back = (head[:, None] + slots) % m, (slots - head[:, None]) % m
    valid = slots >= m - pairs[:, None]
    both = valid[:, :, None] & valid[:, None, :]

    def sort(matrix: Array) -> Array:
        rows = jnp.take_along_axis(matrix, order[:, :, None], 1)
        return jnp.where(both, jnp.take_along_axis(rows, order[:, None, :], 2), 0.0)

    def pick(vector: Array) -> Array:
        return jnp.where(valid, jnp.take_along_axis(vector, order, 1), 0.0)

    sy_sorted, yy_sorted = sort(sy), sort(yy)
    diagonal = jnp.diagonal(sy_sorted, axis1=1, axis2=2)
    gamma = jnp.where(pairs > 0, diagonal[:, -1] / jnp.where(pairs > 0, yy_sorted[:, -1, -1], 1.0), 1.0)[:, None]
    upper = jnp.triu(sy_sorted) + jnp.where(valid, 0.0, 1.0)[:, :, None] * jnp.eye(m)
    solve = functools.partial(jax.lax.linalg.triangular_solve, upper, left_side=True, lower=False)
    p = solve(pick(with_g[:, :m])[:, :, None])
    inner = diagonal[:, :, None] * p + gamma[:, :, None] * (yy_sorted @ p - pick(with_g[:, m:])[:, :, None])
    q = solve(inner, transpose_a=True)
    weights = [jnp.take_along_axis(part, back, 1) for part in (-q[:, :, 0], gamma * p[:, :, 0])]
    minus_Hg = (jnp.concatenate(weights, axis=1)[:, None, :] @ history)[:, 0] - gamma * g
    return t._replace(history=history, sy=sy, yy=yy, pairs=pairs, head=head), minus_Hg


def _shrink_or_grow(t: Descents, f: Array, slope: Array, enough: Array, missed: Array) -> Descents:
    """Next step of the line search in the descents that `missed`; see solvers.compiled.lbfgs."""
    step, width, bend = t.step, t.step - t.low, t.slope_low - slope
    reach = jnp.where(bend < 0.0, width * slope / jnp.where(bend < 0.0, bend, -1.0), 4.0 * width)
    grown = step + jnp.clip(reach, width, 4.0 * width)
    short, long = missed & enough, missed & ~enough
    low, high = jnp.where(short, step, t.low), jnp.where(long, step, t.high)
    f_low, f_high = jnp.where(short, f, t.f_low), jnp.where(long, f, t.f_high)
    slope_low, slope_high = jnp.where(short, slope, t.slope_low), jnp.where(long, slope, t.slope_high)
    usable = jnp.isfinite(f_high) & jnp.isfinite(slope_high)
    between = jnp.where(usable, _cubic(low, f_low, slope_low, high, f_high, slope_high), low + 0.2 * (high - low))
    step = jnp.where(missed, jnp.where(jnp.isinf(high), grown, between), step)
    new = {"step": step, "low": low, "f_low": f_low, "slope_low": slope_low}
    return t._replace(**new, high=high, f_high=f_high, slope_high=slope_high)


def _cubic(a: Array, fa: Array, sa: Array, b: Array, fb: Array, sb: Array) -> Array:
    """Minimiser of the cubic with values fa, fb and slopes sa, sb at a < b, kept away from both ends."""
    edge = 0.1 * (b - a)
    theta = 3.0 * (fa - fb) / (b - a) + sa + sb
    square = theta * theta - sa * sb
    root = jnp.sqrt(jnp.maximum(square, 0.0))
    found = b - (b - a) * (sb + root - theta) / (sb - sa + 2.0 * root)
    guess = jnp.where((square >= 0.0) & jnp.isfinite(found), found, 0.5 * (a + b))
    return jnp.clip(guess, a + edge, b - edge)
