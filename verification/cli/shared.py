"""What the searching commands share: what is asked for, and a search with a live line."""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from dufm.solvers.search.devices import DEVICES
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.solution import Outcome, Solution, load, save
from dufm.solvers.search.state import SearchState
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError, require_choice
from dufm.verification.cli.duration import TimeLimit, seconds
from dufm.verification.cli.interrupt import NOTHING
from dufm.verification.cli.live import live_line
from dufm.verification.cli.search_state import Keeper

# A search as the command line calls it: with its options, and the state to go on from.
Search = Callable[[SearchOptions, SearchState | None], tuple[Solution, SearchState]]


@dataclass(frozen=True)
class SearchRequest:
    """What `dufm search` was asked for.

    Attributes:
        problem: what to minimise.
        options: of the search.
        device: a name in `solvers.search.devices.DEVICES`.
        budget: a time such as 5m, or None.
        minima: how many of the lowest minima to describe.
        resume: whether to go on from the state beside the result.
        out: folder of the results.
        as_json: whether to print JSON.

    Raises:
        ProblemError: for a device or a budget that is none.
    """

    problem: Problem
    options: SearchOptions
    device: str
    budget: str | None
    minima: int
    resume: bool
    out: Path
    as_json: bool

    def __post_init__(self) -> None:
        require_choice("--device", self.device, DEVICES)
        seconds(self.budget)

    @property
    def result(self) -> Path:
        """The file of the best weights; others of the search end otherwise."""
        p = self.problem
        kind = variant_kind(p) if p.loss == "mse" else "ce_relu_" if p.activation == "relu" else "ce_"
        return self.out / f"{kind}K{p.K}_L{p.L}_d{p.width}_seed{self.options.seed}.npz"


def save_result(solution: Solution, result: Path) -> Path:
    """Save a solution; an earlier one of the same problem that is lower is moved aside first, and stderr says so.

    Raises:
        OSError: if the folder cannot be written.
    """
    try:
        earlier = load(result) if result.exists() else None
    except ProblemError:
        # Damaged, or something else: nothing that could be compared.
        earlier = None
    if earlier is not None and earlier.problem == solution.problem and earlier.loss < solution.loss:
        names = (result.with_name(f"{result.stem}_lower{i}{result.suffix}") for i in count(1))
        aside = result.rename(next(name for name in names if not name.exists()))
        print(f"the result that was in {result} is lower, {earlier.loss:.10g}: kept as {aside}", file=sys.stderr)
    return save(solution, result)


def variant_kind(problem: Problem) -> str:
    """How the files of another model than the papers' begin; "" for theirs."""
    if problem.is_plain:
        return ""
    told = repr((problem.activation, sorted(problem.variant.named.items())))
    return f"variant-{hashlib.sha256(told.encode()).hexdigest()[:8]}_"


def shown(
    search: Search, request: SearchRequest, limit: TimeLimit | None, dnc: float, beside: str = "DNC"
) -> tuple[Solution, SearchState]:
    """Run a search under a live line with its best loss beside DNC's, or what else `beside` names; keep its state.

    Where stderr is no terminal it gets a line after 1, 2, 4, 8, ... restarts instead.

    Raises:
        ProblemError: where no restart finished, or a state to go on from is damaged or another problem's.
        KeyboardInterrupt: where none finished before Ctrl-C.
    """
    restarts = request.options.restarts
    keeper = Keeper(request.problem, request.options.seed, request.result)
    earlier = keeper.earlier(request.resume)
    done = 0 if earlier is None else len(earlier.losses)
    with live_line("searching", restarts) as line:

        def report(state: SearchState) -> None:
            keeper(state)
            best = state.best.loss
            ran = len(state.losses) - done
            words = f"best {best:.10g}, {best / dnc:.5f} of {beside}, {len(state.groups)} minima"
            line.update(words, completed=ran)
            if ran & (ran - 1) == 0:
                line.say(f"{ran}/{restarts} {words}")

        asked = replace(request.options, progress=report, stop=lambda: limit is not None and limit.spent())
        solution, state = search(asked, earlier)
    keeper.save(state)
    if not solution.weights:
        if solution.outcome is Outcome.INTERRUPTED:
            raise KeyboardInterrupt(NOTHING)
        raise ProblemError(f"no restart finished: {solution.outcome.value}")
    return solution, state
