"""Global search: a portfolio of starts, half of it fixed, half moved by a bandit to what finds low losses.

An arm is a kind of start with a first eps and a scale. Restarts run in rounds. The first half of a round takes the arms
of the fixed portfolio in turn, whatever happened before: only these restarts count for the estimate of what was missed,
which needs independent draws from one distribution. The other half is given out by Thompson sampling of each arm's rate
of hits, a hit being a loss within `HIT` of the best; arms that vary the best minima take part here only. Rewards count
restarts, never seconds, so that a seed gives one result on any number of threads. Ours.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from solvers.arms import ARMS, ArmRecord, choose
from solvers.basins import missed
from solvers.driver import Found, check_options
from solvers.lanes import Engine
from solvers.objective import Array
from solvers.polish import refine
from solvers.recipes import Recipe, cores, run_recipes, versions
from solvers.solution import Outcome, Solution
from solvers.start_kinds import KINDS, Kind, varied
from theory.problem import Problem, ProblemError

ENGINE = "numba-lbfgs, portfolio"
HIT = 1e-6
# Rounds grow with the search: early ones are short, so that arms that vary the best minima soon have one to vary.
ROUNDS = (8, 48)
# With more weights than this a polish is left to whoever reports the result.
MOST_WEIGHTS = 2500
ELITE = 6
CONFIDENCE = 0.95


@dataclass
class Group:
    """Restarts whose losses agree within `HIT`: one minimum, or several of equal loss.

    Attributes:
        loss: the lowest of them, polished if `polished`.
        weights: of that loss.
        hits: restarts in all.
        fixed: those of the fixed half.
        polished: whether `loss` and `weights` come from `refine`.
    """

    loss: float
    weights: tuple[Array, ...]
    hits: int = 0
    fixed: int = 0
    polished: bool = False


@dataclass
class State:
    """Where a global search stands.

    Attributes:
        losses: of every restart, in order; NaN for one that was dropped.
        best: lowest loss and its weights.
        groups: minima found so far.
        fixed: restarts of the fixed half.
        arms: one record an arm.
        since: restarts since the best loss last fell.
    """

    losses: list[float] = field(default_factory=list)
    best: Found = (float("inf"), ())
    groups: list[Group] = field(default_factory=list)
    fixed: int = 0
    arms: list[ArmRecord] = field(default_factory=lambda: [ArmRecord(arm) for arm in ARMS])
    since: int = 0

    def census(self) -> dict[str, Any]:
        """Minima by loss, and what the fixed half says of those not seen: Good-Turing, and the rule of three."""
        singles = sum(1 for g in self.groups if g.fixed == 1)
        unseen = missed(singles, self.fixed, CONFIDENCE)
        return {
            "minima": len(self.groups),
            "best_hits": min(self.groups, key=lambda g: g.loss).hits if self.groups else 0,
            "fixed_restarts": self.fixed,
            "unseen": unseen.estimate,
            "unseen_bound": unseen.bound,
            "better_bound": 1.0 if self.fixed == 0 else 1 - (1 - CONFIDENCE) ** (1 / self.fixed),
            "confidence": CONFIDENCE,
            "lowest": [{"loss": g.loss, "hits": g.hits} for g in sorted(self.groups, key=lambda g: g.loss)[:10]],
        }


def global_search(
    problem: Problem,
    restarts: int = 240,
    seed: int = 0,
    heats: int = 16,
    target: float | None = None,
    patience: int | None = None,
    progress: Callable[[State], None] | None = None,
    stop: Callable[[], bool] | None = None,
    threads: int | None = None,
    state: State | None = None,
) -> tuple[Solution, State]:
    """Search for a global minimum with the portfolio.

    Args:
        problem: what to minimise.
        restarts: restarts to run, those of an earlier `state` not counted.
        seed: entropy >= 0.
        heats: starts drawn for each restart.
        target: stop once a restart reaches this loss or less.
        patience: stop after this many restarts without a lower loss.
        progress: called with the state after every restart.
        stop: asked after every restart and ten times a second; True ends the search.
        threads: restarts worked on at a time; does not change the result.
        state: where an earlier search stopped, to go on from there.

    Returns:
        The best solution, polished, and the state; also after Ctrl-C.

    Raises:
        ProblemError: naming an option that makes no sense.
    """
    problem.require_loss("mse", "this search")
    check_options(restarts, seed, None, None, heats, target, 0)
    if patience is not None and patience < 1:
        raise ProblemError(f"patience must be an integer >= 1, got {patience}")
    began = time.perf_counter()
    state = State() if state is None else state
    before = len(state.losses)
    engine = Engine(problem)
    ended: Outcome | None = None
    try:
        while ended is None and len(state.losses) - before < restarts:
            done = len(state.losses)
            size = min(max(ROUNDS[0], done // 16 * 2), ROUNDS[1], restarts - (done - before))
            chosen = choose(state.arms, size, seed, state.fixed, done, bool(state.groups))
            ended = _round(
                problem, engine, state, chosen, (seed, heats, threads or cores()), target, patience, progress, stop
            )
    except KeyboardInterrupt:
        ended = Outcome.INTERRUPTED
    outcome = ended or Outcome.FINISHED
    # Once, at the end: a polish costs as much as ten restarts, and smoothing has left less than `HIT` to gain.
    if state.groups and outcome is not Outcome.INTERRUPTED:
        _polish_lowest(problem, state)
    if state.losses and not state.best[1] and outcome is not Outcome.INTERRUPTED:
        outcome = Outcome.ALL_FAILED
    settings: dict[str, Any] = {"restarts": restarts, "heats": heats, "target": target, "patience": patience}
    settings["arms"] = [[*r.arm, r.tried, r.hits] for r in state.arms]
    solution = Solution(
        problem=problem,
        weights=state.best[1],
        loss=state.best[0] if state.best[1] else float("nan"),
        losses=np.array(state.losses, dtype=float),
        engine=ENGINE,
        versions=versions(),
        seed=seed,
        settings=settings,
        outcome=outcome,
        seconds=time.perf_counter() - began,
    )
    return solution, state


def _round(
    problem: Problem,
    engine: Engine,
    state: State,
    chosen: list[int],
    work: tuple[int, int, int],
    target: float | None,
    patience: int | None,
    progress: Callable[[State], None] | None,
    stop: Callable[[], bool] | None,
) -> Outcome | None:
    """One round; the outcome that ended the search, if one did."""
    seed, heats, threads = work
    first, known = len(state.losses), state.best[0]
    elite = [g.weights for g in sorted(state.groups, key=lambda g: g.loss)[:ELITE]]
    kinds: dict[str, Kind] = KINDS | ({"varied": varied(elite)} if elite else {})
    recipes = [
        Recipe(first + i, kinds[state.arms[a].arm[0]], state.arms[a].arm[1], state.arms[a].arm[2], heats)
        for i, a in enumerate(chosen)
    ]
    finished: list[Found] = []
    ended: Outcome | None = None
    try:
        for found in run_recipes(problem, engine, recipes, seed, threads, stop):
            finished.append(found)
            state.losses.append(found[0])
            state.since += 1
            if found[0] < state.best[0]:
                state.since = 0 if found[0] < state.best[0] * (1 - HIT) else state.since
                state.best = found
            if progress is not None:
                progress(state)
            if target is not None and state.best[0] <= target:
                ended = Outcome.TARGET_REACHED
            elif (stop is not None and stop()) or (patience is not None and state.since >= patience):
                ended = Outcome.STOPPED
            if ended is not None:
                break
    finally:
        # After Ctrl-C as well: what has finished counts in the census as it does among the losses.
        _learn(state, chosen, finished, known)
        file_restarts(state, finished, (len(chosen) + 1) // 2)
    if ended is None and len(finished) < len(recipes):
        ended = Outcome.STOPPED
    return ended


def _learn(state: State, chosen: list[int], finished: list[Found], known: float) -> None:
    """Count hits; when the best loss has fallen, what earlier rounds hit is not the best any more."""
    if state.best[0] < known * (1 - HIT):
        for record in state.arms:
            record.hits, record.tried = 0, record.tried // 2
    for index, (value, _) in zip(chosen, finished, strict=False):
        record = state.arms[index]
        record.tried += 1
        record.hits += int(value <= state.best[0] * (1 + HIT))
        record.lowest = min(record.lowest, value) if np.isfinite(value) else record.lowest


def file_restarts(state: State, finished: list[Found], fixed: int) -> list[Group]:
    """Count the round's restarts by minimum; the minima not seen before."""
    new: list[Group] = []
    for i, (value, weights) in enumerate(finished):
        state.fixed += int(i < fixed)
        if not np.isfinite(value):
            continue
        group = next((g for g in state.groups if abs(value - g.loss) <= HIT * g.loss), None)
        if group is None:
            group = Group(value, weights)
            state.groups.append(group)
            new.append(group)
        elif value < group.loss:
            group.loss, group.weights, group.polished = value, weights, False
        group.hits += 1
        group.fixed += int(i < fixed)
    return new


def _polish_lowest(problem: Problem, state: State) -> None:
    group = min(state.groups, key=lambda g: g.loss)
    if not group.polished and sum(w.size for w in group.weights) <= MOST_WEIGHTS:
        polish_group(problem, group)
        state.best = min(state.best, (group.loss, group.weights), key=lambda f: f[0])


def polish_group(problem: Problem, group: Group) -> None:
    """Replace a group's weights by polished ones, if those are no worse."""
    polished = refine(problem, group.weights)
    if polished.succeeded and polished.loss <= group.loss:
        group.loss, group.weights, group.polished = polished.loss, polished.weights, True
