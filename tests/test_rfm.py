"""The parts of a Deep RFM: kernels and their gradients, the regression, both forms of the AGOP, the random maps."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from dufm.solvers.rfm.agop import agop, cheaper_form
from dufm.solvers.rfm.kernels import KERNELS, Kernel, gradients, predictions, squared_distances
from dufm.solvers.rfm.maps import draw_map
from dufm.solvers.rfm.memory import GIB, bytes_available, bytes_needed, check_memory
from dufm.solvers.rfm.solve import solve
from dufm.theory.stated import ProblemError


def sample(n: int = 20, d: int = 6, c: int = 3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows of length 1 and targets +-1."""
    generator = np.random.default_rng(seed)
    X = generator.normal(size=(n, d))
    labels = generator.integers(c, size=n)
    return X / np.linalg.norm(X, axis=1, keepdims=True), 2.0 * np.eye(c)[labels] - 1.0


def predictor(kernel: Kernel, X: np.ndarray, alpha: np.ndarray, i: int):
    """f without the term of sample i, whose gradient at x_i is 0; written out for automatic differentiation."""
    others = np.arange(len(X)) != i

    def f(z):
        d2 = anp.sum((X[others] - z) ** 2, axis=1)
        if kernel.name == "laplace":
            k = anp.exp(-anp.sqrt(d2) / kernel.bandwidth)
        else:
            k = anp.exp(-d2 / (2.0 * kernel.bandwidth**2))
        return anp.dot(k, alpha[others])

    return f


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("bandwidth", [0.5, 2.0])
def test_gradients_agree_with_automatic_differentiation(name: str, bandwidth: float) -> None:
    kernel = Kernel(name, bandwidth)
    X, Y = sample()
    alpha = solve(kernel, squared_distances(X), Y, 1e-3).alpha
    jacobians = np.stack([autograd.jacobian(predictor(kernel, X, alpha, i))(X[i]) for i in range(len(X))])
    scale = np.abs(jacobians).max()
    np.testing.assert_allclose(gradients(kernel, X, alpha, X), jacobians, rtol=0, atol=1e-12 * scale)
    expected = np.einsum("ioa,iob->ab", jacobians, jacobians)
    for form in ("G", "H", "auto"):
        found = agop(kernel, X, alpha, form)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
        assert (found == found.T).all()


@pytest.mark.parametrize("form", ["G", "H"])
def test_blocks_do_not_change_the_agop(form: str) -> None:
    kernel = Kernel()
    X, Y = sample(n=50, seed=1)
    alpha = solve(kernel, squared_distances(X), Y).alpha
    whole = agop(kernel, X, alpha, form)
    np.testing.assert_allclose(agop(kernel, X, alpha, form, block=7), whole, rtol=0, atol=1e-13 * np.abs(whole).max())


@pytest.mark.parametrize("spread", [1e-2, 1e-4])
def test_both_forms_hold_near_collapse(spread: float) -> None:
    # Tight classes: slopes within them are large and differences small, so rounding shows.
    generator = np.random.default_rng(2)
    X = np.eye(3)[np.arange(60) % 3] + spread * generator.normal(size=(60, 3))
    kernel, alpha = Kernel(), generator.normal(size=(60, 30))
    difference = X[None] - X[:, None]
    d = np.sqrt((difference**2).sum(axis=2)) + np.eye(60)
    slopes = np.exp(-d / 2) / (2 * d) * (1 - np.eye(60))
    jacobians = np.einsum("ij,jo,ijd->iod", slopes, alpha, difference)
    exact = np.einsum("ioa,iob->ab", jacobians, jacobians)
    for form in ("G", "H"):
        error = np.abs(agop(kernel, X, alpha, form) - exact).max() / np.abs(exact).max()
        # Squared distances of size spread^2 are known up to a few times 1e-16.
        assert error < 100 * np.finfo(float).eps / spread**2


def test_forms_are_chosen_by_cost() -> None:
    assert cheaper_form(1000, 512, 10) == "H" and cheaper_form(1000, 512, 1) == "G"
    assert cheaper_form(20000, 512, 10) == "G"


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_regression_solves_its_equation(ridge: float) -> None:
    kernel = Kernel()
    X, Y = sample(n=40)
    squared = squared_distances(X)
    before = squared.copy()
    found = solve(kernel, squared, Y, ridge)
    K = kernel.values(squared)
    np.testing.assert_allclose(found.alpha, np.linalg.solve(K + ridge * np.eye(40), Y), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(found.fitted, K @ found.alpha, rtol=0, atol=1e-12)
    assert (squared == before).all() and found.jitter == 0.0 and found.residual < 1e-12
    exact = np.linalg.cond(K + ridge * np.eye(40), 1)
    assert exact / 3 < found.condition <= exact * (1 + 1e-9)
    np.testing.assert_allclose(predictions(kernel, X, found.alpha, X, block=7), found.fitted, rtol=0, atol=1e-12)


def test_equal_rows_get_a_jitter_and_tell_it() -> None:
    X, Y = sample()
    X, Y = np.concatenate([X, X[:3]]), np.concatenate([Y, Y[:3]])
    found = solve(Kernel(), squared_distances(X), Y)
    assert found.jitter == 1e-12
    assert found.residual < 1e-3 and np.abs(found.fitted - Y).max() < 1e-2
    # At length 1 and distance 1e-9 rounding has the last word: such rows count as equal.
    near = squared_distances(np.array([[1.0, 0.0], [1.0, 1e-9]]))
    assert (near == 0.0).all()


def test_maps_are_those_of_their_kernels() -> None:
    generator = np.random.default_rng(4)
    Z = generator.normal(size=(6, 5))
    differences = Z[:, None] - Z[None]
    norms = {1: np.abs(differences).sum(axis=2), 2: np.sqrt((differences**2).sum(axis=2))}
    D = 40_000
    kernels = {
        "cauchy": np.exp(-0.3 * norms[1]),
        "cauchy-mv": np.exp(-0.3 * norms[2]),
        "gauss": np.exp(-0.5 * (0.3 * norms[2]) ** 2),
    }
    for frequencies, expected in kernels.items():
        features = draw_map("cosine", 5, D, 0.3, frequencies, generator)(Z)
        # Each entry is a mean of D independent terms in [-2, 2]: 6 standard deviations.
        assert np.abs(features @ features.T - expected).max() < 6 * 2 / np.sqrt(D)
    relu = draw_map("relu", 5, D, 0.3, "cauchy", generator)
    assert (relu(Z) == np.maximum(0.0, Z @ relu.V.T)).all() and np.abs(relu.V).max() <= 1 / np.sqrt(5)
    # Squares of uniform entries in (-b, b): mean b^2/3, standard deviation b^2 sqrt(4/45).
    assert abs(5 * (relu.V**2).mean() - 1 / 3) < 6 * np.sqrt(4 / 45 / relu.V.size)
    assert draw_map("identity", 5, 9, 1.0, "gauss", generator)(Z) is Z


def test_memory_is_refused_with_the_figure() -> None:
    need = bytes_needed(20_000, 512, 10)
    assert 2 * 8 * 20_000**2 < need < 8 * GIB
    with pytest.raises(ProblemError, match=r"n = 20000 samples .* need 6\.8\d GiB.*4\.00 GiB are allowed; n = 1"):
        check_memory(20_000, 512, 10, limit=4.0)
    with pytest.raises(ProblemError, match="GiB are free here"):
        check_memory(10**7, 512, 10)
    assert check_memory(100, 64, 10) == bytes_needed(100, 64, 10) < bytes_available()


BAD = {
    "kernel": (lambda: Kernel("ntk"), "laplace, gaussian"),
    "bandwidth": (lambda: Kernel("laplace", 0.0), "bandwidth must be"),
    "nan bandwidth": (lambda: Kernel("laplace", float("nan")), "bandwidth must be"),
    "ridge": (lambda: solve(Kernel(), np.zeros((1, 1)), np.ones((1, 1)), -1.0), "ridge must be"),
    "nan ridge": (lambda: solve(Kernel(), np.zeros((1, 1)), np.ones((1, 1)), float("nan")), "ridge must be"),
    "form": (lambda: agop(Kernel(), *sample(), form="I"), "form must be"),
    "map": (lambda: draw_map("tanh", 2, 2, 1.0, "gauss", np.random.default_rng(0)), "map must be"),
    "frequencies": (lambda: draw_map("cosine", 2, 2, 1.0, "x", np.random.default_rng(0)), "frequencies must be"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case: str) -> None:
    call, words = BAD[case]
    with pytest.raises(ProblemError, match=words):
        call()
