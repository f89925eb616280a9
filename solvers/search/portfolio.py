"""Global search: a portfolio of starts, half of it fixed, half moved by a bandit to what finds low losses.

A start recipe is a kind of start with a first eps and a scale. Restarts run in rounds. The first half of a round takes
the recipes of the fixed portfolio in turn, whatever happened before: only these restarts count for the estimate of what
was missed, which needs independent draws from one distribution. The other half is given out by Thompson sampling of
each recipe's rate of hits, a hit being a loss within `HIT` of the best. Recipes that vary the best minima take part
here only, and hit by going below the best. Rewards count restarts, never seconds, so that a seed gives one result on
any number of threads. Ours.
"""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from dufm.solvers.minima.canonical import canonical
from dufm.solvers.minima.polish import MOST_WEIGHTS, refine
from dufm.solvers.search.bandit import VARIED, choose
from dufm.solvers.search.fixed_portfolio import processor
from dufm.solvers.search.found import Found
from dufm.solvers.search.options import DEFAULTS, SearchOptions
from dufm.solvers.search.restarts import Restart, Runner
from dufm.solvers.search.solution import Outcome, Solution
from dufm.solvers.search.start_kinds import KINDS, Kind, varied
from dufm.solvers.search.state import HIT, SearchState
from dufm.theory.problem import ACTIVATIONS, Problem
from dufm.theory.stated import ProblemError

# A round is a quarter of the restarts so far, rounded down to an even number for its two halves.
GROWTH = 4
# Minima the recipes that vary minima begin from.
ELITE = 3
# Least x = K Lambda: at K = L = 3 searches reach the minimum to rounding here and end above DNC at a tenth of it.
WEAKEST = Fraction(3, 100_000)
# A minimum is varied in canonical form, for neurons that go the same way in it are free to go elsewhere as one: their
# distance of directions, and by how much their union may raise the loss.
MERGED, MOST_RISE = 1e-2, 1e-4


@dataclass(frozen=True)
class _Search:
    """One search under way."""

    problem: Problem
    options: SearchOptions
    state: SearchState
    runner: Runner

    def round(self, chosen: Sequence[int]) -> Outcome | None:
        """Run a restart of each start recipe chosen; the outcome that ended the search, if one did."""
        state, options = self.state, self.options
        first, known = len(state.losses), state.best.loss
        restarts = self._restarts(first, chosen)
        finished: list[Found] = []
        ended: Outcome | None = None
        try:
            with closing(self.runner.run(restarts, options.seed, options.stop, state.keep)) as results:
                for found in results:
                    state.add(found, fixed=len(finished) < (len(chosen) + 1) // 2)
                    finished.append(found)
                    if options.progress is not None:
                        options.progress(state)
                    ended = options.ended(state)
                    if ended is not None:
                        break
        finally:
            _learn(state, chosen, finished, known)
        if ended is None and len(finished) < len(restarts):
            ended = Outcome.STOPPED
        return ended

    def _restarts(self, first: int, chosen: Sequence[int]) -> list[Restart]:
        lowest = sorted((g for g in self.state.groups if g.weights), key=lambda g: g.loss)[:ELITE]
        plain = self.problem.is_plain
        elite = [canonical(self.problem, g.weights, MERGED, MOST_RISE) if plain else g.weights for g in lowest]
        kinds: dict[str, Kind] = KINDS | ({VARIED: varied(elite)} if elite else {})
        recipes = [self.state.recipes[place].recipe for place in chosen]
        return [
            Restart(first + i, kinds[recipe.kind], recipe.eps0, recipe.scale, self.options.starts_per_restart)
            for i, recipe in enumerate(recipes)
        ]


def global_search(
    problem: Problem,
    options: SearchOptions = DEFAULTS,
    state: SearchState | None = None,
    runner: Runner | None = None,
) -> tuple[Solution, SearchState]:
    """Search for a global minimum with the portfolio.

    Args:
        problem: what to minimise.
        options: see there. What restarts under way have reached when `stop` holds counts for the best, not for the
            estimate of what was missed.
        state: where an earlier search stopped, to go on from there.
        runner: what runs the restarts; the cores of this machine if not given.

    Returns:
        The best solution, polished, and the state; also after Ctrl-C.

    Raises:
        ProblemError: for a problem that is not of the squared loss, or too weak a strength.
    """
    problem.require_loss("mse", "this search", ACTIVATIONS["mse"])
    if problem.x_power < WEAKEST ** (problem.L + 1):
        found = f"got {float(problem.x):.3g}"
        raise ProblemError(f"x = K Lambda must be >= {float(WEAKEST):g}, below which descents stall; {found}")
    began = time.perf_counter()
    state = SearchState() if state is None else state
    runner = processor(problem, options.threads) if runner is None else runner
    search, before = _Search(problem, options, state, runner), len(state.losses)
    ended: Outcome | None = None
    try:
        while ended is None and len(state.losses) - before < options.restarts:
            done = len(state.losses)
            fewest, most = runner.rounds
            size = min(max(fewest, done // (2 * GROWTH) * 2), most, options.restarts - (done - before))
            varying = any(g.weights for g in state.groups)
            ended = search.round(choose(state.recipes, size, options.seed, state.fixed, done, varying))
        # Once, at the end: a polish costs as much as ten restarts, and smoothing has left less than `HIT` to gain.
        _polish_lowest(problem, options, state)
    except KeyboardInterrupt:
        ended = Outcome.INTERRUPTED
    provenance = runner.provenance
    settings: dict[str, Any] = options.settings | {"heats": options.starts_per_restart} | provenance.settings
    settings["arms"] = [[*astuple(r.recipe), r.tried, r.hits] for r in state.recipes]
    whole = replace(provenance, engine=f"{provenance.engine}, portfolio", settings=settings)
    return state.solution(problem, ended or Outcome.FINISHED, options.seed, whole, began), state


def _learn(state: SearchState, chosen: Sequence[int], finished: Sequence[Found], known: float) -> None:
    """Count hits; when the best loss has fallen, what earlier rounds hit is not the best any more."""
    if state.best.loss < known * (1 - HIT):
        for record in state.recipes:
            record.hits, record.tried = 0, record.tried // 2
    for place, found in zip(chosen, finished, strict=False):
        record = state.recipes[place]
        record.tried += 1
        below = record.recipe.kind != VARIED or found.loss < known * (1 - HIT)
        record.hits += int(found.loss <= state.best.loss * (1 + HIT) and below)
        record.lowest = min(record.lowest, found.loss) if np.isfinite(found.loss) else record.lowest


def _polish_lowest(problem: Problem, options: SearchOptions, state: SearchState) -> None:
    """Polish the lowest minimum, and replace its weights by the polished ones if those are no worse.

    With a variant of the model nothing is polished: descents end within rounding of the minimum all the same. Many
    weights are left to whoever has saved them first.
    """
    if not problem.is_plain or sum(rows * columns for rows, columns in problem.shapes) > MOST_WEIGHTS:
        return
    group = min(state.groups, key=lambda g: g.loss, default=None)
    if group is None or group.polished is not None or (options.stop is not None and options.stop()):
        return
    polished = refine(problem, group.weights, options.stop)
    if polished is None:
        return
    group.polished = polished
    if polished.succeeded and polished.loss <= group.loss:
        group.loss, group.weights = polished.loss, polished.weights
    state.best = min(state.best, Found(group.loss, group.weights), key=lambda f: f.loss)
