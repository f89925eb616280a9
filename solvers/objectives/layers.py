"""The layers in NumPy, forward and backward: whatever evaluates, describes or draws weights goes through these.

relu_eps(z) = (z + sqrt(z^2 + eps^2)) / 2 is smooth, lies above the relu and tends to it as eps -> 0. The backward pass
is written by hand, because automatic differentiation costs ten times the arithmetic at these sizes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array


def relu_and_slope(z: Array, eps: float) -> tuple[Array, Array]:
    """relu_eps(z) and its derivative; at eps = 0 the subgradient 1 for z > 0 and 0 elsewhere."""
    if eps == 0:
        return np.maximum(z, 0.0), (z > 0).astype(float)
    root = np.sqrt(z * z + eps * eps)
    return 0.5 * (z + root), 0.5 * (1.0 + z / root)


@dataclass(frozen=True, eq=False)
class Pass:
    """What a forward pass over (H_1, W_1, ..., W_m) met.

    Attributes:
        before: P_2, ..., P_(m+1), P_(l+1) = W_l F_l.
        features: F_1 = H_1, F_2, ..., F_(m+1); F_1 is not rectified.
        slopes: derivatives of the activation at `before`; None for each linear layer.
    """

    before: list[Array]
    features: list[Array]
    slopes: list[Array | None]


def forward(factors: Sequence[Array], eps: float | None = 0.0) -> Pass:
    """The pass over (H_1, W_1, ..., W_m), relu_eps after each W; linear layers for eps = None."""
    found = Pass([], [factors[0]], [])
    for factor in factors[1:]:
        z = factor @ found.features[-1]
        value, slope = (z, None) if eps is None else relu_and_slope(z, eps)
        found.before.append(z)
        found.features.append(value)
        found.slopes.append(slope)
    return found


def backward(lambdas: Sequence[float], factors: Sequence[Array], met: Pass, adjoint: Array) -> list[Array]:
    """Gradient in (H_1, W_1, ..., W_m), regulariser included, from the derivative `adjoint` in the last features."""
    gradients = []
    for i in range(len(factors) - 1, 0, -1):
        slope = met.slopes[i - 1]
        adjoint = adjoint if slope is None else adjoint * slope
        gradients.append(adjoint @ met.features[i - 1].T + lambdas[i] * factors[i])
        adjoint = factors[i].T @ adjoint
    gradients.append(adjoint + lambdas[0] * factors[0])
    return gradients[::-1]


def regulariser(lambdas: Sequence[float], factors: Sequence[Array]) -> float:
    """1/2 sum lambda_l ||factor_l||^2 over the factors given."""
    return 0.5 * sum(strength * float(np.vdot(w, w)) for strength, w in zip(lambdas, factors, strict=False))
