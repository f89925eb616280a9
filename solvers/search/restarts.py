"""Restarts in parallel: what each begins from, one compiled call for each, results in their order.

A restart runs as one compiled call that does not hold Python's lock; Python only draws its starts and balances its
result. It depends on the seed and its own index alone and results are taken in order of index, so every number of
threads gives the same bits. Memory grows with the number of threads: each has one workspace (one L-BFGS history) and
the starts of the restart it works on.
"""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.parallel import Stop, in_order
from dufm.solvers.engines.cpu import CpuEngine, DescentResults
from dufm.solvers.engines.gpu.scheduler import GpuEngine
from dufm.solvers.engines.schedule import better_half, schedule
from dufm.solvers.objectives.squared import balance, best_last_layer, loss
from dufm.solvers.search.found import DROPPED, Found, Provenance
from dufm.theory.problem import Problem

EPS_FACTOR = 0.3
FLAT = 1e-5


class Start(Protocol):
    """Draws the weights (H_1, W_1, ..., W_L) a descent begins from."""

    def __call__(self, problem: Problem, generator: np.random.Generator, scale: float, /) -> list[Array]:
        """Weights of the problem's shapes; `scale` is the portfolio's."""
        ...


@dataclass(frozen=True)
class Restart:
    """One restart.

    Attributes:
        index: with the seed it fixes every start drawn.
        start: draws them.
        eps0: first smoothing.
        scale: handed to `start`.
        starts: how many are drawn; the better half stays after each stage.
    """

    index: int
    start: Start
    eps0: float
    scale: float
    starts: int

    def drawn(self, problem: Problem, seed: int) -> list[list[Array]]:
        """The starts: they depend on the seed, the restart's index and the start's number alone."""
        children = [np.random.SeedSequence(seed, spawn_key=(self.index, number)) for number in range(self.starts)]
        return [self.start(problem, np.random.default_rng(child), self.scale) for child in children]


class RunRestarts(Protocol):
    """Runs restarts; see `run_restarts`, which is one."""

    def __call__(
        self, restarts: Iterable[Restart], seed: int, stop: Stop = None, cut: Callable[[Found], None] | None = None, /
    ) -> Generator[Found]:
        """What became of each restart, in order."""
        ...


@dataclass(frozen=True)
class Runner:
    """What runs the restarts of a search.

    Attributes:
        run: (restarts, seed, stop, cut) -> what became of each, in order, as `run_restarts`.
        rounds: fewest and most restarts of a round of a global search.
        provenance: what of it decides the bits of a result.
    """

    run: RunRestarts
    rounds: tuple[int, int]
    provenance: Provenance


def finish(problem: Problem, results: DescentResults) -> Found:
    """The best descent left, balanced, with the true relu; DROPPED if there is none."""
    if not results.left:
        return DROPPED
    lower = results.lower[0]
    # NumPy keeps error states by thread, and this runs on the pool.
    with np.errstate(all="ignore"):
        try:
            weights = balance(problem, [*lower, best_last_layer(problem, lower)])
            value = loss(problem, weights)
        except np.linalg.LinAlgError:
            return DROPPED
    return Found(value, tuple(weights)) if np.isfinite(value) else DROPPED


def prepared(problem: Problem, engine: CpuEngine | GpuEngine, restart: Restart, seed: int) -> tuple[Array, Array]:
    """The packed starts of a restart and its stages, for either engine."""
    starts = engine.pack(restart.drawn(problem, seed))
    return starts, schedule(problem, restart.eps0, better_half, restart.starts, EPS_FACTOR, flat=FLAT)


def run_restarts(
    engine: CpuEngine,
    threads: int,
    restarts: Iterable[Restart],
    seed: int,
    stop: Stop = None,
    cut: Callable[[Found], None] | None = None,
) -> Generator[Found]:
    """What became of every restart, in order whatever the number of threads.

    Ends early when `stop` holds; whoever stops reading ends the work that is under way. What restarts that were cut
    short had reached is handed to `cut`, in order.
    """
    problem, short = engine.problem, list[tuple[int, Found]]()

    def job(restart: Restart) -> Callable[[], Found]:
        points, stages = prepared(problem, engine, restart, seed)

        def work() -> Found:
            found = finish(problem, engine.run(points, stages))
            if engine.flag[0]:
                short.append((restart.index, found))
            return found

        return work

    with ThreadPoolExecutor(threads, "dufm") as pool, np.errstate(all="ignore"):
        try:
            yield from in_order(pool, map(job, restarts), threads + 1, stop)
        finally:
            engine.flag[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)
            engine.flag[0] = 0
            for _, found in sorted(short, key=lambda entry: entry[0]):
                if cut is not None and found.weights:
                    cut(found)
