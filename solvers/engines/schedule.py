"""The stages of a descent: how the smoothing falls, how exact each stage is, and how many starts stay."""

from collections.abc import Callable

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.theory.problem import Problem

# The last smoothing, and what the smoothing falls by from stage to stage if nothing else is said.
EPS_END = 1e-7
EPS_FACTOR = 0.1
STEPS_PER_STAGE = 2000
# Gradient tolerance over eps, and the least: accuracy beyond the smoothing error is wasted on all but the last stage.
TOLERANCE_SHARE, LEAST_TOLERANCE = 0.01, 1e-8
# How many descents stay after a stage, from its number and the descents that entered it.
Keep = Callable[[int, int], int]


def keep_all(stage: int, descents: int) -> int:
    """No culling."""
    return descents


def better_half(stage: int, descents: int) -> int:
    """The culling of a knock-out: half the descents after every stage."""
    return descents // 2


def schedule(
    problem: Problem,
    eps0: float,
    keep: Keep,
    descents: int,
    factor: float = EPS_FACTOR,
    first_steps: int = STEPS_PER_STAGE,
    flat: float = 0.0,
) -> Array:
    """The stages of one restart: eps, gradient tolerance, most steps, least decrease in twenty steps, how many stay.

    Args:
        problem: without hidden layers (L = 1), or with linear ones (eps = -1), nothing is smoothed and one stage is
            the whole descent.
        eps0: first smoothing; it falls by `factor` to 1e-7.
        keep: descents left after a stage, from its number and the descents that entered it.
        descents: starts of the restart.
        factor: in (0, 1).
        first_steps: most L-BFGS steps of the first stage.
        flat: a stage ends when twenty steps lower the loss by less than `flat` eps.
    """
    smoothings = [eps0]
    while smoothings[-1] * factor > EPS_END * 1.001:
        smoothings.append(smoothings[-1] * factor)
    smoothings = [*smoothings, EPS_END] if problem.L > 1 else [0.0]
    if problem.activation == "linear":
        smoothings = [-1.0]
    rows: list[tuple[float, ...]] = []
    for i, eps in enumerate(smoothings):
        descents = max(1, keep(i, descents))
        steps = first_steps if i == 0 and problem.L > 1 else STEPS_PER_STAGE
        rows.append((eps, max(LEAST_TOLERANCE, TOLERANCE_SHARE * eps), steps, flat * max(eps, 0.0), descents))
    return np.array(rows, dtype=float)
