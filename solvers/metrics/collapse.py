"""NC1, NC2, NC3, NC4 and DNC1, with the notation of `solvers.metrics`."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from dufm.solvers.metrics.classes import Array, Classes, class_means, finite_rows, scatter_traces
from dufm.theory.stated import ProblemError

SCALINGS = ("trace", "authors")


def nc1(X: npt.ArrayLike, y: npt.ArrayLike, scaling: str = "trace") -> float:
    """NC1, collapse within classes: tr S_W / tr S_B; 0 when collapsed.

    Args:
        X: features, n x d.
        y: labels, n.
        scaling: "trace", or "authors" for the number of arXiv 2402.13728's code: S_W is divided by K there once more.

    Returns:
        The ratio; infinity where all class means are equal, whatever is within.

    Raises:
        ProblemError: for a scaling not in `SCALINGS`, and as `class_means`.
    """
    if scaling not in SCALINGS:
        raise ProblemError(f"scaling must be one of {', '.join(SCALINGS)}, got {scaling!r}")
    traces = scatter_traces(X, y)
    if traces.between == 0.0:
        return float("inf")
    ratio = traces.within / traces.between
    return ratio if scaling == "trace" else ratio / len(np.unique(np.asarray(y)))


def dnc1(layers: Iterable[npt.ArrayLike], y: npt.ArrayLike) -> list[float]:
    """DNC1: `nc1` of every layer's features (n x d_l each), first layer first.

    The per-layer trace ratio is what we take for the DNC1 metric of SML24's experiments.
    """
    return [nc1(X, y) for X in layers]


def simplex_gap(means: Array) -> float:
    """(1/K^2) sum (C - E)^2, C the cosines of the rows of `means` (K x d), E = (K I - 1 1^T)/(K - 1).

    A row that is zero has cosine 0 with every row, itself too.
    """
    K = len(means)
    norms = np.sqrt((means**2).sum(axis=1, keepdims=True))
    unit = means / np.where(norms > 0.0, norms, 1.0)
    simplex = (K * np.eye(K) - 1.0) / (K - 1)
    return float(((unit @ unit.T - simplex) ** 2).mean())


def nc2(X: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """NC2, a simplex of class means: mean square of cos(mu_c - mu_G, mu_k - mu_G) - E_ck, E = (K I - 1 1^T)/(K - 1).

    0 when the centred class means are a regular simplex (equiangular tight frame); lengths do not count. This is what
    arXiv 2402.13728's code computes (their axis says norm).

    Raises:
        ProblemError: as `class_means`.
    """
    return simplex_gap(class_means(X, y).centred)


def nc2_lengths(X: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """The other half of NC2: standard deviation over mean of ||mu_c - mu_G||; 0 when all lengths agree.

    Raises:
        ProblemError: as `class_means`.
    """
    norms = np.sqrt((class_means(X, y).centred ** 2).sum(axis=1))
    return float(norms.std() / norms.mean()) if norms.any() else float("inf")


def frame_condition(X: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """NC2 for an orthogonal frame (DUFM features after relu): largest over smallest singular value of the mu_c.

    The means are not centred. 1 for an orthogonal frame of equal lengths, infinity for dependent means.

    Raises:
        ProblemError: as `class_means`.
    """
    means = class_means(X, y).means
    values = np.linalg.svd(means, compute_uv=False)
    if len(values) < len(means) or values[-1] <= values[0] * np.finfo(float).eps * max(means.shape):
        return float("inf")
    return float(values[0] / values[-1])


def nc3(W: npt.ArrayLike, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """NC3, self-duality: || W/||W||_F - M/||M||_F ||_F, M the K x d matrix of mu_c - mu_G; between 0 and 2.

    Args:
        W: weights of the classifier, K x d, rows in the order of the sorted labels.
        X: features it acts on, n x d.
        y: labels, n.

    Raises:
        ProblemError: for a W of another shape, one that is zero, equal class means, and as `class_means`.
    """
    weights, means = _against_means(W, X, y)
    return float(np.linalg.norm(weights / np.linalg.norm(weights) - means / np.linalg.norm(means)))


def nc3_cosine(W: npt.ArrayLike, X: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """NC3 as an alignment: mean over classes of cos(w_c, mu_c - mu_G); 1 when aligned. Arguments as `nc3`.

    Raises:
        ProblemError: as `nc3`; a row or centred mean that is zero counts as cosine 0.
    """
    weights, means = _against_means(W, X, y)
    lengths = np.linalg.norm(weights, axis=1) * np.linalg.norm(means, axis=1)
    return float(((weights * means).sum(axis=1) / np.where(lengths > 0.0, lengths, 1.0)).mean())


def _against_means(W: npt.ArrayLike, X: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Array, Array]:
    weights, means = finite_rows(W, "W"), class_means(X, y).centred
    if weights.shape != means.shape:
        raise ProblemError(f"W must be classes x features, {means.shape}, got {weights.shape}")
    if not weights.any() or not means.any():
        raise ProblemError("W and the centred class means must not be zero, or there is no alignment to speak of")
    return weights, means


def nearest_centre(X: npt.ArrayLike, classes: Classes) -> npt.NDArray[Any]:
    """The label of the nearest class mean (Euclidean) for each row of X (m x d); ties go to the smaller label."""
    rows = finite_rows(X)
    if rows.shape[1] != classes.means.shape[1]:
        raise ProblemError(f"X must have {classes.means.shape[1]} features, got {rows.shape[1]}")
    # ||x - mu||^2 less the ||x||^2 that all share, about the centre so that large offsets do not cancel.
    centred = classes.centred
    distance = (centred**2).sum(axis=1) - 2.0 * (rows - classes.centre) @ centred.T
    return classes.names[distance.argmin(axis=1)]


def nc4(predicted: npt.ArrayLike, X: npt.ArrayLike, y: npt.ArrayLike, at: npt.ArrayLike | None = None) -> float:
    """NC4: share of samples where a classifier's label is that of the nearest class mean; 1 when they agree.

    Args:
        predicted: the classifier's labels for the rows of `at`, or of X.
        X: training features, n x d; they make the class means.
        y: training labels, n.
        at: features of the samples that `predicted` speaks of, m x d; X if not given.

    Raises:
        ProblemError: if `predicted` has another length, and as `class_means`.
    """
    centres = nearest_centre(X if at is None else at, class_means(X, y))
    labels = np.asarray(predicted)
    if labels.shape != centres.shape:
        raise ProblemError(f"predicted must hold {len(centres)} labels, got shape {labels.shape}")
    return float((labels == centres).mean())
