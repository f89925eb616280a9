"""A knock-out among descents: all go through a stage, the best stay for the next one.

`KnockOut` keeps count for whatever descends: the descents of a device, in any order, or SciPy, one after another. The
compiled `solvers.objectives.squared_kernel.homotopy` is the same without Python.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.squared_kernel import KEPT


@dataclass(frozen=True, eq=False)
class DescentResults:
    """What became of the starts of one restart.

    Attributes:
        values: last smoothed loss of each start, NaN for one that broke down.
        left: indices of the starts that were never culled, best first.
        lower: for each index in `left` its factors (H_1, W_1, ..., W_{L-1}).
        evaluations: of the loss and gradient, all starts together.
        dropped: starts that broke down.
    """

    values: Array
    left: list[int]
    lower: list[list[Array]]
    evaluations: int
    dropped: int


class KnockOut:
    """One restart under way: the points of its descents by stage. A point that is being worked on is not kept here.

    Attributes:
        number: of the restart.
        stages: as from `schedule`.
        stage: the one under way.
        points: flat, of the descents that stay.
        left: indices of those, best first.
    """

    def __init__(self, number: int, points: Array, stages: Array) -> None:
        self.number, self.stages, self.stage = number, stages, 0
        self.points: dict[int, Array] = dict(enumerate(points))
        self.left = list(range(len(points)))
        self._values = np.full(len(points), np.nan)
        self._waiting = len(points)
        self._evaluations = self._dropped = 0

    def report(self, descent: int, value: float, point: Array, evaluations: int) -> bool:
        """Take in a descent that has ended its stage; True if it was the last of them, then `left` is culled."""
        self._values[descent], self.points[descent] = value, point
        self._evaluations += evaluations
        self._dropped += not np.isfinite(value)
        self._waiting -= 1
        if self._waiting:
            return False
        fine = sorted((i for i in self.left if np.isfinite(self._values[i])), key=lambda i: self._values[i])
        self._values[[i for i in self.left if i not in fine]] = np.nan
        self.left = fine[: int(self.stages[self.stage, KEPT])]
        self.points = {i: self.points[i] for i in self.left}
        self.stage += 1
        self._waiting = len(self.left)
        return True

    @property
    def ended(self) -> bool:
        """Whether every stage is done, or all descents broke down."""
        return self.stage == len(self.stages) or not self.left

    def results(self, unpack: Callable[[Array], list[Array]]) -> DescentResults:
        """What became of the starts; `unpack` makes factors of a point."""
        lower = [unpack(self.points[i]) for i in self.left]
        return DescentResults(self._values, self.left, lower, self._evaluations, self._dropped)
