"""Networks: gradients against an independent engine, optimisers and snapshots against their formulas."""

from dataclasses import replace

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from dufm.solvers.datasets import Prepared, load, prepare, split
from dufm.solvers.metrics import nc1
from dufm.solvers.networks.chain import forward, gradient, initial_weights, loss_parts
from dufm.solvers.networks.measure import numerical_rank, outer_products, take_snapshot
from dufm.solvers.networks.plan import NetworkPlan, head_on_backbone, perceptron, plan_from
from dufm.solvers.networks.steps import adam_step, sgd_step
from dufm.solvers.networks.training import TrainingOutcome, measured_epochs, run_epoch, start, train
from dufm.theory.stated import ProblemError

RNG = np.random.default_rng(11)
SMALL = {"width": 16, "batch": 32, "epochs": 3}
PLANS = {
    "perceptron": perceptron(64, 10, depth=3, gain=1.0, decay=0.01, **SMALL),
    "head": head_on_backbone(64, 10, L=3, backbone=(12,), gain=0.9, decay=0.02, feature_decay=0.003, **SMALL),
}


@pytest.fixture(scope="module")
def data() -> Prepared:
    return prepare(*split(load("digits"), 120))


def objective(plan: NetworkPlan, weights: list, X: np.ndarray, Y: np.ndarray, samples: int):
    """The plan's formula, written down once more."""
    phi, features = X, 0.0
    for layer, W in enumerate(weights):
        phi = anp.dot(phi, W.T)
        if layer + 1 == plan.features:
            features = plan.feature_decay / 2 * anp.sum(phi**2) * samples / len(X)
        if plan.relu[layer]:
            phi = anp.maximum(phi, 0.0)
    decay = sum(c / 2 * anp.sum(W**2) for c, W in zip(plan.decay, weights, strict=True))
    return plan.scale / (2 * len(X)) * anp.sum((phi - Y) ** 2) + features + decay


@pytest.mark.parametrize("name", PLANS)
def test_gradient_is_that_of_the_objective(name: str, data: Prepared) -> None:
    plan = PLANS[name]
    weights = initial_weights(plan)
    X, Y = data.X[:40], data.Y[:40]
    value, slopes = autograd.value_and_grad(lambda w: objective(plan, w, X, Y, 120))(weights)
    ours, fit = gradient(plan, weights, X, Y, 120)
    parts = loss_parts(plan, weights, forward(weights, plan.relu, X)[1], Y, 120)
    assert np.isclose(parts.total, value, rtol=1e-13) and np.isclose(parts.fit, fit, rtol=1e-13)
    for a, b in zip(ours, slopes, strict=True):
        assert np.abs(a - b).max() <= 1e-13 * max(1.0, np.abs(b).max())


def test_starting_weights_have_the_bounds_said() -> None:
    plan = perceptron(64, 10, depth=2, width=256, gain=0.3)
    first, second, last = initial_weights(plan)
    for W, bound in ((first, 0.3 * (6 / 320) ** 0.5), (second, 0.3 * (6 / 512) ** 0.5), (last, 256**-0.5)):
        assert 0.98 * bound < np.abs(W).max() <= bound and abs(W.mean()) < 0.02 * bound
    assert not np.array_equal(first, initial_weights(replace(plan, seed=1))[0])


def test_adam_is_the_published_one() -> None:
    w, m, v = RNG.standard_normal((3, 4)), np.zeros((3, 4)), np.zeros((3, 4))
    ours, first, second = w.copy(), m.copy(), v.copy()
    for t in range(1, 6):
        g = RNG.standard_normal((3, 4))
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - 0.01 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        adam_step()(ours, first, second, g, 0.01, t)
    assert np.allclose(ours, w, rtol=1e-13, atol=0)


def test_momentum_is_the_heavy_ball() -> None:
    w, v = RNG.standard_normal((2, 3)), np.zeros((2, 3))
    ours, first = w.copy(), v.copy()
    for _ in range(4):
        g = RNG.standard_normal((2, 3))
        v = 0.9 * v + g
        w = w - 0.1 * v
        sgd_step()(ours, first, g, 0.1, 0.9)
    assert np.allclose(ours, w, rtol=1e-13, atol=0)


def test_a_layer_splits_into_a_stretch_and_a_turn_that_nc1_does_not_see(data: Prepared) -> None:
    plan = PLANS["perceptron"]
    assert data.labels is not None
    weights = initial_weights(plan)
    shot = take_snapshot(plan, weights, 0, data.X, data.Y, data.labels)
    inputs, before = forward(weights, plan.relu, data.X)
    for layer, W, phi in zip(shot.layers, weights, inputs, strict=True):
        _, s, vt = np.linalg.svd(W, full_matrices=False)
        assert np.isclose(layer.nc1_linear, nc1(phi @ vt.T * s, data.labels), rtol=1e-10)
        assert np.isclose(layer.nc1_in, nc1(phi, data.labels)) and np.allclose(layer.values, s)
    hidden = np.maximum(before[0], 0)
    assert np.isclose(shot.layers[0].nc1_out, nc1(hidden, data.labels))
    means = np.stack([hidden[data.labels == c].mean(axis=0) for c in range(10)])
    assert np.allclose(shot.layers[0].means, np.linalg.svd(means, compute_uv=False))


@pytest.mark.parametrize("name", PLANS)
def test_outer_products_are_those_of_the_jacobian(name: str, data: Prepared) -> None:
    plan = PLANS[name]
    weights, X = initial_weights(plan), data.X[:4]
    inputs, before = forward(weights, plan.relu, X)
    for layer, total in enumerate(outer_products(weights, plan.relu, before)):
        tail = replace(plan, features=None, feature_decay=0.0)

        def rest(phi: np.ndarray, layer: int = layer, tail: NetworkPlan = tail):
            for W, rectified in zip(weights[layer:], tail.relu[layer:], strict=True):
                phi = anp.dot(W, phi)
                phi = anp.maximum(phi, 0.0) if rectified else phi
            return phi

        jacobians = [autograd.jacobian(rest)(phi) for phi in inputs[layer]]
        expected = sum(J.T @ J for J in jacobians)
        assert np.abs(total - expected).max() <= 1e-12 * np.abs(expected).max()


def test_a_dead_network_is_measured_without_a_murmur(data: Prepared) -> None:
    plan = PLANS["perceptron"]
    assert data.labels is not None
    weights = [0.0 * W for W in initial_weights(plan)]
    shot = take_snapshot(plan, weights, 0, data.X, data.Y, data.labels, ansatz=True)
    last = shot.layers[-1]
    assert last.nc1_out == float("inf") and np.isnan(last.share) and last.rank == 0
    assert last.nfa is not None and np.isnan(last.nfa)


def test_numerical_rank_says_how_clear_it_is() -> None:
    assert numerical_rank([2.0, 1.0, 1e-3]) == (2, 1000.0)
    assert numerical_rank([2.0, 1.0]) == (2, float("inf"))
    assert numerical_rank([0.0, 0.0]) == (0, float("inf"))


def test_training_learns_and_collapses(data: Prepared) -> None:
    plan = perceptron(64, 10, depth=3, width=64, epochs=60, batch=32, rate=2e-3)
    run = train(start(plan), data, measured_epochs(60, 30), ansatz=True)
    first, last = run.snapshots[0], run.snapshots[-1]
    assert run.outcome is TrainingOutcome.FINISHED and [s.epoch for s in run.snapshots] == [0, 30, 60]
    assert last.accuracy == 1.0 and last.test_accuracy > 0.7 > 0.3 > first.test_accuracy
    assert last.loss.total < 0.05 * first.loss.total
    assert last.layers[2].nc1_out < 0.1 < 1 < first.layers[2].nc1_out
    # The ansatz holds roughly at the start already: its diagonal alone does that.
    assert all(layer.nfa is not None and layer.nfa > 0.5 for layer in first.layers)


def test_an_epoch_depends_on_seed_and_number_alone(data: Prepared) -> None:
    plan = PLANS["head"]
    runs = [start(plan) for _ in range(2)]
    for run in runs:
        assert run_epoch(plan, run.state, data.X, data.Y)
    assert all(np.array_equal(a, b) for a, b in zip(*(run.state.weights for run in runs), strict=True))
    other = start(replace(plan, seed=5))
    assert run_epoch(plan, other.state, data.X, data.Y)
    assert not np.array_equal(other.state.weights[0], runs[0].state.weights[0])


def test_divergence_is_an_outcome_and_takes_the_epoch_back(data: Prepared) -> None:
    run = train(start(replace(PLANS["head"], rate=1e6)), data, [0])
    assert run.outcome is TrainingOutcome.DIVERGED and run.state.epoch == 0
    assert all(np.isfinite(W).all() for W in run.state.weights)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"depth": 0}, "--depth"),
        ({"width": 0}, "--width must be an integer >= 1, got 0"),
        ({"rate": 0.0}, "--rate"),
        ({"rate": float("nan")}, "--rate"),
        ({"gain": -1.0}, "--gain"),
        ({"decay": -0.1}, "--decay"),
        ({"decay": float("nan")}, "--decay"),
        ({"momentum": 1.0}, "--momentum"),
        ({"optimiser": "lion"}, "--optimiser must be one of adam, sgd, got 'lion'"),
        ({"batch": 0}, "--batch"),
        ({"epochs": 0}, "--epochs"),
        ({"seed": -1}, "--seed"),
    ],
)
def test_bad_plans(changes: dict, words: str) -> None:
    with pytest.raises(ProblemError, match=words):
        perceptron(64, 10, **changes)


def test_bad_chains() -> None:
    plan = PLANS["head"]
    for changes in (
        {"relu": (True,) * 5},
        {"relu": (False,)},
        {"features": 1},
        {"features": 5},
        {"feature_decay": -1.0},
        {"decay": (0.1,)},
    ):
        with pytest.raises(ProblemError):
            replace(plan, **changes)
    with pytest.raises(ProblemError, match="--L"):
        head_on_backbone(64, 10, L=0)
    with pytest.raises(ProblemError, match="fields of Plan"):
        plan_from({"widths": [2, 2]})
    with pytest.raises(ProblemError, match="--every"):
        measured_epochs(5, 0)


def test_data_must_fit_the_plan(data: Prepared) -> None:
    with pytest.raises(ProblemError, match=r"\(63, 10\), got \(64, 10\)"):
        train(start(perceptron(63, 10)), data, [0])
