"""Three classes, three layers at x > 0: the bound at random matrices, crossed columns, and what is settled."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb

from dufm.theory.derivations.squared.three_layers_optimal import SCALE, STRENGTH
from dufm.theory.squared.crossed_three import Angle, closed, crossed_boxes, quotients, scale_above
from dufm.theory.squared.phi import collapse_ends, phi
from dufm.verification.claims import CLAIMS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.brackets import thresholds

LABEL = "three-classes-optimal-three-layers"
STATED = {c.label: c.expected.quick for c in CLAIMS}
X, G = float(STRENGTH), float(SCALE + 3 / SCALE)


def crossed(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """(Q, D, M, c, d') of the proof; o, th and n near their ends at times."""
    e = [rng.random(), 10 ** rng.uniform(-4, 0), 1 - 10 ** rng.uniform(-4, 0)][rng.integers(3)]
    o, th = 1 - e * e, rng.random() * (1 - e) / (1 + e)
    W, p, h, z = np.sqrt(o) / e, (1 + th * th) ** -0.5, (1 + o) ** -0.5, 1 + o / np.sqrt(1 - o + o * o)
    angle = rng.uniform(np.arctan(th), np.pi / 2 - np.arctan(th))
    n, H = np.array([np.cos(angle), np.sin(angle)]), p * np.array([[1, -th], [-th, 1]])
    w, k = W * H @ n, o * (1 - h)
    Q = np.block([[H @ H + np.outer(w, w), -w[:, None]], [-w[None], np.ones((1, 1))]])
    E = np.sqrt(o) * np.append(w, -(1 - (1 - o) * z))
    y, p_0 = k / W, 1 - k
    kappa = np.sqrt(1 + o * (1 - h * h) * W * W * h * h)
    r, c, rho = 1 / kappa, o * (1 - h * h) * W * h / kappa, np.hypot(p_0, y)
    g, u = (c * p_0 + r * y) / rho, (r * p_0 - c * y) / rho
    M = np.block([[H, -((u - g / W) * w)[:, None]], [-y * n[None], np.array([[u]])]])
    V = np.sqrt((1 - o + o * o) * (1 + o) * (1 + o * z * (2 - (1 - o) * z)))
    half = (1 + 1 / V) / 2
    phi_, chi = n * (n - th * n[::-1]), n * (n + th * n[::-1])
    D = Q - np.outer(E, E)
    diagonal = np.append(p * (1 + (np.sqrt((1 + o) * half) - 1) * phi_), np.sqrt(D[2, 2] * half))
    least = np.append((1 + th * th) * (1 - k * chi) / p, 1 / (e * np.sqrt(1 + o)))
    return Q, D, M, diagonal, least


def test_the_bound_holds_where_a_column_is_crossed() -> None:
    rng, nearest = np.random.default_rng(3), np.inf
    for _ in range(4000):
        Q, D, M, c, d = crossed(rng)
        A = np.linalg.inv(Q)
        if not np.all(np.isfinite(A)) or np.linalg.cond(Q) > 1e9:
            continue
        own = np.diag(M.T @ A)
        assert np.all(own >= d * (1 - 1e-6)) and M[~np.eye(3, dtype=bool)].max() < 1e-9
        assert np.linalg.eigvalsh(M.T @ A @ M)[-1] < 1 + 1e-6
        q = rng.normal(size=(50, 3)) / np.sqrt(np.diag(Q))
        relu = np.maximum(q, 0)
        assert np.all(np.sum(q @ Q * q, 1) >= np.sum(relu @ D * relu, 1) - 1e-9)
        wide = [0.01, 1.0, 3.0][rng.integers(3)]
        scale = np.sqrt(d / c) * np.exp(wide * rng.normal(size=3))
        sigma = np.sqrt(np.maximum(np.linalg.eigvalsh(scale[:, None] * D * scale), 0))
        assert sigma.sum() >= np.sum(c * scale) * (1 - 1e-7)
        value = np.where(sigma < 1 / X, 2 * sigma - X * sigma**2, 1 / X)
        found = 2 * np.sum(own / scale) + value.sum()
        assert found > 3 * G - 1e-7
        nearest = min(nearest, found - 3 * G)
    assert nearest < 1e-2, "collapse is where they meet"


def inequality(e: float, share: float, place: float, y: float) -> tuple[float, ...]:
    """The differences of the docstring, not divided by o."""
    x, g = (y * y - 1) / y**3, y + 3 / y
    o, th = 1 - e * e, share * (1 - e) / (1 + e)
    R = np.sqrt(1 - o + o * o)
    z = 1 + o / R
    h = 1 + o * z * (2 - (1 - o) * z)
    c = (1 + 1 / np.sqrt(R**2 * (1 + o) * h)) / 2
    A, k, q = np.sqrt((1 + o) * c) - 1, o - o / np.sqrt(1 + o), (h * c / (1 + o)) ** 0.25
    wide = 1 + th * th
    nu = th / wide + (1 / 2 - th / wide) * place
    # Both classes' own numbers, from the angle of n.
    angle = np.arcsin(2 * nu) / 2
    n = np.array([np.cos(angle), np.sin(angle)])
    phi_, chi = n * (n - th * n[::-1]), n * (n + th * n[::-1])
    t = np.sqrt(wide * (1 + A * phi_) * (1 - k * chi)).sum()
    bracket = ((1 - k * chi) * (wide**2 - 1 + wide**2 * (o - A) * phi_)).sum()
    tops = [x * (1 + o * (1 - 2 * th * nu)) * wide**1.5, x * q / c]
    w, v = (max(r.real for r in np.roots([top, -1, 0, 1]) if abs(r - 1.1) < 0.2) for top in tops)
    return g * (t + q - 3) - x * (w * w * bracket + v * v * (q * q / c - q)), A, o - A, q - c


def test_the_quotients_are_those_of_the_inequality() -> None:
    rng = np.random.default_rng(4)
    for e, share, place in rng.uniform(0.02, 0.98, size=(300, 3)):
        y = arb("31/30")
        found = quotients(Angle.of(arb(float(e)), y), arb(float(share)), arb(float(place)), y)
        assert found is not None
        wanted = inequality(e, share, place, 31 / 30)
        assert [float(v) for v in found] == pytest.approx([v / (1 - e * e) for v in wanted], abs=1e-5)


def test_the_scale_is_above_and_hardly_more() -> None:
    for strength in ("0.01", "0.1", "0.25"):
        w = scale_above(arb(strength))
        assert w is not None and 0 < (w * w - 1) / w**3 - arb(strength) < 1e-5
    wide = scale_above(arb("0.1", "0.05"))
    assert wide is not None and (wide * wide - 1) / wide**3 >= arb("0.15")
    assert scale_above(arb("0.28")) is None, "w^2 would be above 3/2"


def test_the_boxes_close_and_do_not_for_more() -> None:
    assert 50_000 < (crossed_boxes(SCALE) or 0) < 60_000 and (crossed_boxes(Fraction(61, 60)) or 0) > 1000
    # Near o = 1, th = 0.13 the two sides meet between these two.
    for scale, holds in (("28/27", True), ("25/24", False)):
        y = arb(scale)
        assert closed(Angle.of(arb(0), y), arb("0.13"), arb(1), y) == holds


def test_all_four_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for fails in range(4):
        signs = [arb(-1 if i == fails else 1) for i in range(4)]
        monkeypatch.setattr("dufm.theory.squared.crossed_three.quotients", lambda *_, s=signs: tuple(s))
        assert not closed(Angle.of(arb(0), arb(1)), arb(0), arb(0), arb(1))


def test_collapse_is_optimal_up_to_the_strength() -> None:
    low, high = phi(3, STRENGTH)
    assert low <= 3 * (SCALE + 3 / SCALE) * STRENGTH / 6 <= high + Fraction(1, 10**20)
    found = thresholds(3, 3, status=STATED.__getitem__)
    assert (found.critical[0].x, found.critical[0].claim) == (STRENGTH, LABEL)
    assert STRENGTH / collapse_ends(3)[0] > Fraction("0.2257")
    fallen = thresholds(3, 3, status=(STATED | {LABEL: Status.UNDECIDED}).__getitem__)
    assert fallen.critical[0].x == 0
