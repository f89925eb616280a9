"""Restarts that differ in how they begin: a recipe says from where, with which first eps, at which scale."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.compiled import EPS_FACTOR, FLAT, finish, in_order
from solvers.lanes import Engine, better_half, schedule
from solvers.objective import Array
from solvers.start_kinds import Kind
from theory.problem import Problem

Found = tuple[float, tuple[Array, ...]]


@dataclass(frozen=True)
class Recipe:
    """One restart.

    Attributes:
        index: with the seed it fixes every start drawn.
        start: draws them.
        eps0: first smoothing.
        scale: handed to `start`.
        heats: starts drawn; the better half stays after each stage.
    """

    index: int
    start: Kind
    eps0: float
    scale: float
    heats: int


def run_recipes(
    problem: Problem,
    engine: Engine,
    recipes: Iterable[Recipe],
    seed: int,
    threads: int,
    stop: Callable[[], bool] | None = None,
) -> Iterator[Found]:
    """(loss, weights) of every recipe, in order whatever the number of threads; NaN and () for one that was dropped.

    Ends early when `stop` holds; whoever stops reading ends the work that is under way.
    """

    def job(recipe: Recipe) -> Callable[[], Any]:
        children = [np.random.SeedSequence(seed, spawn_key=(recipe.index, heat)) for heat in range(recipe.heats)]
        starts = [recipe.start(problem, np.random.default_rng(child), recipe.scale) for child in children]
        field = engine.pack(starts)
        stages = schedule(problem, recipe.eps0, better_half, recipe.heats, EPS_FACTOR, flat=FLAT)
        return lambda: finish(problem, engine.run(field, stages))

    with ThreadPoolExecutor(threads, "dufm") as pool, np.errstate(all="ignore"):
        try:
            yield from in_order(pool, map(job, recipes), threads + 1, stop)
        finally:
            engine.flag[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)
            engine.flag[0] = 0
