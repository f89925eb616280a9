"""Cross-entropy in float64: of logits, of logits with the Schatten penalty, and of all factors.

Z = W_L ... W_1 H_1 is K x K, column i the logits of class i, with a relu after each of W_1, ..., W_(L-1) where the
problem has that activation. For linear layers: with M = L + 1 factors of strengths lambda_l and
Lambda = (n prod lambda_l)^(1/M), the least regulariser over all factors of given logits is (M/2) Lambda sum
sigma_i(Z)^(2/M) (claim ce-reduction), and `balanced_factors` attain it.
"""

from collections.abc import Sequence

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.objectives.layers import backward, forward, regulariser
from dufm.solvers.objectives.squared import balance
from dufm.theory.problem import ACTIVATIONS, Problem
from dufm.theory.stated import ProblemError


def strength(problem: Problem) -> float:
    """Lambda, rounded to float64."""
    return float(problem.Lambda)


def cross_entropy(z: Array) -> tuple[float, Array]:
    """(1/K) sum_i log sum_j exp(Z_ji - Z_ii) of K x K logits, and its gradient (softmax - I) / K."""
    K = len(z)
    shifted = z - np.diag(z)
    top = shifted.max(axis=0)
    weights = np.exp(shifted - top)
    sums = weights.sum(axis=0)
    # log1p keeps the digits of a small loss: where the class itself is on top its own term is exactly 1.
    rest = np.where(top == 0, sums - np.diag(weights), sums - 1)
    value = float(np.mean(top + np.log1p(rest)))
    share = weights / sums
    # a - 1 as minus the sum of the others: the difference itself would lose the digits of a small gradient.
    np.fill_diagonal(share, 0.0)
    np.fill_diagonal(share, -share.sum(axis=0))
    return value, share / K


def least_margin(z: Array) -> float:
    """min over classes i and j != i of Z_ii - Z_ji."""
    gaps = np.diag(z) - z
    np.fill_diagonal(gaps, np.inf)
    return float(gaps.min())


def reduced_loss(problem: Problem, z: Array, rank: int) -> float:
    """CE(Z) + (L+1)/2 Lambda sum of the `rank` largest sigma_i^p: the least loss of factors with these logits."""
    values = np.linalg.svd(z, compute_uv=False)[:rank]
    factors = problem.L + 1
    return cross_entropy(z)[0] + factors / 2 * strength(problem) * float(np.sum(values ** (2 / factors)))


class CeObjective:
    """The loss of one problem in all factors (H_1, W_1, ..., W_L), of any hidden widths.

    Raises:
        ProblemError: for another loss than cross-entropy.
    """

    def __init__(self, problem: Problem) -> None:
        problem.require_loss("ce", "the cross-entropy objective", ACTIVATIONS["ce"])
        self.problem = problem
        self.eps = 0.0 if problem.activation == "relu" else None
        self.lambdas = tuple(float(value) for value in problem.effective_lambdas)

    def logits(self, weights: Sequence[Array]) -> Array:
        """Z (K x K)."""
        self.problem.check_shapes([(w.shape[0], w.shape[1]) for w in weights])
        *below, last = (np.asarray(w, dtype=float) for w in weights)
        return last @ forward(below, self.eps).features[-1]

    def split(self, weights: Sequence[Array]) -> tuple[float, float]:
        """(fit, regulariser); their sum is the loss."""
        return cross_entropy(self.logits(weights))[0], regulariser(self.lambdas, weights)

    def loss(self, weights: Sequence[Array]) -> float:
        """Fit plus regulariser."""
        return sum(self.split(weights))

    def full(self, weights: Sequence[Array]) -> tuple[float, list[Array]]:
        """Loss and its gradient in every factor."""
        *below, last = weights
        met = forward(below, self.eps)
        fit, adjoint = cross_entropy(last @ met.features[-1])
        own = adjoint @ met.features[-1].T + self.lambdas[-1] * last
        lower = backward(self.lambdas, below, met, last.T @ adjoint)
        return fit + regulariser(self.lambdas, weights), [*lower, own]


def balanced_factors(logits: Array, problem: Problem, rank: int | None = None) -> list[Array]:
    """Balanced (H_1, W_1, ..., W_L) of the problem's shapes with these class logits.

    Every factor costs the same share of the regulariser, Lambda/2 sum sigma_i^(2/(L+1)) each.

    Args:
        logits: K x K, one column a class.
        problem: its width must hold the rank.
        rank: singular values kept; None keeps those above rounding.

    Raises:
        ProblemError: for a rank above the width.
    """
    left, values, right = np.linalg.svd(logits)
    kept = int(np.sum(values > values[0] * problem.K * np.finfo(float).eps)) if rank is None else rank
    if kept > problem.width:
        raise ProblemError(f"width must be at least the rank {kept} of the logits, got {problem.width}")
    share = values[:kept] ** (1 / (problem.L + 1))
    factors = [np.zeros(shape) for shape in problem.shapes]
    factors[0][:kept] = share[:, None] * right[:kept]
    for middle in factors[1:-1]:
        middle[range(kept), range(kept)] = share
    factors[-1][:, :kept] = left[:, :kept] * share
    return balance(problem, factors)
