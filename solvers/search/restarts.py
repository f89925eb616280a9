"""Restarts in parallel: what each begins from, one compiled call for each, results in their order.

A restart runs as one compiled call that does not hold Python's lock; Python only draws its starts and balances its
result. It depends on the seed and its own index alone and results are taken in order of index, so every number of
threads gives the same bits. Memory grows with the number of threads: each has one workspace (one L-BFGS history) and
the starts of the restart it works on.
"""

import os
import platform
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import llvmlite
import numba
import numpy as np
import scipy

from solvers.engines.cpu import Engine, Field, better_half, schedule
from solvers.objectives.squared import Array, balance, best_last_layer, loss
from solvers.search.options import Found, Start, drawn
from theory.problem import Problem

# Starts of a restart in a global search.
STARTS = 16
EPS_FACTOR = 0.3
FLAT = 1e-5
POLL_SECONDS = 0.1


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Version of every program that decides the bits of a result."""
    packages = {module.__name__: module.__version__ for module in (np, scipy, numba, llvmlite)}
    return {"python": platform.python_version(), **packages}


def finish(problem: Problem, field: Field) -> Found:
    """(loss, balanced weights) of the best lane left, with the true relu; (NaN, ()) if there is none."""
    if not field.left:
        return float("nan"), ()
    lower = field.lower[0]
    # NumPy keeps error states by thread, and this runs on the pool.
    with np.errstate(all="ignore"):
        try:
            weights = balance(problem, [*lower, best_last_layer(problem, lower)])
            value = loss(problem, weights)
        except np.linalg.LinAlgError:
            return float("nan"), ()
    return (value, tuple(weights)) if np.isfinite(value) else (float("nan"), ())


def in_order(
    pool: ThreadPoolExecutor, jobs: Iterable[Callable[[], Any]], ahead: int, stop: Callable[[], bool] | None
) -> Iterator[Any]:
    """Results of the jobs in their order, at most `ahead` of them begun and not yet handed on; ends early on `stop`."""
    waiting: deque[Future] = deque()
    source = iter(jobs)
    while True:
        while len(waiting) < ahead and (job := next(source, None)) is not None:
            waiting.append(pool.submit(job))
        if not waiting:
            return
        while True:
            try:
                result = waiting[0].result(timeout=POLL_SECONDS)
                break
            except TimeoutError:
                if stop is not None and stop():
                    return
        waiting.popleft()
        yield result


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
    start: Start
    eps0: float
    scale: float
    heats: int


@dataclass(frozen=True)
class Runner:
    """What runs the restarts of a global search.

    Attributes:
        engine: its name.
        run: (recipes, seed, stop) -> (loss, weights) of each in order, as `run_recipes`.
        rounds: fewest and most restarts it is handed at a time.
        versions: version of every program that decides the bits of a result.
        settings: what else decides them, JSON-serialisable.
    """

    engine: str
    run: Callable[[Sequence[Recipe], int, Callable[[], bool] | None], Generator[Found]]
    rounds: tuple[int, int]
    versions: dict[str, str]
    settings: dict[str, Any]


def prepared(problem: Problem, engine: Any, recipe: Recipe, seed: int) -> tuple[Array, Array]:
    """The packed starts of a recipe and its stages, for either engine."""
    starts = engine.pack(drawn(problem, recipe.start, seed, recipe.index, recipe.heats, recipe.scale))
    return starts, schedule(problem, recipe.eps0, better_half, recipe.heats, EPS_FACTOR, flat=FLAT)


def run_recipes(
    problem: Problem,
    engine: Engine,
    recipes: Iterable[Recipe],
    seed: int,
    threads: int,
    stop: Callable[[], bool] | None = None,
) -> Generator[Found]:
    """(loss, weights) of every recipe, in order whatever the number of threads; NaN and () for one that was dropped.

    Ends early when `stop` holds; whoever stops reading ends the work that is under way.
    """

    def job(recipe: Recipe) -> Callable[[], Any]:
        field, stages = prepared(problem, engine, recipe, seed)
        return lambda: finish(problem, engine.run(field, stages))

    with ThreadPoolExecutor(threads, "dufm") as pool, np.errstate(all="ignore"):
        try:
            yield from in_order(pool, map(job, recipes), threads + 1, stop)
        finally:
            engine.flag[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)
            engine.flag[0] = 0
