"""Regression sets drawn from a seed. Ours: they stand where a download would be needed or the answer must be known.

    skew          correlated log-normal features, a target with a smooth, a product and a kinked part, noise 0.3
    additive      sum_(k <= 5) |x_k|: needs five directions of both signs, so no rank-two first layer fits it
    single-index  x.u + |x.u| / 2, u a random direction: one direction suffices
    linear        x.u
Features of the last three are independent standard normal; they carry no noise.
"""

from collections.abc import Callable

import numpy as np

from dufm.solvers.datasets.record import Array, Dataset

FEATURES = 8
SAMPLES = 3000
NOISE = 0.3
CORRELATION = 0.5  # of the logarithms of neighbouring features of `skew`
SPREAD = 0.6  # standard deviation of those logarithms
ADDENDS = 5


def _skew(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    distance = np.abs(np.subtract.outer(np.arange(FEATURES), np.arange(FEATURES)))
    factor = np.linalg.cholesky(CORRELATION**distance)
    X = np.exp(SPREAD * rng.standard_normal((n, FEATURES)) @ factor.T)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    smooth = np.logaddexp(0.0, 2 * Z[:, 0])
    y = smooth + np.tanh(Z[:, 1]) * np.tanh(Z[:, 2]) + np.abs(Z[:, 3]) + NOISE * rng.standard_normal(n)
    return X, y


def _additive(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    X = rng.standard_normal((n, FEATURES))
    return X, np.abs(X[:, :ADDENDS]).sum(axis=1)


def _single_index(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    X, t = _linear(rng, n)
    return X, t + np.abs(t) / 2


def _linear(rng: np.random.Generator, n: int) -> tuple[Array, Array]:
    X, u = rng.standard_normal((n, FEATURES)), rng.standard_normal(FEATURES)
    return X, X @ (u / np.linalg.norm(u))


MAKERS: dict[str, Callable[[np.random.Generator, int], tuple[Array, Array]]] = {
    "skew": _skew,
    "additive": _additive,
    "single-index": _single_index,
    "linear": _linear,
}


def synthetic(name: str, n: int | None, seed: int) -> Dataset:
    """A drawn set: n x 8 features (n = 3000 if not given) and real targets.

    Args:
        name: a key of MAKERS.
        n: samples; another n is another draw, not a part of it.
        seed: fixes the draw.
    """
    X, y = MAKERS[name](np.random.default_rng(seed), SAMPLES if n is None else n)
    return Dataset(X, y, name, f"drawn, seed {seed}, NumPy {np.__version__}", None, (FEATURES,))
