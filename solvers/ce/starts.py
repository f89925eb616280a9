"""Where descents under cross-entropy begin: gaussian factors, low-rank logits, known structures with noise."""

from functools import lru_cache

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.cross_entropy import balanced_factors
from dufm.solvers.search.start_kinds import Kind
from dufm.solvers.weights.build import gaussian, perturb
from dufm.theory.ce.numbers import Balls, working
from dufm.theory.ce.structures import CE_STRUCTURES
from dufm.theory.problem import Problem

# Least margins of the low-rank and of the structured starts: where good minima lie for Lambda from 0.1 to 1e-8.
MARGINS = (3.0, 20.0)
NOISE = 0.1


def low_rank(problem: Problem, generator: np.random.Generator, scale: float) -> list[Array]:
    """Balanced factors of random logits of random rank, entries up to about ten times `scale`, with a little noise."""
    q = int(generator.integers(2, max(3, problem.K)))
    points = generator.standard_normal((problem.K, q))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    other = points + 0.3 * generator.standard_normal((problem.K, q))
    logits = 10 * scale * other @ points.T
    return perturb(balanced_factors(logits, problem), generator, NOISE)


def structured(problem: Problem, generator: np.random.Generator, scale: float) -> list[Array]:
    """A known structure at a random margin, with noise of the given scale."""
    known = structure_logits(problem.K)
    margin = float(np.exp(generator.uniform(*np.log(MARGINS))))
    logits = margin * known[int(generator.integers(len(known)))][1]
    return perturb(balanced_factors(logits, problem), generator, scale)


@lru_cache(maxsize=32)
def structure_logits(K: int) -> tuple[tuple[str, Array], ...]:
    """Name and logits (K x K, least margin 1, float64) of every listed structure with K classes; K >= 3."""
    with working(20):
        return tuple(
            (s.name, np.array([[float(x.mid()) for x in row] for row in s.logits(K, Balls())]))
            for s in CE_STRUCTURES
            if s.valid(K)
        )


# (kind, scale): restart i takes entry i modulo their number.
PORTFOLIO: tuple[tuple[Kind, float], ...] = (
    (gaussian, 1.0),
    (gaussian, 1.5),
    (low_rank, 1.0),
    (gaussian, 2.5),
    (low_rank, 3.0),
    (structured, 0.3),
)
