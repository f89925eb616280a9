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
from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np
import scipy
from scipy.optimize import minimize

from dufm.solvers.base.arrays import Array
from dufm.solvers.engines.schedule import EPS_END
from dufm.solvers.objectives.squared import Objective, balance, best_last_layer, loss
from dufm.solvers.search.options import Found, Plan, Start, drawn
from dufm.solvers.search.solution import Solution
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import Problem

ENGINE = "scipy-lbfgsb"
PORTFOLIO = ((0.01, 0.2), (0.01, 0.1), (0.003, 0.2), (0.01, 0.15), (0.03, 0.25), (0.003, 0.3))
# Products of many small factors fall to zero: from five layers on starts must be larger.
DEEP_PORTFOLIO = ((0.01, 1.0), (0.01, 1.5), (0.003, 1.0), (0.01, 2.0), (0.003, 1.5), (0.01, 0.5))
EPS_FACTOR = 0.1
MEMORY = 12
STEPS_PER_STAGE = 2000


def smoothing(eps0: float) -> Iterator[float]:
    """The eps of every stage: from eps0 down by factors of ten, the last one 1e-7."""
    eps = eps0
    while eps > EPS_END * 1.001:
        yield eps
        eps *= EPS_FACTOR
    yield EPS_END


def descend(problem: Problem, lower: Sequence[Array], eps: float) -> tuple[float, list[Array]]:
    """One stage: L-BFGS-B on the loss with relu_eps and W_L eliminated, from `lower` = (H_1, W_1, ..., W_{L-1}).

    Stops at gradient <= max(1e-8, eps / 100): accuracy beyond the smoothing error is wasted on all but the last stage.

    Returns:
        The smoothed loss (NaN or infinite if the descent broke down) and the factors reached.
    """
    objective = Objective(problem)
    shapes = [w.shape for w in lower]
    ends = np.cumsum([w.size for w in lower])[:-1]

    def unpack(flat: Array) -> list[Array]:
        return [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]

    def evaluate(flat: Array) -> tuple[float, Array]:
        value, gradients = objective.reduced(unpack(flat), eps)
        return value, np.concatenate([g.ravel() for g in gradients])

    options = {"maxcor": MEMORY, "maxiter": STEPS_PER_STAGE, "maxfun": 2 * STEPS_PER_STAGE}
    tolerances = {"gtol": max(1e-8, 0.01 * eps), "ftol": 0.0}
    with np.errstate(all="ignore"):
        try:
            flat = np.concatenate([w.ravel() for w in lower])
            found = minimize(evaluate, flat, jac=True, method="L-BFGS-B", options=options | tolerances)
        except np.linalg.LinAlgError:
            return float("nan"), list(lower)
    return float(found.fun), unpack(found.x)


def knock_out(problem: Problem, starts: Sequence[Sequence[Array]], eps0: float) -> tuple[float, tuple[Array, ...]]:
    """Run the homotopy from several starts, keeping the better half after every stage.

    Returns:
        (loss, balanced weights) of the last one left, with the true relu; (NaN, ()) if none stayed finite.
    """
    field = [list(start[: problem.L]) for start in starts]
    # Without hidden layers nothing is smoothed, and one stage is the whole descent.
    for eps in smoothing(eps0) if problem.L > 1 else [0.0]:
        results = [descend(problem, lower, eps) for lower in field]
        ranked = sorted((r for r in results if np.isfinite(r[0])), key=lambda r: r[0])
        field = [lower for _, lower in ranked[: max(1, len(field) // 2)]]
    if not field:
        return float("nan"), ()
    weights = balance(problem, [*field[0], best_last_layer(problem, field[0])])
    value = loss(problem, weights)
    return (value, tuple(weights)) if np.isfinite(value) else (float("nan"), ())


def search(
    problem: Problem,
    restarts: int = 24,
    seed: int = 0,
    eps0: float | None = None,
    scale: float | None = None,
    starts_per_restart: int = 8,
    target: float | None = None,
    progress: Callable[[int, int, float], None] | None = None,
    stop: Callable[[], bool] | None = None,
    start: Start = gaussian,
    first: int = 0,
) -> Solution:
    """Search for a global minimum.

    Args:
        problem: what to minimise; its width is the width searched.
        restarts: knock-outs to run, each from `starts_per_restart` starts.
        seed: entropy >= 0; with the index of the restart and of the start it fixes every start.
        eps0: first smoothing in (1e-7, 1], and
        scale: scale of the starts, > 0; where None, taken from the portfolio.
        starts_per_restart: starts a knock-out begins with.
        target: stop once a restart reaches this loss or less.
        progress: called as progress(done, restarts, best loss so far) after every restart.
        stop: asked after every restart; True ends the search.
        start: what draws the starts.
        first: index of the first restart, to go on where an earlier search with the same seed ended.

    Returns:
        A Solution in every case, also after Ctrl-C; its outcome says how the search ended.

    Raises:
        ProblemError: naming an option that makes no sense.
    """
    plan = Plan(problem, restarts, seed, eps0, scale, starts_per_restart, target, progress, stop, start, first)
    portfolio = PORTFOLIO if problem.L < 5 else DEEP_PORTFOLIO

    def results() -> Generator[Found]:
        for index in plan.indices:
            first_eps, width = plan.settings(index, portfolio)
            yield knock_out(problem, drawn(problem, start, seed, index, starts_per_restart, width), first_eps)

    versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}
    return plan.collect(results(), ENGINE, versions)
