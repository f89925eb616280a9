"""Working through the cells of a grid with any `concurrent.futures.Executor`, each result stored as it comes.

Cells are independent and have their own seeds, so neither the order of work nor the number of workers changes a
result, as long as the effort's restarts end a search and not its clock. A worker that dies takes the cells it worked on
with it; they are given out again. Warm starts are read from the store before the sweep begins, for the same reason.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.squared import balance, loss
from dufm.theory.stated import ProblemError
from dufm.verification.atlas.cells import Cell
from dufm.verification.atlas.store import CellRecord, Store
from dufm.verification.atlas.work import CellResult, Effort, floats, solve_cell

MOST_DEATHS = 3
# Finds better weights for x from those for x' while the two are this close.
NEAR = 4.0
Opener = Callable[[], AbstractContextManager[Executor]]
Starts = dict[Cell, list[tuple[str, list[Array]]]]


class Halted(Exception):
    """A sweep ends before its grid does; the message says why."""


@dataclass
class Tally:
    """What a sweep has done.

    Attributes:
        total: cells of the grid.
        kept: cells found done in the store.
        done: cells worked on.
        better: how many of those gave a new best.
        failed: cells whose work broke, each with why.
        last: the last cell in words.
        halted: why the sweep ended before its grid did; empty if it did not.
    """

    total: int
    kept: int = 0
    done: int = 0
    better: int = 0
    failed: dict[Cell, str] = field(default_factory=dict)
    last: str = ""
    halted: str = ""


def sweep(
    cells: Sequence[Cell],
    effort: Effort,
    store: Store,
    opener: Opener,
    program: str,
    again: bool = False,
    report: Callable[[Tally], None] = lambda tally: None,
    deadline: float | None = None,
) -> Tally:
    """Work on every cell that the store does not hold with this effort.

    Args:
        cells: the grid.
        effort: how much work each gets.
        store: where results go as they come.
        opener: gives an executor; called again if its workers died.
        program: remembered with every result.
        again: work on cells that are done, too.
        report: called before the first cell and after each.
        deadline: seconds after which the sweep ends with what it has.

    Returns:
        The tally; cells whose work broke are in it and are tried again by the next sweep, as are those that a deadline
        or a scheduler that went away left undone.

    Raises:
        ProblemError: if workers die three times without a cell being finished in between.
    """
    done = {} if again else store.done(effort)
    missing = [cell for cell in cells if cell not in done]
    tally = Tally(len(cells), len(cells) - len(missing))
    starts = neighbours(missing, store.records()) if effort.warm else {}
    report(tally)
    end = None if deadline is None else time.monotonic() + deadline
    job, deaths = _Sweep(effort, store, opener, program, starts, tally, report, end), 0
    while missing:
        before = tally.done
        try:
            missing = job.round(missing)
        except TimeoutError:
            tally.halted = f"the deadline of {deadline:g} s is over"
            break
        except Halted as reason:
            tally.halted = str(reason)
            break
        deaths = 0 if tally.done > before else deaths + 1
        if missing and deaths >= MOST_DEATHS:
            raise ProblemError("the workers died three times without finishing a cell; is there enough memory?")
    return tally


@dataclass(frozen=True)
class _Sweep:
    """A sweep under way; `end` in seconds of the monotonic clock."""

    effort: Effort
    store: Store
    opener: Opener
    program: str
    starts: Starts
    tally: Tally
    report: Callable[[Tally], None]
    end: float | None

    def round(self, cells: Sequence[Cell]) -> list[Cell]:
        """Give every cell out once; those whose workers died.

        Raises:
            Halted: if the executor cannot go on.
            TimeoutError: at `end`.
        """
        lost, halted, tally = [], None, self.tally
        with self.opener() as executor:
            futures = {executor.submit(solve_cell, c, self.effort, self.starts.get(c, ())): c for c in cells}
            left = None if self.end is None else max(0.0, self.end - time.monotonic())
            for future in as_completed(futures, left):
                cell = futures[future]
                if isinstance(future.exception(), Halted):
                    halted = future.exception()
                    continue
                result = _finished(future, cell, tally)
                if result is not None:
                    _keep(result, self.effort, self.store, self.program, tally)
                if result is not None or cell in tally.failed:
                    self.report(tally)
                else:
                    lost.append(cell)
        if halted is not None:
            raise halted
        return sorted(lost)


def _finished(future: Future[CellResult], cell: Cell, tally: Tally) -> CellResult | None:
    """What a future holds; None if its worker died, or if the work broke, which is then in `tally.failed`."""
    try:
        return future.result()
    except BrokenExecutor:
        return None
    except Exception as error:  # one broken cell must not take the others with it
        tally.failed[cell] = tally.last = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return None


def _keep(result: CellResult, effort: Effort, store: Store, program: str, tally: Tally) -> None:
    try:
        judged, better = store.add(result, effort, program)
    except ProblemError as error:
        tally.failed[result.cell] = tally.last = str(error)
        return
    tally.done += 1
    tally.better += int(better)
    tally.last = f"{result.cell}: {judged.ratio:.5f} of DNC, {result.seconds:.1f} s"


def neighbours(cells: Sequence[Cell], records: dict[Cell, CellRecord]) -> Starts:
    """Starts from the records: the nearest strengths on both sides, and one class more with the best one left out."""
    beating = {cell: record.certificate for cell, record in records.items() if record.certified and record.certificate}
    found: Starts = {}
    for cell in cells:
        near = [c for c in beating if c.L == cell.L and 1 / NEAR < c.x / cell.x < NEAR]
        own = [c for c in near if c.K == cell.K]
        below = max((c for c in own if c.Lambda < cell.Lambda), default=None)
        above = min((c for c in own if c.Lambda > cell.Lambda), default=None)
        more = min((c for c in near if c.K == cell.K + 1), key=lambda c: abs(c.x - cell.x), default=None)
        starts = [(f"x = {c.x:.4g}", floats(beating[c])) for c in (below, cell, above) if c in beating]
        if more is not None:
            starts.append((f"K = {more.K}", _without_one(cell, floats(beating[more]))))
        if starts:
            found[cell] = starts
    return found


def _without_one(cell: Cell, weights: list[Array]) -> list[Array]:
    """Weights for K classes from those for K + 1: the class is left out whose absence leaves the least loss."""
    trials = []
    for k in range(cell.K + 1):
        trial = [np.delete(weights[0], k, axis=1), *weights[1:-1], np.delete(weights[-1], k, axis=0)]
        trials.append(balance(cell.problem, trial))
    return min(trials, key=lambda w: loss(cell.problem, w))
