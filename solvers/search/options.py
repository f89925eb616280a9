"""The options of a search, checked once and handed on whole."""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from dufm.solvers.base.checks import require_integers, require_number
from dufm.solvers.base.parallel import Stop
from dufm.solvers.engines.schedule import EPS_END
from dufm.solvers.search.found import NOTHING, Found, Provenance, solution_of
from dufm.solvers.search.restarts import Restart, Start
from dufm.solvers.search.solution import Outcome, Solution
from dufm.solvers.search.state import SearchState
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

# Starts of a restart of `global_search`, and of a search with a fixed portfolio.
STARTS_PER_RESTART, FIXED_STARTS_PER_RESTART = 16, 32
# Pairs (first eps, scale of the starts); restart i takes entry i (mod length).
Portfolio = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class SearchOptions:
    """The options of a search that keeps a state: `global_search`, `device_search`, `ce_search`.

    Attributes:
        restarts: restarts to run, those of an earlier state not counted.
        seed: entropy >= 0; with the index of the restart it fixes every start.
        starts_per_restart: starts drawn for each restart, where a restart is a knock-out.
        target: stop once a restart reaches this loss or less.
        patience: stop after this many restarts without a lower loss.
        progress: called with the state after every restart (cross-entropy: after every batch of them).
        stop: asked as often, and ten times a second; True ends the search.
        threads: how much is worked on at a time, None for the cores of this machine; does not change the result.

    Raises:
        ProblemError: naming an option that makes no sense.
    """

    restarts: int = 240
    seed: int = 0
    starts_per_restart: int = STARTS_PER_RESTART
    target: float | None = None
    patience: int | None = None
    progress: Callable[[SearchState], None] | None = None
    stop: Stop = None
    threads: int | None = None

    def __post_init__(self) -> None:
        require_integers(1, restarts=self.restarts, starts_per_restart=self.starts_per_restart)
        require_integers(0, seed=self.seed)
        require_integers(1, patience=self.patience, threads=self.threads)
        require_number(target=self.target)

    def ended(self, state: SearchState) -> Outcome | None:
        """Why the search ends here, if it does."""
        if self.target is not None and state.best.loss <= self.target:
            return Outcome.TARGET_REACHED
        if (self.stop is not None and self.stop()) or (self.patience is not None and state.since >= self.patience):
            return Outcome.STOPPED
        return None

    @property
    def settings(self) -> dict[str, Any]:
        """What of them is written into a Solution."""
        return {"restarts": self.restarts, "target": self.target, "patience": self.patience}


@dataclass(frozen=True)
class FixedOptions:
    """The options of a search with a fixed portfolio: `scipy_reference.search` and `fixed_portfolio.compiled_search`.

    Attributes:
        restarts: knock-outs to run.
        seed: entropy >= 0; with the index of the restart and of the start it fixes every start.
        eps0: first smoothing in (1e-7, 1], and
        scale: scale of the starts, > 0; where None, taken from the portfolio.
        starts_per_restart: starts a knock-out begins with.
        target: stop once a restart reaches this loss or less.
        progress: called as progress(done, restarts, best loss so far) after every restart.
        stop: asked after every restart; True ends the search. Where restarts run on threads or a device it is asked
            every 0.1 s or after a burst too, and restarts that have not finished are left out: there may be none.
        start: what draws the starts.
        first: index of the first restart, to go on where an earlier search with the same seed ended.

    Raises:
        ProblemError: naming an option that makes no sense.
    """

    restarts: int = 24
    seed: int = 0
    eps0: float | None = None
    scale: float | None = None
    starts_per_restart: int = FIXED_STARTS_PER_RESTART
    target: float | None = None
    progress: Callable[[int, int, float], None] | None = None
    stop: Stop = None
    start: Start = gaussian
    first: int = 0

    def __post_init__(self) -> None:
        require_integers(1, restarts=self.restarts, starts_per_restart=self.starts_per_restart)
        require_integers(0, seed=self.seed, first=self.first)
        require_number(target=self.target)
        if self.eps0 is not None and not EPS_END < self.eps0 <= 1:
            raise ProblemError(f"eps0 must be a number in (1e-7, 1], got {self.eps0!r}")
        if self.scale is not None and not 0 < self.scale < float("inf"):
            raise ProblemError(f"scale must be a finite number > 0, got {self.scale!r}")

    def plan(self, portfolio: Portfolio) -> Generator[Restart]:
        """The restarts to run, in order."""
        for index in range(self.first, self.first + self.restarts):
            eps0, scale = portfolio[index % len(portfolio)]
            eps0, scale = (eps0 if self.eps0 is None else self.eps0), (scale if self.scale is None else self.scale)
            yield Restart(index, self.start, eps0, scale, self.starts_per_restart)

    @property
    def settings(self) -> dict[str, Any]:
        """What of them is written into a Solution."""
        own = {"restarts": self.restarts, "eps0": self.eps0, "scale": self.scale, "heats": self.starts_per_restart}
        own |= {"target": self.target, "first": self.first}
        return own | {"start": getattr(self.start, "__name__", type(self.start).__name__)}


# What a search does that is not told otherwise.
DEFAULTS, FIXED_DEFAULTS = SearchOptions(), FixedOptions()


def collect(problem: Problem, options: FixedOptions, results: Generator[Found], provenance: Provenance) -> Solution:
    """Read results in order of restart until they end, the target is reached, `stop` holds, or Ctrl-C."""
    began = time.perf_counter()
    best, losses, outcome = NOTHING, list[float](), Outcome.FINISHED
    try:
        with closing(results):
            for found in results:
                losses.append(found.loss)
                best = found if found.loss < best.loss else best
                if options.progress is not None:
                    options.progress(len(losses), options.restarts, best.loss)
                if options.target is not None and best.loss <= options.target:
                    outcome = Outcome.TARGET_REACHED
                    break
                if options.stop is not None and options.stop():
                    outcome = Outcome.STOPPED
                    break
    except KeyboardInterrupt:
        outcome = Outcome.INTERRUPTED
    if outcome is Outcome.FINISHED and len(losses) < options.restarts:
        outcome = Outcome.STOPPED
    whole = replace(provenance, settings=options.settings | provenance.settings)
    return solution_of(problem, best, losses, outcome, options.seed, whole, began)
