"""What the searching commands share: reading a budget, making a folder, a live line."""

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dufm.solvers.search.solution import Solution
from dufm.solvers.search.state import SearchState
from dufm.theory.problem import ProblemError
from dufm.verification.cli.search_state import Keeper

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str | None, option: str = "--budget") -> float | None:
    """Read "30s", "5m" or "1h".

    Raises:
        ProblemError: for anything else.
    """
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    if match is None or float(match[1]) <= 0:
        raise ProblemError(f"{option} must be a time such as 30s, 5m or 1h, got {text!r}")
    return float(match[1]) * UNITS[match[2]]


@dataclass
class TimeLimit:
    """A budget of seconds that runs from when it is made.

    Attributes:
        seconds: the budget.
        grace: what a polish may take beyond it.
    """

    seconds: float
    grace: float = 1.5
    began: float = field(default_factory=time.monotonic)

    def over(self) -> bool:
        """Whether the budget and the grace are spent."""
        return time.monotonic() - self.began > self.seconds + self.grace

    def spent(self) -> bool:
        """Whether the budget is spent."""
        return time.monotonic() - self.began > self.seconds


def time_limit(text: str | None) -> TimeLimit | None:
    """Read --budget; None for none. ProblemError for anything that is not a time."""
    found = seconds(text)
    return None if found is None else TimeLimit(found)


Run = Callable[[Callable[[SearchState], None], Callable[[], bool]], tuple[Solution, SearchState]]


def shown(
    run: Run, restarts: int, limit: TimeLimit | None, dnc: float, earlier: SearchState | None, keeper: Keeper
) -> tuple[Solution, SearchState]:
    """Run a search under a progress bar with its best loss beside DNC's, and keep its state.

    Where stderr is no terminal it gets a line after 1, 2, 4, 8, ... restarts instead.
    """
    errors = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("searching", total=restarts)
        done = 0 if earlier is None else len(earlier.losses)

        def report(state: SearchState) -> None:
            keeper(state)
            best = state.best[0]
            ran = len(state.losses) - done
            words = f"best {best:.10g}, {best / dnc:.5f} of DNC, {len(state.groups)} minima"
            progress.update(task, completed=ran, description=words)
            if not errors.is_terminal and ran & (ran - 1) == 0:
                print(f"{ran}/{restarts} {words}", file=sys.stderr, flush=True)

        found = run(report, lambda: limit is not None and limit.spent())
    keeper.save(found[1])
    return found
