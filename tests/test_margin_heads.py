"""The search for the cheapest layers with margins >= 1: its gradient, its exact readout, and a cell it must win."""

import numpy as np
import pytest

from dufm.solvers.ce import margin_heads
from dufm.solvers.ce.margin_heads import (
    best_margin_readout,
    fresh_layers,
    kicked_layers,
    margin_head_search,
    with_best_readout,
)
from dufm.solvers.ce.margin_kernel import log_cost, soft_margin
from dufm.theory.ce.relu import edges, rival_power
from dufm.theory.rational import to_lists
from dufm.theory.stated import ProblemError


def edges_layers() -> list[np.ndarray]:
    """(P, W_2, W_3) of the edges of K_4."""
    first, second, *rest = (np.array([[float(x) for x in row] for row in to_lists(f)]) for f in edges(4).factors)
    return [second @ first, *rest]


def flat(layers: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([w.ravel() for w in layers])


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled."""
    monkeypatch.setitem(log_cost.py_func.__globals__, "soft_margin", soft_margin.py_func)


def value(layers: list[np.ndarray], eps: float, tau: float) -> tuple[float, np.ndarray]:
    x = flat(layers)
    slope = np.zeros(x.size)
    sides = np.array([len(w) for w in layers[:-1]])
    return log_cost.py_func(x, slope, sides, layers[0].shape[1], eps, tau), slope


@pytest.mark.parametrize("L", [2, 3, 4])
def test_the_gradient_is_the_slope(plain: None, L: int) -> None:
    rng = np.random.default_rng(L)
    layers = fresh_layers(rng, 4, L)
    layers[-1] = layers[-1] + 0.1 * rng.normal(size=layers[-1].shape)
    _, slope = value(layers, 0.2, 3.0)
    direction = [rng.normal(size=w.shape) for w in layers]
    ends = [value([w + h * v for w, v in zip(layers, direction, strict=True)], 0.2, 3.0)[0] for h in (1e-6, -1e-6)]
    assert np.isfinite(ends).all()
    assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(float(slope @ flat(direction)), rel=1e-4, abs=1e-5)


def test_without_smoothing_it_is_the_product_at_least_margin_one(plain: None) -> None:
    layers = edges_layers()
    scales = [np.sqrt((layers[0] ** 2).sum() / 6), *(np.sqrt((w**2).sum() / len(w)) for w in layers[1:])]
    held = [w / s for w, s in zip(layers, scales, strict=True)]
    exact = with_best_readout(layers)
    assert exact is not None and exact.cost == pytest.approx(1074.8306, abs=1e-3)
    assert np.exp(value(held, 1e-9, 1e-4)[0]) == pytest.approx(exact.cost, rel=2e-3)


def test_a_margin_that_fails_costs_infinity(plain: None) -> None:
    layers = edges_layers()
    assert value([*layers[:-1], -layers[-1]], 1e-6, 1e-2)[0] == np.inf
    layers[-1][[0, 1]] = layers[-1][[1, 0]]
    assert value(layers, 1e-9, 1e-4)[0] == np.inf


def test_the_readout_is_the_best_and_centred() -> None:
    features = np.maximum(edges_layers()[0], 0)
    readout = best_margin_readout(features)
    assert readout is not None and np.allclose(readout.sum(axis=0), 0, atol=1e-8)
    assert (readout**2).sum() == pytest.approx(6, rel=1e-6)
    assert best_margin_readout(np.ones((2, 3))) is None and best_margin_readout(np.zeros((2, 3))) is None


def test_kicks_chain_up() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        layers = kicked_layers(rng, fresh_layers(rng, 5, 4))
        assert all(a.shape[0] == b.shape[1] for a, b in zip(layers, layers[1:], strict=False))
        assert layers[0].shape[1] == layers[-1].shape[0] == 5


def test_options_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ({"K": 1}, {"L": 1}, {"restarts": 0}, {"seed": -1}):
        asked = {"K": 3, "L": 2, "restarts": 1, "seed": 0} | wrong
        with pytest.raises(ProblemError):
            margin_head_search(asked["K"], asked["L"], asked["restarts"], asked["seed"])
    monkeypatch.setattr(margin_heads, "descend_margin_head", lambda start, *rest: (np.inf, start))
    with pytest.raises(ProblemError, match="positive margins"):
        margin_head_search(3, 2, 3)


@pytest.mark.slow
def test_the_search_finds_edges_that_beat_collapse() -> None:
    found = margin_head_search(6, 3, 150, seed=0)
    assert found[0].cost < rival_power("dnc", 6, 3)
    assert [h.cost for h in found] == sorted(h.cost for h in found)
