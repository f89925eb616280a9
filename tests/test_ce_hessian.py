"""The Hessian at collapse: exact characteristic polynomials, automatic differentiation, thresholds, orbits, bounds."""

import numpy as np
import pytest
import sympy as sp
from flint import arb, fmpq

from dufm.theory.ce import hessian
from dufm.theory.ce.bounds import least_singular_value, rank_bound
from dufm.theory.ce.hessian import HessianLevel, matches_spectrum, orbit_dimension, psd_scale, psd_threshold
from dufm.theory.ce.numbers import working
from dufm.theory.ce.polygons import DNC_LOGITS, POLYGON, TRIANGLES
from dufm.theory.ce.structures import ce_structure_named
from dufm.theory.problem import Problem
from dufm.theory.stated import ProblemError
from dufm.verification.claims.ce.hessian import CE_HESSIAN, measure, negative_count, predicted

THRESHOLDS = {
    (4, 2): "0.162010041315",
    (4, 3): "0.136125317729",
    (4, 4): "0.120581407384",
    (5, 2): "0.127562792048",
    (6, 3): "0.0690457937126",
    (8, 2): "0.0648246067595",
    (10, 3): "0.0142050892711",
    (20, 3): "0.000143443449533",
    (100, 3): "1.36383e-21",
}


def test_exact_characteristic_polynomial() -> None:
    assert matches_spectrum((4, 2, 4, 1, 3, 13))
    assert matches_spectrum((3, 2, 4, 2, 1, 7))


def test_a_wrong_level_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = hessian.spectrum()
    z, L = hessian.z, hessian.L
    wrong = tuple(
        HessianLevel(v.name, z - (v.factor.subs(z, 0) * -1 + L), v.count) if v.name == "scale" else v for v in right
    )
    monkeypatch.setattr(hessian, "spectrum", lambda: wrong)
    assert not matches_spectrum((4, 2, 4, 1, 2, 7))


@pytest.mark.parametrize(("K", "L"), THRESHOLDS)
def test_psd_thresholds(K: int, L: int) -> None:
    found, known = psd_threshold(K, L), arb(THRESHOLDS[K, L])
    assert found.rad() < found * 1e-25
    assert abs(found / known - 1) < (1e-5 if K == 100 else 6e-12)


def test_threshold_needs_four_classes() -> None:
    assert psd_scale(4, 3) == 2
    with pytest.raises(ProblemError, match="K >= 4 and L >= 2"):
        psd_scale(3, 2)
    with pytest.raises(ProblemError, match="rank must be in"):
        orbit_dimension(3, 2, 4)


def test_three_classes_lose_the_block_first() -> None:
    """K = 3, L = 2: the determinant of the 2 x 2 block vanishes at alpha = .78774..., lambda = .21997..."""
    a = hessian.alpha
    det = hessian.mixed_block().det().subs({hessian.K: 3, hessian.L: 2, hessian.b: 1 / (sp.exp(a) + 2)})
    root = sp.nsolve(det, a, 0.8, prec=20)
    assert abs(root - sp.Rational("0.7877422119")) < 1e-9
    assert abs(root ** sp.Rational(1, 3) / (sp.exp(root) + 2) - sp.Rational("0.2199757170")) < 1e-9


@pytest.mark.parametrize(("K", "L", "lam", "width", "n"), [(4, 3, "1/100", 5, 1), (4, 2, "1/50", 4, 2)])
def test_autodiff_agrees_with_the_spectrum(K: int, L: int, lam: str, width: int, n: int) -> None:
    problem = Problem.of(K, L, lam, width, n=n, loss="ce")
    found = measure(DNC_LOGITS, problem)
    assert found.slack < 1e-9
    assert np.max(np.abs(found.values - predicted(problem))) <= found.slack


def test_saddles_are_seen() -> None:
    triangles = measure(TRIANGLES, Problem.of(6, 3, "1/100", 6, loss="ce"))
    cube = measure(ce_structure_named("cube"), Problem.of(8, 3, "1/100", 8, loss="ce"))
    polygon = measure(POLYGON, Problem.of(6, 3, "1/100", 6, loss="ce"))
    assert (negative_count(triangles), negative_count(cube), negative_count(polygon)) == (4, 2, 0)


def test_gap_and_rank_bound() -> None:
    with working(30):
        strength = arb(fmpq(1, 100))
        assert least_singular_value(4, 3, strength).overlaps(strength**2 * 2)
        with pytest.raises(ProblemError, match="L >= 2"):
            rank_bound(4, 1, strength, arb(3))
        bounds = [
            min(float(rank_bound(4, L, arb(fmpq(2, 100)) / (L + 1), arb(fmpq(k, 8)))) for k in range(8, 160))
            for L in (53, 54, 400)
        ]
    assert bounds[0] > 3 > bounds[1] > bounds[2] > 2


def test_claims_hold_with_numbers_behind_them() -> None:
    assert [c.label for c in CE_HESSIAN] == ["ce-hessian", "ce-psd", "ce-orbit", "ce-gap"]
