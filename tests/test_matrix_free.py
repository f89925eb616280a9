"""Newton's method without a matrix does what the dense one does, and ends when it is told to."""

import numpy as np
import pytest

from dufm.solvers.minima import polish as polishing
from dufm.solvers.minima.active_set import ActiveSet
from dufm.solvers.minima.canonical import canonical
from dufm.solvers.minima.matrix_free import OutOfTime, System
from dufm.solvers.minima.polish import RESIDUAL_GOAL, polish, refine
from dufm.solvers.minima.rest import descend_to_rest
from dufm.solvers.objectives.squared import loss
from dufm.solvers.search import portfolio
from dufm.solvers.search.options import FixedOptions, SearchOptions
from dufm.solvers.search.portfolio import global_search
from dufm.solvers.search.scipy_reference import search
from dufm.theory.problem import Problem

SMALL = Problem.of(3, 4, "0.002", width=8)
TEN = Problem.of(10, 4, "0.0015")


@pytest.fixture(scope="module")
def near() -> list[np.ndarray]:
    """Weights near a minimum of ten classes, in canonical form."""
    found, _ = global_search(TEN, SearchOptions(restarts=2, seed=0, starts_per_restart=4))
    rested = descend_to_rest(TEN, found.weights)
    assert rested is not None
    return canonical(TEN, rested.weights, 1e-2, slack=1.0)


def test_products_are_those_of_the_matrices() -> None:
    found = search(SMALL, FixedOptions(restarts=1, seed=0, starts_per_restart=4))
    rested = descend_to_rest(SMALL, found.weights)
    assert rested is not None
    active_set = ActiveSet(SMALL, rested.weights, None)
    generator = np.random.default_rng(0)
    weights = [w + 0.1 * generator.standard_normal(w.shape) for w in rested.weights]
    dual = generator.standard_normal(active_set.constraints)
    assert active_set.constraints > 0
    hessian, jacobian = active_set.second_order(weights, active_set.multipliers(dual))
    system = System.at(active_set, weights, dual, None)
    move, lift = generator.standard_normal(active_set.size), generator.standard_normal(active_set.constraints)
    first, second = system.products(move)
    assert np.allclose(first, hessian @ move, atol=1e-13) and np.allclose(second, jacobian @ move, atol=1e-13)
    assert np.allclose(system.pulled(lift), jacobian.T @ lift, atol=1e-13)
    gradient = generator.standard_normal(active_set.size)
    least = np.linalg.lstsq(jacobian.T, -gradient, rcond=1e-9)[0]
    assert np.allclose(jacobian.T @ system.multipliers(gradient), jacobian.T @ least, atol=1e-8)


def test_both_ways_polish_to_the_same_minimum(near, monkeypatch: pytest.MonkeyPatch) -> None:
    dense = polish(TEN, near)
    monkeypatch.setattr(polishing, "DENSE", 0)
    free = polish(TEN, near)
    assert dense.is_local_minimum and free.is_stationary and free.strict_signs
    assert free.residual <= RESIDUAL_GOAL and free.loss == pytest.approx(dense.loss, rel=1e-14)
    assert (free.active, free.inactive, free.kinks) == (dense.active, dense.inactive, dense.kinks)
    # What was not looked at is not claimed.
    assert np.isnan(free.curvature) and not free.is_local_minimum


def test_it_ends_when_told_and_leaves_the_weights(near, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polishing, "DENSE", 0)
    asked = iter([False] * 20)
    cut = polish(TEN, near, stop=lambda: next(asked, True))
    assert not cut.succeeded and cut.loss == loss(TEN, cut.weights) <= loss(TEN, near) * (1 + 1e-15)
    active_set = ActiveSet(TEN, near, None)
    with pytest.raises(OutOfTime):
        System.at(active_set, near, np.zeros(active_set.constraints), lambda: True).products(np.ones(active_set.size))


def test_many_weights_are_left_to_who_saves_them_first(monkeypatch: pytest.MonkeyPatch) -> None:
    options = SearchOptions(restarts=2, seed=0, starts_per_restart=4)
    polished = global_search(TEN, options)[1]
    monkeypatch.setattr(portfolio, "MOST_WEIGHTS", 100)
    found, state = global_search(TEN, options)
    assert all(group.polished is None for group in state.groups) and found.losses.tolist() == polished.losses
    monkeypatch.setattr(polishing, "MOST_WEIGHTS", 100)
    monkeypatch.setattr(polishing, "DENSE", 0)
    refined = refine(TEN, found.weights)
    assert refined is not None and refined.is_stationary and refined.loss <= found.loss
    # Where Newton's method leads nowhere, what the descent to rest has gained is kept.
    monkeypatch.setattr(polishing, "FREE_STEPS", 0)
    worse = [w * 1.01 for w in found.weights]
    kept = refine(TEN, worse)
    assert kept is not None and not kept.succeeded and kept.loss == loss(TEN, kept.weights) < loss(TEN, worse)
