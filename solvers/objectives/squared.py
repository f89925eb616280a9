"""The DUFM loss and its gradient in float64, with the relu as it is or smoothed, and with the last layer eliminated.

The relu and its smoothing relu_eps are those of `solvers.objectives.layers`.

Eliminating W_L (ours): for fixed features F the best last layer solves a ridge regression. With
A = F^T F + K lambda_L I it is W_L = A^-1 F^T, the residual of the output is W_L F - I = -K lambda_L A^-1, and
    1/(2K) ||W_L F - I||^2 + lambda_L/2 ||W_L||^2
        = lambda_L/2 tr(A^-2 (K lambda_L I + F^T F)) = lambda_L/2 tr(A^-1),
with gradient -lambda_L F A^-2 in F. What is left depends on (H_1, W_1, ..., W_{L-1}) alone.
"""

from collections.abc import Sequence

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.layers import Pass, backward, forward, regulariser
from dufm.theory.problem import Problem, ProblemError


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

    def forward(self, lower: Sequence[Array], eps: float = 0.0) -> Pass:
        """The pass over the factors (H_1, W_1, ...) given, relu_eps after each W."""
        return forward(lower, eps)

    def split(self, weights: Sequence[Array], eps: float = 0.0) -> tuple[float, float]:
        """(fit, regulariser); their sum is the loss."""
        residual = weights[-1] @ self.forward(weights[:-1], eps).features[-1] - self._identity
        return float(np.vdot(residual, residual)) / (2 * self.K), regulariser(self.lambdas, weights)

    def full(self, weights: Sequence[Array], eps: float = 0.0) -> tuple[float, list[Array]]:
        """Loss and its gradient in (H_1, W_1, ..., W_L)."""
        met = self.forward(weights[:-1], eps)
        residual = weights[-1] @ met.features[-1] - self._identity
        value = float(np.vdot(residual, residual)) / (2 * self.K) + regulariser(self.lambdas, weights)
        top = residual @ met.features[-1].T / self.K + self.lambdas[-1] * weights[-1]
        below = backward(self.lambdas, weights[:-1], met, weights[-1].T @ residual / self.K)
        return value, [*below, top]

    def reduced(self, lower: Sequence[Array], eps: float = 0.0) -> tuple[float, list[Array]]:
        """Least loss over W_L for fixed `lower` = (H_1, W_1, ..., W_{L-1}), and its gradient in them."""
        met = self.forward(lower, eps)
        top, ridge = met.features[-1], self.lambdas[-1]
        inverse = self._ridge_inverse(top.T @ top, self.K * ridge)
        value = 0.5 * ridge * float(np.trace(inverse)) + regulariser(self.lambdas, lower)
        return value, backward(self.lambdas, lower, met, top @ (inverse @ inverse) * -ridge)

    def _ridge_inverse(self, gram: Array, ridge: float) -> Array:
        try:
            return np.asarray(np.linalg.inv(gram + ridge * self._identity), dtype=float)
        except np.linalg.LinAlgError:
            # A line search may try features so large that the ridge is lost to rounding.
            values, vectors = np.linalg.eigh(gram)
            return np.asarray((vectors / (np.maximum(values, 0.0) + ridge)) @ vectors.T, dtype=float)


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


def best_last_layer(problem: Problem, lower: Sequence[Array], eps: float = 0.0) -> Array:
    """The W_L (K x width) that makes the loss least for fixed (H_1, W_1, ..., W_{L-1}): ridge regression."""
    objective = Objective(problem)
    top = objective.forward(lower, eps).features[-1]
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
