"""Cross-entropy near collapse, at zero weights and over many classes: derivations, numbers behind them, false twins."""

from fractions import Fraction
from importlib import import_module
from math import log

import numpy as np
import pytest
import sympy as sp
from flint import arb

from dufm.theory.ce.collapse import beats_zero, last_strength, zero_bound
from dufm.theory.ce.crossing import candidate_loss, crossing
from dufm.theory.ce.enclosure import least_loss
from dufm.theory.ce.numbers import Balls, working
from dufm.theory.ce.polygons import DNC_LOGITS, PAIRS, POLYGON
from dufm.theory.ce.structure import agrees, cost_ball, least_margin_is_one, rank, verify
from dufm.theory.ce.structures import ce_structure_named, cheapest_at_margin
from dufm.theory.ce.sums import PAIR, CodeSum, cheapest_cut, cheapest_parts, fits
from dufm.theory.ce.undecided import UNDECIDED_PAIR
from dufm.theory.derivations.ce.sums import ce_sums
from dufm.theory.derivations.ce.three import ce_three
from dufm.theory.derivations.ce.undecided import ce_undecided, gain_of_collapse, gain_of_pair
from dufm.theory.derivations.ce.zero import ce_zero, in_window
from dufm.theory.problem import Problem
from dufm.theory.proof.checks import Method
from dufm.theory.proof.derivation import FORMATS, proved
from dufm.theory.stated import ProblemError
from dufm.verification.claims.base.claim import Budget
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.ce.regimes import CE_REGIMES
from dufm.verification.cli.ce.numbers import ce_numbers_at

FINE = Fraction(1, 10**6)


@pytest.mark.parametrize("builder", (ce_undecided, ce_zero, ce_sums, ce_three), ids=lambda b: b.__name__)
def test_every_step_checks(builder) -> None:
    built = builder()
    checked = built.check()
    assert proved(checked), [(i, c) for i, c in enumerate(checked, 1) if not c.ok or c.method is Method.SAMPLED]
    assert built.name == builder.__name__.replace("_", "-")


def test_they_render() -> None:
    assert all("all 6 steps check" in ce_sums().render(form) for form in FORMATS)


@pytest.mark.parametrize("claim", CE_REGIMES, ids=lambda c: c.label)
def test_claims_are_proved(claim) -> None:
    verdict = claim.check(Budget("test", 1))
    assert verdict.status is Status.PROVED, verdict.sentence
    assert all(c.holds for c in verdict.comparisons) and len(verdict.comparisons) > 4


def test_a_false_gain_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A polygon in the pair's place: the derivation notices."""
    monkeypatch.setattr(import_module("dufm.theory.derivations.ce.undecided"), "UNDECIDED_PAIR", POLYGON)
    assert not proved(ce_undecided().check())


def test_rank_one_wins_for_three_classes_and_not_for_two_or_one_layer() -> None:
    for L, first in ((2, 0.17348388), (3, 0.13197714), (8, 0.06593866)):
        last = last_strength(DNC_LOGITS, 3, L, FINE)
        met = crossing(DNC_LOGITS, UNDECIDED_PAIR, 3, L, (last.low / 4, last.low), FINE)
        assert float(met.low) == pytest.approx(first, rel=1e-6)
        weak = Problem.of(3, L, met.low / 2, loss="ce")
        assert candidate_loss(DNC_LOGITS, weak) < candidate_loss(UNDECIDED_PAIR, weak)
    for lam in ("1/10", "1/4", "3/10", "33/100"):
        problem = Problem.of(3, 1, lam, loss="ce")
        assert not least_loss(UNDECIDED_PAIR, problem) < least_loss(DNC_LOGITS, problem)


def test_three_classes_pay_at_least_what_collapse_pays() -> None:
    """sigma_1 sigma_2 >= alpha^2 where CE = log(1 + 2 e^(-alpha)): random logits, from a scale of 3 on."""
    rng = np.random.default_rng(1)
    tried = 0
    while tried < 300:
        centre = np.eye(3) - 1 / 3
        z = rng.uniform(4, 30) * (centre + rng.choice([0.02, 0.1, 0.4]) * centre @ rng.normal(size=(3, 3)))
        fit = float(np.mean(np.log1p(np.exp(z - np.diag(z)).sum(axis=0) - 1)))
        if not 0 < fit < np.log1p(2 * np.exp(-3)):
            continue
        tried += 1
        alpha = -np.log(np.expm1(fit) / 2)
        assert np.prod(np.linalg.svd(z, compute_uv=False)[:2]) >= alpha**2 * (1 - 1e-9)


def test_a_scale_too_small_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("dufm.theory.derivations.ce.three")
    assert proved(ce_three().check())
    monkeypatch.setattr(module, "THETA", Fraction(12))
    broken = [i for i, checked in enumerate(ce_three().check(), 1) if not checked.ok]
    assert broken == [3, 5, 8, 9]


def test_gains_are_those_of_a_softmax() -> None:
    for K in (3, 5, 8):
        for alpha in (0.3, 1.5, 4.0):
            for structure, scale, gain in (
                (DNC_LOGITS, alpha, gain_of_collapse()),
                (UNDECIDED_PAIR, alpha / 2, gain_of_pair()),
            ):
                z = scale * np.array([[float(x) for x in row] for row in structure.logits(K, Balls())])
                fit = float(np.mean(np.log(np.exp(z).sum(axis=0)) - np.diag(z)))
                u = sp.Symbol("u", positive=True)
                stated = float(gain.subs({sp.Symbol("K", positive=True): K, u: np.exp(-alpha / 2)}))
                assert log(K) - fit == pytest.approx(stated, rel=1e-12)
    assert agrees(UNDECIDED_PAIR, 5) and rank(UNDECIDED_PAIR, 5) == 1 and not least_margin_is_one(UNDECIDED_PAIR, 5)


def test_nothing_beats_zero_weights_above_the_bound_and_something_does_near_it() -> None:
    with working(30):
        assert zero_bound(5, 1).overlaps(arb(1) / 5)
        bounds = {
            (K, L): Fraction(zero_bound(K, L).upper().str(15, radius=False)) for K in (3, 6, 10) for L in (2, 3, 8)
        }
    for (K, L), bound in bounds.items():
        for structure in (DNC_LOGITS, POLYGON, UNDECIDED_PAIR):
            assert not beats_zero(structure, K, L, bound)
            assert last_strength(structure, K, L, FINE).high < bound
        assert beats_zero(POLYGON, K, L, bound / 4)
    # Descents in numbers: no logits drawn at random, at their best scale, gain more than the bound lets them.
    rng = np.random.default_rng(0)
    for _ in range(200):
        K, L = int(rng.integers(2, 7)), int(rng.integers(1, 6))
        z = rng.normal(size=(K, K)) * rng.choice([0.1, 1.0, 5.0])
        fit = float(np.mean(np.log(np.exp(z).sum(axis=0)) - np.diag(z)))
        p = 2 / (L + 1)
        size = float(np.sum(np.linalg.svd(z, compute_uv=False) ** p))
        assert log(K) - fit < K**-p * log(K) ** (1 - p) * size * (1 + 1e-12)
    with pytest.raises(ProblemError, match="K >= 2 and L >= 1"):
        zero_bound(1, 2)
    with pytest.raises(ProblemError, match="does not beat zero weights"):
        last_strength(DNC_LOGITS, 200, 8, FINE)


def test_the_window_opens_at_six_classes() -> None:
    assert [in_window(K, 2) for K in (4, 5, 6, 7)] == [False, False, True, True]
    assert [in_window(6, L) for L in (36, 37)] == [True, False]


def test_sums_are_exact_and_refuse_what_does_not_fit() -> None:
    summed = CodeSum(((ce_structure_named("icosahedron"), 12), (POLYGON, 5), (PAIR, 2), (PAIR, 2)))
    assert summed.name == "icosahedron(12)+polygon(5)+2 pair(2)" and verify(summed, 21)
    with working(30):
        parts = cost_ball(ce_structure_named("icosahedron"), 12, 3) + cost_ball(POLYGON, 5, 3) + cost_ball(PAIRS, 4, 3)
        assert cost_ball(summed, 21, 3).overlaps(parts)
    assert not fits(POLYGON, 3) and not fits(DNC_LOGITS, 5) and not fits(PAIR, 3)
    with pytest.raises(ProblemError, match=r"block 'polygon' of 3 classes"):
        CodeSum(((POLYGON, 3), (PAIR, 2)))
    with pytest.raises(ProblemError, match=r"K must be in 2\.\.64, got 65"):
        cheapest_cut(65, 2)
    assert cheapest_parts(1, 2) is None


def test_cutting_classes_never_costs_more() -> None:
    """On the icosahedron: drop the worst class one by one; loss and cost fall each time."""
    structure, L, lam = ce_structure_named("icosahedron"), 3, 1e-3
    z = 5 * np.array([[float(x) for x in row] for row in structure.logits(12, Balls())])
    before = np.inf
    while len(z) > 2:
        K = len(z)
        losses = np.log(np.exp(z).sum(axis=0)) - np.diag(z)
        loss = losses.mean() + 2 * lam * np.sum(np.linalg.svd(z, compute_uv=False) ** 0.5)
        assert loss < before
        before = loss
        kept = np.delete(np.arange(K), int(np.argmax(losses)))
        z = z[np.ix_(kept, kept)]
    costs = [cost_ball(cheapest_cut(K, L), cheapest_cut(K, L).K, L) for K in range(2, 40)]
    assert all(not b < a for a, b in zip(costs, costs[1:], strict=False))
    assert cheapest_cut(11, 4).K == 12 and cheapest_cut(11, 4).name == "icosahedron(12)"
    assert cost_ball(cheapest_cut(11, 4), 12, 4) < cost_ball(cheapest_at_margin(11, 4), 11, 4)


def test_numbers_after_a_derivation() -> None:
    words = ce_numbers_at(3, "text")
    assert "K = 10: cheapest known johnson(5,2), rank 4, c = 6.928203230" in words
    assert "collapse beats zero weights up to 0.0619960147" in words and "lambda_PSD = 0.01420508927" in words
    assert r"\lambda_{\mathrm{PSD}}" in ce_numbers_at(2, "latex") and "lambda_PSD" not in ce_numbers_at(1, "markdown")
    with pytest.raises(ProblemError, match="--L must be an integer >= 1, got 0"):
        ce_numbers_at(0, "text")
