"""The path with a loop: its closed form against real networks, the shipped certificate, and collapse."""

import json
from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from dufm.theory.derivations.squared import four_classes as family
from dufm.theory.squared.phi import collapse_threshold, phi_of_power
from dufm.verification.claims import claim_named
from dufm.verification.claims.base.claim import BUDGETS
from dufm.verification.claims.base.verdict import Status
from dufm.verification.claims.squared.witnesses import FOLDER, measured

LETTERS = (family.t, family.m, family.p, family.s)
SHARE = sp.lambdify(
    (*LETTERS, family.x), family.share().subs(family.n, family.s * sp.sqrt(family.m / family.t)), modules="numpy"
)


def direct(values: tuple[float, ...], x: float) -> float:
    """2 K loss / x of the network, from its matrices."""
    t, m, p, s = values
    a, b = np.array([p, 0, s, -t]), np.array([0, m, s * np.sqrt(m / t), 0])
    P = np.outer(b, b) / m - np.outer(a, a) / t
    F = np.where(P > 1e-12, P, 0)
    return float(np.trace(np.linalg.inv(F.T @ F + x * np.eye(4))) + 2 * np.linalg.norm(P, "nuc"))


def collapse(x: float) -> float:
    """The same of DNC: 2 K phi_2(x)/x."""
    return 8 * float(phi_of_power(2, Fraction(x) ** 3)[1]) / x


def test_the_closed_form_is_the_loss_of_the_network() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = tuple(np.exp(rng.normal(size=4)))
        x = float(rng.uniform(0.01, 1))
        assert SHARE(*values, x) == pytest.approx(direct(values, x), rel=1e-9)


def test_the_best_of_the_family_is_below_collapse_near_its_end_and_not_before() -> None:
    ratios = {}
    for x in (0.35, 0.3953, float(collapse_threshold(2)) - 1e-9):
        best = minimize(lambda v, x=x: SHARE(*np.exp(v), x), np.log([0.62, 0.55, 0.57, 0.28]), options={"gtol": 1e-9})
        ratios[x] = best.fun / collapse(x)
    first, second, last = ratios.values()
    assert first > 1 > second > last == pytest.approx(0.999252, abs=2e-6)
    member = [v / 18 for v in family.WEIGHTS]
    assert SHARE(*member, 0.39533) < collapse(0.39533) and SHARE(*member, 0.3953) > collapse(0.3953)


def test_the_shipped_weights_are_of_the_family() -> None:
    certificate = json.loads((FOLDER / "thresholds" / "l2_k04.json").read_text())
    problem, loss, _ = measured(certificate)
    H, W, _ = ([np.array(r) / m["den"] for r in m["rows"]] for m in certificate["witness"])
    P = np.array(W) @ np.array(H)
    values = None
    for rows in permutations(range(4)):
        for classes in permutations(range(4)):
            Q = P[np.ix_(rows, classes)]
            if abs(Q - Q.T).max() < 1e-4 and min(Q[0, 3], Q[2, 3], Q[1, 2], Q[1, 1]) > 0.1 > Q[0, 2]:
                values = (-Q[3, 3], Q[1, 1], Q[0, 3], Q[2, 3])
    assert values is not None
    x = 4 * float(problem.lambdas[0])
    assert SHARE(*values, x) * x / 8 == pytest.approx(float(loss), rel=1e-8)


def test_the_claim_is_proved_and_settles_no_cell() -> None:
    claim = claim_named("four-classes-two-layers")
    assert claim.work(BUDGETS["quick"]).status is Status.PROVED and not claim.settles(4, 2)
    assert "0.395342" in str(claim.regime) and family.STRENGTH < Fraction("0.395343")
