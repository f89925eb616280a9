"""Global search of the deep linear model under cross-entropy: many independent descents over all factors.

Layers are linear, so there is nothing to smooth and no kink to polish on: a restart is one L-BFGS run from one start of
a fixed portfolio, a tenth of a millisecond at K = 4 and a millisecond at K = 10. Only Lambda matters, so the search
runs at equal strengths and rescales what it finds (claim ce-reduction). Every restart counts for the estimate of what
was missed: they are independent draws from one distribution.
"""

import time
from fractions import Fraction

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.parallel import Stop, cores, versions
from dufm.solvers.ce.polish import CePolished, ce_polish
from dufm.solvers.ce.starts import PORTFOLIO, Kind
from dufm.solvers.engines.cpu_cross_entropy import Descent, DescentStage, run_starts
from dufm.solvers.objectives.cross_entropy import CeObjective, strength
from dufm.solvers.objectives.squared import balance
from dufm.solvers.search.found import Found, Provenance
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.solution import Outcome, Solution
from dufm.solvers.search.state import SearchState
from dufm.theory.problem import Problem

ENGINE = "numba-lbfgs, cross-entropy"
DEFAULTS = SearchOptions(restarts=2000)


def ce_search(
    problem: Problem,
    options: SearchOptions = DEFAULTS,
    state: SearchState | None = None,
    portfolio: tuple[tuple[Kind, float], ...] = PORTFOLIO,
) -> tuple[Solution, SearchState]:
    """Search for a global minimum.

    Args:
        problem: with loss "ce".
        options: see there; a restart is one descent.
        state: where an earlier search stopped, to go on from there.
        portfolio: kinds of starts with their scales, taken in turn.

    Returns:
        The best solution, polished, and the state with every minimum told apart by its loss; also after Ctrl-C.

    Raises:
        ProblemError: for another loss.
    """
    problem.require_loss("ce", "this search")
    began = time.perf_counter()
    state = SearchState(recipes=[]) if state is None else state
    even = uniform(problem)

    def start(index: int) -> list[Array]:
        kind, scale = portfolio[index % len(portfolio)]
        return kind(even, np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(index,))), scale)

    def cut(d: Descent) -> None:
        # Where it stands is not where its loss was last taken.
        weights = tuple(balance(problem, d.weights)) if all(np.isfinite(w).all() for w in d.weights) else ()
        loss = CeObjective(problem).loss(weights) if weights else np.nan
        if np.isfinite(loss):
            state.keep(Found(loss, weights))

    first = len(state.losses)
    outcome: Outcome | None = None
    try:
        indices, threads = range(first, first + options.restarts), options.threads or cores()
        for batch in run_starts(even, start, indices, [DescentStage()], threads, options.stop, cut=cut):
            for d in batch:
                state.add(Found(d.loss, tuple(balance(problem, d.weights))), fixed=True)
            if options.progress is not None:
                options.progress(state)
            outcome = options.ended(state)
            if outcome is not None:
                break
    except KeyboardInterrupt:
        outcome = Outcome.INTERRUPTED
    if outcome is None:
        outcome = Outcome.FINISHED if len(state.losses) == first + options.restarts else Outcome.STOPPED
    _polish_best(problem, state, options.stop)
    settings = options.settings | {"portfolio": [[kind.__name__, scale] for kind, scale in portfolio]}
    return state.solution(problem, outcome, options.seed, Provenance(ENGINE, versions(), settings), began), state


def uniform(problem: Problem) -> Problem:
    """The problem with n = 1 and one strength, Lambda rounded to float64: the same loss of the same logits."""
    value = Fraction(strength(problem))
    return Problem(problem.K, problem.L, (value,) * (problem.L + 1), problem.width, 1, "ce", problem.activation)


def lowest(problem: Problem, state: SearchState, count: int, stop: Stop = None) -> list[tuple[CePolished, int]]:
    """The `count` lowest minima of a search, polished, each with how many restarts ended there.

    Once `stop` holds no more are added, the first one excepted.
    """
    found: list[tuple[CePolished, int]] = []
    for group in sorted((g for g in state.groups if g.weights), key=lambda g: g.loss)[:count]:
        if found and stop is not None and stop():
            break
        found.append((ce_polish(problem, group.weights, stop=stop), group.hits))
    return found


def _polish_best(problem: Problem, state: SearchState, stop: Stop) -> None:
    best = state.best.weights
    # What a descent that was cut short had reached lies near no minimum yet: it stays as it is.
    if not any(group.weights is best for group in state.groups):
        return
    polished = ce_polish(problem, best, stop=stop)
    loss = CeObjective(problem).loss(polished.weights)
    if loss <= state.best.loss:
        state.best = Found(loss, polished.weights)
        for group in state.groups:
            if group.weights is best:
                group.loss, group.weights, group.polished = loss, polished.weights, polished
