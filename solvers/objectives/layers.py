"""The layers in NumPy, forward and backward: whatever evaluates, describes or draws weights goes through these.

relu_eps(z) = (z + sqrt(z^2 + eps^2)) / 2 is smooth, lies above the relu and tends to it as eps -> 0. The backward pass
is written by hand, because automatic differentiation costs ten times the arithmetic at these sizes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.theory.problem import Problem


def relu_and_slope(z: Array, eps: float) -> tuple[Array, Array]:
    """relu_eps(z) and its derivative; at eps = 0 the subgradient 1 for z > 0 and 0 elsewhere."""
    if eps == 0:
        return np.maximum(z, 0.0), (z > 0).astype(float)
    root = np.sqrt(z * z + eps * eps)
    return 0.5 * (z + root), 0.5 * (1.0 + z / root)


@dataclass(frozen=True)
class Layers:
    """The hidden layers: act(z) = slope z + (1 - slope) relu_eps(z), F_(l+1) = act(P_(l+1)), and skips around them.

    Attributes:
        slope: of the activation below zero.
        around: how many layers a skip goes around: 1 adds a layer's input to it; 2 adds the input of two layers to the
            second of them, which has no activation; 0 for no skips.
        linear: whether act(z) = z.
    """

    slope: float = 0.0
    around: int = 0
    linear: bool = False

    @classmethod
    def of(cls, problem: Problem) -> "Layers":
        """Those of a problem."""
        return cls(float(problem.variant.slope), problem.variant.around, problem.activation == "linear")

    def act(self, z: Array, eps: float | None) -> tuple[Array, Array | None]:
        """Value and derivative; the derivative is None where every layer is linear."""
        if self.linear or eps is None:
            return z, None
        value, slope = relu_and_slope(z, eps)
        if self.slope:
            return self.slope * z + (1 - self.slope) * value, self.slope + (1 - self.slope) * slope
        return value, slope

    def begins(self, place: int) -> bool:
        """Whether a skip goes off before the hidden layer of this place, from 0."""
        return self.around > 0 and place % self.around == 0

    def ends(self, place: int) -> bool:
        """Whether a skip comes in after the hidden layer of this place, from 0."""
        return self.around > 0 and place % self.around == self.around - 1


RELU = Layers()


@dataclass(frozen=True, eq=False)
class Pass:
    """What a forward pass over (H_1, W_1, ..., W_m) met.

    Attributes:
        before: P_2, ..., P_(m+1), P_(l+1) = W_l F_l.
        features: F_1 = H_1, F_2, ..., F_(m+1); F_1 is not rectified.
        slopes: derivatives of the activation at `before`; None for each linear layer.
        layers: what the layers are.
    """

    before: list[Array]
    features: list[Array]
    slopes: list[Array | None]
    layers: Layers = RELU


def forward(factors: Sequence[Array], eps: float | None = 0.0, layers: Layers = RELU) -> Pass:
    """The pass over (H_1, W_1, ..., W_m), act_eps after each W; linear layers for eps = None."""
    found = Pass([], [factors[0]], [], layers)
    for place, factor in enumerate(factors[1:]):
        z = factor @ found.features[-1]
        value, slope = (z, None) if layers.around == 2 and layers.ends(place) else layers.act(z, eps)
        found.before.append(z)
        found.features.append(found.features[-layers.around] + value if layers.ends(place) else value)
        found.slopes.append(slope)
    return found


def backward(lambdas: Sequence[float], factors: Sequence[Array], met: Pass, adjoint: Array) -> list[Array]:
    """Gradient in (H_1, W_1, ..., W_m), regulariser included, from the derivative `adjoint` in the last features."""
    gradients, past = [], adjoint
    for i in range(len(factors) - 1, 0, -1):
        slope = met.slopes[i - 1]
        past = adjoint if met.layers.ends(i - 1) else past
        adjoint = adjoint if slope is None else adjoint * slope
        gradients.append(adjoint @ met.features[i - 1].T + lambdas[i] * factors[i])
        adjoint = factors[i].T @ adjoint
        adjoint = adjoint + past if met.layers.begins(i - 1) else adjoint
    gradients.append(adjoint + lambdas[0] * factors[0])
    return gradients[::-1]


def regulariser(lambdas: Sequence[float], factors: Sequence[Array]) -> float:
    """1/2 sum lambda_l ||factor_l||^2 over the factors given."""
    return 0.5 * sum(strength * float(np.vdot(w, w)) for strength, w in zip(lambdas, factors, strict=False))
