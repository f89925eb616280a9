"""No weights go below the bound; the pieces of its proof hold on exact instances and fail where they should."""

import json
from fractions import Fraction
from random import Random

import numpy as np
import pytest
import sympy as sp
from flint import fmpq, fmpq_mat

from dufm.solvers.search.fixed_portfolio import compiled_search
from dufm.solvers.search.options import FixedOptions
from dufm.solvers.weights.cyclic import cyclic_weights, pentagon
from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.derivations.squared.chord import chord
from dufm.theory.derivations.squared.halves import halves
from dufm.theory.derivations.squared.lemmas import random_matrix
from dufm.theory.derivations.squared.linear_network import linear_network, schatten_power_2x2
from dufm.theory.derivations.squared.pairs import mean_over_subsets, pairs
from dufm.theory.derivations.squared.two_classes import nuclear_norm_at_most, two_classes, without_relu
from dufm.theory.derivations.squared.two_layers import last_column, two_layers
from dufm.theory.problem import Problem
from dufm.theory.proof.derivation import proved
from dufm.theory.rational import fraction, identity, matrix, relu, squared_norm
from dufm.theory.squared.bounds import bracket, frobenius_cost, least_cost, least_loss, pair_power
from dufm.theory.squared.halves import Halves, cost_cubed
from dufm.theory.squared.phi import collapse_threshold, phi, phi_of_power
from dufm.theory.squared.structure import as_fraction_ball, cost_power, full_weights, singular_value_sum, total_cost
from dufm.theory.squared.structures import STRUCTURES
from dufm.theory.stated import ProblemError
from dufm.verification.base.exact import rational
from dufm.verification.checker import check
from dufm.verification.claims.base.claim import Budget
from dufm.verification.claims.squared.bounds import BOUNDS
from dufm.verification.claims.squared.near_collapse import FROM, STRONG, WITNESS_AT, threshold_above

CERTIFICATES = {"two-layers-low-rank": 1, "two-layers-strong": 1, "three-layers-strong": 1}


@pytest.mark.parametrize("build", [linear_network, two_classes, pairs, two_layers, chord, halves])
def test_every_step_checks(build) -> None:
    assert proved(build().check())


@pytest.mark.parametrize("claim", [*BOUNDS, *STRONG], ids=lambda c: c.label)
def test_claims_reach_the_status_they_state(claim) -> None:
    budget = Budget("test", 1)
    verdict = claim.check(budget)
    assert verdict.status is claim.expected.at(budget), verdict.sentence
    assert all(check(json.dumps(c)).ok for c in verdict.certificates)
    assert len(verdict.certificates) == CERTIFICATES.get(claim.label, 0)


def test_relu_can_be_left_out_for_two_classes_to_the_last_layer() -> None:
    for seed in range(20):
        rng = Random(seed)
        L = rng.randint(2, 5)
        problem = Problem.of(2, L, 1, width=rng.randint(2, 4))
        first, *rest = [random_matrix(rng, *shape) for shape in problem.shapes][1:]
        features = relu(first * random_matrix(rng, problem.width, 2))
        straight = features
        for layer, W in enumerate(rest, 2):
            if layer == L:
                assert W * straight == W * features
                break
            linear = without_relu(W, straight)
            assert squared_norm(linear) <= squared_norm(W)
            features, straight = relu(W * features), linear * straight
            assert features == straight


def test_the_first_layer_pays_its_relu_with_two_columns_but_not_with_three() -> None:
    for rows in ([[3, -1], [-2, 5], [1, 1]], [[1, 1], [2, 2]], [[-1, 1], [1, -1]]):
        assert nuclear_norm_at_most(relu(matrix(rows)), matrix(rows))
    three = matrix([[-1, 2, 0], [0, 2, 1], [2, 0, 2]])
    assert bool(singular_value_sum(relu(three)) > singular_value_sum(three))


def test_nuclear_norms_of_two_columns_are_compared_as_they_are() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        first, second = (rng.integers(-4, 5, size=(int(rng.integers(1, 4)), 2)) for _ in range(2))
        sums = [np.linalg.svd(m, compute_uv=False).sum() for m in (first, second)]
        if abs(sums[0] - sums[1]) > 1e-9:
            assert nuclear_norm_at_most(matrix(first.tolist()), matrix(second.tolist())) == (sums[0] < sums[1])


def test_schatten_power_of_known_singular_values() -> None:
    # Singular values 9 and 4, turned by (3, 4, 5).
    z = matrix([[9, 0], [0, 4]]) * matrix([[3, -4], [4, 3]]) * fmpq(1, 5)
    assert schatten_power_2x2(z, 4).contains(5)
    assert schatten_power_2x2(z, 2).contains(13)
    assert schatten_power_2x2(fmpq_mat(2, 2), 3) == 0


def test_the_mean_over_subsets_is_exact() -> None:
    assert all(mean_over_subsets(Random(seed)) for seed in range(100, 115))


def test_gram_schmidt_order() -> None:
    order = last_column(fmpq_mat(3, 3, [fmpq(v) for v in (5, 2, 0, 2, 5, 2, 0, 2, 5)]))
    assert order is not None and order[2] == 1
    # Without Cauchy-Schwarz (not a Gram matrix) two columns can be crossed, and no order is left.
    assert last_column(fmpq_mat(3, 3, [fmpq(v) for v in (1, 3, 2, 3, 1, 2, 2, 2, 1)])) is None


@pytest.mark.parametrize("K", [2, 3, 5])
@pytest.mark.parametrize("L", [1, 2, 3, 5])
def test_no_weights_go_below_the_bound(K: int, L: int) -> None:
    rng = Random(K * 10 + L)
    strengths = [Fraction(rng.randint(1, 9), 200 * K) for _ in range(L + 1)]
    problem = Problem.of(K, L, strengths, width=K, n=rng.randint(1, 3))
    bound, above = least_loss(problem)
    assert bound <= above < bound + Fraction(1, 2**60)
    for structure in STRUCTURES:
        if structure.valid(K, L):
            weights = at_best_scale(problem, structure.weights(K, L))
            assert problem.objective([rational(w) for w in weights]) >= bound
    for _ in range(5):
        weights = [random_matrix(rng, *shape) * fmpq(1, 8) for shape in problem.shapes]
        assert problem.objective(weights) >= bound


def test_two_classes_search_ends_at_the_bound_and_not_below() -> None:
    for L in (2, 3, 4):
        problem = Problem.of(2, L, "0.02")
        bound, above = least_loss(problem)
        assert phi_of_power(L, problem.x_power) == (bound, above)
        solution = compiled_search(problem, FixedOptions(restarts=12, seed=5), threads=1)
        loss = problem.objective([rational(w) for w in solution.weights])
        assert bound <= loss < above * (1 + Fraction(1, 10**6))


def test_costs_of_the_bound() -> None:
    assert [least_cost(2, L) for L in range(1, 6)] == [2] * 5
    assert [least_cost(K, 1) for K in range(2, 6)] == [2, 3, 4, 5]
    for K, L in ((3, 2), (10, 4), (21, 7)):
        ratio = least_cost(K, L) / frobenius_cost(K, L)
        assert sp.simplify(ratio - 2 ** (1 - sp.Rational(2, L + 1))) == 0
        assert least_cost(K, L) < K
    for bad in ((1, 3), (3, 0), (3, 2.5)):
        with pytest.raises(ProblemError):
            pair_power(*bad)  # pyright: ignore[reportArgumentType]


def test_bracket_holds_what_a_search_finds() -> None:
    problem = Problem.of(6, 4, "0.002")
    found = bracket(problem)
    low, high = found.ratios
    assert 0 < low < high < 1 and found.structure == "looped(6)"
    assert found.bound[0] <= found.bound[1] < found.known[0] <= found.known[1] < found.dnc[0]
    # The README's own search of this problem ends at this loss; it lies in the bracket.
    assert found.bound[1] < Fraction("0.0270029218191691") < found.known[0]
    assert bracket(Problem.of(5, 1, "0.05")).ratios[1] >= 1
    assert bracket(Problem.of(2, 4, "0.05")).bound == bracket(Problem.of(2, 4, "0.05")).dnc


def test_pentagon_is_below_collapse_at_two_layers_close_to_it_only() -> None:
    problem = Problem.of(5, 2, WITNESS_AT / 5, width=5)
    weights = cyclic_weights(problem, pentagon())
    assert np.linalg.matrix_rank(weights[1] @ weights[0], tol=1e-8) == 3
    assert np.linalg.matrix_rank(np.maximum(weights[1] @ weights[0], 0)) == 5
    fit, size = problem.split([rational(w) for w in weights])
    for x in (FROM, Fraction("0.38"), Fraction("0.395")):
        assert fit + size * x / WITNESS_AT < phi(2, x)[0]
    assert fit + size * Fraction("0.3") / WITNESS_AT > phi(2, Fraction("0.3"))[1]
    top = threshold_above(2)
    assert 0 <= top - Fraction(str(sp.N(collapse_threshold(2), 50))) < Fraction(1, 2**100)
    with pytest.raises(ProblemError, match="a cyclic pattern needs L = 2"):
        cyclic_weights(Problem.of(5, 3, "0.05"), pentagon())


def test_halves_beat_collapse_at_two_layers_from_fifteen_classes_on() -> None:
    structure = Halves()
    assert [K for K in range(2, 50) if structure.valid(K, 2)] == [6, 15, 28, 45]
    assert not structure.valid(15, 3) and not structure.valid(10, 2)
    assert fraction(cost_cubed(4)) == Fraction(63112, 3)
    for K, cubed in ((6, Fraction(216)), (15, Fraction(3250)), (28, Fraction(63112, 3))):
        weights = structure.weights(K, 2)
        assert Problem.of(K, 2, 1).output(full_weights(weights, 2)) == identity(K)
        low, high = as_fraction_ball(cost_power(weights, 2))
        assert low <= cubed <= high < cubed + Fraction(1, 10**9)
        assert (total_cost(structure, K, 2) < K) == (K > 6)
    assert weights[0].rank() == 7 and relu(weights[0]).rank() == 28
    ratios = [sp.N(cost_cubed(size) / (size * (2 * size - 1)) ** 3) for size in range(2, 40)]
    assert all(after < before for before, after in zip(ratios, ratios[1:], strict=False))
