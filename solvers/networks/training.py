"""Training with snapshots: seeded, interruptible, resumable; divergence is an outcome, not an exception."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.datasets import Prepared
from dufm.solvers.networks.chain import Array, gradient, initial_weights
from dufm.solvers.networks.measure import Snapshot, take_snapshot
from dufm.solvers.networks.plan import NetworkPlan
from dufm.solvers.networks.steps import adam_step, sgd_step
from dufm.theory.stated import ProblemError

# The fit at zero output is about 1/2; far above it nothing returns.
DIVERGED = 1e6


class TrainingOutcome(Enum):
    """How training ended."""

    FINISHED = "all epochs done"
    STOPPED = "stopped on request; finished epochs are kept"
    DIVERGED = "the loss left every bound; the last finite state is kept"


@dataclass
class TrainingState:
    """Everything the next epoch needs. Arrays are changed in place.

    Attributes:
        weights: W_1 .. W_m.
        first, second: moments of the optimiser, of the same shapes.
        epoch: passes done.
        steps: steps done.
    """

    weights: list[Array]
    first: list[Array]
    second: list[Array]
    epoch: int = 0
    steps: int = 0

    def copy(self) -> "TrainingState":
        """A state of its own arrays."""
        weights, first, second = ([a.copy() for a in part] for part in (self.weights, self.first, self.second))
        return TrainingState(weights, first, second, self.epoch, self.steps)


@dataclass
class NetworkRun:
    """Training as far as it came.

    Attributes:
        plan: what was trained.
        state: after the last finished epoch.
        snapshots: in the order of epochs.
        outcome: how it ended.
    """

    plan: NetworkPlan
    state: TrainingState
    snapshots: list[Snapshot] = field(default_factory=list)
    outcome: TrainingOutcome = TrainingOutcome.STOPPED

    @property
    def epoch(self) -> int:
        """Passes done."""
        return self.state.epoch


def start(plan: NetworkPlan) -> NetworkRun:
    """A run before its first epoch."""
    weights = initial_weights(plan)
    first, second = ([np.zeros_like(W) for W in weights] for _ in range(2))
    return NetworkRun(plan, TrainingState(weights, first, second))


def measured_epochs(epochs: int, every: int) -> list[int]:
    """Epochs 0, every, 2 every, ... and the last.

    Raises:
        ProblemError: for an interval below 1.
    """
    if type(every) is not int or every < 1:
        raise ProblemError(f"--every must be an integer >= 1, got {every!r}")
    return sorted({*range(0, epochs + 1, every), epochs})


def train(
    run: NetworkRun,
    data: Prepared,
    measure: Iterable[int],
    ansatz: bool = False,
    finished: Callable[[NetworkRun], None] = lambda run: None,
    stop: Callable[[], bool] = lambda: False,
) -> NetworkRun:
    """Train to the plan's last epoch, from wherever the run is.

    Args:
        run: from `start` or `store.load`; changed, and returned.
        data: classification rows.
        measure: epochs at whose end (0: before the first) a snapshot is taken.
        ansatz: whether snapshots hold the neural feature ansatz.
        finished: called after every epoch and its snapshot.
        stop: asked after every epoch.

    Returns:
        The run. Ctrl-C ends it after the last finished epoch; so does a diverging one, whose epoch is taken back.

    Raises:
        ProblemError: if the data do not fit the plan.
    """
    plan, wanted = run.plan, set(measure)
    if data.labels is None or (data.X.shape[1], data.K) != (plan.widths[0], plan.widths[-1]):
        wanted_sizes, found = (plan.widths[0], plan.widths[-1]), (data.X.shape[1], data.K)
        raise ProblemError(f"data must have (features, classes) = {wanted_sizes}, got {found}")
    try:
        _take(run, data, data.labels, wanted, ansatz)
        while run.state.epoch < plan.epochs:
            following = run.state.copy()
            if not run_epoch(plan, following, data.X, data.Y):
                run.outcome = TrainingOutcome.DIVERGED
                return run
            run.state = following
            _take(run, data, data.labels, wanted, ansatz)
            finished(run)
            if stop() and run.state.epoch < plan.epochs:
                run.outcome = TrainingOutcome.STOPPED
                return run
    except KeyboardInterrupt:
        run.outcome = TrainingOutcome.STOPPED
        return run
    run.outcome = TrainingOutcome.FINISHED
    return run


def run_epoch(plan: NetworkPlan, state: TrainingState, X: Array, Y: Array) -> bool:
    """One pass over the rows in an order fixed by seed and epoch; the state is changed.

    Returns:
        False if a batch's fit or, at the end, a weight is beyond DIVERGED or not a number; the state is of no use then.
    """
    n = len(X)
    order = np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(1, state.epoch))).permutation(n)
    with np.errstate(over="ignore", invalid="ignore"):
        for begin in range(0, n, plan.batch):
            rows = order[begin : begin + plan.batch]
            slopes, fit = gradient(plan, state.weights, X[rows], Y[rows], n)
            if not fit <= DIVERGED:
                return False
            state.steps += 1
            for W, m, v, slope in zip(state.weights, state.first, state.second, slopes, strict=True):
                if plan.optimiser == "adam":
                    adam_step()(W, m, v, slope, plan.rate, state.steps)
                else:
                    sgd_step()(W, m, slope, plan.rate, plan.momentum)
    state.epoch += 1
    return all(bool(np.abs(W).max() <= DIVERGED) for W in state.weights)


def _take(run: NetworkRun, data: Prepared, labels: NDArray[np.int64], wanted: set[int], ansatz: bool) -> None:
    state = run.state
    if state.epoch in wanted and not any(s.epoch == state.epoch for s in run.snapshots):
        test = None if data.labels_test is None else (data.X_test, data.labels_test)
        run.snapshots.append(take_snapshot(run.plan, state.weights, state.epoch, data.X, data.Y, labels, test, ansatz))
