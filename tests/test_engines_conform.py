"""One suite for every engine that evaluates or descends: the same cases, the formula as it is written, autograd."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from dufm.solvers.engines import cpu
from dufm.solvers.engines.cpu import CpuEngine, unpack_row
from dufm.solvers.engines.cpu_cross_entropy import CeEngine, DescentStage
from dufm.solvers.engines.gpu.scheduler import GpuEngine, descend_on_device
from dufm.solvers.engines.knock_out import DescentResults
from dufm.solvers.engines.schedule import keep_all, schedule
from dufm.solvers.objectives import samples_kernel
from dufm.solvers.objectives.cross_entropy import CeObjective
from dufm.solvers.objectives.layers import forward
from dufm.solvers.objectives.squared import Objective, best_last_layer
from dufm.solvers.search import scipy_reference
from dufm.solvers.training.run import compiled_descent, prepared
from dufm.solvers.training.setting import DescentSetting
from dufm.solvers.weights.build import gaussian
from dufm.theory.problem import Problem

autograd: Any = import_module("autograd")
anp: Any = import_module("autograd.numpy")

Weights = list[np.ndarray]
STRENGTHS = ["0.01", "1/300", "0.02", "1/77", "0.005", "0.03", "1/50"]
# (K, width, n): sides below, at and above a multiple of eight, and no square.
SIZES = ((2, 3, 1), (3, 8, 3), (7, 9, 2), (9, 17, 1), (18, 18, 2))
DEPTHS = (1, 2, 3, 5)
UNIT = 2.0**-53
LINEAR = None


@dataclass(frozen=True)
class Evaluator:
    """An engine's loss and gradient.

    Attributes:
        loss: which loss.
        smoothings: eps of the relu it takes; LINEAR stands for linear layers.
        eliminated: whether it takes (H_1, W_1, ..., W_(L-1)) and the best W_L.
        evaluate: (problem, weights, eps) -> value and gradient in the factors it takes.
    """

    loss: str
    smoothings: tuple[float | None, ...]
    eliminated: bool
    evaluate: Callable[[Problem, Weights, Any], tuple[float, Weights]]


def packed(make: Callable[[Problem], Any]) -> Callable[[Problem, Weights, Any], tuple[float, Weights]]:
    """Of an engine that evaluates rows."""

    def evaluate(problem: Problem, weights: Weights, eps: Any) -> tuple[float, Weights]:
        engine = make(problem)
        values, gradients = engine.evaluate(engine.pack([weights]), eps)
        return float(values[0]), engine.unpack(gradients[0])

    return evaluate


def of_samples(problem: Problem, weights: Weights, eps: Any) -> tuple[float, Weights]:
    """The kernel of training, every sample a column of H_1: the n samples of a class are equal here."""
    setting = DescentSetting(problem, 0.1)
    (w, o), report = prepared(setting), np.zeros(4)
    columns = [np.repeat(weights[0], problem.n, axis=1), *weights[1:]]
    x, size = int(o[samples_kernel.X]), sum(c.size for c in columns)
    w[x : x + size] = np.concatenate([c.ravel() for c in columns])
    compiled_descent()(w, o, 0.1, 0, np.inf, np.zeros(1, dtype=np.int64), report)
    g = int(o[samples_kernel.G])
    first, *rest = unpack_row(setting.shapes, w[g : g + size])
    return float(report[samples_kernel.LOSS]), [first.reshape(len(first), problem.K, problem.n).sum(axis=2), *rest]


RELU = (0.0, 0.03)
EVALUATORS = {
    "numpy, squared": Evaluator("mse", RELU, False, lambda p, w, eps: Objective(p).full(w, eps)),
    "numpy, squared, W_L eliminated": Evaluator("mse", RELU, True, lambda p, w, eps: Objective(p).reduced(w[:-1], eps)),
    "compiled, squared": Evaluator("mse", RELU, True, packed(CpuEngine)),
    "jax, squared": Evaluator("mse", RELU, True, packed(lambda problem: GpuEngine(problem, "cpu"))),
    "compiled, samples": Evaluator("mse", (0.0,), False, of_samples),
    "numpy, cross-entropy": Evaluator("ce", (LINEAR,), False, lambda p, w, eps: CeObjective(p).full(w)),
    "compiled, cross-entropy": Evaluator("ce", (LINEAR, *RELU), False, packed(CeEngine)),
}
CASES = [(name, eps) for name, engine in EVALUATORS.items() for eps in engine.smoothings]


def formula(problem: Problem, weights: Any, eps: float | None) -> Any:
    """The objective as it is written down, in terms autograd knows."""
    features = weights[0]
    for factor in weights[1:-1]:
        z = anp.dot(factor, features)
        features = z if eps is None else (z + anp.sqrt(z * z + eps * eps)) / 2 if eps else anp.maximum(z, 0.0)
    out = anp.dot(weights[-1], features)
    if problem.loss == "ce":
        fit = anp.mean(anp.log(anp.sum(anp.exp(out), axis=0)) - anp.diag(out))
    else:
        fit = anp.sum((out - np.eye(problem.K)) ** 2) / (2 * problem.K)
    return fit + sum(float(s) / 2 * anp.sum(w * w) for s, w in zip(problem.effective_lambdas, weights, strict=True))


def conditioning(problem: Problem, weights: Weights, eps: float | None) -> float:
    """Of the K x K matrix whose inverse eliminates W_L: what an engine may lose, in units of rounding."""
    top = forward(weights[:-1], eps).features[-1]
    return float(1 + np.linalg.norm(top, 2) ** 2 / (problem.K * float(problem.effective_lambdas[-1])))


@pytest.mark.parametrize(("name", "eps"), CASES)
@pytest.mark.parametrize(("K", "width", "n"), SIZES)
@pytest.mark.parametrize("L", DEPTHS)
def test_values_and_gradients_are_those_of_the_formula(
    name: str, eps: float | None, L: int, K: int, width: int, n: int
) -> None:
    engine = EVALUATORS[name]
    problem = Problem.of(K, L, STRENGTHS[: L + 1], width, n, engine.loss)
    weights = gaussian(problem, np.random.default_rng(10 * L + K), 1.3)
    slack = 100 * K * (L + 1) * width * UNIT
    if engine.eliminated:
        # At the best W_L the other gradients are those of the least value over it.
        weights[-1] = best_last_layer(problem, weights[:-1], eps or 0.0)
        slack *= conditioning(problem, weights, eps)
    found, gradient = engine.evaluate(problem, weights, eps)
    value, stated = autograd.value_and_grad(lambda w: formula(problem, w, eps))(weights)
    assert abs(found - float(value)) <= slack * float(value)
    assert len(gradient) == (L if engine.eliminated else L + 1)
    largest = max(float(np.abs(g).max()) for g in stated)
    for mine, other in zip(gradient, stated, strict=False):
        assert mine.shape == other.shape and np.abs(mine - other).max() <= slack * largest


DESCENTS: dict[str, Callable[..., DescentResults]] = {
    "scipy": scipy_reference.descend_from,
    "compiled": cpu.descend_from,
    "jax": lambda problem, starts, eps0: descend_on_device(problem, starts, eps0, device="cpu"),
}


def possible_error(problem: Problem, lower: Sequence[np.ndarray], eps: float) -> float:
    """How far above the bottom of a convex valley, no wider than the weights are large, a gradient leaves a point."""
    gradient = Objective(problem).reduced(lower, eps)[1]
    norm, slope = (np.sqrt(sum(float(np.vdot(w, w)) for w in factors)) for factors in (lower, gradient))
    return float(2 * norm * slope)


@pytest.mark.parametrize(
    ("problem", "scale"),
    [
        (Problem.of(3, 4, "0.002", width=8), 0.5),
        (Problem.of(3, 2, ["1/200", "1/50", "3/100"], width=5, n=2), 1.0),
        (Problem.of(4, 1, "0.01", width=5), 1.0),
    ],
)
def test_the_same_starts_reach_the_same_losses(problem: Problem, scale: float) -> None:
    """All stop near a zero gradient of one smooth function, so that basins are told apart but not points in one."""
    children = np.random.SeedSequence(0).spawn(6)
    starts = [gaussian(problem, np.random.default_rng(child), scale) for child in children]
    eps = schedule(problem, 0.1, keep_all, 1)[-1, 0]
    found = {name: descend(problem, starts, 0.1) for name, descend in DESCENTS.items()}
    slack = max(possible_error(problem, lower, eps) for results in found.values() for lower in results.lower)
    assert slack <= 1e-6
    reference = np.sort(found["scipy"].values)
    for results in found.values():
        assert results.dropped == 0 and results.evaluations > 0 and sorted(results.left) == list(range(6))
        for i, lower in zip(results.left, results.lower, strict=True):
            assert abs(Objective(problem).reduced(lower, eps)[0] - results.values[i]) <= 1e-12 * results.values[i]
        assert np.abs(np.sort(results.values) - reference).max() <= 2 * slack + 1e-13


@pytest.mark.parametrize(("K", "L", "lam"), [(4, 1, "1/10"), (3, 2, "1/30"), (5, 3, "1/100")])
def test_the_same_starts_reach_the_same_cross_entropy(K: int, L: int, lam: str) -> None:
    problem = Problem.of(K, L, lam, K + 2, loss="ce")
    objective, engine = CeObjective(problem), CeEngine(problem)
    starts = [gaussian(problem, np.random.default_rng(seed), 1.2) for seed in range(6)]
    compiled = sorted(d.loss for d in engine.run(engine.pack(starts), DescentStage()))

    def evaluate(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradients = objective.full(unpack_row(problem.shapes, flat))
        return value, np.concatenate([g.ravel() for g in gradients])

    options = {"maxiter": 4000, "maxfun": 8000, "gtol": 1e-10, "ftol": 0.0}
    begins = [np.concatenate([w.ravel() for w in start]) for start in starts]
    theirs = sorted(float(minimize(evaluate, x, jac=True, method="L-BFGS-B", options=options).fun) for x in begins)
    # Minima have a zero gradient to 1e-10, so their losses agree to its square over the curvature.
    np.testing.assert_allclose(compiled, theirs, rtol=1e-9)
