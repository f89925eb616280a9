"""checker.py and whole intervals of Lambda: a line below DNC at both ends of a piece is below it in between."""

import json
import random
import time
from fractions import Fraction

import numpy as np
import pytest
from test_checker import SPOILED_ANY, balanced, head32, judge, phi, reject

from dufm.theory.problem import Problem
from dufm.theory.rational import matrix, squared_norm
from dufm.theory.squared.phi import collapse_threshold
from dufm.verification import checker
from dufm.verification.base.certificate import interval_certificate, point_certificate

HUGE = 10**999
CUTS = [Fraction(1, 300), Fraction(1, 30), Fraction(7, 100), Fraction(71, 1000)]


def interval32(scales=(0.966, 0.857, 0.77), cuts=CUTS):
    """Multiples t I by the rank-2 head for K = 3, L = 4, x from 0.01 to 0.213; DNC collapses at 0.2104."""
    A, B, W, U = head32()
    unit = balanced(Problem.of(3, 4, "0.002"), [B, A, np.eye(2).tolist(), W, U])
    scale = (unit[4] @ np.maximum(unit[3] @ unit[2] @ unit[1] @ unit[0], 0))[0, 0]
    pieces = [[f * (t / scale) ** 0.2 for f in unit] for t in scales]
    return interval_certificate(3, 4, cuts, pieces, "test", {"by": "hand"})


def weights_of(certificate):
    matrices = [[[Fraction(x, m["den"]) for x in row] for row in m["rows"]] for m in certificate["witness"]]
    p = certificate["problem"]["L"] + 1
    return [matrices[i : i + p] for i in range(0, len(matrices), p)]


def test_an_interval_is_accepted_with_its_worst_end():
    result, pieces = judge(interval32()), weights_of(interval32())
    assert result.ok and result.kind == "interval"
    assert "Lambda in [1/300, 71/1000], that is x = K Lambda in [1/100, 213/1000]" in result.sentence
    ends = []
    for i, piece in enumerate(pieces):
        for Lambda in CUTS[i : i + 2]:
            problem = Problem.of(3, 4, Lambda)
            ends.append((problem.objective(piece), phi(problem)))
    assert abs(result.margin - min(dnc - loss for loss, dnc in ends)) < Fraction(1, 10**28)
    assert float(result.facts["worst_ratio"]) == pytest.approx(float(max(loss / dnc for loss, dnc in ends)), rel=1e-14)
    assert result.facts["pieces"] == "3"
    assert 3 * CUTS[-1] > Fraction(str(collapse_threshold(4).evalf(30))), "the last piece goes beyond DNC's collapse"


def test_inside_a_certified_interval_every_point_is_below_dnc_for_any_strengths():
    source, certificate = random.Random(5), interval32()
    worst, pieces = Fraction(judge(certificate).facts["worst_ratio"]), weights_of(certificate)
    for _ in range(40):
        i = source.randrange(3)
        # Strengths c / norm balance these very weights; c is tuned to put Lambda inside the piece.
        inside = CUTS[i] + (CUTS[i + 1] - CUTS[i]) * Fraction(source.randint(1, 999), 1000)
        skew = [Fraction(source.randint(1, 50), source.randint(1, 50)) for _ in range(4)]
        skew.append(1 / (skew[0] * skew[1] * skew[2] * skew[3]))
        # Factors times skew keep the output; strengths over skew^2 keep every term and Lambda.
        problem = Problem.of(3, 4, [inside / s**2 for s in skew], n=1)
        moved = [[[x * s for x in row] for row in m] for m, s in zip(pieces[i], skew, strict=True)]
        assert problem.Lambda_power == inside**5
        assert problem.objective(moved) < phi(problem) * (worst + Fraction(1, 10**15))
        assert judge(point_certificate(problem, moved, "test", {})).ok


@pytest.mark.parametrize(("K", "L"), [(2, 1), (3, 2), (3, 4), (5, 3)])
def test_dnc_itself_is_never_accepted_on_an_interval(K, L):
    for x in (Fraction(1, 50), Fraction(1, 7)):
        piece = balanced(Problem.of(K, L, x / K), [np.eye(K)] * (L + 1))
        for spread in (Fraction(1, 10**3), Fraction(1, 10**6)):
            cuts = [x / K, x / K * (1 + spread)]
            for weights in (piece, [np.zeros((K, K))] * (L + 1)):
                result = judge(interval_certificate(K, L, cuts, [weights], "test", {}, bits=70))
                assert not result.ok and result.margin <= 0


def test_factors_of_different_norms_are_charged_more_and_never_less():
    certificate = interval32()
    norms = [squared_norm(matrix(m)) for m in weights_of(certificate)[0]]
    assert max(norms) / min(norms) < 1 + Fraction(1, 10**6), "pieces are balanced, so that the bound is tight"
    best = judge(certificate).margin
    # Twice the first factor and half the second: the same output, but not the same sum of norms.
    certificate["witness"][1]["den"] *= 2
    certificate["witness"][0]["rows"] = [[2 * x for x in row] for row in certificate["witness"][0]["rows"]]
    assert judge(certificate).margin < best


SPOILED = [
    ("problem.L", [0, -1, True, 4.0, 10**9], "L must"),
    ("problem.L", [3, 5], "witness must list"),
    ("problem.cuts", [[], {}, 1, "12", lambda v: v[:1], [[1, 300], 1], [[1, 300], [1, 30, 1]]], "cuts must list"),
    ("problem.cuts", [[[1, 10**9 + i] for i in range(1001)]], "cuts must list"),
    ("problem.cuts", [lambda v: v[::-1], lambda v: [v[0], v[2], v[1], v[3]], lambda v: [v[0], v[0], *v[2:]]], "rise"),
    ("problem.cuts", [lambda v: [*v, [72, 1000]], lambda v: v[:3], lambda v: v[1:]], "witness must list"),
    ("problem.cuts.0", [[0, 1], [-1, 300], [1, 0], [-1, -300], [1, HUGE], [1, 2.0], [True, 300]], "part of cuts"),
    ("problem.cuts.3", [[HUGE, 1], [10**30 + 1, 10**30]], "part of cuts"),
    ("problem.cuts.0", [[1, 10**6]], "inequality fails"),
    ("problem.cuts.3", [[73, 1000], [1, 1], [10**30, 1]], "inequality fails"),
    ("problem.cuts.1", [[1, 299]], "inequality fails"),
    ("problem.cuts.2", [[709, 10000]], "inequality fails"),
    ("witness", [lambda w: w[:10], lambda w: w[5:], lambda w: w + w[:5], lambda w: w[:14]], "witness must list"),
    ("witness", [lambda w: [*w[1:], w[0]], lambda w: [*w[:4], w[5], w[4], *w[6:]]], "misplaced"),
    ("witness", [lambda w: w[5:] + w[:5], lambda w: w[5:10] * 3], "inequality fails"),
    ("witness.5.name", ["W_5", "H_2"], "misnamed"),
    ("witness.13.rows.0.0", [lambda x: -x, 0], "inequality fails"),
    ("witness.9.rows.2.2", [lambda x: x + x // 2], "inequality fails"),
    ("witness.11.den", [lambda den: den // 2, lambda den: den * 2], "inequality fails"),
    ("kind", ["head", "point"], "exactly the keys"),
]


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        pytest.param(where, value, words, id=f"{where}-{i}-{j}")
        for j, (where, values, words) in enumerate(SPOILED_ANY + SPOILED)
        for i, value in enumerate(values)
    ],
)
def test_a_spoiled_interval_is_rejected_with_its_reason(where, value, words):
    reject(interval32(), where, value, words)


@pytest.mark.parametrize(("L", "count"), [(4, 900), (32, 5)])
def test_more_cuts_than_can_be_checked_soon_are_refused_before_any_arithmetic(L, count, monkeypatch):
    monkeypatch.setattr(checker, "dnc_lower_bound", lambda *_: pytest.fail("arithmetic was done"))
    zero = [[[0, 0], [0, 0]]] * (L + 1)
    cuts = [Fraction(i, 10**6) for i in range(1, count + 1)]
    result = judge(interval_certificate(2, L, cuts, [zero] * (count - 1), "test", {}))
    assert not result.ok and "too much arithmetic" in result.sentence


@pytest.mark.parametrize(("L", "count"), [(1, 300), (4, 150), (32, 2)])
def test_the_estimate_holds_where_the_most_is_allowed(L, count):
    rng = np.random.default_rng(L)
    piece = [rng.standard_normal((2, 2)) for _ in range(L + 1)]
    cuts = [Fraction(10**28 + i, 10**29) for i in range(count)]
    text = json.dumps(interval_certificate(2, L, cuts, [piece] * (count - 1), "test", {}))
    start = time.process_time()
    result = checker.check(text)
    assert result.margin is not None, result.sentence
    assert time.process_time() - start < 10
