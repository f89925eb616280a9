"""The DUFM loss and its gradient in float64, with the relu as it is or smoothed, and with the last layer eliminated.

The relu and its smoothing relu_eps are those of `solvers.objectives.layers`.

Eliminating W_L (ours): for fixed features F the best last layer solves a ridge regression. With
A = F^T F + K lambda_L I it is W_L = A^-1 F^T, the residual of the output is W_L F - I = -K lambda_L A^-1, and
    1/(2K) ||W_L F - I||^2 + lambda_L/2 ||W_L||^2
        = lambda_L/2 tr(A^-2 (K lambda_L I + F^T F)) = lambda_L/2 tr(A^-1),
with gradient -lambda_L F A^-2 in F. What is left depends on (H_1, W_1, ..., W_{L-1}) alone. With a target, class sizes
or a bias the residual is R N, see `solvers.objectives.fit`: F N and T N stand in the place of F and I.
"""

from collections.abc import Sequence

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.fit import Fit
from dufm.solvers.objectives.layers import Layers, Pass, backward, forward, regulariser
from dufm.theory.problem import ACTIVATIONS, Problem
from dufm.theory.stated import ProblemError


class Objective:
    """The loss of one problem with its strengths read once as floats; the engine of everything that descends.

    Attributes:
        K: number of classes.
        lambdas: (n lambda_H, lambda_1, ..., lambda_L) rounded to float64.
        layers: what the hidden layers are.
        fit: the fit of a target, class sizes or a bias; None for the identity, equal classes and no bias.

    Raises:
        ProblemError: for a loss other than "mse".
    """

    def __init__(self, problem: Problem) -> None:
        problem.require_loss("mse", "the squared-loss objective", ACTIVATIONS["mse"])
        self.K = problem.K
        self.lambdas = tuple(float(value) for value in problem.effective_lambdas)
        self.layers = Layers.of(problem)
        self.fit = Fit.of(problem)
        self._identity = np.eye(problem.columns)

    def forward(self, lower: Sequence[Array], eps: float = 0.0) -> Pass:
        """The pass over the factors (H_1, W_1, ...) given, relu_eps (or the problem's activation) after each W."""
        return forward(lower, eps, self.layers)

    def regulariser(self, factors: Sequence[Array]) -> float:
        """Half the weighted squared norms of the factors given."""
        plain = regulariser(self.lambdas, factors)
        return plain if self.fit is None else plain + 0.5 * float(np.sum(self.fit.excess * factors[0] ** 2))

    def split(self, weights: Sequence[Array], eps: float = 0.0) -> tuple[float, float]:
        """(fit, regulariser); their sum is the loss."""
        output = weights[-1] @ self.forward(weights[:-1], eps).features[-1]
        return self._fit(output)[0], self.regulariser(weights)

    def _fit(self, output: Array) -> tuple[float, Array]:
        """The fit and its derivative in the output."""
        if self.fit is not None:
            return self.fit.of_output(output)
        residual = output - self._identity
        return float(np.vdot(residual, residual)) / (2 * self.K), residual / self.K

    def full(self, weights: Sequence[Array], eps: float = 0.0) -> tuple[float, list[Array]]:
        """Loss and its gradient in (H_1, W_1, ..., W_L)."""
        met = self.forward(weights[:-1], eps)
        value, slope = self._fit(weights[-1] @ met.features[-1])
        top = slope @ met.features[-1].T + self.lambdas[-1] * weights[-1]
        return value + self.regulariser(weights), [*self._below(weights[:-1], met, weights[-1].T @ slope), top]

    def reduced(self, lower: Sequence[Array], eps: float = 0.0) -> tuple[float, list[Array]]:
        """Least loss over W_L for fixed `lower` = (H_1, W_1, ..., W_{L-1}), and its gradient in them."""
        met = self.forward(lower, eps)
        top, ridge = met.features[-1], self.lambdas[-1]
        if self.fit is None:
            inverse = self.ridge_inverse(top.T @ top)
            value, slope = float(np.trace(inverse)), inverse @ inverse
        else:
            mixed = top @ self.fit.mix
            inverse = self.ridge_inverse(mixed.T @ mixed)
            value = float(np.vdot(inverse, self.fit.square))
            slope = self.fit.mix @ (inverse @ self.fit.square @ inverse) @ self.fit.mix.T
        return 0.5 * ridge * value + self.regulariser(lower), self._below(lower, met, top @ slope * -ridge)

    def _below(self, lower: Sequence[Array], met: Pass, adjoint: Array) -> list[Array]:
        first, *others = backward(self.lambdas, lower, met, adjoint)
        return [first if self.fit is None else first + self.fit.excess * lower[0], *others]

    def ridge_inverse(self, gram: Array) -> Array:
        """(gram + m lambda_L I)^-1 for an m x m Gram matrix."""
        ridge = len(self._identity) * self.lambdas[-1]
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
    if objective.fit is not None:
        mixed = top @ objective.fit.mix
        return objective.fit.target @ objective.fit.mix @ objective.ridge_inverse(mixed.T @ mixed) @ mixed.T
    gram = top.T @ top + problem.K * objective.lambdas[-1] * np.eye(problem.K)
    return np.asarray(np.linalg.solve(gram, top.T), dtype=float)


def balance(problem: Problem, weights: Sequence[Array]) -> list[Array]:
    """Rescale the factors, output unchanged, so that lambda_i ||theta_i||^2 are equal: the least regulariser by AM-GM.

    With skips only H_1 and W_L can be rescaled against each other, and the two layers of a block. Weights with a factor
    equal to zero are returned as they are: without skips their output is zero at every scale.
    """
    fit = Fit.of(problem)
    costs = [
        float(strength) * float(np.vdot(w, w)) for strength, w in zip(problem.effective_lambdas, weights, strict=True)
    ]
    if fit is not None:
        costs[0] += float(np.sum(fit.excess * weights[0] ** 2))
    if min(costs) == 0:
        return [np.array(w, dtype=float) for w in weights]
    if problem.variant.skip != "none":
        within = range(1, problem.L, 2) if problem.variant.around == 2 else ()
        even = [np.array(w, dtype=float) for w in weights]
        for below, above in [(0, problem.L), *((i, i + 1) for i in within)]:
            scale = (costs[above] / costs[below]) ** 0.25
            even[below], even[above] = even[below] * scale, even[above] / scale
        return even
    mean = float(np.exp(np.mean(np.log(costs))))
    return [w * np.sqrt(mean / cost) for w, cost in zip(weights, costs, strict=True)]
