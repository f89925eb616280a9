"""Forward and backward through a chain of layers, rows = samples, in float64.

For layer l with weights W_l (out x in): P_l = Phi_l W_l^T, Phi_(l+1) = relu(P_l) or P_l; Phi_1 = X.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.networks.plan import NetworkPlan


@dataclass(frozen=True)
class Loss:
    """The parts of the objective.

    Attributes:
        fit: scale/(2n) ||f(X) - Y||^2.
        features: (lambda_H / 2) ||h||^2 over all N samples (from a batch: its mean times N).
        weights: sum_l (lambda_l / 2) ||W_l||^2.
    """

    fit: float
    features: float
    weights: float

    @property
    def total(self) -> float:
        """Their sum."""
        return self.fit + self.features + self.weights


def initial_weights(plan: NetworkPlan) -> list[Array]:
    """Weights W_1, ..., W_m, out x in each, uniform, from the plan's seed."""
    rng = np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(0,)))
    weights = []
    for inner, outer, gain in zip(plan.widths[:-1], plan.widths[1:], plan.gains, strict=True):
        bound = inner**-0.5 if gain is None else gain * (6.0 / (inner + outer)) ** 0.5
        weights.append(rng.uniform(-bound, bound, (outer, inner)))
    return weights


def forward(weights: Sequence[Array], relu: Sequence[bool], X: Array) -> tuple[list[Array], list[Array]]:
    """Inputs Phi_1 .. Phi_m and pre-activations P_1 .. P_m of all layers, each n x size; f(X) is P_m."""
    inputs, before = [X], []
    for W, rectified in zip(weights, relu, strict=True):
        before.append(inputs[-1] @ W.T)
        inputs.append(np.maximum(before[-1], 0.0) if rectified else before[-1])
    return inputs[:-1], before


def loss_parts(plan: NetworkPlan, weights: Sequence[Array], before: Sequence[Array], Y: Array, samples: int) -> Loss:
    """The objective at pre-activations of n rows.

    Args:
        plan: what is trained.
        weights: W_1 .. W_m.
        before: P_1 .. P_m at these rows.
        Y: targets, n x K.
        samples: N, the size of the whole training set.
    """
    n = len(Y)
    fit = plan.scale / (2 * n) * float(np.square(before[-1] - Y).sum())
    features = 0.0
    if plan.features is not None:
        features = plan.feature_decay * samples / (2 * n) * float(np.square(before[plan.features - 1]).sum())
    return Loss(fit, features, sum(c / 2 * float(np.square(W).sum()) for c, W in zip(plan.decay, weights, strict=True)))


def gradient(
    plan: NetworkPlan, weights: Sequence[Array], X: Array, Y: Array, samples: int
) -> tuple[list[Array], float]:
    """The gradient of the batch's objective, one array a layer, weight decay included, and the batch's fit.

    Args:
        plan, weights: the chain.
        X, Y: n rows and their targets.
        samples: N, the size of the whole training set.
    """
    inputs, before = forward(weights, plan.relu, X)
    n, m = len(X), plan.layers
    delta = before[-1] - Y
    fit = plan.scale / (2 * n) * float(np.vdot(delta, delta))
    delta *= plan.scale / n
    slopes: list[Array] = [delta] * m
    for layer in range(m - 1, -1, -1):
        slope = delta.T @ inputs[layer]
        if plan.decay[layer]:
            slope += plan.decay[layer] * weights[layer]
        slopes[layer] = slope
        if layer:
            delta = delta @ weights[layer]
            if plan.relu[layer - 1]:
                delta *= before[layer - 1] > 0
            if layer == plan.features:
                delta += (plan.feature_decay * samples / n) * before[layer - 1]
    return slopes, fit


def input_gradients(
    weights: Sequence[Array], relu: Sequence[bool], before: Sequence[Array], output: int
) -> list[Array]:
    """Gradients of one output with respect to the input of every layer, each n x size (first layer first)."""
    found: list[Array] = []
    delta = np.broadcast_to(weights[-1][output], (len(before[-1]), weights[-1].shape[1]))
    for layer in range(len(weights) - 1, -1, -1):
        if layer < len(weights) - 1:
            delta = (delta * (before[layer] > 0) if relu[layer] else delta) @ weights[layer]
        found.append(delta)
    return found[::-1]
