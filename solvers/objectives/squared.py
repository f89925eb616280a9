"""The DUFM loss and its gradient in float64, with the relu as it is or smoothed, and with the last layer eliminated.

relu_eps(z) = (z + sqrt(z^2 + eps^2)) / 2 is smooth, lies above the relu and tends to it as eps -> 0. The reverse pass
is written by hand, because automatic differentiation costs ten times the arithmetic at these sizes.

Eliminating W_L (ours): for fixed features F the best last layer solves a ridge regression. With
A = F^T F + K lambda_L I it is W_L = A^-1 F^T, the residual of the output is W_L F - I = -K lambda_L A^-1, and
    1/(2K) ||W_L F - I||^2 + lambda_L/2 ||W_L||^2
        = lambda_L/2 tr(A^-2 (K lambda_L I + F^T F)) = lambda_L/2 tr(A^-1),
with gradient -lambda_L F A^-2 in F. What is left depends on (H_1, W_1, ..., W_{L-1}) alone.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from theory.problem import Problem, ProblemError

Array = NDArray[np.float64]


def relu_and_slope(z: Array, eps: float) -> tuple[Array, Array]:
    """relu_eps(z) and its derivative; at eps = 0 the subgradient 1 for z > 0 and 0 elsewhere."""
    if eps == 0:
        return np.maximum(z, 0.0), (z > 0).astype(float)
    root = np.sqrt(z * z + eps * eps)
    return 0.5 * (z + root), 0.5 * (1.0 + z / root)


class Objective:
    """The loss of one problem with its strengths read once as floats; the engine of everything that descends.

    Attributes:
        K: number of classes.
        lambdas: (n lambda_H, lambda_1, ..., lambda_L) rounded to float64.

    Raises:
        ProblemError: for a loss other than "mse".
    """

    def __init__(self, problem: Problem) -> None:
        problem.require_loss("mse", "the squared-loss objective")
        self.K = problem.K
        self.lambdas = tuple(float(value) for value in problem.effective_lambdas)
        self._identity = np.eye(problem.K)

    def features(self, lower: Sequence[Array], eps: float = 0.0) -> tuple[list[Array], list[Array]]:
        """(F_1 .. F_m, slopes of F_2 .. F_m) over the factors (H_1, W_1, ..., W_{m-1}); F_1 = H_1 is not rectified."""
        features, slopes = [lower[0]], []
        for factor in lower[1:]:
            value, slope = relu_and_slope(factor @ features[-1], eps)
            features.append(value)
            slopes.append(slope)
        return features, slopes

    def split(self, weights: Sequence[Array], eps: float = 0.0) -> tuple[float, float]:
        """(fit, regulariser); their sum is the loss."""
        residual = weights[-1] @ self.features(weights[:-1], eps)[0][-1] - self._identity
        return float(np.vdot(residual, residual)) / (2 * self.K), self._regulariser(weights)

    def full(self, weights: Sequence[Array], eps: float = 0.0) -> tuple[float, list[Array]]:
        """Loss and its gradient in (H_1, W_1, ..., W_L)."""
        features, slopes = self.features(weights[:-1], eps)
        residual = weights[-1] @ features[-1] - self._identity
        value = float(np.vdot(residual, residual)) / (2 * self.K) + self._regulariser(weights)
        top = residual @ features[-1].T / self.K + self.lambdas[-1] * weights[-1]
        below = self._reverse(weights[:-1], features, slopes, weights[-1].T @ residual / self.K)
        return value, [*below, top]

    def reduced(self, lower: Sequence[Array], eps: float = 0.0) -> tuple[float, list[Array]]:
        """Least loss over W_L for fixed `lower` = (H_1, W_1, ..., W_{L-1}), and its gradient in them."""
        features, slopes = self.features(lower, eps)
        top, ridge = features[-1], self.lambdas[-1]
        inverse = self._ridge_inverse(top.T @ top, self.K * ridge)
        value = 0.5 * ridge * float(np.trace(inverse)) + self._regulariser(lower)
        return value, self._reverse(lower, features, slopes, top @ (inverse @ inverse) * -ridge)

    def _ridge_inverse(self, gram: Array, ridge: float) -> Array:
        try:
            return np.asarray(np.linalg.inv(gram + ridge * self._identity), dtype=float)
        except np.linalg.LinAlgError:
            # A line search may try features so large that the ridge is lost to rounding.
            values, vectors = np.linalg.eigh(gram)
            return np.asarray((vectors / (np.maximum(values, 0.0) + ridge)) @ vectors.T, dtype=float)

    def _regulariser(self, factors: Sequence[Array]) -> float:
        terms = zip(self.lambdas, factors, strict=False)
        return 0.5 * sum(strength * float(np.vdot(w, w)) for strength, w in terms)

    def _reverse(
        self, lower: Sequence[Array], features: list[Array], slopes: list[Array], adjoint: Array
    ) -> list[Array]:
        """Gradient in (H_1, ..., W_{m-1}), regulariser included, from the derivative `adjoint` in F_m."""
        gradients = []
        for i in range(len(lower) - 1, 0, -1):
            adjoint = adjoint * slopes[i - 1]
            gradients.append(adjoint @ features[i - 1].T + self.lambdas[i] * lower[i])
            adjoint = lower[i].T @ adjoint
        gradients.append(adjoint + self.lambdas[0] * lower[0])
        return gradients[::-1]


def _checked(problem: Problem, weights: Sequence[Array]) -> list[Array]:
    arrays = [np.asarray(w, dtype=float) for w in weights]
    for w in arrays:
        if w.ndim != 2:
            raise ProblemError(f"weights must be matrices, got an array with {w.ndim} axes")
    problem.check_shapes([(w.shape[0], w.shape[1]) for w in arrays])
    return arrays


def split(problem: Problem, weights: Sequence[Array]) -> tuple[float, float]:
    """(fit, regulariser) of weights (H_1, W_1, ..., W_L) of any hidden widths.

    Raises:
        ProblemError: if the shapes do not chain up.
    """
    return Objective(problem).split(_checked(problem, weights))


def loss(problem: Problem, weights: Sequence[Array]) -> float:
    """The loss of weights (H_1, W_1, ..., W_L) of any hidden widths; ProblemError if the shapes do not chain up."""
    return sum(split(problem, weights))


def loss_and_gradient(problem: Problem, weights: Sequence[Array], eps: float = 0.0) -> tuple[float, list[Array]]:
    """The loss with relu_eps, and its gradient in every factor; ProblemError if the shapes do not chain up."""
    return Objective(problem).full(_checked(problem, weights), eps)


def reduced_loss_and_gradient(problem: Problem, lower: Sequence[Array], eps: float = 0.0) -> tuple[float, list[Array]]:
    """Least loss over W_L for fixed (H_1, W_1, ..., W_{L-1}), and its gradient in those L factors."""
    return Objective(problem).reduced(_checked(problem, [*lower, np.zeros((problem.K, len(lower[-1])))])[:-1], eps)


def best_last_layer(problem: Problem, lower: Sequence[Array], eps: float = 0.0) -> Array:
    """The W_L (K x width) that makes the loss least for fixed (H_1, W_1, ..., W_{L-1}): ridge regression."""
    objective = Objective(problem)
    top = objective.features(lower, eps)[0][-1]
    gram = top.T @ top + problem.K * objective.lambdas[-1] * np.eye(problem.K)
    return np.asarray(np.linalg.solve(gram, top.T), dtype=float)


def balance(problem: Problem, weights: Sequence[Array]) -> list[Array]:
    """Rescale the factors, output unchanged, so that lambda_i ||theta_i||^2 are equal: the least regulariser by AM-GM.

    Weights with a factor equal to zero are returned as they are: their output is zero at every scale.
    """
    costs = [
        float(strength) * float(np.vdot(w, w)) for strength, w in zip(problem.effective_lambdas, weights, strict=True)
    ]
    if min(costs) == 0:
        return [np.array(w, dtype=float) for w in weights]
    mean = float(np.exp(np.mean(np.log(costs))))
    return [w * np.sqrt(mean / cost) for w, cost in zip(weights, costs, strict=True)]
