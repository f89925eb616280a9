"""The fast CPU search: the algorithm of solvers.search in compiled code, restarts in parallel over cores.

A restart runs as one compiled call that does not hold Python's lock; Python only draws its starts and balances its
result. A restart depends on the seed and its own index alone and results are taken in order of index, so every number
of threads gives the same bits. Memory grows with the number of threads: each has one workspace (one L-BFGS history)
and the starts of the restart it works on; of finished restarts only losses and the best weights stay.
"""

import os
import platform
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import llvmlite
import numba
import numpy as np
import scipy

from solvers.lanes import Engine, Field, better_half, schedule
from solvers.objective import Array, balance, best_last_layer, loss
from solvers.search import Start, check_options
from solvers.solution import Outcome, Solution
from solvers.starts import gaussian
from theory.problem import Problem, ProblemError

ENGINE = "numba-lbfgs"
# (first eps, start scale), by measurement (benchmarks/README.md): small scales for shallow networks, large ones for
# L >= 5 at strong regularisation, where every small start falls to zero.
PORTFOLIO = ((0.03, 0.2), (0.03, 0.5), (0.1, 1.5), (0.1, 0.2), (0.03, 0.15), (0.03, 1.0))
EPS_FACTOR = 0.3
FLAT = 1e-5
HEATS = 32
POLL_SECONDS = 0.1


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def versions() -> dict[str, str]:
    """Version of every program that decides the bits of a result."""
    packages = {module.__name__: module.__version__ for module in (np, scipy, numba, llvmlite)}
    return {"python": platform.python_version(), **packages}


def finish(problem: Problem, field: Field) -> tuple[float, tuple[Array, ...]]:
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


def compiled_search(
    problem: Problem,
    restarts: int = 24,
    seed: int = 0,
    eps0: float | None = None,
    scale: float | None = None,
    heats: int = HEATS,
    target: float | None = None,
    progress: Callable[[int, int, float], None] | None = None,
    stop: Callable[[], bool] | None = None,
    start: Start = gaussian,
    first: int = 0,
    threads: int | None = None,
) -> Solution:
    """Search for a global minimum; arguments, result and starts as for `solvers.search.search`.

    Args:
        problem, restarts, seed, eps0, scale, heats, target, progress, start, first: as there.
        stop: asked after every restart and every 0.1 s while one runs; True ends the search and leaves out restarts
            that have not finished, so there may be none (outcome STOPPED, no weights).
        threads: restarts worked on at a time; None takes the cores this process may use. Does not change the result.

    Returns:
        A Solution in every case, also after Ctrl-C; its outcome says how the search ended.

    Raises:
        ProblemError: naming an option that makes no sense.
    """
    check_options(restarts, seed, eps0, scale, heats, target, first)
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
        raise ProblemError(f"threads must be an integer >= 1, got {threads!r}")
    workers = threads or cores()
    began = time.perf_counter()
    best: tuple[float, tuple[Array, ...]] = (float("inf"), ())
    losses: list[float] = []
    outcome = Outcome.FINISHED
    engine = Engine(problem)

    def job(index: int) -> Callable[[], tuple[float, tuple[Array, ...]]]:
        own_eps0, own_scale = PORTFOLIO[index % len(PORTFOLIO)]
        children = [np.random.SeedSequence(seed, spawn_key=(index, heat)) for heat in range(heats)]
        width = own_scale if scale is None else scale
        field = engine.pack([start(problem, np.random.default_rng(child), width) for child in children])
        first_eps = own_eps0 if eps0 is None else eps0
        stages = schedule(problem, first_eps, better_half, heats, EPS_FACTOR, flat=FLAT)
        return lambda: finish(problem, engine.run(field, stages))

    with ThreadPoolExecutor(workers, "dufm") as pool, np.errstate(all="ignore"):
        try:
            for found in in_order(pool, map(job, range(first, first + restarts)), workers + 1, stop):
                losses.append(found[0])
                best = found if found[0] < best[0] else best
                if progress is not None:
                    progress(len(losses), restarts, best[0])
                if target is not None and best[0] <= target:
                    outcome = Outcome.TARGET_REACHED
                    break
                if stop is not None and stop():
                    break
        except KeyboardInterrupt:
            outcome = Outcome.INTERRUPTED
        finally:
            engine.flag[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)
    if outcome is Outcome.FINISHED and len(losses) < restarts:
        outcome = Outcome.STOPPED
    if losses and not best[1] and outcome is not Outcome.INTERRUPTED:
        outcome = Outcome.ALL_FAILED
    return Solution(
        problem=problem,
        weights=best[1],
        loss=best[0] if best[1] else float("nan"),
        losses=np.array(losses, dtype=float),
        engine=ENGINE,
        versions=versions(),
        seed=seed,
        settings={"restarts": restarts, "eps0": eps0, "scale": scale, "heats": heats, "target": target, "first": first}
        | {"start": getattr(start, "__name__", type(start).__name__)},
        outcome=outcome,
        seconds=time.perf_counter() - began,
    )
