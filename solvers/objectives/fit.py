"""The squared fit of a target, of classes of unequal sizes, or with a bias of the last layer, as one matrix (ours).

With residual R = W_L F - T (K x m), shares w_j of mean 1, D = diag(sqrt w_j), the unit vector u = sqrt(w / m) and s of
`theory.model`, the least fit over the bias is ||R N||^2 / (2m) with N = D (I - c u u^T), (1 - c)^2 = 1 - s: for
||R D||^2 - s ||R D u||^2 = tr R D (I - s u u^T) D R^T, and I - s u u^T is the square of I - c u u^T.
"""

from dataclasses import dataclass

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.theory.problem import Problem
from dufm.theory.rational import to_lists


@dataclass(frozen=True, eq=False)
class Fit:
    """What the fit of a problem needs in floats.

    Attributes:
        target: T, K x m.
        mix: N, m x m.
        square: N^T T^T T N, m x m.
        shares: w, of mean 1.
        excess: n lambda_H (w_j - 1), what column j of H_1 pays beyond the mean strength.
    """

    target: Array
    mix: Array
    square: Array
    shares: Array
    excess: Array

    @classmethod
    def of(cls, problem: Problem) -> "Fit | None":
        """The fit of a problem; None for the identity, equal classes and no bias."""
        variant = problem.variant
        if not (variant.target or variant.sizes) and variant.bias == "none":
            return None
        shares = np.array([float(w) for w in variant.shares(problem.K)])
        target = np.array([[float(x) for x in row] for row in to_lists(variant.matrix(problem.K))])
        unit = np.sqrt(shares / len(shares))
        share = float(problem.bias_share)
        mix = np.sqrt(shares)[:, None] * (np.eye(len(unit)) - (1 - np.sqrt(1 - share)) * np.outer(unit, unit))
        seen = target @ mix
        return cls(target, mix, seen.T @ seen, shares, float(problem.effective_lambdas[0]) * (shares - 1))

    def of_output(self, output: Array) -> tuple[float, Array]:
        """The fit, and its derivative in the output W_L F."""
        residual = (output - self.target) @ self.mix
        m = len(self.mix)
        return float(np.vdot(residual, residual)) / (2 * m), residual @ self.mix.T / m

    def bias(self, output: Array, share: float) -> Array:
        """The best bias (K numbers) for an output without one; `share` is s of `theory.model`."""
        return share * (self.target - output) @ self.shares / len(self.shares)
