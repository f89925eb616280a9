"""What is wrong with samples, said before work begins: conflicts are errors, oddities warnings with counts."""

import warnings

import numpy as np
import numpy.typing as npt

from dufm.solvers.base.arrays import Array
from dufm.solvers.datasets.record import DataWarning
from dufm.solvers.metrics import Classes, class_means
from dufm.theory.stated import ProblemError


def unit_rows(X: Array) -> tuple[Array, int]:
    """Rows divided by their lengths (rows of zeros stay), and the number of rows of zeros."""
    lengths = np.sqrt((X**2).sum(axis=1, keepdims=True))
    return X / np.where(lengths > 0.0, lengths, 1.0), int((lengths == 0.0).sum())


def check_samples(X: Array, y: npt.ArrayLike, ridge: float) -> tuple[Array, Classes]:
    """Rows of length 1 and the classes.

    Args:
        X: n x d.
        y: n labels.
        ridge: of the regression; 0 interpolates, which rows that agree but for their labels forbid.

    Raises:
        ProblemError: for NaN, infinities, lengths that differ, fewer than two classes or columns, only zeros, and for
            samples that point the same way under different labels when ridge = 0.

    Warns:
        DataWarning: with counts, for samples that point the same way under one label, rows of zeros and classes of a
            single sample.
    """
    classes = class_means(X, y)
    if X.shape[1] == 1:
        raise ProblemError("X must have at least 2 columns, got 1 feature(s): of rows of length 1 only a sign is left")
    unit, zeros = unit_rows(X)
    if zeros == len(X):
        raise ProblemError("X must have samples that are not zero, got only zeros (are all columns constant?)")
    first: dict[bytes, int] = {}
    # Adding 0 makes -0 the same bytes as 0.
    again = [(first.setdefault((row + 0.0).tobytes(), i), i) for i, row in enumerate(unit)]
    doubles = [(i, j) for i, j in again if i != j]
    conflicts = [(i, j) for i, j in doubles if classes.index[i] != classes.index[j]]
    if conflicts and ridge == 0.0:
        i, j = conflicts[0]
        names = f"{classes.names[classes.index[i]]} and {classes.names[classes.index[j]]}"
        raise ProblemError(
            f"rows {i} and {j} of X are the same up to length but have labels {names} ({len(conflicts)} such rows); "
            "ridge must be > 0 for that"
        )
    single = int((classes.counts == 1).sum())
    _warn(len(doubles), "rows are the same as an earlier row up to length")
    _warn(zeros, "rows are zero")
    _warn(single, "classes have a single sample")
    return unit, classes


def _warn(count: int, words: str) -> None:
    if count:
        warnings.warn(f"{count} {words}", DataWarning, stacklevel=4)
