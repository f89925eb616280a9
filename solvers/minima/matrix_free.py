"""Newton's method on the KKT system of an active set without its matrix: MINRES on products with the Hessian.

The dense method costs the cube of the number of weights; a product with the Hessian costs two passes through the
layers. MINRES finds the shortest step where the system is singular, as rotations make it. Everything ends soon after
`stop` holds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse.linalg import LinearOperator, lsmr, minres

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.parallel import Stop
from dufm.solvers.minima.active_set import ActiveSet

# Most products with the system in one step, and how exactly it is solved: to SHARE of the residual, between WORST and
# what rounding allows. More loosely solved, the directions of least curvature are left behind and steps turn linear.
PRODUCTS = 4000
WORST, SHARE, BEST = 1e-4, 1e-3, 1e-13


class OutOfTime(Exception):
    """The stop condition held within a linear solve."""


@dataclass(frozen=True, eq=False)
class System:
    """The KKT system at one point.

    Attributes:
        active_set: whose.
        weights, features, adjoints: there, as from its `forward` and `reverse`.
        stop: asked at every product.
    """

    active_set: ActiveSet
    weights: list[Array]
    features: list[Array]
    adjoints: list[Array]
    stop: Stop = None

    @classmethod
    def at(cls, active_set: ActiveSet, weights: list[Array], dual: Array, stop: Stop) -> "System":
        """The system at weights and multipliers."""
        features = active_set.forward(weights)[0]
        adjoints = active_set.reverse(weights, features, active_set.multipliers(dual))[1]
        return cls(active_set, weights, features, adjoints, stop)

    def products(self, move: Array) -> tuple[Array, Array]:
        """Hessian and Jacobian times one direction."""
        if self.stop is not None and self.stop():
            raise OutOfTime
        first, second = self.active_set.along(self.weights, self.features, self.adjoints, move[None])
        return first[0], second[0]

    def pulled(self, dual: Array) -> Array:
        """The transposed Jacobian times multipliers."""
        return self.active_set.pulled(self.weights, self.features, self.active_set.multipliers(dual))

    def step(self, force: Array, excess: Array, accuracy: float) -> tuple[Array, Array]:
        """Newton's step on force = 0 under excess = 0, as `solvers.base.newton.saddle_step`.

        Raises:
            OutOfTime: when `stop` holds.
        """
        size = len(force)
        probe = np.random.default_rng(0).standard_normal(size)
        hessian, jacobian = self.products(probe)
        # The constraints at the size of the Hessian: MINRES then sees one scale.
        scale = float(np.linalg.norm(hessian) / max(float(np.linalg.norm(jacobian)), 1e-300)) if len(excess) else 1.0

        def product(v: Array) -> Array:
            first, second = self.products(v[:size])
            return np.concatenate([first + scale * self.pulled(v[size:]), scale * second])

        whole = LinearOperator((size + len(excess),) * 2, matvec=product, dtype=float)  # pyright: ignore
        right = -np.concatenate([force, scale * excess])
        found: Any = minres(whole, right, rtol=accuracy, maxiter=PRODUCTS)[0]
        return found[:size], scale * found[size:]

    def multipliers(self, gradient: Array) -> Array:
        """The multipliers that come closest to making `gradient` + J^T m vanish.

        Raises:
            OutOfTime: when `stop` holds.
        """
        many = self.active_set.constraints

        def along(move: Array) -> Array:
            return self.products(move)[1]

        shape = len(gradient), many
        transposed = LinearOperator(shape, matvec=self.pulled, rmatvec=along, dtype=float)  # pyright: ignore
        return np.asarray(lsmr(transposed, -gradient, atol=1e-12, btol=1e-12, maxiter=PRODUCTS)[0], dtype=float)


def accuracy_at(residual: float) -> float:
    """How exactly a step is solved at a relative KKT residual."""
    return min(WORST, max(SHARE * residual, BEST))
