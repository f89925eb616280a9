"""Where a restart ended, and how the best of many becomes a Solution."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.search.solution import Outcome, Solution
from dufm.theory.problem import Problem


@dataclass(frozen=True, eq=False)
class Found:
    """Where one restart ended.

    Attributes:
        loss: with the true relu; NaN for a restart that was dropped, infinite where none has ended.
        weights: of that loss, balanced; empty where there are none.
    """

    loss: float
    weights: tuple[Array, ...] = ()


DROPPED = Found(math.nan)
NOTHING = Found(math.inf)


@dataclass(frozen=True)
class Provenance:
    """What decides the bits of a result.

    Attributes:
        engine: name of the solver.
        versions: version of every program that takes part.
        settings: what else does, JSON-serialisable.
    """

    engine: str
    versions: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)


def solution_of(
    problem: Problem,
    best: Found,
    losses: Sequence[float],
    outcome: Outcome,
    seed: int,
    provenance: Provenance,
    began: float,
) -> Solution:
    """What a search hands over.

    Args:
        problem: what was minimised.
        best: the lowest restart, or NOTHING.
        losses: of every restart, in order.
        outcome: how the search ended; ALL_FAILED takes its place where restarts ran and none has weights.
        seed: entropy of the starts.
        provenance: what else decides the bits.
        began: its start on `time.perf_counter`'s clock.
    """
    if losses and not best.weights and outcome is not Outcome.INTERRUPTED:
        outcome = Outcome.ALL_FAILED
    return Solution(
        problem=problem,
        weights=best.weights,
        loss=best.loss if best.weights else math.nan,
        losses=np.array(losses, dtype=float),
        engine=provenance.engine,
        versions=provenance.versions,
        seed=seed,
        settings=provenance.settings,
        outcome=outcome,
        seconds=time.perf_counter() - began,
    )
