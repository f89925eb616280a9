"""The recursion of Deep RFM (arXiv 2402.13728), one layer at a time.

    x_i <- x_i / ||x_i||;    alpha = (K + ridge I)^(-1) Y;    M = AGOP / max(AGOP);    x_i <- Phi(M^(1/2) x_i)
A layer has three stages: its rows X, Z = X M^(1/2), and Phi(Z), which the next layer scales to length 1.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dufm.solvers.base.arrays import Array
from dufm.solvers.datasets.record import DataWarning
from dufm.solvers.metrics import finite_rows, nc1, nc2, psd_sqrt
from dufm.solvers.rfm.agop import agop
from dufm.solvers.rfm.inputs import check_samples, unit_rows
from dufm.solvers.rfm.kernels import predictions, squared_distances
from dufm.solvers.rfm.maps import FeatureMap, draw_map
from dufm.solvers.rfm.memory import check_memory
from dufm.solvers.rfm.settings import DeepSettings
from dufm.solvers.rfm.solve import Regression, solve
from dufm.theory.stated import ProblemError

STAGES = ("X", "root", "map")


@dataclass(frozen=True)
class LayerRow:
    """Numbers of one layer; tuples have one entry for each of `STAGES`: X, X M^(1/2), Phi(X M^(1/2)).

    Attributes:
        layer: from 1.
        features: d, columns of X.
        nc1, nc2: of the stages, see `solvers.metrics`.
        train_accuracy: of the layer's kernel regression at its own samples.
        test_accuracy: at the held-out samples; None without any.
        jitter, residual, condition: see `solvers.rfm.solve.Regression`.
        zero_rows: samples that are 0 in X.
    """

    layer: int
    features: int
    nc1: tuple[float, float, float]
    nc2: tuple[float, float, float]
    train_accuracy: float
    test_accuracy: float | None
    jitter: float
    residual: float
    condition: float
    zero_rows: int


@dataclass(frozen=True)
class RfmLayer:
    """One layer's parts and stages.

    Attributes:
        row: its numbers.
        root: M^(1/2), d x d.
        map: Phi.
        alpha: n x K coefficients of the regression on X.
        stages: X, Z and Phi(Z), n rows each.
    """

    row: LayerRow
    root: Array
    map: FeatureMap
    alpha: Array
    stages: tuple[Array, Array, Array]


def step(X: Array, root: Array, feature_map: FeatureMap) -> Array:
    """Rows through one layer: scaled to length 1, times M^(1/2), mapped."""
    return feature_map(unit_rows(X)[0] @ root)


def layers(
    X: npt.ArrayLike,
    y: npt.ArrayLike,
    settings: DeepSettings,
    held_out: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    max_memory: float | None = None,
) -> Iterator[RfmLayer]:
    """Layers of a Deep RFM, each when it is ready; input is checked before this returns.

    Args:
        X: training samples, n x d.
        y: their labels, n, at least two classes.
        settings: the options.
        held_out: test samples (m x d) and labels (m) whose accuracy each layer tells.
        max_memory: GiB allowed; None for what the machine has free.

    Raises:
        ProblemError: for bad samples (see `solvers.rfm.inputs`), more memory than there is, and, while iterating, for
            a layer whose features are all zero.

    Warns:
        DataWarning: for odd samples, and for a jitter that had to be added.
    """
    rows = finite_rows(X)
    unit, classes = check_samples(rows, y, settings.ridge)
    targets = np.eye(len(classes.names))[classes.index]
    if settings.targets == "signs":
        targets = 2.0 * targets - 1.0
    test, labels = np.empty((0, rows.shape[1])), np.empty(0, dtype=classes.index.dtype)
    if held_out is not None:
        test, names = finite_rows(held_out[0], "held_out"), np.asarray(held_out[1])
        if test.shape[1] != rows.shape[1] or names.shape != (len(test),):
            raise ProblemError(
                f"held_out must be m x {rows.shape[1]} samples and m labels, got shapes {test.shape} and {names.shape}"
            )
        found = np.searchsorted(classes.names, names).clip(max=len(classes.names) - 1)
        labels = np.where(classes.names[found] == names, found, -1)
    width = rows.shape[1] if settings.map == "identity" else max(settings.width, rows.shape[1])
    check_memory(len(rows), width, targets.shape[1], len(test), max_memory)
    return _run(unit, np.asarray(y), classes.index, targets, settings, test, labels)


def _run(
    X: Array,
    y: npt.NDArray[np.generic],
    index: npt.NDArray[np.intp],
    targets: Array,
    settings: DeepSettings,
    test: Array,
    labels: npt.NDArray[np.intp],
) -> Iterator[RfmLayer]:
    children = np.random.SeedSequence(settings.seed).spawn(settings.depth)
    for number, child in enumerate(children, start=1):
        X, zeros = unit_rows(X)
        d = X.shape[1]
        feature_map = draw_map(
            settings.map, d, settings.width, settings.sigma, settings.frequencies, np.random.default_rng(child)
        )
        regression, root = _learn(X, targets, settings, number)
        Z = X @ root
        features = feature_map(Z)
        if not features.any():
            raise ProblemError(f"layer {number}: all features are zero after the map; width is too small")
        accuracy = None
        if len(test):
            test = unit_rows(test)[0]
            said = predictions(settings.kernel, X, regression.alpha, test).argmax(axis=1)
            accuracy = float((said == labels).mean())
            test = step(test, root, feature_map)
        stages = (X, Z, features)
        row = LayerRow(
            layer=number,
            features=d,
            nc1=(nc1(X, y), nc1(Z, y), nc1(features, y)),
            nc2=(nc2(X, y), nc2(Z, y), nc2(features, y)),
            train_accuracy=float((regression.fitted.argmax(axis=1) == index).mean()),
            test_accuracy=accuracy,
            jitter=regression.jitter,
            residual=regression.residual,
            condition=regression.condition,
            zero_rows=zeros,
        )
        yield RfmLayer(row, root, feature_map, regression.alpha, stages)
        X = features


def _learn(X: Array, targets: Array, settings: DeepSettings, number: int) -> tuple[Regression, Array]:
    """The regression of a layer, and M^(1/2)."""
    squared = squared_distances(X)
    regression = solve(settings.kernel, squared, targets, settings.ridge)
    if regression.jitter:
        warnings.warn(
            f"layer {number}: the kernel matrix is singular to rounding; {regression.jitter:g} added to its diagonal",
            DataWarning,
            stacklevel=4,
        )
    if settings.matrix == "identity":
        return regression, np.eye(X.shape[1])
    slopes = settings.kernel.slopes(squared, squared)
    M = agop(settings.kernel, X, regression.alpha, settings.form, slopes)
    if settings.scale == "spectral":
        scale = float(np.linalg.norm(M, 2))
    else:
        scale = float(M.max() if settings.scale == "max" else np.trace(M))
    if not 0.0 < scale < np.inf:
        raise ProblemError(f"layer {number}: all gradients of the regression are zero; there is no AGOP to go on with")
    return regression, psd_sqrt(M / scale)
