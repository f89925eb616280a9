"""What every search shares: options checked once, starts drawn from the seed, results gathered into one Solution."""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.engines.schedule import EPS_END
from dufm.solvers.search.solution import Outcome, Solution
from dufm.theory.problem import Problem, ProblemError

# Loss and weights of one restart; (NaN, ()) for one that was dropped.
Found = tuple[float, tuple[Array, ...]]
Portfolio = tuple[tuple[float, float], ...]


class Start(Protocol):
    """Draws the weights (H_1, W_1, ..., W_L) a descent begins from."""

    def __call__(self, problem: Problem, generator: np.random.Generator, scale: float, /) -> list[Array]:
        """Weights of the problem's shapes; `scale` is the portfolio's."""
        ...


def drawn(
    problem: Problem, start: Start, seed: int, index: int, starts_per_restart: int, scale: float
) -> list[list[Array]]:
    """The starts of restart `index`: they depend on the seed, the index and the start's number alone."""
    children = [np.random.SeedSequence(seed, spawn_key=(index, number)) for number in range(starts_per_restart)]
    return [start(problem, np.random.default_rng(child), scale) for child in children]


@dataclass(frozen=True)
class Plan:
    """The options of a search; see `solvers.search.scipy_reference.search` for what each means.

    Raises:
        ProblemError: naming an option that makes no sense.
    """

    problem: Problem
    restarts: int
    seed: int
    eps0: float | None
    scale: float | None
    starts_per_restart: int
    target: float | None
    progress: Callable[[int, int, float], None] | None
    stop: Callable[[], bool] | None
    start: Start
    first: int

    def __post_init__(self) -> None:
        self.problem.require_loss("mse", "this search")
        check_options(self.restarts, self.seed, self.eps0, self.scale, self.starts_per_restart, self.target, self.first)

    @property
    def indices(self) -> range:
        """Of the restarts to run."""
        return range(self.first, self.first + self.restarts)

    def settings(self, index: int, portfolio: Portfolio) -> tuple[float, float]:
        """(first eps, scale) of a restart."""
        eps0, scale = portfolio[index % len(portfolio)]
        return (eps0 if self.eps0 is None else self.eps0), (scale if self.scale is None else self.scale)

    def collect(
        self, results: Generator[Found], engine: str, versions: dict[str, str], settings: dict[str, Any] | None = None
    ) -> Solution:
        """Read results in order of restart until they end, the target is reached, `stop` holds, or Ctrl-C."""
        began = time.perf_counter()
        best: Found = (float("inf"), ())
        losses: list[float] = []
        outcome = Outcome.FINISHED
        try:
            with closing(results):
                for found in results:
                    losses.append(found[0])
                    best = found if found[0] < best[0] else best
                    if self.progress is not None:
                        self.progress(len(losses), self.restarts, best[0])
                    if self.target is not None and best[0] <= self.target:
                        outcome = Outcome.TARGET_REACHED
                        break
                    if self.stop is not None and self.stop():
                        outcome = Outcome.STOPPED
                        break
        except KeyboardInterrupt:
            outcome = Outcome.INTERRUPTED
        if outcome is Outcome.FINISHED and len(losses) < self.restarts:
            outcome = Outcome.STOPPED
        if losses and not best[1] and outcome is not Outcome.INTERRUPTED:
            outcome = Outcome.ALL_FAILED
        own = {"restarts": self.restarts, "eps0": self.eps0, "scale": self.scale, "heats": self.starts_per_restart}
        own |= {"target": self.target, "first": self.first}
        own |= {"start": getattr(self.start, "__name__", type(self.start).__name__)}
        return Solution(
            problem=self.problem,
            weights=best[1],
            loss=best[0] if best[1] else float("nan"),
            losses=np.array(losses, dtype=float),
            engine=engine,
            versions=versions,
            seed=self.seed,
            settings=own | (settings or {}),
            outcome=outcome,
            seconds=time.perf_counter() - began,
        )


def check_options(
    restarts: int,
    seed: int,
    eps0: float | None,
    scale: float | None,
    starts_per_restart: int,
    target: float | None,
    first: int,
    patience: int | None = None,
) -> None:
    for name, value, least in (
        ("restarts", restarts, 1),
        ("seed", seed, 0),
        ("starts_per_restart", starts_per_restart, 1),
        ("first", first, 0),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ProblemError(f"{name} must be an integer >= {least}, got {value!r}")
    if eps0 is not None and not EPS_END < eps0 <= 1:
        raise ProblemError(f"eps0 must be a number in (1e-7, 1], got {eps0!r}")
    if target is not None and target != target:
        raise ProblemError(f"target must be a number, got {target!r}")
    if scale is not None and not 0 < scale < float("inf"):
        raise ProblemError(f"scale must be a finite number > 0, got {scale!r}")
    if patience is not None and patience < 1:
        raise ProblemError(f"patience must be an integer >= 1, got {patience}")
