"""The network f(x) = A relu(W x), its loss and gradient in NumPy; the compiled training is tested against these.

    L(W, A) = (1/N) sum_i l(f(x_i), y_i) + lambda/2 (|W|_F^2 + |A|_F^2)

with l = 1/2 |f - y|^2 ("mse") or the cross-entropy of softmax(f) against a one-hot y ("ce"). A bias is a last entry 1
of x, and decays like every other weight. Setting of Chen, Yi and Yang (arXiv 2410.02176).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from dufm.solvers.base.arrays import Array
from dufm.solvers.base.checks import require_integers
from dufm.theory.stated import ProblemError

LOSSES = ("mse", "ce")
# Share of the steps after which the rate is multiplied, and by what.
SCHEDULE = ((0.6, 0.3), (0.8, 0.1), (0.9, 0.03))


@dataclass(frozen=True)
class Setup:
    """How to train.

    Attributes:
        lam: weight decay, >= 0; part of the loss, so the gradient step carries it ("coupled").
        lr: first learning rate, > 0.
        batch: samples a step, drawn with replacement; at N or more every step takes all of them once.
        steps: gradient steps.
        width: hidden neurons m.
        schedule: whether the rate falls to 0.3, 0.1 and 0.03 of `lr` after 60, 80 and 90 % of the steps.
    """

    lam: float
    lr: float = 0.05
    batch: int = 32
    steps: int = 20000
    width: int = 64
    schedule: bool = True

    def __post_init__(self) -> None:
        require_integers(1, batch=self.batch, width=self.width)
        require_integers(0, steps=self.steps)
        if not (math.isfinite(self.lam) and self.lam >= 0):
            raise ProblemError(f"lambda must be a number >= 0, got {self.lam!r}")
        if not (math.isfinite(self.lr) and self.lr > 0):
            raise ProblemError(f"lr must be a number > 0, got {self.lr!r}")
        if self.lr * self.lam >= 1:
            raise ProblemError(f"lr * lambda must be < 1, got {self.lr * self.lam:g}: a step would flip the weights")

    def rates(self) -> Array:
        """Learning rate of every step."""
        rates = np.full(self.steps, self.lr)
        for share, factor in SCHEDULE if self.schedule else ():
            rates[math.ceil(share * self.steps) :] = self.lr * factor
        return rates


def initial(p: int, K: int, width: int, seed: Any) -> tuple[Array, Array]:
    """W (width x p) with entries N(0, 2/p) and A (K x width) with entries N(0, 1/width), from a seed."""
    rng = np.random.default_rng(seed)
    W = rng.standard_normal((width, p)) * math.sqrt(2 / p)
    return W, rng.standard_normal((K, width)) / math.sqrt(width)


def outputs(W: Array, A: Array, X: Array) -> Array:
    """f at the rows of X (N x p): N x K."""
    return np.maximum(X @ W.T, 0) @ A.T


def misfit(f: Array, Y: Array, kind: str) -> float:
    """Mean of l over the samples: the loss without weight decay."""
    if kind == "mse":
        return float(0.5 * np.sum((f - Y) ** 2) / len(f))
    top = f.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(f - top).sum(axis=1)) + top[:, 0] - (f * Y).sum(axis=1)))


def residuals(f: Array, Y: Array, kind: str) -> Array:
    """Derivative of l in f, N x K: f - y, or softmax(f) - y."""
    if kind == "mse":
        return f - Y
    shares = np.exp(f - f.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True) - Y


def data_gradients(W: Array, A: Array, X: Array, Y: Array, kind: str = "mse") -> tuple[Array, Array]:
    """Gradients in W and A of the data term alone; the relu has derivative 0 at 0."""
    before = X @ W.T
    active = np.maximum(before, 0)
    pull = residuals(active @ A.T, Y, kind) / len(X)
    return ((pull @ A) * (before > 0)).T @ X, pull.T @ active


def loss(W: Array, A: Array, X: Array, Y: Array, lam: float, kind: str = "mse") -> float:
    """The whole loss."""
    return misfit(outputs(W, A, X), Y, kind) + lam / 2 * float(np.sum(W**2) + np.sum(A**2))


def check_data(X: Array, Y: Array, kind: str) -> None:
    """Check shapes and values of data.

    Raises:
        ProblemError: for shapes that do not fit, numbers that are not finite, an unknown loss, or targets of "ce" that
            are not one-hot with at least two classes.
    """
    if kind not in LOSSES:
        raise ProblemError(f"loss must be one of {', '.join(map(repr, LOSSES))}, got {kind!r}")
    if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y) or 0 in X.shape or 0 in Y.shape:
        raise ProblemError(f"X and Y must be N x p and N x K with N >= 1, got {X.shape} and {Y.shape}")
    for name, values in (("X", X), ("Y", Y)):
        if not np.isfinite(values).all():
            row, column = np.argwhere(~np.isfinite(values))[0]
            raise ProblemError(f"{name} must be finite, got {values[row, column]} in row {row}, column {column}")
    if kind == "ce" and (Y.shape[1] < 2 or not np.isin(Y, (0, 1)).all() or not (Y.sum(axis=1) == 1).all()):
        raise ProblemError("loss 'ce' needs one-hot targets of at least two classes")
