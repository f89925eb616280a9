"""The data sets of the experiment, ready to train on: scaled features, a bias column, training and test rows.

The scale of the features is part of the problem: without a bias the minimisers for inputs s x at weight decay lambda
are those for x at lambda / s, so "z-scored" and "pixels of at most 1" are different strengths at the same lambda.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dufm.solvers.base.parallel import Stop
from dufm.solvers.datasets import load, rows, zscore
from dufm.solvers.datasets.record import DataError
from dufm.solvers.rank_two.network import Array, Setup
from dufm.solvers.rank_two.training import RankTwoRun, train
from dufm.theory.rank_two import rank_three
from dufm.theory.stated import listed


@dataclass(frozen=True, eq=False)
class Task:
    """Data for one network.

    Attributes:
        name: key of TASKS.
        X: N x p, features and a last column of ones.
        Y: N x K targets: z-scored, +-1 for parity, one-hot for "ce".
        X_test, Y_test: the same for test rows.
        kind: loss, "mse" or "ce".
        source: of the data.
    """

    name: str
    X: Array
    Y: Array
    X_test: Array
    Y_test: Array
    kind: str
    source: str


@dataclass(frozen=True)
class DescentRecipe:
    """Where a task comes from and how the experiment trains it.

    Attributes:
        data: name of the data set.
        train: rows to train on, after a shuffle with seed 0.
        target: "value" (z-scored), "parity" (+-1: is the class number odd) or "class" (one-hot, cross-entropy).
        lr, batch, steps: of the training.
        pixels: features divided by the largest one and centred, instead of z-scored.
    """

    data: str
    train: int
    target: str
    lr: float
    batch: int
    steps: int
    pixels: bool = False


TASKS = {
    "skew": DescentRecipe("skew", 2400, "value", 0.05, 32, 20000),
    "diabetes": DescentRecipe("diabetes", 342, "value", 0.05, 16, 20000),
    "digits-parity": DescentRecipe("digits", 1400, "parity", 0.02, 32, 12000, pixels=True),
    "digits-parity-z": DescentRecipe("digits", 1400, "parity", 0.02, 32, 12000),
    "digits": DescentRecipe("digits", 1400, "class", 0.05, 32, 12000, pixels=True),
    "additive": DescentRecipe("additive", 2400, "value", 0.05, 32, 20000),
    "linear": DescentRecipe("linear", 2400, "value", 0.05, 32, 20000),
    "single-index": DescentRecipe("single-index", 2400, "value", 0.05, 32, 20000),
    "california-housing": DescentRecipe("california-housing", 16512, "value", 0.05, 32, 40000),
    "mnist-parity": DescentRecipe("mnist", 10000, "parity", 0.02, 32, 12000, pixels=True),
    "mnist": DescentRecipe("mnist", 10000, "class", 0.05, 32, 12000, pixels=True),
    # What gradient descent should find is known: the derivations orthogonal-inputs and rank-three.
    "orthogonal": DescentRecipe("orthogonal", 4, "value", 0.2, 4, 20000),
    "orthogonal-32": DescentRecipe("orthogonal-32", 32, "value", 0.5, 32, 30000),
    "rank-three": DescentRecipe("rank-three", 18, "value", 0.05, 18, 40000),
}
# Labels of the orthogonal inputs e_1, ..., e_4: |y_+| = 5/13, |y_-| = 1.
ORTHOGONAL_LABELS = (3 / 13, 4 / 13, -5 / 13, -12 / 13)


def task_named(name: str, root: str | Path | None = None, lam: Any = 0) -> Task:
    """The task of that name.

    Args:
        name: key of TASKS.
        root: folder of local files, for those that need them.
        lam: weight decay; only the labels of "rank-three" depend on it.

    Raises:
        DataError: for an unknown name, and whatever keeps the data set from being read.
    """
    if name not in TASKS:
        raise DataError("--data", *listed(name, TASKS, "dufm rank-two --help"))
    if name == "orthogonal":
        return _exact(name, np.eye(4), np.array(ORTHOGONAL_LABELS))
    if name == "orthogonal-32":
        sizes = np.random.default_rng(0).uniform(0.5, 1.5, 32) * np.repeat([1.0, -1.0], 16)
        return _exact(name, np.eye(32), sizes / np.linalg.norm(sizes))
    if name == "rank-three":
        X = np.array(rank_three.POINTS, dtype=float)
        values = rank_three.labels(Fraction(1), Fraction(lam)) if lam > 0 else [abs(x).sum() for x in X]
        return _exact(name, np.column_stack([X, np.ones(len(X))]), np.array([float(v) for v in values]))
    # Reading the digits takes as long as training on them, so what comes with the program is read once.
    return _bundled(name) if root is None else _read(name, root)


@cache
def _bundled(name: str) -> Task:
    return _read(name, None)


def _read(name: str, root: str | Path | None) -> Task:
    recipe = TASKS[name]
    data = load(recipe.data, root)
    if data.n <= recipe.train:
        raise DataError(name, f"more than {recipe.train} samples", str(data.n))
    order = np.random.default_rng(0).permutation(data.n)
    train, test = (rows(data, part) for part in (order[: recipe.train], order[recipe.train :]))
    if recipe.pixels:
        scaled = tuple((part - train.X.mean(axis=0)) / train.X.max() for part in (train.X, test.X))
    else:
        scaled = zscore(train.X, test.X)
    X, X_test = (np.column_stack([part, np.ones(len(part))]) for part in scaled)
    if recipe.target == "value":
        Y, Y_test = zscore(train.y[:, None], test.y[:, None])
    elif recipe.target == "parity":
        Y, Y_test = (np.where(part.y[:, None] % 2 == 1, 1.0, -1.0) for part in (train, test))
    else:
        Y, Y_test = (np.eye(data.K or 1)[part.y] for part in (train, test))
    kind = "ce" if recipe.target == "class" else "mse"
    return Task(name, X, Y, X_test, Y_test, kind, data.source)


def _exact(name: str, X: Array, y: Array) -> Task:
    return Task(name, X, y[:, None], X[:0], y[:0, None], "mse", f"theory, {len(X)} points")


def setup_of(name: str, lam: float, **options: Any) -> Setup:
    """The training of a task; options replace fields of Setup, None keeps the task's own."""
    recipe = TASKS[name]
    own = {"lr": recipe.lr, "batch": recipe.batch, "steps": recipe.steps}
    return Setup(lam, **(own | {key: value for key, value in options.items() if value is not None}))


def train_task(
    task: Task,
    lam: float,
    seeds: Sequence[int],
    at: Sequence[int] | None = None,
    threads: int | None = None,
    stop: Stop = None,
    **options: Any,
) -> Iterator[RankTwoRun]:
    """`train` on a task at one weight decay, with options as for `setup_of`."""
    return train(task.X, task.Y, setup_of(task.name, lam, **options), seeds, task.kind, at, threads, stop)


def error_of(f: Array, Y: Array, kind: str) -> float:
    """Mean squared error |f - y|^2 for "mse", share of wrong classes for "ce"; f and Y are N x K. NaN for N = 0."""
    if len(f) == 0:
        return float("nan")
    if kind == "mse":
        return float(np.mean(np.sum((f - Y) ** 2, axis=1)))
    return float(np.mean(f.argmax(axis=1) != Y.argmax(axis=1)))
