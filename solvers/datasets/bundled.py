"""The sets scikit-learn carries inside its package: no file of one's own is needed."""

from importlib.metadata import version
from typing import Any, cast

import numpy as np

from dufm.solvers.datasets.record import DataError, Dataset


def read_digits(n: int | None) -> Dataset:
    """The first n of 1797 hand-written digits, 8 x 8 grey levels 0..16 (not divided: features are z-scored anyway)."""
    from sklearn.datasets import load_digits

    bunch = cast(Any, load_digits())
    X = np.ascontiguousarray(bunch.data[:n], dtype=np.float64)
    return Dataset(X, bunch.target[:n].astype(np.int64), "digits", _source("load_digits"), 10, (1, 8, 8))


def read_diabetes(n: int | None) -> Dataset:
    """The first n of 442 patients: ten features (each centred and of unit norm), target the disease's progression."""
    from sklearn.datasets import load_diabetes

    bunch = cast(Any, load_diabetes())
    X = np.ascontiguousarray(bunch.data[:n], dtype=np.float64)
    return Dataset(X, bunch.target[:n].astype(np.float64), "diabetes", _source("load_diabetes"), None, (X.shape[1],))


def whole_only(name: str, split: str) -> None:
    """Refuse a test half of a set that has none of its own.

    Raises:
        DataError: for any split but "train".
    """
    if split != "train":
        raise DataError(name, "split 'train' (the set comes in one piece; `split` divides it)", repr(split))


def _source(function: str) -> str:
    return f"scikit-learn {version('scikit-learn')}, {function}"
