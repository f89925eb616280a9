"""Samples by class: means and scatter, with the formulas of `solvers.metrics`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dufm.solvers.base.arrays import Array
from dufm.theory.stated import ProblemError


@dataclass(frozen=True)
class Classes:
    """Samples by class.

    Attributes:
        names: the K distinct labels, sorted.
        index: n integers, the class of each sample.
        counts: K integers, n_c.
        means: K x d, mu_c.
        centre: d, mu_G.
    """

    names: npt.NDArray[Any]
    index: npt.NDArray[np.intp]
    counts: npt.NDArray[np.intp]
    means: Array
    centre: Array

    @property
    def centred(self) -> Array:
        """K x d, mu_c - mu_G."""
        return self.means - self.centre


@dataclass(frozen=True)
class Scatter:
    """S_W, S_B and S_T, each d x d; or their traces, each a float (see the module)."""

    within: Any
    between: Any
    total: Any


def finite_rows(X: npt.ArrayLike, name: str = "X") -> Array:
    """X as a float64 array of two axes.

    Raises:
        ProblemError: if it has no rows or columns, is no such array, or holds NaN or infinities (naming the first).
    """
    try:
        rows = np.asarray(X, dtype=np.float64)
    except (TypeError, ValueError):
        raise ProblemError(f"{name} must hold numbers, got {type(X).__name__}") from None
    if rows.ndim != 2 or 0 in rows.shape:
        raise ProblemError(f"{name} must be samples x features, both >= 1, got shape {rows.shape}")
    # A sum is NaN or infinite whenever an entry is; the full look is for the message (or an overflow).
    with np.errstate(over="ignore", invalid="ignore"):
        suspicious = not np.isfinite(rows.sum())
    if suspicious and not (fine := np.isfinite(rows)).all():
        i, j = np.argwhere(~fine)[0]
        found = "NaN" if np.isnan(rows[i, j]) else rows[i, j]
        raise ProblemError(f"{name} must be finite, got {found} in row {i}, column {j}")
    return rows


def class_means(X: npt.ArrayLike, y: npt.ArrayLike) -> Classes:
    """Means of the classes.

    Raises:
        ProblemError: for an X or y that makes no sense, lengths that differ, or fewer than two classes.
    """
    rows, labels = finite_rows(X), np.asarray(y)
    if labels.shape != (len(rows),):
        raise ProblemError(f"y must hold one label for each of the {len(rows)} samples, got shape {labels.shape}")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise ProblemError("y must hold labels, got NaN or an infinity")
    names, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise ProblemError(f"y must hold at least two classes, got one class only, {names[0]}")
    means = np.stack([rows[index == c].mean(axis=0) for c in range(len(names))])
    return Classes(names, index, counts, means, means.mean(axis=0))


def scatter(X: npt.ArrayLike, y: npt.ArrayLike) -> Scatter:
    """The matrices S_W, S_B and S_T of the module's formulas.

    Raises:
        ProblemError: as `class_means`.
    """
    rows, classes = finite_rows(X), class_means(X, y)
    centred, inside, about = classes.centred, rows - classes.means[classes.index], rows - classes.centre
    n, K = len(rows), len(centred)
    return Scatter(inside.T @ inside / n, centred.T @ centred / K, about.T @ about / n)


def scatter_traces(X: npt.ArrayLike, y: npt.ArrayLike) -> Scatter:
    """tr S_W, tr S_B and tr S_T, without the d x d matrices.

    Raises:
        ProblemError: as `class_means`.
    """
    rows, classes = finite_rows(X), class_means(X, y)
    centred = classes.centred
    within = sum(float(((rows[classes.index == c] - mean) ** 2).sum()) for c, mean in enumerate(classes.means))
    shares = classes.counts / len(rows)
    within /= len(rows)
    between = float((centred**2).sum()) / len(centred)
    return Scatter(within, between, within + float(shares @ (centred**2).sum(axis=1)))
