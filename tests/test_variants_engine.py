"""Every variant of the model in every evaluator: the formula as it is written, autograd, exact arithmetic, searches."""

from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from dufm.solvers.engines.cpu import CpuEngine
from dufm.solvers.minima.canonical import canonical
from dufm.solvers.minima.polish import refine
from dufm.solvers.objectives.fit import Fit
from dufm.solvers.objectives.squared import Objective, balance, best_last_layer, loss
from dufm.solvers.search.options import SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.solution import load, save
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import Problem, Variant
from dufm.theory.stated import ProblemError

autograd: Any = import_module("autograd")
anp: Any = import_module("autograd.numpy")

STRENGTHS = ["0.01", "1/300", "0.02", "1/77", "0.005", "0.03"]
TALL = tuple(tuple(Fraction(3 * i - j, 4 + j) for j in range(5)) for i in range(3))
WIDE = tuple(tuple(Fraction((5 * i + 3 * j) % 7 - 2, 3) for j in range(9)) for i in range(3))
TENTH = Fraction(1, 10)
VARIANTS = {
    "leaky": ("leaky", Variant(TENTH)),
    "linear": ("linear", Variant()),
    "sizes": ("relu", Variant(sizes=(5, 1, 1))),
    "bias": ("relu", Variant(bias="last")),
    "decayed bias": ("relu", Variant(bias="last-decayed")),
    "skip": ("relu", Variant(skip="block1")),
    "two-layer skip": ("relu", Variant(skip="block2")),
    "leaky two-layer skip": ("leaky", Variant(Fraction(1, 3), "last", "block2", WIDE)),
    "leaky skip": ("leaky", Variant(Fraction(1, 3), skip="block1")),
    "target": ("relu", Variant(target=TALL)),
    "many columns": ("relu", Variant(target=WIDE)),
    "all": ("leaky", Variant(TENTH, "last-decayed", "block1", TALL, (1, 2, 3, 4, 9))),
    "all but decay": ("leaky", Variant(TENTH, "last", "block1", WIDE, (1, 2, 3, 4, 9, 1, 1, 2, 2))),
}


def problem_of(name: str, L: int, width: int = 6) -> Problem:
    activation, variant = VARIANTS[name]
    L += int(variant.skip == "block2" and L % 2 == 0)
    return Problem.of(3, L, STRENGTHS[: L + 1], width, activation=activation, variant=variant)


def formula(problem: Problem, weights: Any, bias: np.ndarray, eps: float) -> Any:
    """The objective as it is written down, every sample a column, the bias a variable."""
    variant, a = problem.variant, float(problem.variant.slope)
    sizes = variant.sizes or (problem.n,) * problem.columns
    features = anp.concatenate([anp.outer(weights[0][:, j], np.ones(size)) for j, size in enumerate(sizes)], axis=1)

    def act(z: Any) -> Any:
        up = (z + anp.sqrt(z * z + eps * eps)) / 2 if eps else anp.maximum(z, 0.0)
        return z if problem.activation == "linear" else a * z + (1 - a) * up

    hidden = list(weights[1:-1])
    while hidden:
        inner = act(anp.dot(hidden.pop(0), features))
        if variant.skip == "block2":
            inner = anp.dot(hidden.pop(0), inner)
        features = inner if variant.skip == "none" else features + inner
    target = np.array([[float(x) for x in row] for row in variant.target]) if variant.target else np.eye(problem.K)
    labels = np.repeat(target, sizes, axis=1)
    out = anp.dot(weights[-1], features) + anp.outer(bias, np.ones(labels.shape[1]))
    fit = anp.sum((out - labels) ** 2) / (2 * labels.shape[1])
    first = anp.sum(np.array(sizes) * anp.sum(weights[0] ** 2, axis=0)) * float(problem.lambdas[0]) / 2
    rest = sum(float(s) / 2 * anp.sum(w * w) for s, w in zip(problem.lambdas[1:], weights[1:], strict=True))
    decay = float(problem.lambdas[-1]) if variant.bias == "last-decayed" else 0.0
    return fit + first + rest + decay / 2 * np.sum(bias**2)


def best_bias(problem: Problem, weights: Any, eps: float) -> np.ndarray:
    """Where the formula is least in the bias: it is quadratic there, so one Newton step from 0."""
    zero = np.zeros(problem.K)
    if problem.variant.bias == "none":
        return zero
    slope = autograd.grad(lambda b: formula(problem, weights, b, eps))
    bend = autograd.jacobian(slope)(zero)
    return -np.linalg.solve(bend, slope(zero))


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("L", [1, 2, 4])
@pytest.mark.parametrize("eps", [0.0, 0.03])
def test_values_and_gradients_are_those_of_the_formula(name: str, L: int, eps: float) -> None:
    problem = problem_of(name, L)
    L = problem.L
    weights = gaussian(problem, np.random.default_rng(L), 1.1)
    bias = best_bias(problem, weights, eps)
    value, stated = autograd.value_and_grad(lambda w: formula(problem, w, bias, eps))(weights)
    found, gradient = Objective(problem).full(weights, eps)
    assert abs(found - value) <= 1e-12 * value
    assert max(np.abs(a - b).max() for a, b in zip(gradient, stated, strict=True)) <= 1e-12
    weights[-1] = best_last_layer(problem, weights[:-1], eps)
    bias = best_bias(problem, weights, eps)
    value, stated = autograd.value_and_grad(lambda w: formula(problem, w, bias, eps))(weights)
    engine = CpuEngine(problem)
    values, gradients = engine.evaluate(engine.pack([weights]), eps)
    by_numpy, of_numpy = Objective(problem).reduced(weights[:-1], eps)
    assert np.abs(stated[-1]).max() <= 1e-12, "W_L is the best one"
    for least, lower in ((values[0], engine.unpack(gradients[0])), (by_numpy, of_numpy)):
        assert abs(least - value) <= 1e-12 * value
        assert len(lower) == L and max(np.abs(a - b).max() for a, b in zip(lower, stated, strict=False)) <= 1e-12


@pytest.mark.parametrize("name", VARIANTS)
def test_exact_arithmetic_has_the_same_loss(name: str) -> None:
    problem = problem_of(name, 3, 4)
    weights = gaussian(problem, np.random.default_rng(7), 1.0)
    exact = problem.objective([[[Fraction(x) for x in row] for row in w.tolist()] for w in weights])
    assert abs(float(exact) - loss(problem, weights)) <= 1e-14
    assert abs(float(exact) - formula(problem, weights, best_bias(problem, weights, 0.0), 0.0)) <= 1e-14
    fit = Fit.of(problem)
    if fit is not None:
        output = weights[-1] @ Objective(problem).forward(weights[:-1]).features[-1]
        stated = fit.bias(output, float(problem.bias_share))
        assert np.abs(stated - best_bias(problem, weights, 0.0)).max() <= 1e-12


@pytest.mark.parametrize("name", VARIANTS)
def test_balance_keeps_the_output_and_lowers_the_loss(name: str) -> None:
    problem = problem_of(name, 3, 5)
    weights = gaussian(problem, np.random.default_rng(3), 1.0)
    even = balance(problem, weights)
    outputs = [w[-1] @ Objective(problem).forward(w[:-1]).features[-1] for w in (weights, even)]
    assert np.abs(outputs[0] - outputs[1]).max() <= 1e-12 and loss(problem, even) <= loss(problem, weights)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_search_ends_at_a_point_with_no_slope_and_its_file_has_the_problem(name: str, tmp_path: Any) -> None:
    problem = problem_of(name, 2, 5)
    solution, state = global_search(problem, SearchOptions(6, seed=1, threads=1))
    assert solution.loss == min(state.losses) == loss(problem, solution.weights)
    back = load(save(solution, tmp_path / "found.npz"))
    assert back.problem == problem and back.loss == solution.loss


def test_equal_sizes_an_identity_target_and_a_slope_near_zero_are_the_plain_problem() -> None:
    plain = Problem.of(3, 3, "0.01", n=4)
    weights = gaussian(plain, np.random.default_rng(5), 1.0)
    value = loss(plain, weights)
    for variant in (
        Variant(sizes=(4, 4, 4)),
        Variant(target=tuple(tuple(Fraction(i == j) for j in range(3)) for i in range(3))),
    ):
        same = Problem.of(3, 3, "0.01", n=1 if variant.sizes else 4, variant=variant)
        assert abs(loss(same, weights) - value) <= 1e-15
    assert (
        abs(
            loss(Problem.of(3, 3, "0.01", n=4, activation="leaky", variant=Variant(Fraction(1, 10**12))), weights)
            - value
        )
        < 1e-10
    )


def test_what_knows_the_plain_model_alone_says_so() -> None:
    for name in ("leaky", "bias"):
        problem = problem_of(name, 2)
        weights = gaussian(problem, np.random.default_rng(0), 1.0)
        for use in (canonical, refine):
            with pytest.raises(ProblemError, match="needs activation|is not there with bias"):
                use(problem, weights)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"variant": Variant(bias="all")}, "bias must be one of none, last, last-decayed, got 'all'"),
        ({"variant": Variant(skip="dense")}, "skip must be one of none, block1, block2, got 'dense'"),
        ({"variant": Variant(bias="last"), "loss": "ce"}, "bias must be left out with loss 'ce'"),
        ({"activation": "leaky"}, "slope of a leaky relu must be a Fraction in \\(0, 1\\), got 0"),
        ({"variant": Variant(TENTH)}, "slope must be 0 with activation 'relu', got 1/10"),
        ({"activation": "linear", "variant": Variant(skip="block1")}, "skip must be none with activation 'linear'"),
        (
            {"variant": Variant(skip="block2")},
            "L must be odd with skip 'block2': blocks of two hidden layers and W_L, got 2",
        ),
        ({"variant": Variant(target=TALL[:2])}, "target must have K = 3 rows of one length, got 2 rows"),
        ({"variant": Variant(sizes=(1, 2))}, "classes must be 3 sizes with n = 1, got 2 and n = 1"),
        ({"variant": Variant(sizes=(1, 2, 0))}, "a class size must be an integer >= 1, got 0"),
        ({"variant": Variant(sizes=(1, 2, 3)), "n": 2}, "classes must be 3 sizes with n = 1, got 3 and n = 2"),
    ],
)
def test_what_does_not_fit_gets_one_line(arguments: dict, words: str) -> None:
    with pytest.raises(ProblemError, match=words) as error:
        Problem.of(3, 2, 1, **arguments)
    assert "\n" not in str(error.value)


def test_skips_need_layers_as_wide_as_what_they_add_to() -> None:
    problem = Problem.of(3, 2, 1, variant=Variant(skip="block1"))
    words = "W_1 must have 3 rows with skip 'block1', as the features it adds to, got 4 x 3"
    with pytest.raises(ProblemError, match=words):
        problem.check_shapes([(3, 3), (4, 3), (3, 4)])


def test_blocks_of_two_layers_may_be_wider_inside() -> None:
    problem = Problem.of(3, 5, 1, variant=Variant(skip="block2"))
    problem.check_shapes([(3, 3), (7, 3), (3, 7), (2, 3), (3, 2), (3, 3)])
    with pytest.raises(ProblemError, match="W_4 must have 3 rows with skip 'block2'"):
        problem.check_shapes([(3, 3), (7, 3), (3, 7), (2, 3), (4, 2), (3, 4)])
