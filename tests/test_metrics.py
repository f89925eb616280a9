"""Metrics of collapse: exact at collapse, the formulas at random features, the numbers of a public package.

PEER holds numbers of github.com/rhubarbwu/neural-collapse (MIT) at commit c3864c2, on digits: `covariance_ratio`, mean
of `similarities(cos=True)`, and the count of `DecAccumulator` (brute-force branch). The package could not be installed;
these functions were copied out of its stored source by hand, elsewhere, and run with torch 2.13.0 in float64.
"""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from dufm.solvers import metrics
from dufm.theory.stated import ProblemError


def collapsed(K: int = 5, per_class: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features with every class at one vertex of a simplex, far from the origin."""
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(K, K)))[0]
    y = np.repeat(np.arange(K), per_class)
    return np.eye(K)[y] @ rotation + 3.0, y


def blurred(seed: int = 1, d: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Three classes of unequal size."""
    generator = np.random.default_rng(seed)
    y = np.repeat([2, 0, 1], (9, 5, 12))
    return generator.normal(size=(26, d)) + 2.0 * generator.normal(size=(3, d))[y], y


def test_collapse_is_zero() -> None:
    X, y = collapsed()
    assert metrics.nc1(X, y) < 1e-28 and metrics.nc2(X, y) < 1e-28 and metrics.nc2_lengths(X, y) < 1e-13
    means = metrics.class_means(X, y)
    assert metrics.nc3(2.0 * means.centred, X, y) < 1e-13
    assert metrics.nc3_cosine(means.centred, X, y) == pytest.approx(1.0, abs=1e-13)
    assert metrics.nc4(y, X, y) == 1.0 and metrics.nc4((y + 1) % 5, X, y) == 0.0
    assert metrics.frame_condition(X - 3.0, y) == pytest.approx(1.0, abs=1e-13)
    assert metrics.dnc1([X, X - 3.0], y) == pytest.approx([0.0, 0.0], abs=1e-28)


def test_scatter_agrees_with_sums_over_samples() -> None:
    X, y = blurred()
    found, traces = metrics.scatter(X, y), metrics.scatter_traces(X, y)
    means = np.array([sum(X[i] for i in range(26) if y[i] == c) / (y == c).sum() for c in range(3)])
    within = sum(np.outer(X[i] - means[y[i]], X[i] - means[y[i]]) for i in range(26)) / 26
    centre = means.mean(axis=0)
    between = sum(np.outer(m - centre, m - centre) for m in means) / 3
    np.testing.assert_allclose(found.within, within, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(found.between, between, rtol=1e-12, atol=1e-13)
    shares = sum(np.outer(means[c] - centre, means[c] - centre) * (y == c).mean() for c in range(3))
    np.testing.assert_allclose(found.total, within + shares, rtol=1e-12, atol=1e-13)
    for matrix, trace in zip(vars(found).values(), vars(traces).values(), strict=True):
        assert np.trace(matrix) == pytest.approx(trace, rel=1e-12)
    assert metrics.nc1(X, y) == pytest.approx(np.trace(within) / np.trace(between), rel=1e-12)
    assert metrics.nc1(X, y, "authors") == pytest.approx(metrics.nc1(X, y) / 3, rel=1e-14)


def test_scale_shift_and_order_do_not_matter() -> None:
    X, y = blurred()
    order = np.random.default_rng(5).permutation(26)
    for metric in (metrics.nc1, metrics.nc2, metrics.nc2_lengths):
        assert metric(5.0 * X[order] - 2.0, y[order]) == pytest.approx(metric(X, y), rel=1e-11)
    names = np.array(["b", "c", "a"])[y]
    assert metrics.nc1(X, names) == pytest.approx(metrics.nc1(X, y), rel=1e-13)


PEER = [(300, 5.546848536349046, 0.33044432409808744, 139), (None, 8.447520511670646, 0.2958432102268639, 545)]


@pytest.mark.parametrize(("first", "ratio", "cosine", "agreeing"), PEER, ids=["first 300", "seven threes"])
def test_agrees_with_a_public_package(first: int | None, ratio: float, cosine: float, agreeing: int) -> None:
    X, y = load_digits(return_X_y=True)
    rows = np.arange(300) if first else np.concatenate([np.flatnonzero(y != 3), np.flatnonzero(y == 3)[:7]])
    X, y = X[rows] / 16, y[rows]
    # At that commit the package divides the between-class sum by the dimension 64, not by the 10 classes.
    assert metrics.nc1(X, y) * 64 / 10 == pytest.approx(ratio, rel=1e-13)
    W = metrics.class_means(X, y).centred + 0.5 * np.random.default_rng(0).normal(size=(10, 64))
    assert metrics.nc3_cosine(W, X, y) == pytest.approx(cosine, rel=1e-12)
    assert metrics.nc4((X @ W.T).argmax(axis=1), X, y) * len(y) == pytest.approx(agreeing, abs=1e-9)


def test_simplex_gap_of_orthogonal_means_has_a_closed_form() -> None:
    # Cosines 0 against -1/(K-1), off the diagonal: K (K-1) entries of 1/(K-1)^2 over K^2.
    assert metrics.simplex_gap(np.eye(6)) == pytest.approx(1 / (6 * 5), rel=1e-14)


def test_no_separation_is_infinite() -> None:
    y = np.array([0, 0, 1, 1])
    assert metrics.nc1(np.zeros((4, 2)), y) == np.inf
    assert metrics.nc1(np.array([[1.0], [-1.0], [1.0], [-1.0]]), y) == np.inf
    assert metrics.nc2_lengths(np.zeros((4, 2)), y) == np.inf
    assert metrics.frame_condition(np.ones((4, 2)), y) == np.inf


def test_nfa() -> None:
    generator = np.random.default_rng(3)
    W = generator.normal(size=(4, 6))
    product = W.T @ W
    assert metrics.nfa(W, 7.0 * product @ product) == pytest.approx(1.0, abs=1e-12)
    assert metrics.nfa(W, product, root=False) == pytest.approx(1.0, abs=1e-12)
    other = np.cov(generator.normal(size=(6, 30)))
    expected = np.corrcoef(product.ravel(), other.ravel())[0, 1]
    assert metrics.nfa(W, other, root=False) == pytest.approx(expected, rel=1e-12)
    root = metrics.psd_sqrt(other)
    np.testing.assert_allclose(root @ root, other, rtol=0, atol=1e-13)


def test_gram_picture_holds_the_cosines() -> None:
    X, y = blurred()
    gram = metrics.gram_picture(X)
    a, b = X[3] - X.mean(axis=0), X[8] - X.mean(axis=0)
    assert gram[3, 8] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b), rel=1e-12)
    np.testing.assert_allclose(np.diag(gram), 1.0, atol=1e-13)
    np.testing.assert_allclose(metrics.gram_picture(X, [3, 8]), gram[np.ix_([3, 8], [3, 8])], atol=1e-14)


X, Y = blurred()
HOLE = np.where(np.arange(X.size).reshape(X.shape) == 17, np.nan, X)
BAD = {
    "one class": (lambda: metrics.nc1(X, np.zeros(26)), "two classes"),
    "nan": (lambda: metrics.nc2(HOLE, Y), "row 2, column 3"),
    "infinite": (lambda: metrics.nc1(np.where(np.isnan(HOLE), np.inf, HOLE), Y), "row 2, column 3"),
    "lengths": (lambda: metrics.nc1(X, Y[:-1]), "26 samples"),
    "nan label": (lambda: metrics.nc1(X, np.where(Y == 0, np.nan, Y)), "labels"),
    "vector": (lambda: metrics.nc1(X[0], Y), "samples x features"),
    "words": (lambda: metrics.nc1([["a"]], Y), "numbers"),
    "empty": (lambda: metrics.nc1(X[:0], Y[:0]), "samples x features"),
    "scaling": (lambda: metrics.nc1(X, Y, "theirs"), "'theirs'"),
    "weights": (lambda: metrics.nc3(np.ones((3, 2)), X, Y), "classes x features"),
    "zero weights": (lambda: metrics.nc3(np.zeros((3, 7)), X, Y), "zero"),
    "predicted": (lambda: metrics.nc4(Y[:4], X, Y), "26 labels"),
    "features": (lambda: metrics.nc4(Y, X, Y, at=X[:, :3]), "7 features"),
    "agop": (lambda: metrics.nfa(np.ones((2, 3)), np.eye(2)), "3 x 3"),
    "constant": (lambda: metrics.nfa(np.ones((2, 3)), np.ones((3, 3))), "constant"),
    "square": (lambda: metrics.psd_sqrt(np.ones((2, 3))), "square"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case: str) -> None:
    call, words = BAD[case]
    with pytest.raises(ProblemError, match=words):
        call()
