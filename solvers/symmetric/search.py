"""Searches among weights that are invariant under the permutations of a grid: descents from random blocks.

Every block of a factor gets the same share of its squared norm, however seldom it occurs: starts are close to low rank,
where good weights of many classes are. SciPy's L-BFGS descends; a restart depends on the seed and its index alone.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.parallel import Stop
from dufm.solvers.search.solution import Outcome
from dufm.solvers.symmetric.grid import Grid, GridObjective
from dufm.theory.problem import Problem

SMOOTHINGS = (0.03, 0.01, 0.003, 0.001, 1e-4, 1e-5, 1e-6, 1e-7)
# Squared norms of a factor's start over K.
SCALES = (1.0, 2.0, 0.5)
STEPS, MEMORY = 800, 16
SPARE = 2


@dataclass(frozen=True, eq=False)
class SymmetricFound:
    """The best weights of a symmetric search.

    Attributes:
        problem, grid: what was searched.
        weights: entries (2^g, b, a) of H_1, W_1, ..., W_L, balanced; empty where nothing was evaluated.
        loss: theirs, with the true relu; NaN for none.
        losses: one for each restart that ended, in order.
        seed: of the starts.
        outcome: how the search ended.
        seconds: wall time.
    """

    problem: Problem
    grid: Grid
    weights: tuple[Array, ...]
    loss: float
    losses: tuple[float, ...]
    seed: int
    outcome: Outcome
    seconds: float


class _Stopped(Exception):
    """The search's stop condition held in the middle of a descent."""


def symmetric_search(
    problem: Problem,
    grid: Grid,
    restarts: int = 24,
    seed: int = 0,
    neurons: int | None = None,
    target: float | None = None,
    progress: Callable[[int, float], None] | None = None,
    stop: Stop = None,
) -> SymmetricFound:
    """Search among the weights that a grid's permutations leave unchanged.

    Args:
        problem: plain, of squared loss, with the grid's K and L >= 2.
        grid: says what is invariant.
        restarts: descents to run.
        seed: entropy >= 0; with the index of the restart it fixes the start.
        neurons: a point, in every hidden layer; two more than classes a point if not given.
        target: stop once a restart reaches this loss or less.
        progress: told the restarts that ended and the least loss, after each.
        stop: asked at every evaluation; True ends the search, and what was reached is kept. So does Ctrl-C.

    Raises:
        ProblemError: for a problem that does not fit.
    """
    began = time.perf_counter()
    objective = GridObjective(problem, grid, grid.free + SPARE if neurons is None else neurons)
    best: tuple[float, tuple[Array, ...]] = (np.inf, ())
    losses, ended = list[float](), Outcome.FINISHED
    reached = np.zeros(objective.size)

    def watched(vector: Array, eps: float) -> tuple[float, Array]:
        if stop is not None and stop():
            raise _Stopped
        return objective.evaluate(vector, eps)

    def note(vector: Array) -> None:
        reached[:] = vector

    def taken(vector: Array) -> float:
        nonlocal best
        weights = objective.weights(vector)
        value = objective.loss(weights)
        if value < best[0]:
            best = (value, tuple(weights))
        return value

    for index in range(restarts):
        reached[:] = _start(objective, index, seed)
        try:
            for eps in SMOOTHINGS:
                minimize(watched, reached.copy(), (eps,), "L-BFGS-B", True, callback=note,
                         options={"maxiter": STEPS, "maxcor": MEMORY, "ftol": 1e-13, "gtol": 1e-10})  # fmt: skip
        except (_Stopped, KeyboardInterrupt) as cut:
            taken(reached)
            ended = Outcome.STOPPED if isinstance(cut, _Stopped) else Outcome.INTERRUPTED
            break
        losses.append(taken(reached))
        if progress is not None:
            progress(len(losses), best[0])
        if target is not None and best[0] <= target:
            ended = Outcome.TARGET_REACHED
            break
    loss = best[0] if best[1] else float("nan")
    return SymmetricFound(problem, grid, best[1], loss, tuple(losses), seed, ended, time.perf_counter() - began)


def _start(objective: GridObjective, index: int, seed: int) -> Array:
    generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,)))
    pieces = [generator.standard_normal(np.prod(shape)) / np.sqrt(np.prod(shape)) for shape in objective.shapes]
    return SCALES[index % len(SCALES)] * np.concatenate(pieces)
