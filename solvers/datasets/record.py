"""What a data set is here, and the one error and the one warning that reading it may give."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dufm.solvers.base.arrays import Array
from dufm.theory.stated import ProblemError


class DataError(ProblemError):
    """Data that cannot be used; the message names the file, what was expected there and what was found.

    Attributes:
        file: path of the file, or name of the data set.
        expected: what belongs there.
        found: what is there.
    """

    def __init__(self, file: object, expected: str, found: str) -> None:
        super().__init__(f"{file}: expected {expected}, found {found}")
        self.file, self.expected, self.found = str(file), expected, found

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is rebuilt from its message alone unless told otherwise; worker processes send them around.
        return type(self), (self.file, self.expected, self.found)


class DataWarning(UserWarning):
    """Data that can be used but are not quite what one would expect."""


@dataclass(frozen=True)
class Dataset:
    """Samples in the order of their source.

    Attributes:
        X: n x d float64, one sample a row; pixels of the image files are divided by 255.
        y: class numbers 0 .. K-1 (int64) or, where K is None, real targets (float64); length n.
        name: as `load` takes it.
        source: where it came from: package and version, files, or generator and seed.
        K: number of classes of the data set (not of the rows kept), None for regression.
        shape: shape of one sample, (channels, height, width) for images, else (d,).
    """

    X: Array
    y: NDArray[Any]
    name: str
    source: str
    K: int | None
    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.X.ndim != 2 or len(self.X) == 0 or len(self.X) != len(self.y):
            raise DataError(self.name, "as many targets as samples, at least one", f"{self.X.shape} and {len(self.y)}")
        bad = np.argwhere(~np.isfinite(self.X))
        if len(bad):
            row, column = bad[0]
            raise DataError(self.name, "finite features", f"{self.X[row, column]} in row {row}, column {column}")
        bad = np.flatnonzero(~np.isfinite(self.y))
        if len(bad):
            raise DataError(self.name, "finite targets", f"{self.y[bad[0]]} in row {bad[0]}")
        if self.K is not None and not (0 <= self.y.min() and self.y.max() < self.K):
            raise DataError(self.name, f"labels 0 to {self.K - 1}", f"labels {self.y.min()} to {self.y.max()}")

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.X)

    @property
    def d(self) -> int:
        """Number of features."""
        return self.X.shape[1]


def labelled_images(
    pixels: NDArray[np.uint8], labels: NDArray[Any], name: str, source: str, shape: tuple[int, int, int]
) -> Dataset:
    """A data set of ten classes from raw bytes.

    Args:
        pixels: n x d, or n x shape, of bytes 0..255 in the order channel, row, column.
        labels: n class numbers.
        name, source, shape: as in Dataset.

    Raises:
        DataError: for labels outside 0..9 and counts that differ.
    """
    X = pixels.reshape(len(pixels), -1) / 255.0
    return Dataset(X, labels.astype(np.int64), name, source, 10, shape)
