"""Basins: copies are one, different minima are not, whatever the order; the probabilities are the formulas stated."""

import json
from math import log, sqrt
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dufm.solvers.minima.basins import LOSS_TOLERANCE, Basins, fingerprint
from dufm.solvers.minima.polish import refine
from dufm.solvers.minima.symmetry import TOLERANCE
from dufm.solvers.objectives.squared import balance, loss
from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.problem import Problem
from dufm.theory.squared.structures import structure_named
from dufm.theory.stated import ProblemError

SMALL = Problem.of(3, 4, "0.002", width=8)
HUB = Problem.of(7, 3, "0.0003")


def weights_of(problem: Problem, name: str) -> list[np.ndarray]:
    return at_best_scale(problem, structure_named(name).weights(problem.K, problem.L))


def disguised(weights: list[np.ndarray], seed: int) -> list[np.ndarray]:
    """A copy with classes and neurons permuted, H_1 rotated, one neuron split in two and factors unbalanced."""
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    h, first, second, *rest = weights
    share = generator.uniform(0.2, 0.8)
    first = np.vstack([first, sqrt(share) * first[:1]])
    second = np.hstack([second, sqrt(share) * second[:, :1]])
    first[0] *= sqrt(1 - share)
    second[:, 0] *= sqrt(1 - share)
    turn = np.linalg.qr(generator.standard_normal((len(h), len(h))))[0]
    neurons, classes = generator.permutation(len(first)), generator.permutation(h.shape[1])
    moved = [2 * turn @ h, (first @ turn.T)[neurons] / 2, second[:, neurons], *rest]
    return [moved[0][:, classes], *moved[1:-1], moved[-1][classes]]


def filled(counts: list[int]) -> Basins:
    """A collection with these numbers of hits; losses 1, 1/2, 1/3, ..."""
    basins = Basins(SMALL)
    weights = weights_of(SMALL, "dnc")
    for i, hits in enumerate(counts):
        for _ in range(hits):
            basins.add(1 / (i + 1), weights)
    return basins


@pytest.fixture(scope="module")
def minima() -> list[tuple[float, list[np.ndarray]]]:
    """Two minima, polished from neural collapse and from the (3,2) head."""
    found = [refine(SMALL, weights_of(SMALL, name)) for name in ("dnc", "head32")]
    assert all(p.succeeded for p in found)
    return [(p.loss, list(p.weights)) for p in found]


def test_polished_minima_and_their_copies(minima) -> None:
    basins = Basins(SMALL)
    for seed in range(10):
        for _, weights in minima:
            copy = disguised(weights, seed)
            basins.add(loss(SMALL, balance(SMALL, copy)), copy)
    assert [basin.hits for basin in basins.found] == [10, 10]
    assert basins.found[0].loss == pytest.approx(0.014652172916912202, rel=1e-13)
    assert basins.found[1].loss == pytest.approx(0.014981934755431891, rel=1e-13)
    assert basins.summary()["sentence"] == "2 distinct minima in 20 restarts, best hit 10 times"


def test_equal_losses_do_not_make_one_basin_nor_equal_weights_two_losses(minima) -> None:
    basins = Basins(SMALL)
    value = minima[0][0]
    for _, weights in minima:
        basins.add(value, weights)
    assert len(basins.found) == 2
    basins.add(value * (1 + 100 * LOSS_TOLERANCE), minima[0][1])
    assert len(basins.found) == 3
    basins.add(value * (1 + LOSS_TOLERANCE / 10), minima[0][1])
    assert [basin.hits for basin in basins.found] in ([1, 2, 1], [2, 1, 1])


def test_a_basin_of_any_shape_keeps_its_lowest_weights(minima) -> None:
    basins = Basins(SMALL)
    value, weights = minima[0]
    small = value * LOSS_TOLERANCE
    for step in (3, 0, 2, 1):
        basins.add(value + 0.7 * step * small, [w * (1 + step * 1e-12) for w in weights])
    (found,) = basins.found
    assert (found.loss, found.hits) == (value, 4)
    assert all((a == b).all() for a, b in zip(found.weights, weights, strict=True))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.sampled_from(["dnc", "looped-hub"]), st.integers(0, 10**6))
def test_fingerprints_see_no_gauge_and_no_permutation(name: str, seed: int) -> None:
    weights = weights_of(HUB, name)
    plain, copy = fingerprint(HUB, weights), fingerprint(HUB, disguised(weights, seed))
    assert len(plain) == 3 * 7 * 4 + 2 * 7
    assert np.abs(plain - copy).max() <= 1e-3 * TOLERANCE


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.permutations(range(5)), st.integers(0, 10**6))
def test_fingerprints_of_any_weights_are_permutation_invariant(order: list[int], seed: int) -> None:
    problem = Problem.of(5, 3, "0.01")
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    weights = [generator.standard_normal(shape) for shape in problem.shapes]
    moved = [weights[0][:, order], *weights[1:-1], weights[-1][order]]
    other = [generator.standard_normal(shape) for shape in problem.shapes]
    plain = fingerprint(problem, weights)
    assert np.abs(plain - fingerprint(problem, moved)).max() <= 1e-3 * TOLERANCE
    assert np.abs(plain - fingerprint(problem, other)).max() > 100 * TOLERANCE


def test_cospectral_strongly_regular_graphs_differ() -> None:
    """The 4 x 4 rook's graph and the Shrikhande graph have equal spectra and parameters; neighbourhoods tell them."""
    problem = Problem.of(16, 1, "0.001")
    cells = [(i, j) for i in range(4) for j in range(4)]
    steps = [(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)]
    rook = np.array([[float(a != b and (a[0] == b[0] or a[1] == b[1])) for a in cells] for b in cells])
    other = np.array([[float(((a[0] - b[0]) % 4, (a[1] - b[1]) % 4) in steps) for a in cells] for b in cells])
    one, two = (fingerprint(problem, [3 * np.eye(16) + graph, np.eye(16)]) for graph in (rook, other))
    assert np.abs(one - two)[: 3 * 16].max() <= TOLERANCE
    # Beyond the tolerance means: two basins.
    assert np.abs(one - two)[3 * 16 :].max() > TOLERANCE


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6)), max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_adding_changes_nothing(points: list[tuple[int, int]], chance: Random) -> None:
    """Losses at distances around the tolerance, where pairwise comparison would depend on the order."""

    def collected(part: list[tuple[int, int]]) -> Basins:
        basins = Basins(SMALL)
        for who, step in part:
            basins.add((1 + 0.45 * step * LOSS_TOLERANCE) / (who + 1), weights)
        return basins

    def contents(basins: Basins) -> list[tuple[float, int]]:
        return [(basin.loss, basin.hits) for basin in basins.found]

    weights = weights_of(SMALL, "dnc")
    everything = collected(points)
    assert contents(collected(points[::-1])) == contents(everything) and everything.restarts == len(points)
    assert contents(collected(chance.sample(points, len(points)))) == contents(everything)


def test_good_turing_by_hand() -> None:
    missed = filled([5, 1, 3, 1]).missed_probability()
    assert missed.estimate == 2 / 10
    assert missed.bound == 1.0
    missed = filled([9997, 1, 2]).missed_probability(0.9)
    assert missed.estimate == 1 / 10000
    assert missed.bound == pytest.approx(1e-4 + (1 + sqrt(2)) * sqrt(log(20) / 10000), rel=1e-14)


def test_nothing_lower_by_the_rule_of_three() -> None:
    basins = filled([100, 100, 100])
    assert basins.probability_better_missed() == pytest.approx(1 - 0.05 ** (1 / 300), rel=1e-12)
    assert basins.probability_better_missed() == pytest.approx(3 / 300, rel=0.01)
    assert filled([1]).probability_better_missed() == pytest.approx(0.95)


def test_points_of_a_flat_family_count_apart_as_stated() -> None:
    """Rank one, Z = t v v^T with any unit v >= 0: one loss, many Gram matrices."""
    problem = Problem.of(3, 2, "0.01")
    basins = Basins(problem)
    for v in ([[1.0, 0, 0]], [[0.6, 0.8, 0]], [[0.0, 0.6, 0.8]]):
        weights = [np.array(v), np.ones((1, 1)), np.array(v).T]
        basins.add(loss(problem, weights), weights)
    assert [basin.hits for basin in basins.found] in ([1, 2], [2, 1])
    assert basins.found[0].loss == pytest.approx(basins.found[1].loss, rel=1e-15)


def test_the_bounds_hold_in_simulated_draws() -> None:
    """400 collections of 300 draws from a heavy-tailed distribution over 2000 basins, on the formulas alone."""
    generator = np.random.default_rng(11)
    chance = 1 / np.arange(1, 2001)
    chance /= chance.sum()
    too_low = lower_missed = 0
    for _ in range(400):
        drawn = generator.choice(2000, size=300, p=chance)
        hits = np.bincount(drawn, minlength=2000)
        missing = chance[hits == 0].sum()
        too_low += missing > (hits == 1).sum() / 300 + (1 + sqrt(2)) * sqrt(log(2 / 0.05) / 300)
        lower_missed += chance[drawn.max() + 1 :].sum() > 1 - 0.05 ** (1 / 300)
    # A binomial with mean 20 exceeds 35 with probability below 1e-3.
    assert too_low == 0 and lower_missed <= 35


def test_empty_failed_and_senseless_input() -> None:
    basins = Basins(SMALL)
    assert basins.found == () and basins.restarts == 0
    assert basins.missed_probability().bound == basins.probability_better_missed() == 1.0
    basins.add(float("nan"), ())
    basins.add(0.5, [np.zeros(shape) for shape in SMALL.shapes])
    assert (basins.restarts, basins.failed, len(basins.found)) == (2, 1, 1)
    stated = json.loads(json.dumps(basins.summary()))
    assert stated["basins"] == [{"loss": 0.5, "hits": 1}] and stated["failed"] == 1
    assert stated["missed"]["estimate"] == 0.5 and stated["restarts"] == 2
    with pytest.raises(ProblemError, match="loss must be > 0"):
        basins.add(0.0, weights_of(SMALL, "dnc"))
    with pytest.raises(ProblemError, match="factors"):
        basins.add(0.5, [np.eye(3)])
    with pytest.raises(ProblemError, match="confidence"):
        basins.missed_probability(1.0)
