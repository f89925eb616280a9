"""The float64 objective against exact arithmetic and against automatic differentiation."""

from fractions import Fraction

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from dufm.solvers.objectives.squared import (
    Objective,
    balance,
    best_last_layer,
    loss,
    split,
)
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

UNIT = np.finfo(float).eps / 2
LAMBDAS = ["0.01", "1/300", "0.02", "1/77", "0.005"]


def problem_of(L: int, K: int = 4) -> Problem:
    return Problem.of(K, L, LAMBDAS[: L + 1], width=K + 2, n=3)


def dyadic_weights(problem: Problem, seed: int, bits: int = 10, width: int | None = None) -> list[np.ndarray]:
    """Weights of unequal hidden widths whose entries are integers over 2^bits, so that floats hold them exactly."""
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    widths = [problem.K, *(width or problem.K + i % 3 for i in range(problem.L)), problem.K]
    shapes = [(widths[i + 1], widths[i]) for i in range(problem.L + 1)]
    return [generator.integers(-(2**bits), 2**bits, shape).astype(float) / 2**bits for shape in shapes]


def exact(weights: list[np.ndarray]) -> list[list[list[Fraction]]]:
    return [[[Fraction(float(x)) for x in row] for row in w] for w in weights]


def rounding_bound(problem: Problem, weights: list[np.ndarray]) -> float:
    """Bound on |float loss - exact loss| from the standard model of rounding, twice over for products of bounds."""
    magnitude = np.abs(weights[0])
    for w in weights[1:]:
        magnitude = np.abs(w) @ magnitude
    terms = sum(w.shape[1] for w in weights[1:])
    output_error = 2 * UNIT * (terms + 1) * (magnitude + 1)
    residual = magnitude + 1
    fit = ((2 * residual * output_error + output_error**2).sum() + 2 * UNIT * (residual**2).sum() * residual.size) / (
        2 * problem.K
    )
    sizes = sum(float(s) * (w**2).sum() * (w.size + 6) for s, w in zip(problem.effective_lambdas, weights, strict=True))
    return float(fit + 2 * UNIT * sizes)


@pytest.mark.parametrize("L", [1, 2, 3, 4])
@pytest.mark.parametrize("seed", range(5))
def test_float_loss_is_the_exact_rational_one_up_to_its_rounding_bound(L: int, seed: int) -> None:
    problem = problem_of(L)
    weights = dyadic_weights(problem, seed)
    bound = rounding_bound(problem, weights)
    assert bound < 1e-10
    found = split(problem, weights)
    stated = problem.split(exact(weights))
    assert abs(Fraction(found[0]) - stated[0]) <= bound
    assert abs(Fraction(found[1]) - stated[1]) <= bound
    assert loss(problem, weights) == sum(found)


def traced_loss(problem: Problem, weights: list, eps: float):
    """The same loss written for HIPS autograd, sharing no code with the solver."""
    z = weights[1] @ weights[0]
    for w in weights[2:]:
        z = w @ ((z + anp.sqrt(z**2 + eps**2)) / 2 if eps else z * (z > 0))
    total = anp.sum((z - anp.eye(problem.K)) ** 2) / (2 * problem.K)
    for strength, w in zip(problem.effective_lambdas, weights, strict=True):
        total = total + float(strength) / 2 * anp.sum(w**2)
    return total


@pytest.mark.parametrize("L", [1, 2, 3, 4])
@pytest.mark.parametrize("eps", [0.0, 1e-3, 0.1])
def test_gradient_is_that_of_automatic_differentiation(L: int, eps: float) -> None:
    problem = problem_of(L)
    weights = dyadic_weights(problem, 100 + L)
    value, gradient = Objective(problem).full(weights, eps)
    stated = grad(lambda w: traced_loss(problem, w, eps))(weights)
    assert value == pytest.approx(float(traced_loss(problem, weights, eps)), rel=1e-13)
    for found, other in zip(gradient, stated, strict=True):
        # A few hundred roundings separate two correct programs.
        assert np.abs(found - other).max() <= 1000 * UNIT * np.abs(other).max()


@pytest.mark.parametrize("L", [1, 2, 3, 4])
@pytest.mark.parametrize("eps", [0.0, 0.05])
def test_eliminating_the_last_layer_gives_the_minimum_over_it(L: int, eps: float) -> None:
    problem = problem_of(L)
    weights = dyadic_weights(problem, 200 + L)
    lower = weights[:-1]
    value, gradient = Objective(problem).reduced(lower, eps)
    best = best_last_layer(problem, lower, eps)
    at_best, full = Objective(problem).full([*lower, best], eps)
    assert value == pytest.approx(at_best, rel=1e-12)
    # K times the gradient in W_L is the residual of a backward stable solve with A = F^T F + K lambda I.
    top = lower[0]
    for w in lower[1:]:
        top = (w @ top + np.sqrt((w @ top) ** 2 + eps**2)) / 2
    norm = np.linalg.norm(top) ** 2 + problem.K * float(problem.lambdas[-1])
    slack = 100 * UNIT * norm * np.linalg.norm(best) / problem.K
    assert np.abs(full[-1]).max() <= slack
    # Envelope theorem: at the best W_L the other gradients are those of the minimum.
    for found, other in zip(gradient, full[:-1], strict=True):
        assert np.abs(found - other).max() <= slack
    # In W_L the loss is a quadratic with gradient zero at the best, so every step raises it.
    generator = np.random.default_rng(3)
    for size in (1e-3, 1.0, 100.0):
        step = size * generator.standard_normal(best.shape)
        assert Objective(problem).full([*lower, best + step], eps)[0] > at_best


def test_reduced_gradient_is_that_of_automatic_differentiation() -> None:
    problem = problem_of(3)
    lower = dyadic_weights(problem, 7)[:-1]

    def value(factors: list):
        features = factors[0]
        for w in factors[1:]:
            z = w @ features
            features = (z + anp.sqrt(z**2 + 0.01**2)) / 2
        ridge = float(problem.effective_lambdas[-1])
        a = features.T @ features + problem.K * ridge * anp.eye(problem.K)
        total = ridge / 2 * anp.trace(anp.linalg.inv(a))
        for strength, w in zip(problem.effective_lambdas, factors, strict=False):
            total = total + float(strength) / 2 * anp.sum(w**2)
        return total

    found = Objective(problem).reduced(lower, 0.01)[1]
    for mine, other in zip(found, grad(value)(lower), strict=True):
        assert np.abs(mine - other).max() <= 1e-12


def test_reduced_loss_stays_finite_where_the_ridge_is_lost_to_rounding() -> None:
    problem = problem_of(2)
    value, gradient = Objective(problem).reduced([np.full((4, 4), 1e12), np.full((5, 4), 1e12)])
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in gradient)


def test_balancing_keeps_the_output_and_equalises_the_costs() -> None:
    problem = problem_of(3)
    weights = dyadic_weights(problem, 11)
    balanced = balance(problem, weights)
    before, after = split(problem, weights), split(problem, balanced)
    costs = [float(s) * np.vdot(w, w) for s, w in zip(problem.effective_lambdas, balanced, strict=True)]
    assert after[0] == pytest.approx(before[0], rel=1e-12)
    assert after[1] < before[1]
    assert max(costs) <= min(costs) * (1 + 1e-13)


def test_weights_that_do_not_fit_are_refused_by_name() -> None:
    problem = problem_of(2)
    with pytest.raises(ProblemError, match="W_2 must have"):
        loss(problem, [np.ones((5, 4)), np.ones((6, 5)), np.ones((4, 5))])
    with pytest.raises(ProblemError, match="matrices"):
        loss(problem, [np.ones(4), np.ones((6, 5)), np.ones((4, 6))])
