"""Searches with a fixed portfolio of starts, restarts in parallel: on this machine's cores, or on whatever runs them.

Of finished restarts only losses and the best weights stay; what a restart costs is said in solvers.search.restarts.
"""

from functools import partial

from dufm.solvers.base.checks import require_integers
from dufm.solvers.base.parallel import cores, versions
from dufm.solvers.engines.cpu import CpuEngine
from dufm.solvers.search.found import Provenance
from dufm.solvers.search.options import FIXED_DEFAULTS, FixedOptions, collect
from dufm.solvers.search.restarts import Runner, run_restarts
from dufm.solvers.search.solution import Solution
from dufm.theory.problem import ACTIVATIONS, Problem

ENGINE = "numba-lbfgs"
# (first eps, start scale), by measurement (benchmarks/README.md): small scales for shallow networks, large ones for
# L >= 5 at strong regularisation, where every small start falls to zero.
PORTFOLIO = ((0.03, 0.2), (0.03, 0.5), (0.1, 1.5), (0.1, 0.2), (0.03, 0.15), (0.03, 1.0))
# Fewest and most restarts of a round. Rounds of the processor grow with a global search: early ones are short, so that
# start recipes that vary the best minima soon have one to vary.
ROUNDS = (4, 48)


def processor(problem: Problem, threads: int | None = None) -> Runner:
    """The compiled engine on so many threads, None for the cores this process may use.

    Raises:
        ProblemError: for less than one thread.
    """
    require_integers(1, threads=threads)
    engine = CpuEngine(problem)
    return Runner(partial(run_restarts, engine, threads or cores()), ROUNDS, Provenance(ENGINE, versions()))


def compiled_search(
    problem: Problem,
    options: FixedOptions = FIXED_DEFAULTS,
    threads: int | None = None,
    runner: Runner | None = None,
) -> Solution:
    """Search for a global minimum, as `solvers.search.scipy_reference.search` does one restart after another.

    Args:
        problem: what to minimise; its width is the width searched.
        options: see there.
        threads: restarts worked on at a time, None for the cores of this machine; does not change the result.
        runner: what runs the restarts, in place of the processor.

    Returns:
        A Solution in every case, also after Ctrl-C; its outcome says how the search ended.

    Raises:
        ProblemError: for threads < 1, or a problem that is not of the squared loss.
    """
    problem.require_loss("mse", "this search", ACTIVATIONS["mse"])
    runner = processor(problem, threads) if runner is None else runner
    results = runner.run(options.plan(PORTFOLIO), options.seed, options.stop)
    return collect(problem, options, results, runner.provenance)
