"""One training run: it is taken from checkpoint to checkpoint, looked at there, and may be stopped and gone on with.

A run is its weights and its step; nothing else is carried along. So a run that was stopped anywhere and gone on with
ends in the same bits as one that was not.
"""

import functools
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.program_cache import compile_cached
from dufm.solvers.compiled import lbfgs
from dufm.solvers.engines.cpu import aligned, pack_rows, unpack_row
from dufm.solvers.metrics import dnc1
from dufm.solvers.objectives import evaluation, samples_kernel
from dufm.solvers.objectives.layers import Layers, forward
from dufm.solvers.training.setting import DescentSetting, checkpoints

# A run has diverged when its loss is this many times the larger of 1 and what it began with.
DIVERGED = 1e3
# It has converged when, `SETTLING` decay times or later, the second half of its steps lowered the loss by less.
SETTLING = 100
STILL = 1e-4


class Ending(Enum):
    """How a run ended."""

    CONVERGED = "the loss had stopped falling"
    STEPS = "the last step was taken while the loss was still falling"
    DIVERGED = "the loss grew beyond every bound"
    INTERRUPTED = "stopped before the end; it can be gone on with"


@dataclass(frozen=True, eq=False)
class Trace:
    """What a run looked like at its checkpoints, T of them.

    Attributes:
        steps: T integers.
        loss: T numbers.
        fit: T numbers; loss less fit is the regulariser.
        singular: T x (2 L - 1) x K, largest first, of the class means of P_2, F_2, ..., P_L, F_L, Z.
        dnc1: T x L, `solvers.metrics.dnc1` of F_1 = H_1, F_2, ..., F_L; 0 with one sample a class.
    """

    steps: np.ndarray
    loss: Array
    fit: Array
    singular: Array
    dnc1: Array


@dataclass(frozen=True, eq=False)
class DescentRun:
    """One run.

    Attributes:
        setting: place of its setting in the batch.
        number: which run of that setting; with the seed it fixes the start.
        step: steps taken.
        ending: how it ended.
        loss: at the last step.
        fit: likewise.
        slope: largest entry of the gradient there. It does not tend to 0 where a minimum sits on a kink of the relu.
        weights: (H_1, W_1, ..., W_L) in one row.
        trace: up to the last checkpoint passed.
    """

    setting: int
    number: int
    step: int
    ending: Ending
    loss: float
    fit: float
    slope: float
    weights: Array
    trace: Trace


@functools.cache
def compiled_descent() -> Any:
    """The compiled `kernel.descend`, from the cache on disk where there is one."""
    return compile_cached(
        samples_kernel.descend, "void(float64[::1],int64[::1],float64,int64,float64,int64[::1],float64[::1])", "numpy"
    )


def prepared(setting: DescentSetting) -> tuple[Array, np.ndarray]:
    """(w, o) of a run without weights: strengths and what else the problem has filled in."""
    problem = setting.problem
    o = samples_kernel.layout(problem, sum(setting.counts))
    w = aligned(int(o[evaluation.TOTAL]))
    samples_kernel.settle(problem, setting.targets, w, o)
    strengths = [
        np.full(rows * columns, float(value))
        for value, (rows, columns) in zip(problem.lambdas, setting.shapes, strict=True)
    ]
    flat = np.concatenate(strengths)
    w[o[evaluation.STRENGTH] : o[evaluation.STRENGTH] + flat.size] = flat
    return w, o


def look(setting: DescentSetting, weights: list[Array]) -> tuple[Array, Array]:
    """(singular values, DNC1) of one checkpoint, as a row of `Trace`; NaN for weights that are not finite."""
    problem = setting.problem
    K, L = problem.K, problem.L
    singular, within = np.full((2 * L - 1, K), np.nan), np.full(L, np.nan)
    if not all(np.isfinite(w).all() for w in weights):
        return singular, within
    features = forward(weights[:-1], layers=Layers.of(problem)).features
    # Finite weights may have an infinite product.
    if not all(np.isfinite(w @ f).all() and np.isfinite(f).all() for w, f in zip(weights[1:], features, strict=False)):
        return singular, within
    means = [setting.class_means(f) for f in features]
    for i in range(L):
        singular[2 * i] = np.linalg.svd(weights[i + 1] @ means[i], compute_uv=False)
        if i:
            singular[2 * i - 1] = np.linalg.svd(means[i], compute_uv=False)
    within[:] = dnc1([f.T for f in features], setting.labels) if max(setting.counts) > 1 else 0.0
    return singular, within


def begin(setting: DescentSetting, place: int, seed: int, number: int) -> DescentRun:
    """A run that has taken no step."""
    start = setting.start(seed, number)
    row = pack_rows(setting.shapes, sum(a * b for a, b in setting.shapes), [start])[0]
    singular, within = np.empty((0, 2 * setting.problem.L - 1, setting.problem.K)), np.empty((0, setting.problem.L))
    trace = Trace(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), singular, within)
    return DescentRun(place, number, 0, Ending.INTERRUPTED, np.nan, np.nan, np.nan, row, trace)


def follow(setting: DescentSetting, run: DescentRun, flag: np.ndarray) -> DescentRun:
    """Take a run on from where it is to its end, or until another thread sets flag[0]."""
    (w, o), reported = prepared(setting), np.zeros(4)
    at = slice(int(o[lbfgs.X]), int(o[lbfgs.X]) + run.weights.size)
    w[at] = run.weights
    step, trace, ending = run.step, run.trace, Ending.INTERRUPTED
    rows = [list(column) for column in (trace.steps, trace.loss, trace.fit, trace.singular, trace.dnc1)]
    marks = [mark for mark in checkpoints(setting.steps) if mark > step or not rows[0]]
    # NumPy keeps error states by thread; a run that diverges overflows on its way.
    with np.errstate(all="ignore"):
        for mark in marks:
            cap = DIVERGED * max(1.0, rows[1][0]) if rows[1] else np.inf
            compiled_descent()(w, o, setting.rate, mark - step, cap, flag, reported)
            step += int(reported[samples_kernel.DONE])
            lost = not reported[samples_kernel.LOSS] <= cap
            if step < mark and not lost:
                break
            seen = (
                step,
                reported[samples_kernel.LOSS],
                reported[samples_kernel.FIT],
                *look(setting, unpack_row(setting.shapes, w[at])),
            )
            for column, value in zip(rows, seen, strict=True):
                column.append(value)
            if lost or step == setting.steps or _settled(setting, rows[0], rows[1]):
                ending = Ending.CONVERGED if _still(rows[0], rows[1]) else Ending.STEPS
                ending = Ending.DIVERGED if lost else ending
                break
    steps, loss, fit, singular, within = (np.array(column) for column in rows)
    trace = Trace(steps.astype(np.int64), loss, fit, singular, within) if rows[0] else trace
    reported = reported.tolist()
    return replace(
        run,
        step=step,
        ending=ending,
        loss=reported[samples_kernel.LOSS],
        fit=reported[samples_kernel.FIT],
        slope=reported[samples_kernel.SLOPE],
        weights=w[at].copy(),
        trace=trace,
    )


def _still(steps: list[int], losses: list[float]) -> bool:
    """Whether the loss stopped falling: the second half of the steps lowered it by less than `STILL` of it."""
    half = max(i for i, step in enumerate(steps) if 2 * step <= steps[-1])
    return losses[half] - losses[-1] <= STILL * losses[-1]


def _settled(setting: DescentSetting, steps: list[int], losses: list[float]) -> bool:
    return steps[-1] >= SETTLING * setting.decay and _still(steps, losses)


def class_mean_weights(setting: DescentSetting, run: DescentRun) -> list[Array]:
    """(H_1, W_1, ..., W_L) of a run with H_1 replaced by its class means, d x K: weights of the same `Problem`."""
    lowest, *upper = unpack_row(setting.shapes, run.weights)
    return [setting.class_means(lowest), *upper]
