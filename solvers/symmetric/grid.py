"""The loss of weights that are invariant under permutations of a grid of classes, without ever writing them out (ours).

Classes are (point, k): a point of a grid m_1 x ... x m_g and k = 1 .. r, so K = r m_1 ... m_g. Permuting the
coordinates along an axis permutes classes; neurons are (point, j), permuted alike. A matrix that all of these leave
unchanged is given by 2^g small ones: its entry between two points depends only on which coordinates agree. Neurons
that fewer permutations move, such as one for a row of the grid, are copies of one neuron, which cost as much as one.

For one axis such a matrix is A where the coordinates agree and B where not, I x (A - B) + J x B: it maps what is
constant along the axis by A + (m - 1) B and what sums to zero by A - B. Over all axes: 2^g blocks e, which occur
`multiplicity` times, multiply each on its own and carry the Frobenius norms. The relu acts on the entries, so a
layer goes to entries and back. The last layer is eliminated block by block as in `solvers.objectives.squared`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from math import prod

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.layers import relu_and_slope
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError


@dataclass(frozen=True)
class Grid:
    """A grid of m_1 x ... x m_g points with r classes each. Arrays have the 2^g blocks or entries as their first axis.

    Attributes:
        sides: m_1, ..., m_g, each >= 2; bit i of an index, counted from the left, belongs to side i.
        free: r >= 1.

    Raises:
        ProblemError: for sides or a number of free classes that make no sense.
    """

    sides: tuple[int, ...]
    free: int = 1

    def __post_init__(self) -> None:
        if not 1 <= len(self.sides) <= 6 or min(self.sides, default=0) < 2 or self.free < 1:
            raise ProblemError(f"a grid needs 1 to 6 sides >= 2, got {self.sides}, with {self.free} classes a point")

    @property
    def points(self) -> int:
        """Points of the grid."""
        return prod(self.sides)

    @property
    def K(self) -> int:
        """Classes."""
        return self.points * self.free

    @property
    def parts(self) -> int:
        """Small matrices a matrix is made of: 2^g."""
        return 2 ** len(self.sides)

    @cached_property
    def multiplicity(self) -> Array:
        """How often each block occurs; so many entries of a row are alike too, and points times as many of a matrix."""
        return self._over_axes(lambda side: np.array([1.0, side - 1.0]))

    @cached_property
    def to_blocks(self) -> Array:
        """2^g x 2^g: blocks from entries."""
        return self._over_axes(lambda side: np.array([[1.0, side - 1.0], [1.0, -1.0]]))

    @cached_property
    def to_entries(self) -> Array:
        """2^g x 2^g: entries from blocks, the inverse."""
        return self._over_axes(lambda side: np.array([[1.0, side - 1.0], [1.0, -1.0]]) / side)

    def _over_axes(self, of: Callable[[int], Array]) -> Array:
        """The Kronecker product of what belongs to each side."""
        return np.asarray(reduce(np.kron, map(of, self.sides)), dtype=float)

    def written_out(self, entries: Array) -> Array:
        """The whole matrix, (points b) x (points a), from its entries (2^g, b, a); for small grids."""
        points = np.indices(self.sides).reshape(len(self.sides), -1)
        differ = points[:, :, None] != points[:, None, :]
        kind = np.zeros(differ.shape[1:], dtype=int)
        for axis in differ:
            kind = 2 * kind + axis
        whole = np.asarray(entries)[kind]
        return whole.transpose(0, 2, 1, 3).reshape(self.points * entries.shape[1], self.points * entries.shape[2])


def applied(transform: Array, parts: Array) -> Array:
    """A change between blocks and entries, of (2^g, b, a)."""
    return np.tensordot(transform, parts, axes=1)


class GridObjective:
    """The loss of weights of one grid, with W_L eliminated, as a function of a flat vector.

    The vector holds the blocks of H_1, W_1, ..., W_{L-1}, each times sqrt(multiplicity / K): the regulariser is x/2
    times its squared length for equal strengths.

    Attributes:
        neurons: a point of every hidden layer.
        shapes: of the small matrices of each factor but the last.
    """

    def __init__(self, problem: Problem, grid: Grid, neurons: int) -> None:
        problem.require_loss("mse", "a symmetric search")
        if not problem.is_plain or problem.K != grid.K or problem.L < 2:
            raise ProblemError(f"a grid of {grid.K} classes needs that many, no variant and L >= 2, got {problem}")
        self.problem, self.grid, self.neurons = problem, grid, neurons
        self.lambdas = [float(x) for x in problem.effective_lambdas]
        self.shapes = [(grid.parts, neurons, grid.free), *[(grid.parts, neurons, neurons)] * (problem.L - 1)]
        self._ends = np.cumsum([prod(shape) for shape in self.shapes])
        self._scale = np.sqrt(grid.multiplicity / grid.K)[:, None, None]

    @property
    def size(self) -> int:
        """Entries of the vector."""
        return int(self._ends[-1])

    def blocks(self, vector: Array) -> list[Array]:
        """Blocks of H_1, W_1, ..., W_{L-1}."""
        pieces = np.split(vector, self._ends[:-1])
        return [p.reshape(shape) / self._scale for p, shape in zip(pieces, self.shapes, strict=True)]

    def vector(self, blocks: Sequence[Array]) -> Array:
        """The inverse of `blocks`."""
        return np.concatenate([(self._scale * b).ravel() for b in blocks])

    def evaluate(self, vector: Array, eps: float = 0.0) -> tuple[float, Array]:
        """The least loss over W_L and its gradient, with relu_eps."""
        grid, factors = self.grid, self.blocks(vector)
        features, slopes = self._forward(factors, eps)
        top, ridge, many = features[-1], self.lambdas[-1], grid.multiplicity
        inverse = self._inverse(top)
        # The trace of each block's inverse; the fit and W_L's share of the regulariser together.
        loss = 0.5 * ridge * float(many @ np.trace(inverse, axis1=1, axis2=2))
        adjoint = -ridge * many[:, None, None] * (top @ (inverse @ inverse))
        gradient: list[Array] = []
        for i in range(len(factors) - 1, 0, -1):
            bent = slopes[i - 1] * applied(grid.to_blocks.T, adjoint)
            adjoint = applied(grid.to_entries.T, bent)
            gradient.append(adjoint @ features[i - 1].transpose(0, 2, 1))
            adjoint = factors[i].transpose(0, 2, 1) @ adjoint
        gradient.append(adjoint)
        pull = [strength * many[:, None, None] * f for strength, f in zip(self.lambdas, factors, strict=False)]
        loss += 0.5 * sum(float(np.vdot(p, f)) for p, f in zip(pull, factors, strict=True))
        whole = [(g + p) / self._scale for g, p in zip(reversed(gradient), pull, strict=True)]
        return loss, np.concatenate([g.ravel() for g in whole])

    def weights(self, vector: Array) -> list[Array]:
        """Balanced entries (2^g, b, a) of H_1, W_1, ..., W_L, with the best W_L for the true relu."""
        grid, factors = self.grid, self.blocks(vector)
        top = self._forward(factors)[0][-1]
        factors.append(self._inverse(top) @ top.transpose(0, 2, 1))
        costs = [s * float(grid.multiplicity @ (f * f).sum((1, 2))) for s, f in zip(self.lambdas, factors, strict=True)]
        if min(costs) > 0:
            mean = float(np.exp(np.mean(np.log(costs))))
            factors = [f * np.sqrt(mean / cost) for f, cost in zip(factors, costs, strict=True)]
        return [applied(grid.to_entries, f) for f in factors]

    def loss(self, weights: Sequence[Array]) -> float:
        """The loss of entries of H_1, W_1, ..., W_L, with the true relu."""
        grid, many = self.grid, self.grid.multiplicity
        factors = [applied(grid.to_blocks, w) for w in weights]
        output = factors[-1] @ self._forward(factors[:-1])[0][-1]
        norms = [float(many @ (f * f).sum((1, 2))) for f in factors]
        fit = float(many @ ((output - np.eye(grid.free)) ** 2).sum((1, 2))) / (2 * grid.K)
        return fit + 0.5 * float(np.dot(self.lambdas, norms))

    def _forward(self, factors: Sequence[Array], eps: float = 0.0) -> tuple[list[Array], list[Array]]:
        """Blocks of the features of H_1 and of every layer with relu_eps, and the slopes of its entries."""
        features, slopes = [factors[0]], list[Array]()
        for factor in factors[1:]:
            value, slope = relu_and_slope(applied(self.grid.to_entries, factor @ features[-1]), eps)
            features.append(applied(self.grid.to_blocks, value))
            slopes.append(slope)
        return features, slopes

    def _inverse(self, top: Array) -> Array:
        """(F^T F + K lambda_L I)^-1 of each block."""
        gram = top.transpose(0, 2, 1) @ top + self.grid.K * self.lambdas[-1] * np.eye(self.grid.free)
        return np.asarray(np.linalg.inv(gram), dtype=float)
