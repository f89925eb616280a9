"""Every structure: output I_K, cost equal to that of its explicit weights, a clear refusal where it does not exist."""

from fractions import Fraction

import pytest
import sympy as sp

from dufm.theory.problem import Problem
from dufm.theory.rational import identity, matrix
from dufm.theory.squared.head import Head
from dufm.theory.squared.head32 import RankTwoHead, head, least_head, root_of_h
from dufm.theory.squared.looped import HubGraph, complete_head, hub_graph_head, hub_head
from dufm.theory.squared.srg import TriangularGraph, incidence, order_of
from dufm.theory.squared.structure import HeadCost, as_fraction_ball, cost_power, full_weights, require, total_cost
from dufm.theory.squared.structures import BLOCKS, DNC, STRUCTURES, CheapestSum, cheapest_sum, structure_named, widest
from dufm.theory.stated import ProblemError

CASES = [(s, K, L) for s in BLOCKS for K in (2, 3, 6, 7, 10, 15) for L in (1, 2, 3, 4, 6) if s.valid(K, L)]


@pytest.mark.parametrize(("structure", "K", "L"), CASES, ids=lambda v: getattr(v, "name", str(v)))
def test_weights_reach_the_identity_at_the_stated_cost(structure, K: int, L: int) -> None:
    weights = structure.weights(K, L)
    assert Problem.of(K, L, 1).output(full_weights(weights, L)) == identity(K)
    low, high = as_fraction_ball(cost_power(weights, L))
    stated = sp.N(total_cost(structure, K, L) ** (L + 1), 40)
    gap = Fraction(str(stated)) - (low + high) / 2
    # Looped graphs state h rounded up by one ball radius; everything else is exact to the 40 digits printed.
    assert abs(gap) <= 2 * (high - low) + Fraction(1, 10**25) * high


@pytest.mark.parametrize("L", [2, 3, 4])
@pytest.mark.parametrize("K", [4, 8])
def test_direct_sums_are_balanced_and_reach_the_identity(K: int, L: int) -> None:
    cheapest = CheapestSum()
    factors = [m.evalf(40) for m in cheapest.weights(K, L)]
    features = factors[0]
    for m in factors[1:]:
        features = m * features.applyfunc(lambda z: sp.Max(z, 0))
    assert (features - sp.eye(K)).norm() < sp.Float("1e-35", 40)
    cost = sp.N(cheapest.cost(K, L), 40)
    for m in factors[1:]:
        assert abs(sum(x**2 for x in m) - cost) < sp.Float("1e-35", 40)


def test_cheapest_sum_never_costs_more_than_any_structure_alone() -> None:
    for K in (3, 6, 7, 10, 15, 21):
        for L in (3, 4, 5, 7):
            best = sp.N(CheapestSum().cost(K, L))
            assert all(best <= sp.N(total_cost(s, K, L)) + 1e-12 for s in BLOCKS if s.valid(K, L))
    assert CheapestSum().cost(5, 2) == 5
    assert sum(k for _, k in cheapest_sum(11, 4)) == 11


def test_the_widest_layer_is_known_without_the_weights() -> None:
    for name, K, L in (("cuts", 10, 4), ("cuts", 15, 3), ("halves", 6, 2), ("halves", 15, 2)):
        structure = structure_named(name)
        assert widest(structure, K, L) == max(matrix(w).nrows() for w in structure.weights(K, L))
    assert widest(CheapestSum(), 100, 4) == 3432 and widest(structure_named("srg"), 10, 4) == 0


def test_a_thousand_classes_are_summed_from_whole_blocks() -> None:
    blocks = cheapest_sum(1000, 4)
    assert sum(k for _, k in blocks) == 1000 and [(s.name, k) for s, k in blocks] == [("cuts", 990), ("cuts", 10)]
    exact = sum(total_cost(s, k, 4) for s, k in blocks)
    assert total_cost(CheapestSum(), 1000, 4) == exact and sp.N(exact / 1000) < sp.N(0.2387)


def test_leaving_classes_out_never_costs_more() -> None:
    truncated = structure_named("truncated")
    for L in (3, 5):
        for K in (9, 14, 20):
            larger = min(sp.N(total_cost(structure_named(name), K + 1, L)) for name in ("cuts", "looped"))
            assert sp.N(total_cost(truncated, K, L)) < larger
    assert not truncated.valid(21, 4) and not truncated.valid(9, 2)


def test_srg_numbers_of_the_paper() -> None:
    srg = TriangularGraph()
    ratios = {
        (4, 4): 0.9633,
        (5, 4): 0.9014,
        (6, 4): 0.8569,
        (4, 5): 0.9060,
        (5, 5): 0.8170,
        (4, 3): 1.0561,
        (5, 3): 1.0444,
    }
    for (r, L), stated in ratios.items():
        K = r * (r - 1) // 2
        assert order_of(K) == r
        assert float(total_cost(srg, K, L) / K) == pytest.approx(stated, abs=5e-5)
    assert not srg.valid(3, 4) and not srg.valid(7, 4) and not srg.valid(6, 2)
    with pytest.raises(ProblemError, match="r must be an integer >= 3"):
        incidence(2)


def test_head32_least_value_is_exact_and_reached_by_the_family() -> None:
    ball = least_head(100)
    low, high = as_fraction_ball(ball)
    assert high - low < Fraction(1, 2**80)
    # The note's parameters, rounded: never below the least value, and within 1e-8 of it.
    near = head(sp.Rational("0.931132"), sp.Rational("1.023482"), sp.Rational("0.615945"))
    assert float(low) <= float(near) <= float(high) + 1e-8
    assert float(root_of_h(sp.Rational("2.0150716")) ** 2) == pytest.approx(float(low), abs=1e-9)
    assert RankTwoHead().cost(3, 4).h < sp.Rational(243, 2)
    for m in (sp.Rational(1, 2), sp.Rational(3, 4), 2):
        assert head(m, 1, sp.Rational(1, 2)) > sp.Rational(str(high))


def test_looped_graphs_beat_the_srg_and_the_hub_beats_collapse_at_three_layers() -> None:
    for K in (6, 10, 15, 21):
        for L in (4, 5, 7):
            looped, srg = structure_named("looped"), structure_named("srg")
            assert sp.N(total_cost(looped, K, L)) < sp.N(total_cost(srg, K, L))
    assert hub_graph_head().wins_at(3) and hub_graph_head().h_above < 7**4
    assert complete_head(5).wins_at(3) and not complete_head(3).wins_at(3)
    closed = sp.N(hub_head(*(sp.Rational(str(v)) for v in (HubGraph.hub, HubGraph.rim, HubGraph.edge))), 30)
    # The closed form is the least over the neurons' scales; the rational scales used come within 1e-6 of it.
    assert 0 <= float(hub_graph_head().h_above) / float(closed) - 1 < 1e-6


def test_heads_that_are_not_heads_are_refused() -> None:
    with pytest.raises(ProblemError, match="entrywise >= 0"):
        Head.of([[1, -1]], [[1]])
    with pytest.raises(ProblemError, match="full row rank"):
        Head.of([[1, 1], [1, 1]], [[1, 0]])
    with pytest.raises(ProblemError, match="more or other neurons"):
        Head.of([[1, 0, 1], [0, 1, 1]], [[1, 0], [0, 1]])
    with pytest.raises(ProblemError, match="q = 2 columns"):
        Head.of([[1, 0, 1], [0, 1, 1]], [[1]])
    good = Head.of([[1, 0, 1], [0, 1, 1]], [[1, -1], [-1, 1], [1, 1]])
    with pytest.raises(ProblemError, match="not the identity"):
        Head(good.V, good.W, good.U * 2)


def test_critical_depth() -> None:
    cost = HeadCost(sp.Rational("108.984433"), 2)
    assert float(cost.critical_depth(3)) == pytest.approx(3.73189, abs=1e-5)
    with pytest.raises(ProblemError, match="0 < q < K"):
        HeadCost(sp.Integer(1), 3).critical_depth(3)
    with pytest.raises(ProblemError, match="L >= 3"):
        cost.cost(2)


def test_structures_say_where_they_exist() -> None:
    with pytest.raises(ProblemError, match=r"'srg' needs K = r \(r - 1\) / 2 with r >= 4"):
        require(structure_named("srg"), 7, 4)
    with pytest.raises(ProblemError, match="structure must be one of dnc, srg"):
        structure_named("nonsense")
    assert len({s.name for s in STRUCTURES}) == len(STRUCTURES)
    assert total_cost(DNC, 4, 1) == 4
