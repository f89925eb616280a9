"""The DeepRFM estimator: scikit-learn's conventions, collapse on the digits, interruption, memory, bad samples."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from dufm.solvers import metrics
from dufm.solvers.datasets import DataWarning, load, prepare, split
from dufm.solvers.rfm.estimator import DeepRFM
from dufm.solvers.rfm.kernels import Kernel, gradients, predictions
from dufm.solvers.rfm.recursion import RfmLayer, layers
from dufm.solvers.rfm.settings import DeepSettings
from dufm.theory.stated import ProblemError


def digits(n: int = 300):
    """The first n digits for training, the next 300 for testing."""
    train, test = split(load("digits", n=n + 300), n)
    return prepare(train, test)


# Rows of small integers point the same way under two labels there, which ridge 0 refuses: the one exemption.
EXEMPT = {"check_estimators_dtypes": "samples that differ in length alone have different labels, and ridge is 0"}


@pytest.mark.filterwarnings("ignore::dufm.solvers.datasets.record.DataWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(
    [DeepRFM(depth=2, width=32), DeepRFM(depth=2, width=32, ridge=1e-3)],
    expected_failed_checks=lambda estimator: EXEMPT if estimator.ridge == 0.0 else {},
)
def test_scikit_learn_conventions(estimator: DeepRFM, check: Callable[[DeepRFM], None]) -> None:
    check(estimator)


def small(seed: int = 0, **options) -> list[RfmLayer]:
    """Layers of a small Deep RFM on digits."""
    data = digits()
    settings = DeepSettings(**{"depth": 6, "width": 256, "seed": seed} | options)
    return list(layers(data.X, data.labels, settings))


@pytest.mark.parametrize("seed", range(3))
def test_relu_features_collapse(seed: int) -> None:
    found = [layer.row for layer in small(seed)]
    first, last = found[0], found[-1]
    assert first.nc1[0] / last.nc1[0] > 30
    for row in found:
        assert 0.2 < row.nc1[1] / row.nc1[0] < 0.4
        assert 1.2 < row.nc1[2] / row.nc1[1] < 1.7
        assert row.train_accuracy == 1.0 and row.jitter == 0.0
    assert last.nc2[0] < first.nc2[0] / 3


def test_neither_half_collapses_alone() -> None:
    whole = [layer.row.nc1[0] for layer in small()]
    no_agop = [layer.row.nc1[0] for layer in small(matrix="identity")]
    no_map = [layer.row.nc1[0] for layer in small(map="identity", depth=12)]
    assert no_agop[-1] > 1.5 * no_agop[0]
    assert no_map[-1] > 0.99 * no_map[-2] and no_map[-1] > 5 * whole[-1]


def test_shuffled_labels_collapse_too() -> None:
    data = digits()
    labels = np.random.default_rng(0).permutation(data.labels)
    found = [layer.row.nc1[0] for layer in layers(data.X, labels, DeepSettings(depth=6, width=256))]
    assert found[0] > 50 * found[-1] and found[0] > 20


def test_cosine_features_collapse_after_the_root() -> None:
    found = [layer.row for layer in small(map="cosine", sigma=0.03, depth=8)]
    assert all(row.nc1[1] / row.nc1[0] < 0.4 for row in found)
    assert found[-1].nc1[1] < found[0].nc1[1] / 10


def test_stages_follow_from_the_parts() -> None:
    layer = small(depth=1, scale="spectral")[0]
    X, Z, features = layer.stages
    np.testing.assert_allclose((X**2).sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(Z, X @ layer.root, rtol=0, atol=1e-15)
    np.testing.assert_allclose(features, np.maximum(Z @ layer.map.V.T, 0.0), rtol=0, atol=1e-15)
    assert np.linalg.norm(layer.root, 2) == pytest.approx(1.0, rel=1e-12)
    largest = small(depth=1)[0]
    g = gradients(Kernel(), X, largest.alpha, X)
    M = np.einsum("ioa,iob->ab", g, g)
    np.testing.assert_allclose(largest.root @ largest.root, M / M.max(), rtol=0, atol=1e-13)
    np.testing.assert_allclose(layer.root @ layer.root * np.linalg.norm(M, 2), M, rtol=0, atol=1e-12 * M.max())
    y = digits().labels
    assert layer.row.nc1 == (metrics.nc1(X, y), metrics.nc1(Z, y), metrics.nc1(features, y))


def test_scale_of_the_agop_does_not_matter_to_relu() -> None:
    for scale in ("trace", "spectral"):
        for ours, theirs in zip(small(depth=3), small(depth=3, scale=scale), strict=True):
            assert ours.row.nc1 == pytest.approx(theirs.row.nc1, rel=1e-9)


def test_training_rows_keep_their_labels_and_features() -> None:
    data = digits()
    found: list[RfmLayer] = []
    model = DeepRFM(depth=3, width=128, callback=found.append).fit(
        data.X, data.labels, held_out=(data.X_test, data.labels_test)
    )
    np.testing.assert_allclose(model.transform(data.X), found[-1].stages[2], rtol=0, atol=1e-12)
    assert (model.predict(data.X) == data.labels).all()
    assert model.score(data.X_test, data.labels_test) == model.history_[-1].test_accuracy > 0.8
    assert [row.layer for row in model.history_] == [1, 2, 3] and not model.interrupted_
    # Depth 1 predicts by plain kernel regression.
    plain = DeepRFM(depth=1).fit(data.X, data.labels)
    values = predictions(Kernel(), plain.support_, plain.alpha_, data.X_test / norms(data.X_test))
    np.testing.assert_allclose(plain.decision_function(data.X_test), values, rtol=0, atol=1e-14)


def norms(X: np.ndarray) -> np.ndarray:
    return np.linalg.norm(X, axis=1, keepdims=True)


def test_options_may_be_numpys() -> None:
    data = digits(100)
    search = GridSearchCV(
        DeepRFM(depth=1, width=16), {"depth": np.arange(1, 3), "bandwidth": np.array([1.0, 2.0])}, cv=2
    )
    search.fit(data.X, data.labels)
    assert search.best_score_ > 0.5 and len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_seed_fixes_everything() -> None:
    data = digits(100)
    settings = {"depth": 2, "width": 64}
    first, same, other = (DeepRFM(**settings, random_state=s).fit(data.X, data.labels) for s in (3, 3, 4))
    assert first.history_ == same.history_ != other.history_
    # The maps of the first layers do not depend on how many follow.
    assert DeepRFM(depth=1, width=64, random_state=3).fit(data.X, data.labels).history_ == first.history_[:1]
    drawn = DeepRFM(**settings, random_state=np.random.RandomState(0)).fit(data.X, data.labels)
    assert DeepRFM(**settings, random_state=drawn.seed_).fit(data.X, data.labels).history_ == drawn.history_


def test_ctrl_c_keeps_finished_layers() -> None:
    data = digits(100)

    def stop(layer: RfmLayer) -> None:
        if layer.row.layer == at:
            raise KeyboardInterrupt

    at = 2
    model = DeepRFM(depth=5, width=64, callback=stop).fit(data.X, data.labels)
    assert model.interrupted_ and len(model.history_) == 2
    whole = DeepRFM(depth=2, width=64).fit(data.X, data.labels)
    assert (model.predict(data.X_test) == whole.predict(data.X_test)).all()
    np.testing.assert_array_equal(model.transform(data.X_test), whole.transform(data.X_test))


def test_interruption_before_the_first_layer_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dufm.solvers.rfm.recursion.solve", interrupted)
    data = digits(100)
    with pytest.raises(KeyboardInterrupt):
        DeepRFM(depth=2, width=64).fit(data.X, data.labels)


def test_memory_is_refused_before_it_is_taken() -> None:
    data = digits(100)
    with pytest.raises(ProblemError, match=r"n = 100 samples with 64 features need 0\.00 GiB"):
        DeepRFM(depth=1, width=8, max_memory=1e-4).fit(data.X, data.labels)


def spoiled(row: int, column: int, value: float) -> np.ndarray:
    X = digits(100).X.copy()
    X[row, column] = value
    return X


def double(label_too: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows 0 and 99 point the same way; their labels agree or not."""
    data = digits(100)
    X, y = data.X.copy(), data.labels.copy()
    X[99] = 2.0 * X[0]
    y[99] = y[0] if label_too else y[99]
    return X, y


BAD = {
    "nan": ({}, lambda: (spoiled(7, 11, np.nan), digits(100).labels), "NaN in row 7, column 11"),
    "infinite": ({}, lambda: (spoiled(7, 11, np.inf), digits(100).labels), "inf in row 7, column 11"),
    "one class": ({}, lambda: (digits(100).X, np.zeros(100)), "at least two classes"),
    "lengths": ({}, lambda: (digits(100).X, digits(100).labels[:-1]), "inconsistent numbers of samples"),
    "conflict": ({}, lambda: double(False), "rows 0 and 99 .* labels 0 and 9 .*ridge must be > 0"),
    "constant": ({}, lambda: (np.zeros((100, 4)), digits(100).labels), "only zeros"),
    "one column": ({}, lambda: (digits(100).X[:, 20:21], digits(100).labels), "at least 2 columns"),
    "dead": ({"width": 1, "depth": 40}, lambda: (digits(100).X, digits(100).labels), "layer .*zero after the map"),
    "bandwidth": ({"bandwidth": -1.0}, None, "bandwidth must be a finite number > 0"),
    "bandwidth in words": ({"bandwidth": "2"}, None, "bandwidth must be a finite number > 0, got '2'"),
    "sigma": ({"sigma": 0.0, "map": "cosine"}, None, "sigma must be a finite number > 0"),
    "width": ({"width": 0}, None, "width must be an integer >= 1"),
    "depth": ({"depth": 0}, None, "depth must be an integer >= 1"),
    "half a layer": ({"depth": 1.5}, None, "depth must be an integer >= 1"),
    "ridge": ({"ridge": -1e-3}, None, "ridge must be a finite number >= 0"),
    "nan ridge": ({"ridge": float("nan")}, None, "ridge must be a finite number >= 0"),
    "kernel": ({"kernel": "ntk"}, None, "kernel must be one of"),
    "map": ({"map": "tanh"}, None, "map must be one of"),
    "scale": ({"scale": "none"}, None, "scale must be one of"),
    "matrix": ({"matrix": "I"}, None, "matrix must be one of"),
    "targets": ({"targets": "pm"}, None, "targets must be one of"),
    "form": ({"form": "F"}, None, "form must be one of"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case: str) -> None:
    options, samples, words = BAD[case]
    X, y = samples() if samples else (digits(100).X, digits(100).labels)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        with pytest.raises(ValueError, match=words):
            DeepRFM(**{"depth": 1, "width": 16} | options).fit(X, y)


def test_held_out_rows_of_another_width_are_named() -> None:
    data = digits(100)
    with pytest.raises(ProblemError, match="held_out must be m x 64"):
        DeepRFM(depth=1).fit(data.X, data.labels, held_out=(data.X_test[:, 1:], data.labels_test))


def test_odd_samples_are_warned_of_with_counts() -> None:
    X, y = double(True)
    X[50] = 0.0
    y[98] = 77
    with pytest.warns(DataWarning) as caught:
        model = DeepRFM(depth=1, width=16).fit(X, y)
    said = " ".join(str(w.message) for w in caught)
    assert "1 rows are the same" in said and "1 rows are zero" in said and "1 classes have a single sample" in said
    assert "1e-12 added to its diagonal" in said
    assert model.history_[0].zero_rows == 1 and model.history_[0].jitter == 1e-12


def test_conflicting_labels_are_fine_with_a_ridge() -> None:
    with pytest.warns(DataWarning, match="1 rows are the same"):
        model = DeepRFM(depth=1, width=16, ridge=1e-3).fit(*double(False))
    assert model.history_[0].jitter == 0.0 and model.history_[0].train_accuracy < 1.0
