"""The compiled homotopy as Python sees it: stages, a workspace for each thread, and starts in and factors out.

Nothing is compiled on import. The first use on a machine compiles for some seconds and leaves the result on disk.
"""

import functools
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array, Shapes
from dufm.solvers.base.program_cache import compile_cached
from dufm.solvers.compiled import lbfgs
from dufm.solvers.engines.knock_out import DescentResults
from dufm.solvers.engines.schedule import Keep, keep_all, schedule
from dufm.solvers.objectives import evaluation, squared_kernel
from dufm.theory.problem import ACTIVATIONS, Problem
from dufm.theory.stated import ProblemError

MEMORY = 16


@functools.cache
def compiled_homotopy() -> Any:
    """The compiled `kernels.homotopy`, from the cache on disk where there is one."""
    integers, numbers, table = "int64[::1]", "float64[::1]", "float64[:,::1]"
    return compile_cached(
        squared_kernel.homotopy,
        f"int64({table},{numbers},{integers},{table},{numbers},{integers},{integers},{integers})",
    )


@functools.cache
def compiled_evaluation() -> Any:
    """Compiled (w, o, eps, times) -> loss: `kernels.evaluate` that many times in a row, for tests and benchmarks."""

    def evaluate(w, o, eps, times):
        fit, regulariser = 0.0, 0.0
        for _ in range(times):
            fit, regulariser = squared_kernel.evaluate(w, o, eps)
        return fit + regulariser

    return compile_cached(evaluate, "float64(float64[::1],int64[::1],float64,int64)")


def aligned(length: int) -> Array:
    """Zeros from an address divisible by 64: only there do rows of eight numbers fit cache lines."""
    raw = np.zeros(length + 8)
    start = -(raw.ctypes.data // 8) % 8
    return raw[start : start + length]


def pack_rows(shapes: Shapes, length: int, starts: Sequence[Sequence[Array]]) -> Array:
    """Factors as flat rows of `length` >= their size; factors beyond the shapes given are left out.

    Raises:
        ProblemError: if a factor does not have its shape.
    """
    points = np.zeros((len(starts), length))
    for row, start in zip(points, starts, strict=True):
        factors = [np.asarray(w, dtype=float) for w in start[: len(shapes)]]
        if tuple(w.shape for w in factors) != shapes:
            raise ProblemError(f"start must have factors of shapes {shapes}, got {[w.shape for w in factors]}")
        flat = np.concatenate([w.ravel() for w in factors])
        row[: flat.size] = flat
    return points


def unpack_row(shapes: Shapes, row: Array) -> list[Array]:
    """Copies of the factors in one packed row."""
    ends = np.cumsum([rows * columns for rows, columns in shapes])
    parts = np.split(row[: ends[-1]], ends[:-1])
    return [part.reshape(shape).copy() for part, shape in zip(parts, shapes, strict=True)]


class CpuEngine:
    """One problem's memory layout and a workspace for each thread that calls `run`.

    Setting `flag[0]` to 1 makes every `run` in progress return within one evaluation. `offsets` are kernels.layout's.
    """

    def __init__(self, problem: Problem, memory: int = MEMORY) -> None:
        problem.require_loss("mse", "the compiled engine", ACTIVATIONS["mse"])
        self.problem = problem
        self.flag = np.zeros(1, dtype=np.int64)
        self._homotopy = compiled_homotopy()
        self._shapes = problem.shapes[:-1]
        self.offsets = squared_kernel.layout(problem, memory)
        self._local = threading.local()

    def workspace(self) -> Array:
        """The calling thread's flat array, filled in for the problem."""
        if not hasattr(self._local, "workspace"):
            workspace = aligned(int(self.offsets[evaluation.TOTAL]))
            squared_kernel.settle(self.problem, workspace, self.offsets)
            self._local.workspace = workspace
        return self._local.workspace

    def pack(self, starts: Sequence[Sequence[Array]]) -> Array:
        """Starts (H_1, W_1, ...) as rows; a W_L at the end is left out, for it is eliminated.

        Raises:
            ProblemError: if a factor does not have the problem's shape.
        """
        return pack_rows(self._shapes, int(self.offsets[lbfgs.SIZE]), starts)

    def run(self, points: Array, stages: Array) -> DescentResults:
        """The homotopy on the rows of `points`, which is overwritten; stages as from `schedule`."""
        values, order = np.full(len(points), np.nan), np.zeros(len(points), dtype=np.int64)
        counts = np.zeros(2, dtype=np.int64)
        count = self._homotopy(points, values, order, stages, self.workspace(), self.offsets, self.flag, counts)
        left = [int(i) for i in order[:count]]
        return DescentResults(values, left, [self.unpack(points[i]) for i in left], int(counts[0]), int(counts[1]))

    def evaluate(self, points: Array, eps: float = 0.0) -> tuple[Array, Array]:
        """Losses and gradients at packed points, with relu_eps (linear layers) and W_L eliminated; NaN if it fails."""
        eps = -1.0 if self.problem.activation == "linear" else eps
        w, (x, g, size) = self.workspace(), (int(self.offsets[i]) for i in (lbfgs.X, lbfgs.G, lbfgs.SIZE))
        values, gradients = np.empty(len(points)), np.empty_like(points)
        for i, point in enumerate(points):
            w[x : x + size] = point
            values[i] = compiled_evaluation()(w, self.offsets, eps, 1)
            gradients[i] = w[g : g + size]
        return values, gradients

    def unpack(self, row: Array) -> list[Array]:
        """The factors (H_1, W_1, ..., W_{L-1}) of one packed row."""
        return unpack_row(self._shapes, row)


def descend_from(
    problem: Problem,
    starts: Sequence[Sequence[Array]],
    eps0: float = 0.01,
    keep: Keep = keep_all,
    memory: int = MEMORY,
) -> DescentResults:
    """The homotopy from given starts in the calling thread; by default none is culled. Arguments as for `schedule`.

    Raises:
        ProblemError: if a start does not fit the problem.
    """
    engine = CpuEngine(problem, memory)
    return engine.run(engine.pack(starts), schedule(problem, eps0, keep, len(starts)))
