"""Many runs over many settings at once, each on its own thread of compiled code; Ctrl-C keeps every one where it is."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.checks import require_integers
from dufm.solvers.base.parallel import Stop, cores, in_order, versions
from dufm.solvers.training.run import DescentRun, Ending, begin, follow
from dufm.solvers.training.setting import DescentSetting
from dufm.theory.stated import ProblemError


@dataclass(frozen=True, eq=False)
class Batch:
    """What became of `count` runs at every setting.

    Attributes:
        settings: the hyper-parameters.
        count: runs of each setting that were asked for; run i begins from the same numbers in all settings of a shape.
        seed: entropy of all starts.
        runs: those that were begun, ordered by setting and number.
        versions: of every program that decides the bits.
    """

    settings: tuple[DescentSetting, ...]
    count: int
    seed: int
    runs: tuple[DescentRun, ...]
    versions: dict[str, str]

    def of(self, setting: int) -> tuple[DescentRun, ...]:
        """The runs of one setting."""
        return tuple(run for run in self.runs if run.setting == setting)

    @property
    def finished(self) -> bool:
        """Whether every run has ended by itself."""
        return len(self.runs) == self.count * len(self.settings) and not any(
            run.ending is Ending.INTERRUPTED for run in self.runs
        )


def train(
    settings: Sequence[DescentSetting],
    count: int,
    seed: int = 0,
    earlier: Batch | None = None,
    threads: int | None = None,
    progress: Callable[[Batch], None] | None = None,
    stop: Stop = None,
) -> Batch:
    """Run `count` descents at every setting.

    Args:
        settings: at least one.
        count: runs at each, >= 1.
        seed: >= 0, fixes every start.
        earlier: a batch of the same settings and seed: its runs are gone on with, those that ended are kept.
        threads: runs at a time; None takes the cores this process may use. Changes no bit of the result.
        progress: told the batch so far after every run that ends, in order.
        stop: asked every 0.1 s; True interrupts all runs as Ctrl-C does.

    Returns:
        The batch in every case, also after Ctrl-C; runs under way then are INTERRUPTED where they were.

    Raises:
        ProblemError: naming an option that makes no sense, or an `earlier` that is of other settings.
    """
    settings = tuple(settings)
    require_integers(1, runs=count, threads=threads)
    require_integers(0, seed=seed)
    if not settings:
        raise ProblemError("a batch must have at least one setting, got none")
    if earlier is not None and (earlier.settings, earlier.seed) != (settings, seed):
        raise ProblemError("the earlier batch must be of the same settings and seed; choose another file")
    known = {} if earlier is None else {(run.setting, run.number): run for run in earlier.runs}
    flag = np.zeros(1, dtype=np.int64)
    threads = threads or cores()

    def so_far() -> Batch:
        runs = sorted(list(known.values()), key=lambda run: (run.setting, run.number))
        return Batch(settings, max(count, earlier.count if earlier else 0), seed, tuple(runs), versions())

    def job(place: int, number: int) -> Callable[[], None]:
        def work() -> None:
            run = known.get((place, number)) or begin(settings[place], place, seed, number)
            # A run that was not taken up leaves nothing behind.
            if flag[0] == 0:
                known[place, number] = follow(settings[place], run, flag)

        return work

    todo = [
        (place, number)
        for place in range(len(settings))
        for number in range(count)
        if (run := known.get((place, number))) is None or run.ending is Ending.INTERRUPTED
    ]
    with ThreadPoolExecutor(threads, "dufm") as pool:
        try:
            for _ in in_order(pool, (job(*each) for each in todo), threads + 1, stop):
                if progress is not None:
                    progress(so_far())
        except KeyboardInterrupt:
            pass
        finally:
            flag[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)
    return so_far()
