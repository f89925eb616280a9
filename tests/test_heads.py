"""The convex read-out: duality gap, pricing, rational heads; structures as float weights."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
from flint import arb, ctx
from scipy.optimize import minimize

from dufm.solvers.heads.readout import (
    best_readout,
    head_cost,
    priced_readout,
    rational,
    rational_factors,
    worst_direction,
)
from dufm.solvers.objectives.squared import loss
from dufm.solvers.weights.of_structure import at_best_scale
from dufm.theory.problem import Problem
from dufm.theory.rational import matrix, squared_norm
from dufm.theory.squared.head import Head
from dufm.theory.squared.head32 import least_head
from dufm.theory.squared.looped import HubGraph, hub_graph_head
from dufm.theory.squared.phi import phi
from dufm.theory.squared.structure import PRECISION, singular_value_sum, total_cost
from dufm.theory.squared.structures import STRUCTURES
from dufm.theory.stated import ProblemError


def looped_graph(vertices: int, edges: list, weights: list) -> np.ndarray:
    """The weighted incidence matrix V (q x K): column k has `weights[k]` at the vertices of `edges[k]`."""
    neck = np.zeros((vertices, len(edges)))
    for k, (edge, weight) in enumerate(zip(edges, weights, strict=True)):
        neck[list(edge), k] = weight
    return neck


def sign_directions(vertices: int, scale: list[float] | None = None) -> np.ndarray:
    """All non-zero vectors of signs in {-1, 0, 1}, divided by a vertex scale; (3^q - 1) x q."""
    signs = np.array([s for s in product((-1.0, 0.0, 1.0), repeat=vertices) if any(s)])
    return signs / (np.ones(vertices) if scale is None else np.asarray(scale, dtype=float))


THREE = looped_graph(2, [(0,), (1,), (0, 1)], [[1], [1], [0.93113182] * 2])


def hub(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    spoke, rim, edge = parameters
    edges = [(0,), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    weights = [[1.0], *[[spoke, rim]] * 3, *[[edge, edge]] * 3]
    return looped_graph(4, edges, weights), sign_directions(4, [spoke, rim, rim, rim])


def test_signs_reach_the_least_head_of_three_classes() -> None:
    readout = best_readout(THREE, sign_directions(2))
    least = float(least_head().mid())
    # V's weight is rounded at 1e-8, where h is flat: the gap of the conic solution is what is left.
    assert head_cost(THREE, readout) == pytest.approx(least, rel=2 * abs(readout.gap) / readout.gamma + 1e-12)
    assert 0 <= abs(readout.gap) < 1e-6


def test_pricing_finds_nothing_better_than_signs_and_repairs_a_poor_dictionary() -> None:
    signs = best_readout(THREE, sign_directions(2))
    worst, _ = worst_direction(THREE, signs, seed=0)
    # In the cone where every class is active the read-out is a nuclear norm, which three directions reach by luck of V.
    assert worst < 1 + 1e-6
    poor = np.random.default_rng(0).normal(size=(30, 2))
    before = best_readout(THREE, poor)
    after = priced_readout(THREE, poor, seed=0)
    assert before.gamma > after.gamma + 1e-3
    assert after.gamma == pytest.approx(signs.gamma, rel=1e-5)


def test_the_hub_comes_out_of_the_convex_problem() -> None:
    def value(parameters: np.ndarray) -> float:
        neck, directions = hub(parameters)
        return float(np.log(head_cost(neck, best_readout(neck, directions))))

    options = {"xatol": 1e-7, "fatol": 1e-10, "maxiter": 400}
    parameters = minimize(value, [0.6, 0.9, 0.75], method="Nelder-Mead", options=options).x
    neck, directions = hub(parameters)
    readout = best_readout(neck, directions)
    stated = float(hub_graph_head().h_above)
    assert head_cost(neck, readout) == pytest.approx(stated, rel=1e-6)
    assert parameters == pytest.approx([float(HubGraph.hub), float(HubGraph.rim), float(HubGraph.edge)], abs=2e-3)


def test_rational_heads_are_exact_and_their_factors_multiply_to_the_neck() -> None:
    neck, directions = hub(np.array([0.5918, 0.8862, 0.755]))
    readout = best_readout(neck, directions)
    head = Head.of(rational(np.maximum(neck, 0.0), 20), rational(readout.W, 20))
    assert head.wins_at(3)
    first, second = rational_factors(head)
    assert matrix(first) * matrix(second) == head.V
    h = squared_norm(matrix(first)) * squared_norm(matrix(second)) * squared_norm(head.W) * squared_norm(head.U)
    assert Fraction(0) <= h / head.h_above - 1 < Fraction(1, 10**9)


def test_the_rational_cost_of_a_head_is_above_it() -> None:
    head = hub_graph_head()
    outer = squared_norm(head.W) * squared_norm(head.U)
    with ctx.workprec(8 * PRECISION):
        exact = singular_value_sum(head.V) ** 2 * arb(outer.numerator) / outer.denominator
        assert arb(head.h_above.numerator) / head.h_above.denominator > exact
    assert head.h.contains(exact)


def test_what_cannot_be_read_out_is_refused() -> None:
    with pytest.raises(ProblemError, match="no head over this neck"):
        best_readout(THREE, np.array([[1.0, 0.0]]))


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda s: s.name)
def test_structures_have_the_loss_they_state(structure) -> None:
    for K, L in combinations((3, 4, 6, 7, 10), 2):
        if L > 5 or not structure.valid(K, L):
            continue
        problem = Problem.of(K, L, Fraction(1, 100 * K), n=2)
        weights = at_best_scale(problem, structure.weights(K, L))
        ratio = float(total_cost(structure, K, L) / K)
        stated = phi(L, Fraction(ratio * float(problem.x)))[0]
        assert loss(problem, weights) == pytest.approx(float(stated), rel=1e-12)


def test_no_scale_where_everything_collapses() -> None:
    with pytest.raises(ProblemError, match="zero output is best"):
        at_best_scale(Problem.of(3, 3, 10), STRUCTURES[0].weights(3, 3))
