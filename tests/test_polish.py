"""Polishing and the canonical form: they never raise the loss, and what they say about a point is true."""

import numpy as np
import pytest

from dufm.solvers.minima.active_set import ActiveSet
from dufm.solvers.minima.canonical import canonical, describe
from dufm.solvers.minima.polish import RESIDUAL_GOAL, polish, refine
from dufm.solvers.minima.rest import descend_to_rest
from dufm.solvers.objectives.squared import Objective, balance, loss
from dufm.solvers.search.options import FixedOptions, SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.scipy_reference import search
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError

FIFTEEN = Problem.of(15, 5, "0.0005", width=20)
SMALL = Problem.of(3, 4, "0.002", width=8)
UNIT = np.finfo(float).eps


@pytest.fixture(scope="module")
def found():
    return search(SMALL, FixedOptions(restarts=2, seed=0, starts_per_restart=4))


@pytest.fixture(scope="module")
def refined(found):
    return refine(SMALL, found.weights)


def random_weights(problem: Problem, seed: int) -> list[np.ndarray]:
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    return [generator.standard_normal(shape) for shape in problem.shapes]


def test_refining_reaches_the_minimum_to_rounding(found, refined) -> None:
    assert refined.succeeded and refined.residual <= RESIDUAL_GOAL
    assert refined.loss == loss(SMALL, refined.weights) < found.loss
    assert refined.loss == pytest.approx(0.014652172916912202, rel=1e-14)
    assert refined.is_stationary and refined.is_local_minimum and refined.flat == 0
    sizes = sum(len(w) * SMALL.K for w in refined.weights[1:-1])
    assert refined.active + refined.inactive + refined.kinks == sizes and refined.kinks > 0


def test_nothing_near_a_certified_local_minimum_is_lower(refined) -> None:
    """The statement of `is_local_minimum`, tried against the true relu in random directions and sizes."""
    generator = np.random.default_rng(5)
    for size in (1e-2, 1e-3, 1e-4, 1e-5):
        for _ in range(100):
            moved = [w + size * generator.standard_normal(w.shape) for w in refined.weights]
            assert loss(SMALL, moved) >= refined.loss * (1 - 100 * UNIT)


def test_the_minimum_has_a_neck_of_rank_two(refined) -> None:
    layers = {layer.name: layer for layer in describe(SMALL, refined.weights)}
    assert [layers[name].rank for name in ("P_2", "F_2", "P_3", "F_3", "P_4", "F_4", "Z")] == [2, 2, 2, 2, 2, 3, 3]
    for layer in layers.values():
        assert layer.gap > 1e6
        assert list(layer.singular_values) == sorted(layer.singular_values, reverse=True)
        assert layer.rank == sum(s > layer.threshold * layer.singular_values[0] for s in layer.singular_values)


@pytest.mark.parametrize("seed", range(6))
def test_polishing_far_from_a_minimum_never_raises_the_loss(seed: int) -> None:
    problem = Problem.of(3, 3, "0.01", width=4)
    weights = random_weights(problem, seed)
    result = polish(problem, weights)
    assert result.loss == loss(problem, result.weights) <= loss(problem, weights) * (1 + 10 * UNIT)
    assert result.succeeded or (result.sentence.startswith("not polished") and not result.is_stationary)


def test_settling_foretells_the_polished_loss(found, refined) -> None:
    settled = descend_to_rest(SMALL, found.weights)
    assert settled is not None and settled.loss == loss(SMALL, settled.weights) > refined.loss
    # The excess of the last smoothing is far larger than what the estimate leaves of it.
    assert abs(settled.limit - refined.loss) <= settled.error + 100 * UNIT < 1e-3 * (settled.loss - refined.loss)
    narrow = descend_to_rest(SMALL, refined.weights)
    assert narrow is not None and [w.shape for w in narrow.weights] == list(SMALL.shapes)
    wide = descend_to_rest(SMALL, canonical(SMALL, disguised(Problem.of(3, 4, "0.002", width=30), list(found.weights))))
    assert wide is not None and wide.limit == pytest.approx(refined.loss, rel=1e-10)
    assert descend_to_rest(SMALL, [np.full(shape, np.inf) for shape in SMALL.shapes]) is None


def test_fifteen_classes_and_five_layers_are_polished() -> None:
    found, _ = global_search(FIFTEEN, SearchOptions(restarts=6, seed=0))
    result = refine(FIFTEEN, found.weights)
    assert result.is_stationary and result.residual <= RESIDUAL_GOAL
    assert result.loss <= found.loss * (1 + 1e-15)
    assert result.loss == loss(FIFTEEN, result.weights)
    assert sum(w.size for w in result.weights) < sum(a * b for a, b in FIFTEEN.shapes) / 2
    gradient = Objective(FIFTEEN).full(result.weights)[1]
    # W_L and H_1 meet no kink of their own, so there the plain gradient must vanish as well.
    assert np.abs(gradient[-1]).max() <= 1e-12 * np.abs(result.weights[-1]).max()


def test_kinks_are_cut_in_the_widest_gap() -> None:
    problem = Problem.of(4, 2, "0.01")
    signs = np.array([[1.0, -1.0, 1.0, -1.0]] * 4)
    for kink in (0.0, 1e-9, 2e-6):
        size = np.array([[1.0, kink, 0.3, 0.1], [0.4, 0.9, kink / 3, 0.02], [1.0] * 4, [0.5] * 4])
        pattern = ActiveSet(problem, [np.eye(4), signs * size, np.eye(4)], None)
        assert pattern.constraints == 2 and pattern.kinks[0][0, 1] and pattern.kinks[0][1, 2]
    assert ActiveSet(problem, [np.eye(4), signs, np.eye(4)], None).constraints == 0


def test_zero_weights_are_handled() -> None:
    assert refine(SMALL, [np.zeros(shape) for shape in SMALL.shapes]).loss <= 0.5
    zeros = [np.zeros(shape) for shape in SMALL.shapes]
    result = polish(SMALL, zeros)
    assert result.loss == 0.5 and not result.is_local_minimum
    assert loss(SMALL, canonical(SMALL, zeros)) == 0.5
    assert all(layer.rank == 0 for layer in describe(SMALL, zeros))


def test_a_saddle_is_stationary_but_no_minimum() -> None:
    """L = 1 with one class left at zero: the closed form is lower, so the point is a saddle."""
    problem = Problem.of(2, 1, "0.1")
    half = np.diag([np.sqrt(1 - 2 * 0.1), 0.0])
    result = polish(problem, [half, half])
    assert result.succeeded and result.is_stationary
    assert result.curvature < 0 and not result.is_local_minimum


@pytest.mark.parametrize("L", [1, 2, 3, 4])
def test_second_derivatives_are_those_of_the_gradient(L: int) -> None:
    """Without kinks the Hessian's columns are derivatives of the gradient; differences are exact to O(h^2)."""
    problem = Problem.of(3, L, [f"1/{50 + 7 * i}" for i in range(L + 1)], width=8)
    weights = [w / 3 for w in random_weights(problem, 40 + L)]
    pattern = ActiveSet(problem, weights, 1e-12)
    assert pattern.constraints == 0
    hessian, jacobian = pattern.second_order(weights, pattern.multipliers(np.zeros(0)))
    assert jacobian.shape == (0, pattern.size)
    direction = np.random.default_rng(1).standard_normal(pattern.size)
    flat = np.concatenate([w.ravel() for w in weights])
    errors = []
    for h in (1e-4, 5e-5):
        ends = [
            np.concatenate([g.ravel() for g in Objective(problem).full(pattern.unpack(flat + s * h * direction))[1]])
            for s in (1, -1)
        ]
        errors.append(np.abs((ends[0] - ends[1]) / (2 * h) - hessian @ direction).max())
    scale = np.abs(hessian @ direction).max()
    assert errors[0] <= 1e-4 * scale
    # Second order: halving h divides the error by four, until rounding (eps / h) takes over.
    assert errors[1] <= 0.3 * errors[0] + 100 * UNIT * scale / 5e-5


def test_kink_constraints_have_the_jacobian_they_claim(refined) -> None:
    weights = list(refined.weights)
    pattern = ActiveSet(SMALL, weights, 1e-9)
    _, jacobian = pattern.second_order(weights, pattern.multipliers(np.zeros(pattern.constraints)))
    flat = np.concatenate([w.ravel() for w in weights])
    direction = np.random.default_rng(2).standard_normal(pattern.size)
    h = 1e-5
    ends = [pattern.forward(pattern.unpack(flat + s * h * direction))[1] for s in (1, -1)]
    stated = jacobian @ direction
    assert len(stated) == refined.kinks
    assert np.abs((ends[0] - ends[1]) / (2 * h) - stated).max() <= 1e-7 * np.abs(stated).max()


def test_rotations_change_nothing_to_first_order(refined) -> None:
    pattern = ActiveSet(SMALL, refined.weights, 1e-9)
    flat = np.concatenate([w.ravel() for w in refined.weights])
    moves = pattern.rotations(refined.weights)
    assert len(moves) > 0
    for move in moves:
        # Along exp(s A) the loss is constant; along its tangent it may change by O(s^4), the norms by O(s^2).
        moved = pattern.unpack(flat + 1e-3 * move)
        assert abs(loss(SMALL, moved) - refined.loss) <= 1e-6 * np.vdot(move, move)


def disguised(problem: Problem, weights: list[np.ndarray]) -> list[np.ndarray]:
    """The same function written badly: split, dead and permuted neurons, a rotation of H_1, unequal factors."""
    h, first, *rest = [np.array(w) for w in weights]
    generator = np.random.default_rng(9)
    rotation = np.linalg.qr(generator.standard_normal((len(h), len(h))))[0]
    h, first = rotation @ h, first @ rotation.T
    split = np.vstack([first, 0.6 * first[:1], np.zeros((1, first.shape[1]))])
    split[0] *= 0.8
    above = np.hstack([rest[0], 0.6 * rest[0][:, :1], generator.standard_normal((len(rest[0]), 1))])
    above[:, 0] *= 0.8
    order = generator.permutation(len(split))
    return [5 * h, split[order] / 5, above[:, order] * 2, rest[1] / 2, *rest[2:]]


def test_canonical_form_undoes_every_disguise(refined) -> None:
    plain = canonical(SMALL, refined.weights)
    hidden = disguised(SMALL, plain)
    assert loss(SMALL, hidden) > loss(SMALL, plain)
    back = canonical(SMALL, hidden)
    assert [w.shape for w in back] == [w.shape for w in plain]
    assert loss(SMALL, back) <= loss(SMALL, plain) * (1 + 1000 * UNIT)
    for a, b in zip(back, plain, strict=True):
        assert np.abs(a - b).max() <= 1e-9


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("L", [1, 2, 3, 4])
def test_canonical_form_of_any_weights_keeps_the_output_and_the_loss(L: int, seed: int) -> None:
    problem = Problem.of(3, L, [f"1/{30 + 11 * i}" for i in range(L + 1)], width=4)
    weights = balance(problem, random_weights(problem, seed))
    assert loss(problem, canonical(problem, weights)) <= loss(problem, weights) * (1 + 1000 * UNIT)
    assert [layer.name for layer in describe(problem, weights)][-1] == "Z"


def test_weights_that_do_not_fit_are_refused() -> None:
    for work in (polish, canonical, describe):
        with pytest.raises(ProblemError, match="factors"):
            work(SMALL, [np.ones((3, 3))])
