"""Restarts in parallel: what each begins from, one compiled call for each, results in their order.

A restart runs as one compiled call that does not hold Python's lock; Python only draws its starts and balances its
result. It depends on the seed and its own index alone and results are taken in order of index, so every number of
threads gives the same bits. Memory grows with the number of threads: each has one workspace (one L-BFGS history) and
the starts of the restart it works on.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.parallel import in_order
from dufm.solvers.engines.cpu import CpuEngine, DescentResults
from dufm.solvers.engines.schedule import better_half, schedule
from dufm.solvers.objectives.squared import balance, best_last_layer, loss
from dufm.solvers.search.options import Found, Start, drawn
from dufm.theory.problem import Problem

# Starts of a restart in a global search.
STARTS = 16
EPS_FACTOR = 0.3
FLAT = 1e-5


def finish(problem: Problem, field: DescentResults) -> Found:
    """(loss, balanced weights) of the best descent left, with the true relu; (NaN, ()) if there is none."""
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


@dataclass(frozen=True)
class Restart:
    """One restart.

    Attributes:
        index: with the seed it fixes every start drawn.
        start: draws them.
        eps0: first smoothing.
        scale: handed to `start`.
        starts_per_restart: starts drawn; the better half stays after each stage.
    """

    index: int
    start: Start
    eps0: float
    scale: float
    starts_per_restart: int


@dataclass(frozen=True)
class Runner:
    """What runs the restarts of a global search.

    Attributes:
        engine: its name.
        run: (recipes, seed, stop, cut) -> (loss, weights) of each in order, as `run_restarts`.
        rounds: fewest and most restarts it is handed at a time.
        versions: version of every program that decides the bits of a result.
        settings: what else decides them, JSON-serialisable.
    """

    engine: str
    run: Callable[[Sequence[Restart], int, Callable[[], bool] | None, Callable[[Found], None]], Generator[Found]]
    rounds: tuple[int, int]
    versions: dict[str, str]
    settings: dict[str, Any]


def prepared(problem: Problem, engine: Any, recipe: Restart, seed: int) -> tuple[Array, Array]:
    """The packed starts of a recipe and its stages, for either engine."""
    starts = engine.pack(drawn(problem, recipe.start, seed, recipe.index, recipe.starts_per_restart, recipe.scale))
    return starts, schedule(problem, recipe.eps0, better_half, recipe.starts_per_restart, EPS_FACTOR, flat=FLAT)


def run_restarts(
    problem: Problem,
    engine: CpuEngine,
    recipes: Iterable[Restart],
    seed: int,
    threads: int,
    stop: Callable[[], bool] | None = None,
    cut: Callable[[Found], None] | None = None,
) -> Generator[Found]:
    """(loss, weights) of every recipe, in order whatever the number of threads; NaN and () for one that was dropped.

    Ends early when `stop` holds; whoever stops reading ends the work that is under way. What restarts that were cut
    short had reached is handed to `cut`, in order.
    """
    short: list[tuple[int, Found]] = []

    def job(recipe: Restart) -> Callable[[], Any]:
        field, stages = prepared(problem, engine, recipe, seed)

        def work() -> Found:
            found = finish(problem, engine.run(field, stages))
            if engine.flag[0]:
                short.append((recipe.index, found))
            return found

        return work

    with ThreadPoolExecutor(threads, "dufm") as pool, np.errstate(all="ignore"):
        try:
            yield from in_order(pool, map(job, recipes), threads + 1, stop)
        finally:
            engine.flag[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)
            engine.flag[0] = 0
            for _, found in sorted(short, key=lambda entry: entry[0]):
                if cut is not None and found[1]:
                    cut(found)
