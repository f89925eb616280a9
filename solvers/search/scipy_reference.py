"""Global search: many random starts, a smoothing homotopy, and knock-outs among the starts.

Minima of a DUFM sit on kinks of the relu, where plain L-BFGS stalls. So the relu is replaced by relu_eps and eps falls
geometrically, each stage starting where the last one ended, with the last layer eliminated throughout. A restart is a
knock-out: it draws `starts_per_restart` starts and after every stage keeps the better half, until one is left. That
spends most of the work on promising starts, while a restart's result depends only on the seed and its own index: not on
how many restarts run, nor in which order.

The first eps and the scale of the starts decide which basins are reached, and no single pair is good everywhere;
restart i therefore uses entry i (mod length) of a portfolio.
"""

import platform
from collections.abc import Generator, Sequence

import numpy as np
import scipy
from scipy.optimize import minimize

from dufm.solvers.base.arrays import Array
from dufm.solvers.engines.cpu import pack_rows, unpack_row
from dufm.solvers.engines.knock_out import DescentResults, KnockOut
from dufm.solvers.engines.schedule import STEPS_PER_STAGE, Keep, better_half, keep_all, schedule
from dufm.solvers.objectives.squared import Objective
from dufm.solvers.objectives.squared_kernel import EPS, TOLERANCE
from dufm.solvers.search.found import Found, Provenance
from dufm.solvers.search.options import FixedOptions, collect
from dufm.solvers.search.restarts import finish
from dufm.solvers.search.solution import Solution
from dufm.theory.problem import ACTIVATIONS, Problem

ENGINE = "scipy-lbfgsb"
PORTFOLIO = ((0.01, 0.2), (0.01, 0.1), (0.003, 0.2), (0.01, 0.15), (0.03, 0.25), (0.003, 0.3))
# Products of many small factors fall to zero: from DEEP layers on starts must be larger.
DEEP = 5
DEEP_PORTFOLIO = ((0.01, 1.0), (0.01, 1.5), (0.003, 1.0), (0.01, 2.0), (0.003, 1.5), (0.01, 0.5))
DEFAULTS = FixedOptions(starts_per_restart=8)
MEMORY = 12


def descend(problem: Problem, point: Array, stage: Array) -> tuple[float, Array, int]:
    """One stage: L-BFGS-B on the loss with relu_eps and W_L eliminated.

    Args:
        problem: of the squared loss.
        point: (H_1, W_1, ..., W_{L-1}), row by row, one after the other.
        stage: a row of `schedule`; its least decrease is not asked for.

    Returns:
        The smoothed loss (NaN or infinite if the descent broke down), the point reached, and evaluations.
    """
    objective, shapes, eps = Objective(problem), problem.shapes[:-1], float(stage[EPS])

    def evaluate(flat: Array) -> tuple[float, Array]:
        value, gradients = objective.reduced(unpack_row(shapes, flat), eps)
        return value, np.concatenate([g.ravel() for g in gradients])

    options = {"maxcor": MEMORY, "maxiter": STEPS_PER_STAGE, "maxfun": 2 * STEPS_PER_STAGE}
    tolerances = {"gtol": float(stage[TOLERANCE]), "ftol": 0.0}
    with np.errstate(all="ignore"):
        try:
            found = minimize(evaluate, point, jac=True, method="L-BFGS-B", options=options | tolerances)
        except np.linalg.LinAlgError:
            return float("nan"), point, 0
    return float(found.fun), found.x, int(found.nfev)


def descend_from(
    problem: Problem, starts: Sequence[Sequence[Array]], eps0: float = 0.01, keep: Keep = keep_all
) -> DescentResults:
    """The homotopy from given starts; by default none is culled. Arguments as for `schedule`.

    Raises:
        ProblemError: if a start does not fit the problem.
    """
    shapes = problem.shapes[:-1]
    points = pack_rows(shapes, sum(rows * columns for rows, columns in shapes), starts)
    contest = KnockOut(0, points, schedule(problem, eps0, keep, len(starts)))
    while not contest.ended:
        stage = contest.stages[contest.stage]
        for i in list(contest.left):
            contest.report(i, *descend(problem, contest.points[i], stage))
    return contest.results(lambda point: unpack_row(shapes, point))


def search(problem: Problem, options: FixedOptions = DEFAULTS) -> Solution:
    """Search for a global minimum, one restart after another.

    Args:
        problem: what to minimise; its width is the width searched.
        options: see there.

    Returns:
        A Solution in every case, also after Ctrl-C; its outcome says how the search ended.

    Raises:
        ProblemError: for a problem that is not of the squared loss.
    """
    problem.require_loss("mse", "this search", ACTIVATIONS["mse"])

    def results() -> Generator[Found]:
        for restart in options.plan(PORTFOLIO if problem.L < DEEP else DEEP_PORTFOLIO):
            starts = restart.drawn(problem, options.seed)
            yield finish(problem, descend_from(problem, starts, restart.eps0, better_half))

    versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
    return collect(problem, options, results(), Provenance(ENGINE, versions))
