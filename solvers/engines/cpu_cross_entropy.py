"""The compiled descents as Python sees them: one memory layout, a workspace for each thread, starts in, factors out."""

import functools
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.parallel import Stop, in_order
from dufm.solvers.base.program_cache import compile_cached
from dufm.solvers.compiled import lbfgs
from dufm.solvers.engines.cpu import aligned, pack_rows, unpack_row
from dufm.solvers.objectives import cross_entropy_kernel, evaluation
from dufm.theory.problem import ACTIVATIONS, Problem

MEMORY = 16
TOLERANCE = 1e-10
STEPS = 4000
BATCH = 32


@functools.cache
def compiled_descents() -> Any:
    """The compiled `kernels.descents`, from the cache on disk where there is one."""
    integers, numbers, table = "int64[::1]", "float64[::1]", "float64[:,::1]"
    return compile_cached(
        cross_entropy_kernel.descents, f"void({table},{table},{table},{numbers},{integers},{integers})"
    )


@dataclass(frozen=True)
class DescentStage:
    """One stage of a descent.

    Attributes:
        gradient_steps: steps of plain gradient descent that come first.
        rate: their step size.
        tolerance: L-BFGS stops at this largest |gradient entry|.
        steps: most L-BFGS steps; 0 leaves the point where gradient descent ended.
        eps: smoothing of the relu between the layers; None for linear layers.
    """

    gradient_steps: int = 0
    rate: float = 0.0
    tolerance: float = TOLERANCE
    steps: int = STEPS
    eps: float | None = None

    @property
    def row(self) -> tuple[float, ...]:
        """As the kernel reads it."""
        return self.gradient_steps, self.rate, -1.0 if self.eps is None else self.eps, self.tolerance, self.steps


@dataclass(frozen=True, eq=False)
class Descent:
    """Where one start ended: loss (NaN if it broke down), factors, and L-BFGS steps taken."""

    loss: float
    weights: tuple[Array, ...]
    steps: int


class CeEngine:
    """One cross-entropy problem's memory layout and a workspace for each thread that calls `run`.

    Setting `flag[0]` to 1 makes every `run` in progress return within one evaluation.

    Raises:
        ProblemError: for another loss than cross-entropy.
    """

    def __init__(self, problem: Problem, memory: int = MEMORY) -> None:
        problem.require_loss("ce", "the cross-entropy engine", ACTIVATIONS["ce"])
        self.flag = np.zeros(1, dtype=np.int64)
        self.shapes = problem.shapes
        self.offsets = cross_entropy_kernel.layout(problem.K, problem.L, problem.width, memory)
        self._descents = compiled_descents()
        strengths = [float(value) for value in problem.effective_lambdas]
        self._strength = np.concatenate(
            [np.full(rows * columns, value) for value, (rows, columns) in zip(strengths, self.shapes, strict=True)]
        )
        self._local = threading.local()

    def workspace(self) -> Array:
        """The calling thread's flat array, strengths filled in."""
        if not hasattr(self._local, "workspace"):
            self._local.workspace = aligned(int(self.offsets[evaluation.TOTAL]))
            at = self.offsets[evaluation.STRENGTH]
            self._local.workspace[at : at + self._strength.size] = self._strength
        return self._local.workspace

    def pack(self, starts: Sequence[Sequence[Array]]) -> Array:
        """Starts (H_1, W_1, ..., W_L) as rows; ProblemError if a factor does not have the problem's shape."""
        return pack_rows(self.shapes, int(self.offsets[lbfgs.SIZE]), starts)

    def run(self, points: Array, *recipes: DescentStage) -> list[Descent]:
        """Take every row of `points`, which is overwritten, through the stages."""
        reports = np.full((len(points), 2), np.nan)
        stages = np.array([recipe.row for recipe in recipes], dtype=float)
        self._descents(points, reports, stages, self.workspace(), self.offsets, self.flag)
        return [
            Descent(
                float(report[cross_entropy_kernel.VALUE]),
                tuple(unpack_row(self.shapes, row)),
                int(report[cross_entropy_kernel.TAKEN]),
            )
            for row, report in zip(points, reports, strict=True)
        ]

    def evaluate(self, points: Array, eps: float | None = None) -> tuple[Array, Array]:
        """Losses and gradients at packed points; linear layers, or relu_eps where eps is given."""
        g, size = int(self.offsets[lbfgs.G]), int(self.offsets[lbfgs.SIZE])
        values, gradients = np.empty(len(points)), np.empty_like(points)
        for i, point in enumerate(points):
            values[i] = self.run(point[None].copy(), DescentStage(steps=0, eps=eps))[0].loss
            gradients[i] = self.workspace()[g : g + size]
        return values, gradients

    def unpack(self, row: Array) -> list[Array]:
        """The factors (H_1, W_1, ..., W_L) of one packed row."""
        return unpack_row(self.shapes, row)


def run_starts(
    problem: Problem,
    start: Callable[[int], Sequence[Array]],
    indices: range,
    recipes: Sequence[DescentStage],
    threads: int,
    stop: Stop = None,
    batch: int = BATCH,
    cut: Callable[[Descent], None] | None = None,
) -> Generator[list[Descent]]:
    """Descents from start(index) in order of index, `batch` at a time; the same on any number of threads.

    Ends early when `stop` holds; whoever stops reading ends the work that is under way. What descents that were cut
    short had reached is handed to `cut`, in order.
    """
    engine = CeEngine(problem)
    short: list[tuple[int, list[Descent]]] = []

    def job(part: range) -> Callable[[], list[Descent]]:
        points = engine.pack([start(i) for i in part])

        def work() -> list[Descent]:
            found = engine.run(points, *recipes)
            if engine.flag[0]:
                short.append((part.start, found))
            return found

        return work

    parts = (indices[i : i + batch] for i in range(0, len(indices), batch))
    with ThreadPoolExecutor(threads, "dufm") as pool:
        try:
            yield from in_order(pool, map(job, parts), threads + 1, stop)
        finally:
            engine.flag[0] = 1
            pool.shutdown(wait=True, cancel_futures=True)
            if cut is not None:
                for _, found in sorted(short, key=lambda entry: entry[0]):
                    for descent in found:
                        cut(descent)
