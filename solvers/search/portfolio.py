"""Global search: a portfolio of starts, half of it fixed, half moved by a bandit to what finds low losses.

An arm is a kind of start with a first eps and a scale. Restarts run in rounds. The first half of a round takes the arms
of the fixed portfolio in turn, whatever happened before: only these restarts count for the estimate of what was missed,
which needs independent draws from one distribution. The other half is given out by Thompson sampling of each arm's rate
of hits, a hit being a loss within `HIT` of the best. Arms that vary the best minima take part here only, and hit by
going below the best. Rewards count restarts, never seconds, so that a seed gives one result on any number of threads.
Ours.
"""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from fractions import Fraction
from typing import Any

import numpy as np

from dufm.solvers.base.parallel import cores, versions
from dufm.solvers.engines.cpu import CpuEngine
from dufm.solvers.minima.canonical import canonical
from dufm.solvers.minima.polish import refine
from dufm.solvers.search.bandit import VARIED, choose
from dufm.solvers.search.options import Found, check_options
from dufm.solvers.search.restarts import STARTS, Restart, Runner, run_restarts
from dufm.solvers.search.solution import Outcome, Solution
from dufm.solvers.search.start_kinds import KINDS, Kind, varied
from dufm.solvers.search.state import HIT, SearchState
from dufm.theory.problem import Problem, ProblemError

ENGINE = "numba-lbfgs, portfolio"
# Rounds of the processor grow with the search: early ones are short, so that arms that vary the best minima soon have
# one to vary.
ROUNDS = (4, 48)
ELITE = 3
# Least x = K Lambda: at K = L = 3 searches reach the minimum to rounding here and end above DNC at a tenth of it.
WEAKEST = Fraction(3, 100_000)
# A minimum is varied in canonical form, for neurons that go the same way in it are free to go elsewhere as one: their
# distance of directions, and by how much their union may raise the loss.
MERGED, RISE = 1e-2, 1e-4


def global_search(
    problem: Problem,
    restarts: int = 240,
    seed: int = 0,
    starts_per_restart: int = STARTS,
    target: float | None = None,
    patience: int | None = None,
    progress: Callable[[SearchState], None] | None = None,
    stop: Callable[[], bool] | None = None,
    threads: int | None = None,
    state: SearchState | None = None,
    runner: Runner | None = None,
) -> tuple[Solution, SearchState]:
    """Search for a global minimum with the portfolio.

    Args:
        problem: what to minimise.
        restarts: restarts to run, those of an earlier `state` not counted.
        seed: entropy >= 0.
        starts_per_restart: starts drawn for each restart.
        target: stop once a restart reaches this loss or less.
        patience: stop after this many restarts without a lower loss.
        progress: called with the state after every restart.
        stop: asked after every restart and ten times a second; True ends the search. What restarts under way have
            reached then counts for the best, not for the estimate of what was missed.
        threads: restarts worked on at a time; does not change the result.
        state: where an earlier search stopped, to go on from there.
        runner: what runs the restarts; the cores of this machine if not given.

    Returns:
        The best solution, polished, and the state; also after Ctrl-C.

    Raises:
        ProblemError: naming an option that makes no sense.
    """
    problem.require_loss("mse", "this search")
    if problem.x_power < WEAKEST ** (problem.L + 1):
        found = f"got {float(problem.x):.3g}"
        raise ProblemError(f"x = K Lambda must be >= {float(WEAKEST):g}, below which descents stall; {found}")
    check_options(restarts, seed, None, None, starts_per_restart, target, 0, patience)
    began = time.perf_counter()
    state = SearchState() if state is None else state
    before = len(state.losses)
    runner = processor(problem, threads or cores()) if runner is None else runner
    ended: Outcome | None = None
    try:
        while ended is None and len(state.losses) - before < restarts:
            done = len(state.losses)
            size = min(max(runner.rounds[0], done // 8 * 2), runner.rounds[1], restarts - (done - before))
            chosen = choose(state.arms, size, seed, state.fixed, done, any(g.weights for g in state.groups))
            ended = _round(problem, runner, state, chosen, (seed, starts_per_restart), target, patience, progress, stop)
        # Once, at the end: a polish costs as much as ten restarts, and smoothing has left less than `HIT` to gain.
        _polish_lowest(problem, state, stop)
    except KeyboardInterrupt:
        ended = Outcome.INTERRUPTED
    outcome = ended or Outcome.FINISHED
    settings: dict[str, Any] = {
        "restarts": restarts,
        "heats": starts_per_restart,
        "target": target,
        "patience": patience,
    }
    settings |= runner.settings
    settings["arms"] = [[*r.arm, r.tried, r.hits] for r in state.arms]
    return state.solution(problem, outcome, runner.engine, runner.versions, seed, settings, began), state


def processor(problem: Problem, threads: int) -> Runner:
    """The compiled engine on so many threads."""
    engine = CpuEngine(problem)

    def run(
        recipes: Sequence[Restart], seed: int, stop: Callable[[], bool] | None, cut: Callable[[Found], None]
    ) -> Generator[Found]:
        return run_restarts(problem, engine, recipes, seed, threads, stop, cut)

    return Runner(ENGINE, run, ROUNDS, versions(), {})


def _round(
    problem: Problem,
    runner: Runner,
    state: SearchState,
    chosen: list[int],
    work: tuple[int, int],
    target: float | None,
    patience: int | None,
    progress: Callable[[SearchState], None] | None,
    stop: Callable[[], bool] | None,
) -> Outcome | None:
    """One round; the outcome that ended the search, if one did."""
    seed, starts_per_restart = work
    first, known = len(state.losses), state.best[0]
    lowest = sorted((g for g in state.groups if g.weights), key=lambda g: g.loss)[:ELITE]
    elite = [canonical(problem, g.weights, MERGED, RISE) for g in lowest]
    kinds: dict[str, Kind] = KINDS | ({VARIED: varied(elite)} if elite else {})
    recipes = [
        Restart(first + i, kinds[state.arms[a].arm[0]], state.arms[a].arm[1], state.arms[a].arm[2], starts_per_restart)
        for i, a in enumerate(chosen)
    ]
    finished: list[Found] = []
    ended: Outcome | None = None
    try:
        with closing(runner.run(recipes, seed, stop, state.keep)) as results:
            for found in results:
                state.add(found, fixed=len(finished) < (len(chosen) + 1) // 2)
                finished.append(found)
                if progress is not None:
                    progress(state)
                ended = state.ended(target, patience, stop)
                if ended is not None:
                    break
    finally:
        _learn(state, chosen, finished, known)
    if ended is None and len(finished) < len(recipes):
        ended = Outcome.STOPPED
    return ended


def _learn(state: SearchState, chosen: list[int], finished: list[Found], known: float) -> None:
    """Count hits; when the best loss has fallen, what earlier rounds hit is not the best any more."""
    if state.best[0] < known * (1 - HIT):
        for record in state.arms:
            record.hits, record.tried = 0, record.tried // 2
    for index, (value, _) in zip(chosen, finished, strict=False):
        record = state.arms[index]
        record.tried += 1
        below = record.arm[0] != VARIED or value < known * (1 - HIT)
        record.hits += int(value <= state.best[0] * (1 + HIT) and below)
        record.lowest = min(record.lowest, value) if np.isfinite(value) else record.lowest


def _polish_lowest(problem: Problem, state: SearchState, stop: Callable[[], bool] | None) -> None:
    """Polish the lowest minimum, and replace its weights by the polished ones if those are no worse."""
    group = min(state.groups, key=lambda g: g.loss, default=None)
    if group is None or group.polished is not None or (stop is not None and stop()):
        return
    polished = refine(problem, group.weights, stop)
    if polished is None:
        return
    group.polished = polished
    if group.polished.succeeded and group.polished.loss <= group.loss:
        group.loss, group.weights = group.polished.loss, group.polished.weights
    state.best = min(state.best, (group.loss, group.weights), key=lambda f: f[0])
