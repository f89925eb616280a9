"""From a data set to what a method takes: split, rows ordered by class, z-scored features, targets.

The order of steps is that of the authors of Deep RFM (arXiv 2402.13728): the first n samples, a stable sort by class,
targets +-1, features z-scored with the statistics of the training rows (the authors take the test set's own for it).
"""

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.datasets.record import Array, DataError, Dataset, DataWarning


@dataclass(frozen=True)
class Prepared:
    """Training rows ready for use, and test rows treated the same way.

    Attributes:
        X: n x d, z-scored; constant columns are 0.
        Y: n x K, +1 for the row's class and -1 elsewhere, or 1 and 0; for regression n x 1, z-scored.
        labels: n class numbers 0 .. K-1 without gaps, rising; None for regression.
        classes: what each class number was called before; None for regression.
        X_test, Y_test, labels_test: the same for test rows, m x d and m x K; m = 0 without a test set.
        name, source, shape: of the data set.
    """

    X: Array
    Y: Array
    labels: NDArray[np.int64] | None
    classes: NDArray[np.int64] | None
    X_test: Array
    Y_test: Array
    labels_test: NDArray[np.int64] | None
    name: str
    source: str
    shape: tuple[int, ...]

    @property
    def K(self) -> int:
        """Number of outputs: classes, or 1."""
        return self.Y.shape[1]


def rows(dataset: Dataset, index: Any) -> Dataset:
    """The part of a data set that NumPy's indexing by `index` keeps."""
    return replace(dataset, X=dataset.X[index], y=dataset.y[index])


def split(dataset: Dataset, first: int, seed: int | None = None) -> tuple[Dataset, Dataset]:
    """The first rows for training and the rest for testing.

    Args:
        dataset: what to divide.
        first: number of training rows, 1 <= first < n.
        seed: shuffles the rows before; None keeps their order.

    Raises:
        DataError: for `first` out of range.
    """
    if not 1 <= first < dataset.n:
        raise DataError(dataset.name, f"1 to {dataset.n - 1} training rows", str(first))
    order = np.arange(dataset.n) if seed is None else np.random.default_rng(seed).permutation(dataset.n)
    return rows(dataset, order[:first]), rows(dataset, order[first:])


def balanced(dataset: Dataset, per_class: int) -> tuple[Dataset, Dataset | None]:
    """The first `per_class` rows of every class for training, in file order, and the rest, None if there is none.

    Raises:
        DataError: for regression, and if a class has too few rows.
    """
    if dataset.K is None:
        raise DataError(dataset.name, "a data set with classes", "real targets")
    counts = np.bincount(dataset.y, minlength=dataset.K)
    if not 1 <= per_class <= counts.min():
        raise DataError(dataset.name, f"1 to {counts.min()} rows a class", str(per_class))
    # How many rows of its class stand before each row.
    order = np.argsort(dataset.y, kind="stable")
    before = np.empty(dataset.n, dtype=np.int64)
    before[order] = np.concatenate([np.arange(count) for count in counts])
    rest = before >= per_class
    return rows(dataset, ~rest), rows(dataset, rest) if rest.any() else None


def zscore(train: Array, *others: Array) -> tuple[Array, ...]:
    """Columns centred and divided by their standard deviation (ddof 1) over `train`; a constant column becomes 0.

    Args:
        train: n x d.
        others: arrays m x d treated with the same statistics.

    Returns:
        `train` and the others, z-scored.
    """
    mean = train.mean(axis=0)
    deviation = train.std(axis=0, ddof=1) if len(train) > 1 else np.zeros_like(mean)
    # A column of equal numbers can show a deviation of a few ulps of its mean.
    constant = np.ptp(train, axis=0) == 0
    scale = np.divide(1.0, deviation, out=np.zeros_like(mean), where=~constant & (deviation > 0))
    return tuple((part - mean) * scale for part in (train, *others))


def prepare(train: Dataset, test: Dataset | None = None, one_hot: bool = False) -> Prepared:
    """Sort by class, make targets, z-score.

    Args:
        train: classification or regression rows; `load(..., n=...)` has already taken the first n.
        test: rows of the same set; those of classes that `train` lacks are an error.
        one_hot: targets 1 and 0 (as the DUFM has them) and not 1 and -1; no matter for regression.

    Raises:
        DataError: for fewer than two classes among the training rows, or test rows of another kind.
    """
    if test is not None and (test.d != train.d or test.K != train.K):
        raise DataError(test.name, f"the {train.d} features of the training rows", f"{test.d}")
    X_test, y_test = (test.X, test.y) if test is not None else (train.X[:0], train.y[:0])
    if train.K is None:
        X, X_test = zscore(train.X, X_test)
        Y, Y_test = zscore(train.y[:, None], y_test[:, None])
        return Prepared(X, Y, None, None, X_test, Y_test, None, train.name, train.source, train.shape)
    order = np.argsort(train.y, kind="stable")
    classes, labels = _classes(train.name, train.y[order], train.K)
    unknown = np.setdiff1d(y_test, classes)
    if len(unknown):
        raise DataError(train.name, "test rows of the classes trained on", f"class {unknown[0]}")
    labels_test = np.searchsorted(classes, y_test)
    X, X_test = zscore(train.X[order], X_test)
    table = np.eye(len(classes)) if one_hot else 2.0 * np.eye(len(classes)) - 1.0
    Y, Y_test = table[labels], table[labels_test]
    return Prepared(X, Y, labels, classes, X_test, Y_test, labels_test, train.name, train.source, train.shape)


def _classes(name: str, y: NDArray[Any], K: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Classes that occur and the number of each row's among them."""
    classes, labels, counts = np.unique(y, return_inverse=True, return_counts=True)
    if len(classes) < 2:
        raise DataError(name, "at least two classes among the training rows", f"only class {classes[0]}")
    missing = np.setdiff1d(np.arange(K), classes).tolist()
    if missing:
        warnings.warn(f"{name}: no training row of class {missing}; left out", DataWarning, stacklevel=3)
    if counts.min() == 1:
        single = classes[counts == 1].tolist()
        warnings.warn(f"{name}: a single training row of class {single}", DataWarning, stacklevel=3)
    return classes, labels
