"""Data sets by name: bundled, drawn from a seed, or read from local files. Nothing is downloaded, nothing replaced.

>>> train = load("digits", n=1000)
>>> data = prepare(train)
"""

from pathlib import Path

from dufm.solvers.datasets.bundled import read_diabetes, read_digits, whole_only
from dufm.solvers.datasets.cifar import read_cifar10
from dufm.solvers.datasets.housing import read_housing
from dufm.solvers.datasets.idx import read_fashion_mnist, read_mnist
from dufm.solvers.datasets.preparing import Prepared, balanced, prepare, rows, split, zscore
from dufm.solvers.datasets.record import DataError, Dataset, DataWarning
from dufm.solvers.datasets.svhn import read_svhn
from dufm.solvers.datasets.synthetic import MAKERS, synthetic
from dufm.theory.stated import listed

__all__ = [
    "NAMES",
    "DataError",
    "DataWarning",
    "Dataset",
    "Prepared",
    "balanced",
    "load",
    "prepare",
    "rows",
    "split",
    "zscore",
]

BUNDLED = {"digits": read_digits, "diabetes": read_diabetes}
FILES = {"mnist": read_mnist, "fashion-mnist": read_fashion_mnist, "cifar10": read_cifar10, "svhn": read_svhn}
NAMES = (*BUNDLED, *MAKERS, *FILES, "california-housing")


def load(
    name: str, root: str | Path | None = None, n: int | None = None, split: str = "train", seed: int = 0
) -> Dataset:
    """A data set, its first n samples in file order.

    Args:
        name: one of NAMES.
        root: folder of the files of mnist, fashion-mnist, cifar10, svhn and california-housing; nothing else reads it.
        n: samples to keep; None keeps all (3000 of a drawn set).
        split: "train" or "test"; only mnist, cifar10 and svhn have both.
        seed: fixes a drawn set.

    Raises:
        DataError: for a name, split or number that does not exist, and for missing, broken or wrong files.

    Warns:
        DataWarning: if a file is not the published one byte for byte.
    """
    if name not in NAMES:
        raise DataError("data set", *listed(name, NAMES, "dufm network --help"))
    if split not in ("train", "test"):
        raise DataError(name, "split 'train' or 'test'", repr(split))
    if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
        raise DataError(name, "n, a number of samples >= 1", repr(n))
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise DataError(name, "seed, an integer >= 0", repr(seed))
    if name in FILES:
        found = FILES[name](root, n, split)
    else:
        whole_only(name, split)
        if name in MAKERS:
            found = synthetic(name, n, seed)
        else:
            found = BUNDLED[name](n) if name in BUNDLED else read_housing(root, n)
    if n is not None and found.n < n:
        raise DataError(name, f"{n} samples", f"{found.n}")
    return found
