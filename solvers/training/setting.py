"""What one training run is: a problem, a learning rate, how large the start, how many steps, where it is looked at."""

import math
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.engines.cpu import Shapes
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import ACTIVATIONS, Problem
from dufm.theory.stated import ProblemError

RATE = 0.5
SCALE = 1.0
# In steps of 1 / (rate lambda), the time in which weight decay alone shrinks a weight by e.
DECAYS = 200
MOST_STEPS = 10**8
PER_DECADE = 12


@dataclass(frozen=True)
class DescentSetting:
    """One point of the hyper-parameters.

    Attributes:
        problem: the DUFM of squared loss; every sample is a free column of H_1, all strengths are its `lambdas`.
        rate: the constant learning rate, > 0.
        scale: size of the start, > 0; see `start`.
        steps: most steps, >= 1.

    Raises:
        ProblemError: naming what makes no sense.
    """

    problem: Problem
    rate: float = RATE
    scale: float = SCALE
    steps: int = 1

    def __post_init__(self) -> None:
        self.problem.require_loss("mse", "gradient descent on the DUFM", ACTIVATIONS["mse"])
        if self.problem.variant.target:
            raise ProblemError("gradient descent on the DUFM is not there with a target matrix")
        for name, value in (("lr", self.rate), ("scale", self.scale)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
                raise ProblemError(f"{name} must be a finite number > 0, got {value!r}")
        object.__setattr__(self, "rate", float(self.rate))
        object.__setattr__(self, "scale", float(self.scale))
        if isinstance(self.steps, bool) or not isinstance(self.steps, int) or not 1 <= self.steps <= MOST_STEPS:
            raise ProblemError(f"steps must be an integer from 1 to {MOST_STEPS}, got {self.steps!r}")

    @classmethod
    def of(
        cls, problem: Problem, rate: float = RATE, scale: float = SCALE, steps: int | None = None
    ) -> "DescentSetting":
        """A setting; without `steps` the run may take `DECAYS` times 1 / (rate lambda), lambda the least strength."""
        if steps is None:
            steps = max(1, min(MOST_STEPS, round(DECAYS * cls(problem, rate, scale).decay)))
        return cls(problem, rate, scale, steps)

    @property
    def decay(self) -> float:
        """1 / (rate lambda), lambda the least strength: the slowest time scale of weight decay, in steps."""
        return 1 / (self.rate * float(min(self.problem.lambdas)))

    @property
    def shapes(self) -> Shapes:
        """Shapes of (H_1, W_1, ..., W_L), H_1 with all its samples."""
        (d, _), *rest = self.problem.shapes
        return ((d, sum(self.counts)), *rest)

    @property
    def counts(self) -> tuple[int, ...]:
        """Samples of each class."""
        return self.problem.variant.sizes or (self.problem.n,) * self.problem.K

    @property
    def labels(self) -> np.ndarray:
        """The class of each column of H_1."""
        return np.repeat(np.arange(self.problem.K), self.counts)

    @property
    def targets(self) -> Array:
        """K x N: the target of each column of H_1."""
        return np.eye(self.problem.K)[:, self.labels]

    def class_means(self, features: Array) -> Array:
        """d x K from d x N."""
        if not self.problem.variant.sizes:
            return features.reshape(len(features), self.problem.K, self.problem.n).mean(axis=2)
        ends = np.cumsum((0, *self.counts))
        return np.stack([features[:, a:b].mean(axis=1) for a, b in zip(ends, ends[1:], strict=False)], axis=1)

    def start(self, seed: int, number: int) -> list[Array]:
        """Weights that run `number` begins from: they depend on the seed, the number, the shapes and the scale alone.

        Entries are normal, of standard deviation scale / sqrt(fan-in) in W_l and scale / sqrt(width) in H_1, so that a
        sample's features have length about `scale`.
        """
        generator = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
        upper = gaussian(self.problem, generator, self.scale)[1:]
        lowest = generator.standard_normal(self.shapes[0]) * (self.scale / math.sqrt(self.problem.width))
        return [lowest, *upper]


def checkpoints(steps: int) -> list[int]:
    """Steps at which a run is looked at: 0, then evenly on a logarithmic scale, and the last."""
    decades = math.log10(steps)
    grid = {round(10 ** (i / PER_DECADE)) for i in range(math.floor(decades * PER_DECADE) + 1)}
    return sorted({0, steps, *(step for step in grid if step < steps)})
