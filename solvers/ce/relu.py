"""The same question with relu layers: cross-entropy, Z = W_L relu(W_{L-1} relu( ... relu(W_1 H_1))). Searches only.

The relu is smoothed and the smoothing falls, as for the squared loss (solvers.search.scipy_reference). Collapse here
means features f I in every hidden layer and a centred readout: by AM-GM its least regulariser at least margin alpha is
(L+1)/2 Lambda c alpha^(2/(L+1)) with c^(L+1) = K^L (K - 1): the pair (H_1, W_1) pays the nuclear norm K of I, which no
shift of its off-diagonal entries lowers, L - 2 further layers pay K each and the readout pays K - 1 (ours).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.checks import require_integers
from dufm.solvers.base.parallel import Stop, cores
from dufm.solvers.ce.polish import numerical_rank
from dufm.solvers.ce.search import uniform
from dufm.solvers.ce.starts import low_rank
from dufm.solvers.engines.cpu_cross_entropy import Descent, DescentStage, run_starts
from dufm.solvers.engines.schedule import STEPS_PER_STAGE
from dufm.solvers.objectives.cross_entropy import CeObjective, strength
from dufm.solvers.objectives.layers import forward
from dufm.solvers.search.found import NOTHING, Found
from dufm.solvers.search.state import HIT
from dufm.solvers.weights.build import gaussian
from dufm.theory.ce.relu import rival_power
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

SMOOTHINGS = (0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4, 1e-5, 1e-7)
PORTFOLIO = ((gaussian, 0.7), (gaussian, 1.2), (gaussian, 2.0), (low_rank, 1.0))
# Scales beyond this margin only add regulariser.
LARGEST_MARGIN = 100.0


@dataclass(frozen=True, eq=False)
class ReluSearch:
    """What a search with relu layers found.

    Attributes:
        loss: of the best weights, with the true relu.
        weights: (H_1, W_1, ..., W_L).
        ranks: numerical ranks of the hidden features relu(P_2), ..., relu(P_L), and of Z.
        hits: restarts within 1e-6 of the best, relatively.
        restarts: descents that ran.
        collapse: least loss of the collapsed family above.
        interrupted: whether Ctrl-C ended it; the restarts finished by then count.
    """

    loss: float
    weights: tuple[Array, ...]
    ranks: tuple[int, ...]
    hits: int
    restarts: int
    collapse: float
    interrupted: bool = False

    def raise_if_interrupted(self) -> None:
        """For callers who have no use for half a search.

        Raises:
            KeyboardInterrupt: if Ctrl-C ended it.
        """
        if self.interrupted:
            raise KeyboardInterrupt


def relu_features(weights: Sequence[Array]) -> list[Array]:
    """(relu(P_2), ..., relu(P_L), Z)."""
    features = forward(weights[:-1]).features
    return [*features[1:], weights[-1] @ features[-1]]


def collapse_loss(problem: Problem) -> float:
    """Least loss of collapsed features f I with a centred readout; log K where zero is better."""
    problem.require_loss("ce", "collapse", ("relu",))
    K, factors = problem.K, problem.L + 1
    # With one layer there are no features to collapse: the output is centred, as under NC2.
    cost = float(rival_power("dnc" if problem.L > 1 else "nc2", K, problem.L)) ** (1 / factors)
    price = factors / 2 * strength(problem) * cost

    def value(alpha: float) -> float:
        return float(np.log1p((K - 1) * np.exp(-alpha)) + price * alpha ** (2 / factors))

    grid = np.linspace(0.05, LARGEST_MARGIN, 2000)
    at = int(np.argmin([value(x) for x in grid]))
    bounds = (grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)])
    found: Any = minimize_scalar(value, bounds=bounds, method="bounded", options={"xatol": 1e-12})
    return min(float(found.fun), float(np.log(K)))


def relu_search(
    problem: Problem,
    restarts: int = 400,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[int, float], None] | None = None,
    stop: Stop = None,
) -> ReluSearch:
    """Search for a global minimum with relu layers; restart i depends on the seed and i alone.

    Args:
        problem: with loss "ce" and activation "relu".
        restarts: descents, each through all smoothings.
        seed: entropy >= 0.
        threads: batches worked on at a time; does not change the result.
        progress: told the restarts that ran and the least loss so far, after every batch.
        stop: asked now and then; True ends the search with what it has, descents that were cut short counting for the
            best.

    Raises:
        ProblemError: for another model, or an option that makes no sense.
    """
    problem.require_loss("ce", "this search", ("relu",))
    require_integers(1, restarts=restarts, threads=threads)
    require_integers(0, seed=seed)
    even = uniform(problem)
    objective = CeObjective(even)
    stages = [DescentStage(tolerance=max(1e-9, 1e-3 * eps), steps=STEPS_PER_STAGE, eps=eps) for eps in SMOOTHINGS]

    def start(index: int) -> list[Array]:
        kind, scale = PORTFOLIO[index % len(PORTFOLIO)]
        return kind(even, np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,))), scale)

    losses, best = list[float](), NOTHING
    interrupted = False

    def cut(descent: Descent) -> None:
        # What a descent that was cut short had reached counts for the best, and for nothing else.
        nonlocal best
        if all(np.isfinite(w).all() for w in descent.weights):
            value = objective.loss(descent.weights)
            best = Found(value, descent.weights) if value < best.loss else best

    try:
        for batch in run_starts(even, start, range(restarts), stages, threads or cores(), stop, cut=cut):
            for descent in batch:
                value = objective.loss(descent.weights) if np.isfinite(descent.loss) else np.nan
                losses.append(value)
                best = Found(value, descent.weights) if value < best.loss else best
            if progress is not None:
                progress(len(losses), best.loss)
    except KeyboardInterrupt:
        interrupted = True
        if not best.weights:
            raise
    if not best.weights:
        raise ProblemError("no restart finished with finite weights")
    ranks = tuple(numerical_rank(f, 1e-3) for f in relu_features(best.weights))
    hits = int(np.sum(np.array(losses) <= best.loss * (1 + HIT)))
    return ReluSearch(float(best.loss), best.weights, ranks, hits, len(losses), collapse_loss(problem), interrupted)
