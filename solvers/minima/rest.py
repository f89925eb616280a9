"""Bring weights to rest at the end of the smoothing, and tell the loss that the smoothing tends to.

A search stops a descent early: at its last smoothing kinks are still spread over many orders of magnitude, and neurons
that are one neuron in the limit still point in different directions. Here a single descent goes through the smoothings
once more, each to a gradient far below its eps. Then kinks stand at the size of eps, far below every other entry.

At a minimum whose kinks are fixed the least smoothed loss is V(eps) = V(0) + a eps + O(eps^2) (ours), so the last two
smoothings give V(0) and the two before them how far off that may be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.parallel import Stop, watched
from dufm.solvers.engines.cpu import CpuEngine
from dufm.solvers.objectives.squared import balance, best_last_layer, loss
from dufm.solvers.weights.build import pad
from dufm.theory.problem import Problem

SMOOTHINGS = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
# Gradient tolerance over eps; no gradient gets much below LEAST in float64.
TOLERANCE, LEAST = 1e-6, 1e-12
STEPS = 20000


@dataclass(frozen=True, eq=False)
class AtRest:
    """Weights at rest and the loss of the minimum they are near.

    Attributes:
        weights: balanced, of the problem's widths.
        loss: theirs, with the true relu.
        limit: estimate of the least loss in the limit of no smoothing.
        error: how far the estimate from the smoothings before the last one is from `limit`.
    """

    weights: tuple[Array, ...]
    loss: float
    limit: float
    error: float


def descend_to_rest(
    problem: Problem,
    weights: Sequence[Array],
    first: float = SMOOTHINGS[0],
    stop: Stop = None,
) -> AtRest | None:
    """Descend from weights (H_1, W_1, ..., W_L) through SMOOTHINGS; None if that breaks down.

    Args:
        problem: the problem the weights belong to.
        weights: hidden widths free; narrower ones are padded with zeros.
        first: smoothings above this are left out: one stays nearer to the weights and settles less well.
        stop: asked ten times a second; True ends the descent, and nothing comes of it.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    loss(problem, weights)
    wide = replace(problem, width=max(problem.width, *(len(w) for w in weights[:-1])))
    engine = CpuEngine(wide)
    points, values = engine.pack([pad(wide, weights)]), []
    smoothings = [eps for eps in SMOOTHINGS if eps <= first] if problem.L > 1 else [0.0]
    lower: list[Array] = []
    with np.errstate(all="ignore"):
        for eps in smoothings:
            stage = np.array([[eps, max(TOLERANCE * eps, LEAST), STEPS, 0.0, 1.0]])
            found = watched(partial(engine.run, points, stage), engine.flag, stop)
            if not found.left or engine.flag[0]:
                return None
            lower = found.lower[0]
            values.append(float(found.values[0]))
        try:
            rested = balance(wide, [*lower, best_last_layer(wide, lower)])
            value = loss(wide, rested)
        except np.linalg.LinAlgError:
            return None
    if not np.isfinite(value):
        return None
    pairs = zip(smoothings, values, smoothings[1:], values[1:], strict=False)
    limits = [below + (below - above) * low / (high - low) for high, above, low, below in pairs] or [value]
    return AtRest(tuple(rested), value, limits[-1], abs(limits[-1] - limits[-2]) if len(limits) > 1 else 0.0)
