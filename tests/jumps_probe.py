"""Try to step out of an absorbing set: members pushed to its boundary, one step on the worst entries and targets.

A probe cannot prove anything; it would find a mistake in the constants. Members are balanced networks of rank r with a
tail, changed in a random direction until one of the three measures reaches its bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.base.arrays import Array
from dufm.solvers.jumps.absorbing import ratio_to_boundary
from dufm.theory.jumps.absorbing import AbsorbingSet
from dufm.theory.stated import ProblemError

Indices = NDArray[np.int64]
HALVINGS = 24
# Rounding in the measures of a member, relative to their bounds; members start this far inside.
INSIDE = 1e-9


@dataclass(frozen=True)
class Probe:
    """What a round of one-step checks found.

    Attributes:
        checks: steps tried.
        outside: steps that ended outside B_r.
        worst: the largest ratio to the boundary after a step.
    """

    checks: int
    outside: int
    worst: float


def members(found: AbsorbingSet, n: int, r: int, count: int, rng: np.random.Generator) -> list[Array]:
    """So many members of B_r at its boundary, layers of shape (count, n, n)."""
    L, c, t = found.L, float(found.c), float(found.t)
    frames = [np.linalg.qr(rng.normal(size=(count, n, n)))[0] for _ in range(L + 1)]
    values = np.zeros((count, n))
    head = rng.random((count, r))
    size = np.sqrt(np.sum(head * head, axis=1, keepdims=True)) if r else np.ones((count, 1))
    # Half of the members lie on the sphere ||W_l||_F^2 = C but for their tail.
    reach = np.where(rng.random((count, 1)) < 0.5, 1.0, rng.random((count, 1))) * np.sqrt(max(c**2 - n * t**2, 0.0))
    values[:, :r] = head / size * reach
    tail = rng.random((count, n - r))
    values[:, r:] = t * np.where(rng.random((count, 1)) < 0.5, tail, 1.0)
    base = [b * values[:, None, :] @ np.swapaxes(a, 1, 2) for a, b in zip(frames, frames[1:], strict=False)]
    push = [rng.normal(size=(count, n, n)) for _ in range(L)]
    # Rounding may put the balanced network a hair outside; shrink it until it is in.
    low, high = np.zeros(count), np.full(count, 2 * c)
    base = [w * (1 - INSIDE) for w in base]
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        moved = [w + middle[:, None, None] * p for w, p in zip(base, push, strict=True)]
        inside = ratio_to_boundary(moved, r, found) <= 1 - INSIDE
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return [w + low[:, None, None] * p for w, p in zip(base, push, strict=True)]


def batch_step(
    weights: Sequence[Array], rows: Indices, columns: Indices, targets: Array, lam: float, eta: float
) -> list[Array]:
    """One SGD step of many chains, each on its own batch.

    Args:
        weights: (W_1, ..., W_L), each of shape (chains, rows, columns).
        rows, columns, targets: shape (chains, batch); the gradients of a batch are averaged.
    """
    chains = np.arange(len(rows))[:, None]
    below = [np.broadcast_to(np.eye(weights[0].shape[2]), (len(rows), *(weights[0].shape[2],) * 2))]
    for w in weights[:-1]:
        below.append(w @ below[-1])
    error = (weights[-1] @ below[-1])[chains, rows, columns] - targets
    back = np.zeros((len(rows), weights[-1].shape[1], weights[0].shape[2]))
    np.add.at(back, (chains, rows, columns), error / rows.shape[1])
    moved = []
    for w, features in zip(reversed(weights), reversed(below), strict=True):
        moved.append((1 - 2 * eta * lam) * w - eta * back @ np.swapaxes(features, 1, 2))
        back = np.swapaxes(w, 1, 2) @ back
    return moved[::-1]


def probe(found: AbsorbingSet, n: int, r: int, checks: int, seed: int, factor: float = 1.0) -> Probe:
    """One step from the boundary, with single entries, batches, random and extreme targets.

    Args:
        found: the set and the step size it is certified for.
        n: size of the matrices.
        r: 0 <= r < n.
        checks: steps to try.
        seed: fixes everything.
        factor: steps are this much longer than certified; far above 1 the probe must find ways out.
    """
    if not 0 <= r < n or checks < 1 or not factor > 0:
        raise ProblemError(f"a probe needs 0 <= r < n, checks >= 1, factor > 0, got {r}, {n}, {checks}, {factor}")
    rng = np.random.default_rng(seed)
    weights = members(found, n, r, checks, rng)
    size = int(rng.integers(1, 4))
    rows, columns = (rng.integers(0, n, (checks, size)) for _ in range(2))
    a = float(found.a)
    extreme = rng.choice((-a, a), (checks, size))
    targets = np.where(rng.random((checks, 1)) < 0.5, extreme, rng.uniform(-a, a, (checks, size)))
    # Half of the batches hold one entry alone: the longest steps.
    single = rng.random((checks, 1)) < 0.5
    rows, columns, targets = (np.where(single, v[:, :1], v) for v in (rows, columns, targets))
    moved = batch_step(weights, rows, columns, targets, float(found.lam), factor * float(found.eta))
    ratio = ratio_to_boundary(moved, r, found)
    return Probe(checks, int(np.sum(ratio > 1)), float(ratio.max()))
