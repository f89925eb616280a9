"""The fast CPU search: the algorithm of scipy_reference in compiled code, restarts in parallel over cores.

Of finished restarts only losses and the best weights stay; what a restart costs is said in solvers.search.restarts.
"""

from collections.abc import Callable

from dufm.solvers.base.parallel import cores, versions
from dufm.solvers.engines.cpu import CpuEngine
from dufm.solvers.search.options import Plan, Start
from dufm.solvers.search.restarts import Restart, run_restarts
from dufm.solvers.search.solution import Solution
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import Problem, ProblemError

ENGINE = "numba-lbfgs"
# (first eps, start scale), by measurement (benchmarks/README.md): small scales for shallow networks, large ones for
# L >= 5 at strong regularisation, where every small start falls to zero.
PORTFOLIO = ((0.03, 0.2), (0.03, 0.5), (0.1, 1.5), (0.1, 0.2), (0.03, 0.15), (0.03, 1.0))
STARTS_PER_RESTART = 32


def compiled_search(
    problem: Problem,
    restarts: int = 24,
    seed: int = 0,
    eps0: float | None = None,
    scale: float | None = None,
    starts_per_restart: int = STARTS_PER_RESTART,
    target: float | None = None,
    progress: Callable[[int, int, float], None] | None = None,
    stop: Callable[[], bool] | None = None,
    start: Start = gaussian,
    first: int = 0,
    threads: int | None = None,
) -> Solution:
    """Search for a global minimum; arguments, result and starts as for `solvers.search.scipy_reference.search`.

    Args:
        problem, restarts, seed, eps0, scale, starts_per_restart, target, progress, start, first: as there.
        stop: asked after every restart and every 0.1 s while one runs; True ends the search and leaves out restarts
            that have not finished, so there may be none (outcome STOPPED, no weights).
        threads: restarts worked on at a time; None takes the cores this process may use. Does not change the result.

    Returns:
        A Solution in every case, also after Ctrl-C; its outcome says how the search ended.

    Raises:
        ProblemError: naming an option that makes no sense.
    """
    plan = Plan(problem, restarts, seed, eps0, scale, starts_per_restart, target, progress, stop, start, first)
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
        raise ProblemError(f"threads must be an integer >= 1, got {threads!r}")
    recipes = (Restart(i, start, *plan.settings(i, PORTFOLIO), starts_per_restart) for i in plan.indices)
    results = run_restarts(problem, CpuEngine(problem), recipes, seed, threads or cores(), stop)
    return plan.collect(results, ENGINE, versions())
