"""`DeepRFM`, the recursion of `solvers.rfm.recursion` with scikit-learn's conventions."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from dufm.solvers.base.arrays import Array
from dufm.solvers.metrics import finite_rows
from dufm.solvers.rfm.inputs import unit_rows
from dufm.solvers.rfm.kernels import Kernel, predictions
from dufm.solvers.rfm.recursion import LayerRow, RfmLayer, layers, step
from dufm.solvers.rfm.settings import DeepSettings


def _validated(estimator: BaseEstimator, **options: Any) -> Any:
    # Infinities and NaN pass here: `finite_rows` says where they are.
    return validate_data(estimator, dtype=np.float64, ensure_all_finite=False, **options)


# One more is what NumPy's old generators draw below.
MOST_SEED = 2**31 - 1


class DeepRFM(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin, BaseEstimator):
    """Deep recursive feature machine (arXiv 2402.13728): classifier and transformer.

    `transform` gives the features after `depth` layers; `predict` is the kernel regression of the last layer, on the
    features before it: with depth 1 that is plain kernel regression on rows of length 1.

    It passes scikit-learn's `check_estimator` with any ridge > 0. With ridge 0 it refuses one check's data
    (`check_estimators_dtypes`): rows of small integers that point the same way under different labels.

    Args:
        depth, ridge, map, width, sigma, frequencies, matrix, scale, targets, form: see
            `solvers.rfm.settings.DeepSettings`.
        kernel: "laplace" or "gaussian".
        bandwidth: of the kernel, > 0; rows have length 1.
        random_state: seed of the maps: an integer, a RandomState, or None for one that differs from fit to fit.
        max_memory: GiB that may be used; None for what the machine has free. More than that is refused before it is
            taken.
        callback: called with each `solvers.rfm.recursion.RfmLayer` when it is ready.

    Attributes:
        classes_: K labels, sorted.
        n_features_in_: columns of X.
        history_: one `LayerRow` for each finished layer.
        interrupted_: True if Ctrl-C ended the fit; the layers finished by then are kept and work.
        maps_: (M^(1/2), Phi) of each finished layer.
        alpha_, support_: n x K coefficients and n x d rows of the last layer's regression.
        seed_: the seed used.

    Raises:
        ProblemError: from `fit`, for options and samples that make no sense (a ValueError, one line).

    >>> model = DeepRFM(depth=4, width=128).fit(X, y)
    >>> [row.nc1 for row in model.history_]
    """

    def __init__(
        self,
        depth: int = 8,
        kernel: str = "laplace",
        bandwidth: float = 2.0,
        ridge: float = 0.0,
        map: str = "relu",
        width: int = 512,
        sigma: float = 0.02,
        frequencies: str = "cauchy",
        matrix: str = "agop",
        scale: str = "max",
        targets: str = "signs",
        form: str = "auto",
        random_state: int | np.random.RandomState | None = 0,
        max_memory: float | None = None,
        callback: Callable[[RfmLayer], None] | None = None,
    ) -> None:
        self.depth = depth
        self.kernel = kernel
        self.bandwidth = bandwidth
        self.ridge = ridge
        self.map = map
        self.width = width
        self.sigma = sigma
        self.frequencies = frequencies
        self.matrix = matrix
        self.scale = scale
        self.targets = targets
        self.form = form
        self.random_state = random_state
        self.max_memory = max_memory
        self.callback = callback

    def settings(self, seed: int) -> DeepSettings:
        """The options as a record.

        Raises:
            ProblemError: naming the option that makes no sense.
        """
        return DeepSettings(
            depth=self.depth,
            kernel=Kernel(self.kernel, self.bandwidth),
            ridge=self.ridge,
            map=self.map,
            width=self.width,
            sigma=self.sigma,
            frequencies=self.frequencies,
            matrix=self.matrix,
            scale=self.scale,
            targets=self.targets,
            form=self.form,
            seed=seed,
        )

    def fit(
        self, X: npt.ArrayLike, y: npt.ArrayLike, held_out: tuple[npt.ArrayLike, npt.ArrayLike] | None = None
    ) -> "DeepRFM":
        """Fit all layers.

        Args:
            X: n x d samples. They are scaled to length 1; centre or z-score them before if that is wanted.
            y: n labels, at least two classes.
            held_out: (samples, labels) whose accuracy goes into the history.

        Returns:
            Itself.

        Raises:
            ProblemError: as the class says.
            KeyboardInterrupt: if it comes before the first layer is ready; later ones keep what is finished.
        """
        rows, labels = _validated(self, X=X, y=y)
        check_classification_targets(labels)
        seed = self.random_state
        if not isinstance(seed, Integral):
            seed = check_random_state(seed).randint(MOST_SEED)
        seed = int(seed)
        stream = layers(rows, labels, self.settings(seed), held_out, self.max_memory)
        self.classes_, self.seed_ = np.unique(labels), seed
        self.history_: tuple[LayerRow, ...] = ()
        self.maps_ = []
        self.interrupted_ = False
        try:
            for layer in stream:
                self.alpha_, self.support_ = layer.alpha, layer.stages[0]
                self.maps_.append((layer.root, layer.map))
                self.history_ += (layer.row,)
                self._n_features_out = layer.stages[2].shape[1]
                if self.callback is not None:
                    self.callback(layer)
        except KeyboardInterrupt:
            if not self.history_:
                raise
            self.interrupted_ = True
        return self

    def _rows(self, X: npt.ArrayLike) -> Array:
        check_is_fitted(self, "alpha_")
        return finite_rows(_validated(self, X=X, reset=False))

    def transform(self, X: npt.ArrayLike) -> Array:
        """Features of samples (m x d) after all layers: m x width.

        Raises:
            ProblemError: for NaN and infinities.
        """
        rows = self._rows(X)
        for root, feature_map in self.maps_:
            rows = step(rows, root, feature_map)
        return rows

    def decision_function(self, X: npt.ArrayLike) -> Array:
        """What the last layer's regression says at samples (m x d): m x K; for K = 2 the difference, m.

        Raises:
            ProblemError: for NaN and infinities.
        """
        rows = self._rows(X)
        for root, feature_map in self.maps_[:-1]:
            rows = step(rows, root, feature_map)
        values = predictions(Kernel(self.kernel, self.bandwidth), self.support_, self.alpha_, unit_rows(rows)[0])
        return values[:, 1] - values[:, 0] if len(self.classes_) == 2 else values

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Labels of samples (m x d).

        Raises:
            ProblemError: for NaN and infinities.
        """
        values = self.decision_function(X)
        return self.classes_[(values > 0.0).astype(int) if values.ndim == 1 else values.argmax(axis=1)]
